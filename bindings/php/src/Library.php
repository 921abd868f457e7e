<?php
// SPDX-License-Identifier: MIT
declare(strict_types=1);

namespace Mobivate;

/**
 * libmobivate: where it is, and its functions as mobivate.h declares them.
 *
 * @internal
 */
final class Library
{
    /** These come first: an old library lacks some of the others. */
    private const VERSION_DECLARATIONS = 'const char *mbv_version(void); int32_t mbv_version_number(void);';

    public const DECLARATIONS = <<<'C'
        typedef struct mbv_client mbv_client;
        mbv_client *mbv_new(void);
        void mbv_free(mbv_client *);
        int32_t mbv_set(mbv_client *, const char *, const char *);
        int32_t mbv_create_key(mbv_client *, const char *, size_t, const char *, size_t, char *, size_t, size_t *);
        int32_t mbv_get_key(mbv_client *, const char *, size_t, const char *, size_t, char *, size_t, size_t *);
        int32_t mbv_test_key(mbv_client *, const char *, size_t);
        size_t mbv_error_message(const mbv_client *, char *, size_t);
        int32_t mbv_key_state(const mbv_client *);
        int32_t mbv_http_status(const mbv_client *);
        int32_t mbv_server_code(const mbv_client *);
        size_t mbv_server_message(const mbv_client *, char *, size_t);
        int64_t mbv_retry_after_ms(const mbv_client *);
        void mbv_cancel(mbv_client *);
        void mbv_uncancel(mbv_client *);
        const char *mbv_version(void);
        int32_t mbv_version_number(void);
        C;

    private const DEFAULT_NAME = PHP_OS_FAMILY === 'Windows' ? 'mobivate.dll' : 'libmobivate.so.1';
    private const INSTALL = 'Install libmobivate 1.1, or set MOBIVATE_LIBRARY to its file.';

    private static ?\FFI $loaded = null;

    /** The library, loaded by the first client. */
    public static function load(): \FFI
    {
        if (self::$loaded !== null) {
            return self::$loaded;
        }
        [$version, $name, $where] = self::open();
        try {
            $number = $version->mbv_version_number();
            if ($number < 10100 || $number >= 20000) {
                throw new LibraryException("found libmobivate {$version->mbv_version()}, $where; this package needs >= 1.1.0, < 2. " . self::INSTALL);
            }
            return self::$loaded = \FFI::cdef(self::DECLARATIONS, $name);
        } catch (\FFI\Exception $problem) {
            throw new LibraryException("cannot load $where: " . rtrim($problem->getMessage(), '.') . '. ' . self::INSTALL, 0, $problem);
        }
    }

    /**
     * What MOBIVATE_LIBRARY names and nothing else, or else the one beside this file for this platform, or else the system's.
     *
     * @return array{\FFI, string, string} its functions that tell its version, its name for the loader, and where it was found
     */
    private static function open(): array
    {
        $named = getenv('MOBIVATE_LIBRARY') ?: '';
        $beside = __DIR__ . '/' . self::platform() . '/' . self::DEFAULT_NAME;
        $places = $named !== ''
            ? [$named => "$named (from MOBIVATE_LIBRARY)"]
            : [$beside => "$beside (in the package)", self::DEFAULT_NAME => self::DEFAULT_NAME . " (the dynamic loader's)"];
        $tried = $named !== '' ? [] : ['MOBIVATE_LIBRARY, which is not set'];
        $problem = null;
        foreach ($places as $name => $where) {
            try {
                return [\FFI::cdef(self::VERSION_DECLARATIONS, $name), $name, $where];
            } catch (\FFI\Exception $problem) {
                $tried[] = "$where: " . rtrim($problem->getMessage(), '.');
            }
        }
        throw new LibraryException('cannot load libmobivate; tried ' . implode('; ', $tried) . '. ' . self::INSTALL, 0, $problem);
    }

    /** The name of the folder for this platform: Composer installs the same files everywhere. */
    private static function platform(): string
    {
        $machine = php_uname('m');
        $cpu = ['x86_64' => 'x64', 'amd64' => 'x64', 'aarch64' => 'arm64'][$machine] ?? $machine;
        try {
            \FFI::cdef('const char *gnu_get_libc_version(void);');
            $libc = 'glibc';
        } catch (\FFI\Exception) {
            $libc = 'musl';
        }
        return strtolower(PHP_OS_FAMILY) . "-$cpu-$libc";
    }
}
