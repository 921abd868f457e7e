<?php
// SPDX-License-Identifier: MIT
declare(strict_types=1);

use Mobivate\ArgumentException;
use Mobivate\CancelledException;
use Mobivate\Client;
use Mobivate\ClosedException;
use Mobivate\KeyState;
use Mobivate\MobivateException;
use Mobivate\RefusedException;
use Mobivate\Secret;
use Mobivate\Status;
use Mobivate\TimeoutException;
use PHPUnit\Framework\TestCase;

final class ClientTest extends TestCase
{
    use Helper;

    public function testAnErrorCarriesEverything(): void
    {
        $username = Standin::newAccount(['status' => 429, 'headers' => [['Retry-After', '7']], 'body' => ['code' => 4290, 'message' => 'Slow down']]);
        $error = $this->thrown(RefusedException::class, fn () => Standin::client()->createKey($username, Standin::PASSWORD));
        $this->assertInstanceOf(MobivateException::class, $error);
        $this->assertSame(
            [Status::RateLimited, KeyState::Unchanged, 429, 4290, 'Slow down', 7.0],
            [$error->status, $error->keyState, $error->httpStatus, $error->serverCode, $error->serverMessage, $error->retryAfter],
        );
        $this->assertStringContainsString('The old key still works.', $error->getMessage());
    }

    public function testPasswordsOfEveryKind(): void
    {
        $password = "gr\u{fc}\u{df} \u{1F600}";
        Standin::create('php-unicode@example.com', $password);
        $client = Standin::client();
        foreach ([$password, Secret::of($password)] as $given) {
            $this->assertSame(
                $client->createKey('php-unicode@example.com', $given),
                Standin::account('php-unicode@example.com')['valid_key'],
            );
        }
        foreach (['', "\xC3\x28"] as $wrong) {
            $this->assertSame(KeyState::Unchanged, $this->thrown(ArgumentException::class, fn () => $client->createKey('u', $wrong))->keyState);
        }
        $file = tempnam((string) getenv('MOBIVATE_SCRATCH'), 'password');
        file_put_contents($file, $password);
        $secret = Secret::fromFile($file);
        unlink($file);
        $this->assertSame($password, $secret->reveal());
        $this->thrown(InvalidArgumentException::class, fn () => Secret::fromFile('/nowhere'));
    }

    public function testSecretsAreWipedAndNotShown(): void
    {
        $username = Standin::newAccount();
        $key = Standin::client()->createSecretKey($username, Standin::PASSWORD);
        $valid = Standin::account($username)['valid_key'];
        $this->assertSame($valid, $key->reveal());
        $this->assertSame(36, $key->size());
        $this->assertStringNotContainsString($valid, print_r($key, true) . json_encode($key));
        $this->thrown(LogicException::class, fn () => clone $key);
        $this->thrown(LogicException::class, fn () => serialize($key));
        $memory = $key->memory();
        $key->wipe();
        $this->assertSame(str_repeat("\0", 4097), FFI::string($memory, 4097));
        $this->assertSame('', $key->reveal());
    }

    public function testNoPasswordInATrace(): void
    {
        $username = Standin::newAccount(['status' => 403, 'body' => ['code' => 1, 'message' => 'wrong: {password}']]);
        $error = $this->thrown(RefusedException::class, fn () => Standin::client()->createKey($username, Standin::PASSWORD));
        $this->assertStringContainsString('wrong: ***', "$error");
        $shown = "$error" . serialize($error) . json_encode($error);
        $this->assertStringNotContainsString(Standin::PASSWORD, $shown);
        $username = Standin::newAccount();
        $error = $this->thrown(RefusedException::class, fn () => Standin::client()->createKey($username, 'wrong-password'));
        $this->assertStringNotContainsString('wrong-password', "$error");
        $this->assertStringNotContainsString('wrong-password', print_r(array_column($error->getTrace(), 'args'), true));
    }

    public function testCancellingIsTakenBack(): void
    {
        $username = Standin::newAccount();
        $client = Standin::client();
        $client->cancel();
        for ($i = 0; $i < 2; $i++) {
            $error = $this->thrown(CancelledException::class, fn () => $client->createKey($username, Standin::PASSWORD));
            $this->assertSame(KeyState::Unchanged, $error->keyState);
        }
        $client->uncancel();
        $this->assertSame($client->createKey($username, Standin::PASSWORD), Standin::account($username)['valid_key']);
    }

