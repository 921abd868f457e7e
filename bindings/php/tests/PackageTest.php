<?php
// SPDX-License-Identifier: MIT
declare(strict_types=1);

use PHPUnit\Framework\TestCase;

/** The README's install line and example, as they are written, in an empty home and without a network. */
final class PackageTest extends TestCase
{
    use Helper;

    private const ACCOUNT = 'first.last@example.com';
    private static string $home;
    private static string $readme;

    public static function setUpBeforeClass(): void
    {
        self::$home = (string) getenv('MOBIVATE_SCRATCH') . '/home';
        self::$readme = (string) file_get_contents(dirname(__DIR__) . '/README.md');
        exec('rm -rf ' . escapeshellarg(self::$home));
        mkdir(self::$home . '/project', recursive: true);
        file_put_contents(self::$home . '/project/composer.json', '{}');
    }

    /** @group composer */
    public function testTheInstallLine(): void
    {
        $this->assertSame(1, preg_match('/^```sh\n(.*?)```/ms', self::$readme, $line));
        $command = str_replace('PROJECT', dirname(__DIR__, 3), $line[1]);
        $changes = ['HOME' => self::$home, 'COMPOSER_HOME' => null, 'COMPOSER_DISABLE_NETWORK' => '1', 'COMPOSER_ALLOW_SUPERUSER' => '1', 'COMPOSER_NO_INTERACTION' => '1'];
        [$code, , $errors] = $this->ran(['sh', '-c', $command], $changes, self::$home . '/project');
        $this->assertSame(0, $code, $errors);
        $this->assertFileExists(self::$home . '/project/vendor/mobivate/mobivate/src/Client.php');
    }

    public function testThePackageSaysWhatRegistriesAskFor(): void
    {
        $package = json_decode((string) file_get_contents(dirname(__DIR__) . '/composer.json'), true, 512, JSON_THROW_ON_ERROR);
        $this->assertSame(
            ['Create Mobivate API keys, and know whether the old key still works', 'MIT', '1.1.0'],
            [$package['description'], $package['license'], $package['version']],
        );
        $this->assertContains('api-key', $package['keywords']);
    }

    /** But for the one line that makes the client. @return array{int, string, string} */
    private function example(?string $client = null, string $password = 'your-pass', array $output = ['pipe', 'w']): array
    {
        ['https' => $url, 'ca_file' => $file] = Standin::facts();
        preg_match('/^```php\n(.*?)^```/ms', self::$readme, $found);
        $this->assertStringContainsString('new Client()', $found[1]);
        $client ??= "new Client(baseUrl: '$url', caFile: '$file', proxy: '')";
        $code = strtr($found[1], ['new Client()' => $client, 'your-pass' => $password]);
        file_put_contents(self::$home . '/project/example.php', $code);
        return $this->ran([PHP_BINARY, 'example.php'], [], self::$home . '/project', $output);
    }

    /**
     * @group composer
     * @depends testTheInstallLine
     */
    public function testTheExample(): void
    {
        Standin::create(self::ACCOUNT, 'your-pass');
        $found = $this->example();
        $account = Standin::account(self::ACCOUNT);
        $this->assertSame([0, $account['valid_key'] . "\n", '', 1], [...$found, $account['requests']]);
    }

    /**
     * @group composer
     * @depends testTheInstallLine
     */
    public function testTheExamplesExitCodes(): void
    {
        $refused = "new Client(baseUrl: 'https://" . Standin::facts()['hosts']['refused'] . "', proxy: '')";
        foreach ([
            [2, 'password', [], null, ''],
            [3, 'The old key still works.', [], null, 'wrong-pass'],
            [3, 'slow down', ['status' => 429, 'body' => ['code' => 429, 'message' => 'Later']], null, 'your-pass'],
            [5, 'may be revoked', ['status' => 401], null, 'your-pass'],
            [5, 'may be revoked', ['status' => 403], null, 'your-pass'],
            [5, 'may be revoked', ['status' => 429], null, 'your-pass'],
            [4, 'The old key still works.', [], $refused, 'your-pass'],
            [5, 'may be revoked', ['status' => 500], null, 'your-pass'],
            [5, 'may be revoked', ['creates' => true, 'cut' => ['after' => 0, 'how' => 'reset']], null, 'your-pass'],
        ] as [$expected, $words, $scenario, $client, $password]) {
            Standin::create(self::ACCOUNT, 'your-pass', $scenario ?: null);
            [$code, $output, $errors] = $this->example($client, $password);
            $this->assertSame([$expected, ''], [$code, $output], $errors);
            $this->assertStringContainsString($words, $errors);
        }
    }

    /**
     * @group composer
     * @depends testTheInstallLine
     */
    public function testAKeyThatCannotBePrintedIsNotLost(): void
    {
        Standin::create(self::ACCOUNT, 'your-pass');
        [$code, , $errors] = $this->example(output: ['file', '/dev/full', 'w']);
        $this->assertSame(6, $code, $errors);
        $this->assertStringContainsString(Standin::account(self::ACCOUNT)['valid_key'], $errors);
    }

    /** The answer is lost after the service has created a key. */
    public function testTheExampleOfARotation(): void
    {
        ['https' => $url, 'ca_file' => $file] = Standin::facts();
        Standin::create(self::ACCOUNT, 'your-pass', ['creates' => true, 'cut' => ['after' => 0, 'how' => 'reset']]);
        preg_match('/^## Rotating a key\n\n```php\n<\?php\n(.*?)^```/ms', self::$readme, $found);
        $code = 'require ' . var_export(__DIR__ . '/autoload.php', true) . ';'
            . "\$client = new Mobivate\\Client(baseUrl: '$url', caFile: '$file', proxy: '');"
            . '[$username, $password] = ' . var_export([self::ACCOUNT, 'your-pass'], true) . ";$found[1]";
        $this->assertSame([0, '', ''], $this->ran([PHP_BINARY, '-r', $code], [], self::$home));
        $account = Standin::account(self::ACCOUNT);
        $this->assertSame([$account['valid_key'], 1], [file_get_contents(self::$home . '/api-key'), $account['requests']]);
        $this->assertSame(0600, fileperms(self::$home . '/api-key') & 0777);
    }

    public function testTheExampleIsInItsFile(): void
    {
        preg_match('/^```php\n(.*?)^```/ms', self::$readme, $found);
        $file = (string) file_get_contents(dirname(__DIR__) . '/examples/create_key.php');
        $this->assertSame(str_replace("// SPDX-License-Identifier: MIT\n", '', $file), $found[1]);
    }
}
