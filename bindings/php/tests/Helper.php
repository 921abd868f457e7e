<?php
// SPDX-License-Identifier: MIT
declare(strict_types=1);

/** What several tests do. */
trait Helper
{
    /**
     * @template T of Throwable
     * @param class-string<T> $class
     * @return T
     */
    private function thrown(string $class, callable $call): Throwable
    {
        try {
            $call();
        } catch (Throwable $error) {
            $this->assertInstanceOf($class, $error);
            return $error;
        }
        $this->fail("no $class was thrown");
    }

    /**
     * Runs a command with these changes to the environment.
     *
     * @param list<string>|string $command
     * @param array<string, ?string> $changes
     * @return array{int, string, string} the exit code, standard output, standard error
     */
    private function ran(array|string $command, array $changes = [], ?string $folder = null, array $output = ['pipe', 'w']): array
    {
        $environment = array_filter([...getenv(), ...$changes], 'is_string');
        $errors = tmpfile();
        $process = proc_open($command, [['file', '/dev/null', 'r'], $output, $errors], $pipes, $folder, $environment);
        $printed = isset($pipes[1]) ? stream_get_contents($pipes[1]) : '';
        $code = proc_close($process);
        rewind($errors);
        return [$code, (string) $printed, (string) stream_get_contents($errors)];
    }
}
