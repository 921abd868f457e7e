<?php
// SPDX-License-Identifier: MIT
// The agent of the conformance cases: tests/bindings/README.md says what it is told.
declare(strict_types=1);

use Mobivate\Client;
use Mobivate\ClosedException;
use Mobivate\MobivateException;
use Mobivate\Secret;

require __DIR__ . '/autoload.php';

function text(string $field): string
{
    return $field === '-' ? '' : hex2bin($field);
}

function field(?string $text): string
{
    return bin2hex($text ?? '') ?: '-';
}

/** No key state comes with a success: a key that was created has replaced one. */
function outcome(callable $call, string $keyState = 'unchanged'): string
{
    try {
        $value = $call();
        return $value === false ? 'MBV_ERR_CREDENTIALS unchanged 401 0 - -1 - -'
            : "MBV_OK $keyState 0 0 - -1 - " . field(is_string($value) ? $value : null);
    } catch (ClosedException) {
        return 'closed';
    } catch (MobivateException $error) {
        return implode(' ', [
            'MBV_ERR_' . strtoupper(preg_replace('/(?<!^)([A-Z])/', '_$1', $error->status->name)),
            strtolower($error->keyState->name),
            $error->httpStatus ?? 0,
            $error->serverCode ?? 0,
            field($error->serverMessage),
            $error->retryAfter === null ? -1 : (int) round($error->retryAfter * 1000),
            field($error->getMessage()),
            '-',
        ]);
    }
}

function new_client(string ...$fields): Client
{
    $options = [];
    foreach (array_chunk(array_map('text', $fields), 2) as [$name, $value]) {
        $options[$name] = $value;
    }
    $client = new Client(baseUrl: $options['base_url'], proxy: $options['proxy']);
    foreach (array_diff_key($options, ['base_url' => 1, 'proxy' => 1]) as $name => $value) {
        $client->set($name, $value);
    }
    return $client;
}

/** PHP has one thread: what goes on in the background is another process. @return array{int, resource} */
function start(Client $client, string $username, string $password): array
{
    [$reader, $writer] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
    $child = pcntl_fork();
    if ($child === 0) {
        fwrite($writer, outcome(fn () => $client->createKey($username, $password), 'replaced'));
        posix_kill(posix_getpid(), SIGKILL); // nothing of the parent's is to be ended here
    }
    return [$child, $reader];
}

/** @param array{int, resource} $call */
function finished(array $call, bool $cut): string
{
    if ($cut) {
        posix_kill($call[0], SIGKILL);
    }
    $outcome = stream_get_contents($call[1]);
    pcntl_waitpid($call[0], $status);
    return $outcome;
}

function repeat(Client $client, int $count, string $kind, string $in, string $username, string $file): void
{
    static $kept = [];
    $kept[] = $secret = $in === 'text' ? file_get_contents($file) : Secret::fromFile($file);
    for ($i = 0; $i < $count; $i++) {
        if ($kind === 'test') {
            $client->testKey($secret) || throw new RuntimeException('The key is refused.');
        } else {
            $kept[] = $client->{$kind . ($in === 'text' ? 'Key' : 'SecretKey')}($username, $secret);
        }
    }
    if ($in === 'bytes') {
        array_map(fn (Secret $each) => $each->wipe(), $kept);
    }
}

/** @param list<string> $texts */
function answer(string $command, string $number, array $texts): string
{
    /** @var array<string, Client> $clients */
    /** @var array<string, array{int, resource}> $calls */
    static $clients = [], $calls = [];
    $client = $clients[$number] ?? null;
    if (isset($calls[$number])) {
        if ($command !== 'wait' && $command !== 'close') {
            return 'unsupported'; // During a call, PHP runs nothing that could call again or cancel.
        }
        $ended = finished($calls[$number], cut: $command === 'close');
        unset($calls[$number]);
        if ($command === 'wait') {
            return $ended;
        }
    }
    $decoded = in_array($command, ['set', 'create', 'get', 'test', 'start'], true) ? array_map('text', $texts) : [];
    if ($command === 'start') {
        $calls[$number] = start($client, ...$decoded);
    } elseif ($command === 'repeat') {
        repeat($client, (int) $texts[0], $texts[1], $texts[2], text($texts[3]), text($texts[4]));
    } elseif (in_array($command, ['cancel', 'uncancel', 'close'], true)) {
        $client->$command();
    }
    return match ($command) {
        'runtime' => field('PHP ' . PHP_MAJOR_VERSION . '.' . PHP_MINOR_VERSION . '.' . PHP_RELEASE_VERSION),
        'new' => outcome(function () use (&$clients, $number, $texts): void {
            $clients[$number] = new_client(...$texts);
        }),
        'set' => outcome(fn () => $client->set(...$decoded)),
        'create' => outcome(fn () => $client->createKey(...$decoded), 'replaced'),
        'get' => outcome(fn () => $client->getKey(...$decoded)),
        'test' => outcome(fn () => $client->testKey(...$decoded)),
        'start', 'repeat', 'cancel', 'uncancel', 'close', 'quit' => 'ok',
    };
}

while (($line = fgets(STDIN)) !== false) {
    $fields = explode(' ', rtrim($line, "\n"));
    try {
        echo answer($fields[0], $fields[1] ?? '', array_slice($fields, 2)), "\n";
    } catch (Throwable $error) {
        echo 'error ', field("$error"), "\n";
    }
    if ($fields[0] === 'quit') {
        break;
    }
}
