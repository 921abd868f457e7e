<?php
// SPDX-License-Identifier: MIT
declare(strict_types=1);

/** The stand-in service as the tests see it: its facts, and the truth that it knows. */
final class Standin
{
    public const PASSWORD = 'correct-password';
    private static int $count = 0;

    /** @return array<string, mixed> */
    public static function facts(): array
    {
        static $facts = null;
        return $facts ??= json_decode((string) getenv('MOBIVATE_STANDIN'), true, 512, JSON_THROW_ON_ERROR);
    }

    /** @return array<string, mixed> */
    public static function create(string $username, string $password = self::PASSWORD, mixed $scenario = null): array
    {
        $body = ['username' => $username, 'password' => $password, 'scenario' => $scenario ?? new stdClass()];
        return self::ask('POST', 'accounts', json_encode($body, JSON_THROW_ON_ERROR));
    }

    public static function newAccount(mixed $scenario = null): string
    {
        $username = 'php-' . getmypid() . '-' . ++self::$count . '@example.com';
        self::create($username, self::PASSWORD, $scenario);
        return $username;
    }

    /**
     * Waits until an account's call has made so many requests.
     *
     * @return array<string, mixed>
     */
    public static function account(string $username, int $requests = 0): array
    {
        $found = self::ask('GET', 'accounts/' . rawurlencode($username) . "?requests=$requests&timeout_ms=10000");
        return $found['requests'] >= $requests ? $found : throw new RuntimeException('the request did not come');
    }

    public static function client(string $scheme = 'https', mixed ...$options): Mobivate\Client
    {
        $facts = self::facts();
        return new Mobivate\Client(...['baseUrl' => $facts[$scheme], 'caFile' => $facts['ca_file'], 'proxy' => '', ...$options]);
    }

    /** @return array<string, mixed> */
    private static function ask(string $method, string $path, string $body = ''): array
    {
        $context = stream_context_create(['http' => ['method' => $method, 'content' => $body, 'header' => 'Content-Type: application/json']]);
        return json_decode(file_get_contents(self::facts()['http'] . "/standin/$path", false, $context), true, 512, JSON_THROW_ON_ERROR);
    }
}
