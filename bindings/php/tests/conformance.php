<?php
// SPDX-License-Identifier: MIT
// Runs the cases that every language's binding passes: tests/bindings/README.md says what they mean.
declare(strict_types=1);

use Mobivate\Client;
use Mobivate\ClosedException;
use Mobivate\MobivateException;

require __DIR__ . '/autoload.php';

final class Skipped extends Exception
{
}

function must(bool $holds, string $what): void
{
    $holds || throw new RuntimeException($what);
}

/** A text, or {"repeat": [TEXT, COUNT]}. */
function text(mixed $rule, string $otherwise): string
{
    return match (true) {
        $rule === null => $otherwise,
        is_string($rule) => $rule,
        default => str_repeat(...$rule['repeat']),
    };
}

function client_for(array $one): Client
{
    $facts = Standin::facts();
    [$group, $member] = explode('.', $one['base_url'] ?? 'https', 2) + [1 => ''];
    $url = match ($group) {
        'https', 'http' => $facts[$group],
        'hosts' => 'https://' . $facts['hosts'][$member],
        'tls_faults' => $facts['tls_faults'][$member],
        default => $one['base_url'],
    };
    $client = Standin::client('https', baseUrl: $url, caFile: ($one['ca_file'] ?? true) ? $facts['ca_file'] : null);
    foreach ($one['options'] ?? [] as $name => $value) {
        $client->set($name, $value);
    }
    return $client;
}

/** @return array{key: ?string, error: ?Throwable} */
function outcome_of(callable $call): array
{
    try {
        return ['key' => $call(), 'error' => null];
    } catch (MobivateException | ClosedException $error) {
        return ['key' => null, 'error' => $error];
    }
}

function compare(array $outcome, array $expected): void
{
    $error = $outcome['error'];
    if ($expected['closed'] ?? false) {
        must($error instanceof ClosedException, 'not the error of a closed client');
        return;
    }
    must(!$error instanceof ClosedException, 'the client is closed');
    $message = $error?->getMessage() ?? '';
    $name = strtoupper((string) preg_replace('/(?<!^)([A-Z])/', '_$1', $error?->status->name ?? ''));
    $found = [
        'status' => $error === null ? 'MBV_OK' : "MBV_ERR_$name",
        'key_state' => strtolower($error?->keyState->name ?? 'replaced'),
        'http_status' => $error?->httpStatus ?? 0,
        'server_code' => $error?->serverCode ?? 0,
        'server_message' => $error?->serverMessage ?? '',
        'retry_after_ms' => $error?->retryAfter === null ? -1 : (int) ($error->retryAfter * 1000),
        'key_size' => strlen($outcome['key'] ?? ''),
    ];
    foreach ($expected as $what => $value) {
        if ($what === 'message_contains') {
            foreach ((array) $value as $part) {
                must(str_contains($message, $part), "$message lacks $part");
            }
        } elseif ($what === 'message_lacks') {
            foreach ($value as $part) {
                must(!str_contains($message . $found['server_message'], $part), "$message has $part");
            }
        } elseif ($what !== 'requests' && $what !== 'valid') {
            must(array_key_exists($what, $found), "there is nothing to expect of $what");
            must($found[$what] === $value, "$what is {$found[$what]} and not $value: $message");
        }
    }
}

function compare_all(string $username, array $before, array $outcome, array $expected): void
{
    compare($outcome, $expected);
    if ($outcome['error'] instanceof MobivateException) {
        $words = '/The old key still works\.|The old key is revoked\.|The old key may be revoked/';
        must(preg_match($words, $outcome['error']->getMessage()) === 1, 'the key state is not in the text');
    }
    $after = Standin::account($username, $before['requests'] + ($expected['requests'] ?? 0));
    $made = $after['requests'] - $before['requests'];
    must(!isset($expected['requests']) || $made === $expected['requests'], "$made requests");
    if (isset($expected['valid'])) {
        $valid = match ($after['valid_key']) {
            $before['valid_key'] => 'old',
            $outcome['key'] => 'new',
            default => 'lost',
        };
        must($valid === $expected['valid'], "the valid key is the $valid one");
    }
}

function create_on_two_clients(array $one, Client $client, string $username, string $password, array $before, array $expected): void
{
    // PHP has one thread: the other client is in a call in another process.
    $second = "second-$username";
    $earlier = Standin::create($second, $password, $one['scenario'] ?? null);
    [$reader, $writer] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
    $child = pcntl_fork();
    if ($child === 0) {
        try {
            fwrite($writer, client_for($one)->createKey($second, $password));
        } finally {
            fclose($writer);
            posix_kill(posix_getpid(), SIGKILL); // nothing of the parent's is to be ended here
        }
    }
    fclose($writer);
    compare_all($username, $before, outcome_of(fn () => $client->createKey($username, $password)), $expected);
    $key = stream_get_contents($reader);
    pcntl_waitpid($child, $status);
    compare_all($second, $earlier, ['key' => $key, 'error' => null], $expected);
}

function run(array $one): void
{
    $username = text($one['username'] ?? null, "{$one['name']}-php@example.com");
    $password = text($one['password'] ?? null, Standin::PASSWORD);
    $own = !isset($one['username']);
    if ($own) {
        Standin::create($username, $password, $one['scenario'] ?? null);
    }
    $client = client_for($one);
    foreach ($one['steps'] as $step) {
        $expected = $step['expect'] ?? [];
        for ($turn = 0; $turn < ($step['repeat'] ?? 1); $turn++) {
            $before = $own ? Standin::account($username) : ['requests' => 0, 'valid_key' => ''];
            match ($step['do']) {
                'create_key' => compare_all(
                    $username,
                    $before,
                    outcome_of(fn () => $client->createKey(text($step['username'] ?? null, $username), text($step['password'] ?? null, $password))),
                    $expected,
                ),
                'create_key_on_two_clients' => create_on_two_clients($one, $client, $username, $password, $before, $expected),
                'create_key_then_cancel', 'create_key_while_busy' => throw new Skipped('PHP has one thread, and runs no handler during a call'),
                'cancel' => $client->cancel(),
                'uncancel' => $client->uncancel(),
                'close' => $client->close(),
                'set' => compare(outcome_of(function () use ($client, $step): string {
                    $client->set($step['option'], $step['value']);
                    return '';
                }), $expected),
                default => throw new RuntimeException("there is no step {$step['do']}"),
            };
        }
    }
}

$data = (string) file_get_contents((string) getenv('MOBIVATE_CASES'));
$cases = json_decode($data, true, 512, JSON_THROW_ON_ERROR)['cases'];
$objects = json_decode($data, false, 512, JSON_THROW_ON_ERROR)->cases;
$passed = $failed = $skipped = 0;
foreach ($cases as $index => $one) {
    // As objects: an empty one would become an empty list.
    $one['scenario'] = $objects[$index]->scenario ?? null;
    try {
        run($one);
        $passed++;
        echo "ok {$one['name']}\n";
    } catch (Skipped $reason) {
        $skipped++;
        echo "skip {$one['name']}: {$reason->getMessage()}\n";
    } catch (Throwable $problem) {
        $failed++;
        echo "not ok {$one['name']}: ", strtr("$problem", "\n", ' '), "\n";
    }
}
echo "$passed passed, $failed failed, $skipped skipped\n";
exit($failed > 0 || $passed === 0 ? 1 : 0);
