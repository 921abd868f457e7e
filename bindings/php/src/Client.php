<?php
// SPDX-License-Identifier: MIT
declare(strict_types=1);

namespace Mobivate;

/**
 * Creates, gets and tests API keys, and keeps its connection for the next call.
 *
 * Creating a key revokes the one that the account had. So a call that fails throws a MobivateException, whose keyState,
 * and after createKey its message, too, say whether the old key still works. The other calls change no key.
 */
final class Client
{
    /** The longest key, and the NUL after it. */
    private const KEY_CAPACITY = 4096 + 1;

    private \FFI $library;
    private ?\FFI\CData $handle = null;

    /**
     * Makes a client. Sends nothing.
     *
     * @param ?string $baseUrl where the service is; default https://api.mobivatebulksms.com
     * @param int|float|null $timeout seconds for a whole call; default 30
     * @param int|float|null $connectTimeout seconds to resolve, connect and shake hands; default 10
     * @param ?string $caFile a PEM file of certificates to trust, in place of the system's
     * @param ?string $caDir a directory of such certificates, hashed as by openssl rehash
     * @param ?string $proxy a URL, or "" for none; default the environment's, as with curl
     * @param ?string $userAgent default libmobivate/VERSION
     *
     * @throws LibraryException the library is missing, too old or too new
     * @throws ArgumentException an option cannot be used
     */
    public function __construct(
        ?string $baseUrl = null,
        int|float|null $timeout = null,
        int|float|null $connectTimeout = null,
        ?string $caFile = null,
        ?string $caDir = null,
        #[\SensitiveParameter] ?string $proxy = null,
        ?string $userAgent = null,
    ) {
        $this->library = Library::load();
        $this->handle = $this->library->mbv_new() ?? throw MobivateException::of(
            'There was no memory for a client. The old key still works.',
            Status::NoMemory,
            KeyState::Unchanged,
        );
        $options = [
            'base_url' => $baseUrl,
            'timeout_ms' => self::milliseconds($timeout),
            'connect_timeout_ms' => self::milliseconds($connectTimeout),
            'ca_file' => $caFile,
            'ca_dir' => $caDir,
            'proxy' => $proxy,
            'user_agent' => $userAgent,
        ];
        foreach ($options as $name => $value) {
            if ($value !== null) {
                $this->set($name, $value);
            }
        }
    }

    public function __destruct()
    {
        $this->close();
    }

    public function __clone()
    {
        $this->handle = null;
        throw new \LogicException('A Client cannot be cloned.');
    }

    /** @return never */
    public function __serialize(): array
    {
        throw new \LogicException('A Client cannot be serialised.');
    }

    /** @return array<string, bool> */
    public function __debugInfo(): array
    {
        return ['closed' => $this->handle === null];
    }

    /** The version of the library that is loaded, such as "1.1.0". */
    public static function libraryVersion(): string
    {
        return Library::load()->mbv_version();
    }

