<?php
// SPDX-License-Identifier: MIT
declare(strict_types=1);

use Mobivate\Client;
use Mobivate\KeyState;
use Mobivate\MobivateException;
use Mobivate\RefusedException;
use Mobivate\ServerException;
use Mobivate\Status;
use PHPUnit\Framework\TestCase;

/** The ways that an error travels: none makes an old key look as if it still worked. */
final class ErrorsTest extends TestCase
{
    use Helper;

    private function unknown(): ServerException
    {
        $username = Standin::newAccount(['status' => 503, 'headers' => [['Retry-After', '9']], 'body' => ['code' => 7, 'message' => "sp\u{e4}ter"]]);
        return $this->thrown(ServerException::class, fn () => Standin::client('http')->createKey($username, Standin::PASSWORD));
    }

    private function facts(MobivateException $error): array
    {
        return [
            $error::class, $error->getMessage(), $error->getCode(), $error->getFile(), $error->getLine(), $error->status,
            $error->keyState, $error->httpStatus, $error->serverCode, $error->serverMessage, $error->retryAfter,
        ];
    }

    public function testSerialisingKeepsEverythingButTheTrace(): void
    {
        // The trace then has the arguments, and PHP serialises no sensitive one.
        $before = ini_set('zend.exception_ignore_args', '0');
        $error = $this->unknown();
        ini_set('zend.exception_ignore_args', (string) $before);
        $this->assertStringContainsString('args', print_r($error->getTrace(), true));
        $this->assertSame(
            [Status::Server, KeyState::Unknown, 503, 7, "sp\u{e4}ter", 9.0],
            array_slice($this->facts($error), 5),
        );
        $copy = unserialize(serialize($error));
        $this->assertSame($this->facts($error), $this->facts($copy));
        $this->assertStringContainsString('The old key may be revoked', "$copy");
        // As a queue does that trusts its own classes alone.
        $copy = unserialize(serialize($error), ['allowed_classes' => [ServerException::class]]);
        $this->assertSame(KeyState::Unknown, $copy->keyState);
    }

    public function testAKeyStateThatTheStatusDoesNotImplyIsKept(): void
    {
        foreach (KeyState::cases() as $keyState) {
            $error = MobivateException::of('kept', Status::Timeout, $keyState);
            $this->assertSame($keyState, unserialize(serialize($error))->keyState);
        }
    }

    public function testAForkedWorkerHandsItToItsParent(): void
    {
        $username = Standin::newAccount(['status' => 503]);
        [$reader, $writer] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
        $child = pcntl_fork();
        if ($child === 0) {
            try {
                Standin::client('http')->createKey($username, Standin::PASSWORD);
            } catch (Throwable $error) {
                fwrite($writer, serialize($error));
            }
            posix_kill(posix_getpid(), SIGKILL);
        }
        fclose($writer);
        $error = unserialize((string) stream_get_contents($reader));
        pcntl_waitpid($child, $status);
        $this->assertInstanceOf(ServerException::class, $error);
        $this->assertSame([KeyState::Unknown, 503], [$error->keyState, $error->httpStatus]);
    }

    public function testAStateThatWasLostIsWhatTheStatusImplies(): void
    {
        // include/mobivate.h: of these, each call has left the old key as it was.
        $unchanged = [Status::InvalidArgument, Status::Resolve, Status::Connect, Status::Tls];
        foreach (Status::cases() as $status) {
            if ($status === Status::Ok) {
                continue;
            }
            $expected = in_array($status, $unchanged, true) ? KeyState::Unchanged : KeyState::Unknown;
            $error = MobivateException::of('lost', $status);
            $this->assertSame($expected, $error->keyState, $status->name);
            $data = ['status' => $status->value];
            foreach ([$data, $data + ['keyState' => null], $data + ['keyState' => 17]] as $kept) {
                $this->assertSame($expected, $this->unserialised($error::class, $kept)->keyState, $status->name);
            }
        }
        foreach ([MobivateException::class, RefusedException::class] as $class) {
            foreach ([[], ['status' => -50]] as $kept) {
                $this->assertSame(KeyState::Unknown, $this->unserialised($class, $kept)->keyState);
            }
        }
    }

    private function unserialised(string $class, array $data): MobivateException
    {
        return unserialize(sprintf('O:%d:"%s"%s', strlen($class), $class, substr(serialize($data), 1)));
    }

    public function testJsonAndWrapping(): void
    {
        $error = $this->unknown();
        $this->assertSame(KeyState::Unknown, KeyState::from(json_decode((string) json_encode($error), true)['keyState']));
        $wrapped = new RuntimeException('the rotation failed', 0, $error);
        $this->assertSame($error, $wrapped->getPrevious());
        $this->assertStringContainsString('The old key may be revoked', "$wrapped");
        $this->thrown(Error::class, fn () => clone $error);
        $this->assertSame($error, $this->thrown(ServerException::class, fn () => throw $error));
    }

    public function testAClientIsNeitherClonedNorSerialised(): void
    {
        $client = Standin::client();
        $this->thrown(LogicException::class, fn () => serialize($client));
        $this->thrown(LogicException::class, fn () => clone $client);
        $this->thrown(Mobivate\ClosedException::class, fn () => unserialize('O:15:"Mobivate\Client":0:{}')->createKey('u', 'p'));
        $username = Standin::newAccount();
        $this->assertSame($client->createKey($username, Standin::PASSWORD), Standin::account($username)['valid_key']);
    }
}