    public function testASignalsHandlerRunsAfterTheCall(): void
    {
        $username = Standin::newAccount(['creates' => true, 'cut' => ['after' => 0, 'how' => 'stall']]);
        $client = Standin::client(timeout: 0.3);
        $heard = false;
        pcntl_async_signals(true);
        pcntl_signal(SIGUSR1, function () use (&$heard): void {
            $heard = true;
        });
        $parent = posix_getpid();
        $child = pcntl_fork();
        if ($child === 0) {
            Standin::account($username, 1);
            posix_kill($parent, SIGUSR1);
            posix_kill(posix_getpid(), SIGKILL);
        }
        $error = $this->thrown(TimeoutException::class, fn () => $client->createKey($username, Standin::PASSWORD));
        pcntl_waitpid($child, $status);
        $this->assertTrue($heard);
        $this->assertSame(KeyState::Unknown, $error->keyState);
    }

    /** All that a refusal tells of the key is false; what the server cannot tell is an error. */
    public function testAKeyIsTested(): void
    {
        $username = Standin::newAccount(['test' => ['sequence' => [new stdClass(), new stdClass(), ['status' => 503]]]]);
        $client = Standin::client();
        $client->createSecretKey($username, Secret::of(Standin::PASSWORD))->wipe();
        $key = $client->getSecretKey($username, Secret::of(Standin::PASSWORD));
        $this->assertSame(Standin::account($username)['valid_key'], $key->reveal());
        $this->assertTrue($client->testKey($key));
        $this->assertTrue($client->testKey($client->getKey($username, Standin::PASSWORD)));
        $error = $this->thrown(Mobivate\ServerException::class, fn () => $client->testKey($key));
        $this->assertSame([KeyState::Unchanged, 503], [$error->keyState, $error->httpStatus]);
        $this->assertFalse($client->testKey('another-key'));
        $error = $this->thrown(ArgumentException::class, fn () => $client->testKey('not-a key'));
        $this->assertStringNotContainsString('not-a key', "$error" . print_r(array_column($error->getTrace(), 'args'), true));
    }

    public function testClosing(): void
    {
        $client = Standin::client();
        $client->close();
        $client->close();
        $this->thrown(ClosedException::class, fn () => $client->createKey('u', 'p'));
        $this->thrown(ClosedException::class, fn () => $client->getKey('u', 'p'));
        $this->thrown(ClosedException::class, fn () => $client->testKey('k'));
        $this->thrown(ClosedException::class, fn () => $client->set('timeout_ms', '1'));
        $this->thrown(ClosedException::class, fn () => $client->cancel());
    }

    public function testOptions(): void
    {
        $username = Standin::newAccount(['cut' => ['after' => 0, 'how' => 'stall']]);
        $error = $this->thrown(TimeoutException::class, fn () => Standin::client('http', timeout: 0.0004)->createKey($username, Standin::PASSWORD));
        $this->assertStringContainsString('(1 ms)', $error->getMessage()); // a short time is not none
        $error = $this->thrown(ArgumentException::class, fn () => new Client(baseUrl: 'http://example.com'));
        $this->assertStringContainsString('The option base_url must begin with https://', $error->getMessage());
        $this->thrown(ArgumentException::class, fn () => Standin::client()->set('proxy', "a\0b"));
        $this->assertMatchesRegularExpression('/^1\.\d+\.\d+$/', Client::libraryVersion());
    }

    public function testTenThousandCallsLeaveNothing(): void
    {
        $username = Standin::newAccount();
        $client = Standin::client('http');
        $call = function (int $count) use ($client, $username): void {
            for ($i = 0; $i < $count; $i++) {
                $client->createSecretKey($username, Standin::PASSWORD)->wipe();
            }
            gc_collect_cycles();
        };
        $state = fn (): array => [
            count((array) scandir('/proc/self/fd')),
            // Anonymous pages alone: those of files come and go with what else runs.
            (int) preg_replace('/.*RssAnon:\s+(\d+).*/s', '$1', (string) file_get_contents('/proc/self/status')),
        ];
        $call(1000);
        [$open, $resident] = $state();
        $call(10000);
        [$openAfter, $residentAfter] = $state();
        $this->assertSame($open, $openAfter);
        // More than the allocators' steps, and less than 420 bytes of each call.
        $this->assertLessThan(4096, $residentAfter - $resident);
    }
}
