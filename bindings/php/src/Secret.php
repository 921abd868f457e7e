<?php
// SPDX-License-Identifier: MIT
declare(strict_types=1);

namespace Mobivate;

/** A password or a key outside PHP's strings: wiped when it goes, and not shown by var_dump. */
final class Secret
{
    private \FFI\CData $memory;

    private function __construct(private int $capacity, private int $size = 0)
    {
        $this->memory = \FFI::new("char[$capacity]");
    }

    public function __destruct()
    {
        $this->wipe();
    }

    public function __clone()
    {
        throw new \LogicException('A Secret cannot be cloned.');
    }

    /** @return array<string, string> */
    public function __debugInfo(): array
    {
        return ['secret' => '***'];
    }

    /** @return never */
    public function __serialize(): array
    {
        throw new \LogicException('A Secret cannot be serialised.');
    }

    /** A copy of a string. The string itself stays in memory until PHP reuses the place. */
    public static function of(#[\SensitiveParameter] string $text): self
    {
        $secret = new self(strlen($text) + 1, strlen($text));
        \FFI::memcpy($secret->memory, $text, strlen($text));
        return $secret;
    }

    /** The bytes of a file, read straight into this memory, with no string in between. */
    public static function fromFile(string $path): self
    {
        $size = is_file($path) ? filesize($path) : false;
        if ($size === false) {
            throw new \InvalidArgumentException("$path is not a readable file.");
        }
        static $system = null;
        $system ??= \FFI::cdef('int open(const char *, int); ssize_t read(int, void *, size_t); int close(int);');
        $secret = new self($size + 1);
        $file = $system->open($path, 0);
        while ($file >= 0 && $secret->size < $size) {
            $got = $system->read($file, \FFI::addr($secret->memory[$secret->size]), $size - $secret->size);
            if ($got <= 0) {
                break;
            }
            $secret->size += $got;
        }
        if ($file < 0 || $system->close($file) !== 0 || $secret->size !== $size) {
            throw new \InvalidArgumentException("$path cannot be read.");
        }
        return $secret;
    }

    /** @internal */
    public static function withCapacity(int $capacity): self
    {
        return new self($capacity);
    }

    /** The size in bytes; 0 once it is wiped. */
    public function size(): int
    {
        return $this->size;
    }

    /** As a string, which cannot be wiped. */
    public function reveal(): string
    {
        return \FFI::string($this->memory, $this->size);
    }

    /** Fills the memory with zeros. */
    public function wipe(): void
    {
        \FFI::memset($this->memory, 0, $this->capacity);
        $this->size = 0;
    }

    /** @internal */
    public function memory(): \FFI\CData
    {
        return $this->memory;
    }

    /** @internal */
    public function resize(int $size): void
    {
        $this->size = $size;
    }
}