    /**
     * Sets an option by its name in mobivate.h, for the calls that follow.
     *
     * @throws ArgumentException it cannot be used; nothing has changed
     */
    public function set(string $option, #[\SensitiveParameter] string $value): void
    {
        $handle = $this->open();
        if (str_contains($option . $value, "\0")) {
            throw MobivateException::of("The option $option contains a NUL.", Status::InvalidArgument);
        }
        $status = Status::from($this->library->mbv_set($handle, $option, $value));
        if ($status !== Status::Ok) {
            throw MobivateException::of($this->text('mbv_error_message'), $status, KeyState::Unchanged);
        }
    }

    /**
     * Creates a new API key for an account, and so revokes the one it had. Sends at most one request, and blocks
     * until it is answered. A string cannot be wiped: see createSecretKey.
     *
     * @throws MobivateException the call failed
     * @throws ClosedException the client is closed
     */
    public function createKey(string $username, #[\SensitiveParameter] string|Secret $password): string
    {
        return self::revealed($this->createSecretKey($username, $password));
    }

    /**
     * The same, for a key that can be wiped.
     *
     * @throws MobivateException the call failed
     * @throws ClosedException the client is closed
     */
    public function createSecretKey(string $username, #[\SensitiveParameter] string|Secret $password): Secret
    {
        return $this->handedOver('mbv_create_key', $username, $password);
    }

    /**
     * Asks for the API key that an account has now, and changes nothing: after a createKey that left KeyState::Unknown,
     * say. All else is as with createKey. A string cannot be wiped: see getSecretKey.
     *
     * @throws MobivateException the call failed
     * @throws ClosedException the client is closed
     */
    public function getKey(string $username, #[\SensitiveParameter] string|Secret $password): string
    {
        return self::revealed($this->getSecretKey($username, $password));
    }

    /**
     * The same, for a key that can be wiped.
     *
     * @throws MobivateException the call failed
     * @throws ClosedException the client is closed
     */
    public function getSecretKey(string $username, #[\SensitiveParameter] string|Secret $password): Secret
    {
        return $this->handedOver('mbv_get_key', $username, $password);
    }

    /**
     * Whether the service accepts an API key: false where it refuses the key (401). Changes nothing. A key is 1 to 4096
     * bytes of printable ASCII without spaces.
     *
     * @throws MobivateException nobody can tell
     * @throws ClosedException the client is closed
     */
    public function testKey(#[\SensitiveParameter] string|Secret $key): bool
    {
        $status = $this->made('mbv_test_key', self::bytes($key));
        return match ($status) {
            Status::Ok => true,
            Status::Credentials => false,
            default => throw $this->failure($status),
        };
    }

    /** Makes every later call fail at once, until uncancel. During a call, PHP runs nothing that could call this. */
    public function cancel(): void
    {
        $this->library->mbv_cancel($this->open());
    }

    /** Allows calls again after cancel. */
    public function uncancel(): void
    {
        $this->library->mbv_uncancel($this->open());
    }

    /** Closes the client. Closing it again does nothing. */
    public function close(): void
    {
        if ($this->handle !== null) {
            $this->library->mbv_free($this->handle);
            $this->handle = null;
        }
    }

    private function open(): \FFI\CData
    {
        return $this->handle ?? throw new ClosedException('The client is closed.');
    }

    private function handedOver(string $function, string $username, #[\SensitiveParameter] string|Secret $password): Secret
    {
        $key = Secret::withCapacity(self::KEY_CAPACITY);
        $size = \FFI::new('size_t');
        $status = $this->made($function, [
            $username, strlen($username), ...self::bytes($password), $key->memory(), self::KEY_CAPACITY, \FFI::addr($size),
        ]);
        if ($status !== Status::Ok) {
            throw $this->failure($status);
        }
        $key->resize($size->cdata);
        return $key;
    }

    private static function revealed(Secret $key): string
    {
        try {
            return $key->reveal();
        } finally {
            $key->wipe();
        }
    }

    /**
     * A string goes by its address: PHP makes no copy.
     *
     * @return array{string|\FFI\CData, int}
     */
    private static function bytes(#[\SensitiveParameter] string|Secret $text): array
    {
        return is_string($text) ? [$text, strlen($text)] : [$text->memory(), $text->size()];
    }

    /** @param list<mixed> $arguments */
    private function made(string $function, #[\SensitiveParameter] array $arguments): Status
    {
        $handle = $this->open();
        return Status::from($this->library->$function($handle, ...$arguments));
    }

    /** What the library says of the last call. */
    private function failure(Status $status): MobivateException
    {
        $retryAfter = $this->library->mbv_retry_after_ms($this->handle);
        return MobivateException::of(
            $this->text('mbv_error_message'),
            $status,
            KeyState::from($this->library->mbv_key_state($this->handle)),
            $this->library->mbv_http_status($this->handle) ?: null,
            $this->library->mbv_server_code($this->handle) ?: null,
            $this->text('mbv_server_message') ?: null,
            $retryAfter >= 0 ? $retryAfter / 1000 : null,
        );
    }

    /** Rounded up: a short time is not zero. */
    private static function milliseconds(int|float|null $seconds): ?string
    {
        return $seconds === null ? null : sprintf('%.0f', ceil($seconds * 1000));
    }

    private function text(string $getter): string
    {
        $size = $this->library->$getter($this->handle, null, 0);
        $buffer = \FFI::new('char[' . ($size + 1) . ']');
        $this->library->$getter($this->handle, $buffer, $size + 1);
        return \FFI::string($buffer, $size);
    }
}
