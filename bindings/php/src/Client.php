<?php
// SPDX-License-Identifier: MIT
declare(strict_types=1);

namespace Mobivate;

/**
 * Creates API keys, and keeps its connection for the next call.
 *
 * The service has one call, and a success revokes the key that the account had. So every call that returns no key
 * throws a MobivateException, whose message and keyState say whether the old key still works.
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
     * @throws LibraryException the library is missing, or not version 1
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

    /** The version of the library that is loaded, such as "1.0.0". */
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
        $key = $this->createSecretKey($username, $password);
        try {
            return $key->reveal();
        } finally {
            $key->wipe();
        }
    }

    /**
     * The same, for a key that can be wiped.
     *
     * @throws MobivateException the call failed
     * @throws ClosedException the client is closed
     */
    public function createSecretKey(string $username, #[\SensitiveParameter] string|Secret $password): Secret
    {
        $handle = $this->open();
        $key = Secret::withCapacity(self::KEY_CAPACITY);
        $size = \FFI::new('size_t');
        // A string goes by its address: PHP makes no copy.
        [$bytes, $length] = is_string($password) ? [$password, strlen($password)] : [$password->memory(), $password->size()];
        $status = Status::from($this->library->mbv_create_key(
            $handle, $username, strlen($username), $bytes, $length, $key->memory(), self::KEY_CAPACITY, \FFI::addr($size)
        ));
        if ($status === Status::Ok) {
            $key->resize($size->cdata);
            return $key;
        }
        $retryAfter = $this->library->mbv_retry_after_ms($handle);
        throw MobivateException::of(
            $this->text('mbv_error_message'),
            $status,
            KeyState::from($this->library->mbv_key_state($handle)),
            $this->library->mbv_http_status($handle) ?: null,
            $this->library->mbv_server_code($handle) ?: null,
            $this->text('mbv_server_message') ?: null,
            $retryAfter >= 0 ? $retryAfter / 1000 : null,
        );
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
