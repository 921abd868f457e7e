<?php
// SPDX-License-Identifier: MIT
declare(strict_types=1);

use PHPUnit\Framework\TestCase;

/** What the package says of itself, and the README's rotation as it is written. ./test runs its install line and first example. */
final class PackageTest extends TestCase
{
    use Helper;

    private const ACCOUNT = 'first.last@example.com';
    private static string $home;
    private static string $readme;

    public static function setUpBeforeClass(): void
    {
        self::$home = (string) getenv('MOBIVATE_SCRATCH') . '/stored';
        self::$readme = (string) file_get_contents(dirname(__DIR__) . '/README.md');
        is_dir(self::$home) || mkdir(self::$home);
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
}
