<?php
// SPDX-License-Identifier: MIT
declare(strict_types=1);

use Mobivate\KeyState;
use Mobivate\Library;
use Mobivate\Status;
use PHPUnit\Framework\TestCase;

/** The declarations, and libraries that cannot be used. */
final class LibraryTest extends TestCase
{
    use Helper;

    public function testDeclarations(): void
    {
        $header = json_decode((string) file_get_contents((string) getenv('MOBIVATE_HEADER')), true, 512, JSON_THROW_ON_ERROR);
        preg_match_all('/^(\w[\w ]*\*?) ?(mbv_\w+)\((.*)\);$/m', Library::DECLARATIONS, $found, PREG_SET_ORDER);
        $this->assertCount(16, $found);
        foreach ($found as [, $returns, $name, $parameters]) {
            $own = $parameters === 'void' ? [] : explode(', ', $parameters);
            $this->assertSame($header['functions'][$name], ['returns' => trim($returns), 'parameters' => $own], $name);
        }
        foreach ($header['status'] as $name => $value) {
            $own = str_replace('_', '', ucwords(strtolower(substr($name, $name === 'MBV_OK' ? 4 : 8)), '_'));
            $this->assertSame($own, Status::from($value)->name);
        }
        $this->assertCount(count($header['status']), Status::cases());
        $this->assertSame(
            $header['key_states'],
            ['MBV_KEY_UNCHANGED' => KeyState::Unchanged->value, 'MBV_KEY_REPLACED' => KeyState::Replaced->value, 'MBV_KEY_UNKNOWN' => KeyState::Unknown->value],
        );
    }

    private function loaded(?string $library, ?string $folder = null, string $package = __DIR__ . '/autoload.php'): string
    {
        $code = 'require $argv[1]; try { new Mobivate\Client(); echo "loaded"; } catch (Throwable $e) { echo $e::class, ": ", $e->getMessage(); }';
        $changes = ['MOBIVATE_LIBRARY' => $library, 'LD_LIBRARY_PATH' => $folder];
        return $this->ran([PHP_BINARY, '-r', $code, $package], $changes)[1];
    }

    public function testTheLibraryIsFound(): void
    {
        $library = (string) getenv('MOBIVATE_LIBRARY');
        $this->assertSame('loaded', $this->loaded($library));
        $this->assertSame('loaded', $this->loaded(null, dirname($library)));
        $this->assertSame('loaded', $this->loaded('', dirname($library)));
    }

    public function testLibrariesThatCannotBeUsed(): void
    {
        $install = 'Install libmobivate 1\.1, or set MOBIVATE_LIBRARY to its file\.$}';
        $start = '{^Mobivate\\\\LibraryException: ';
        $this->assertMatchesRegularExpression($start . 'cannot load libmobivate; tried /nowhere\.so \(from MOBIVATE_LIBRARY\): .*[^.]\. ' . $install, $this->loaded('/nowhere.so'));
        $this->assertMatchesRegularExpression($start . 'cannot load libmobivate; tried libm\.so\.6 \(from MOBIVATE_LIBRARY\): .*mbv_.*[^.]\. ' . $install, $this->loaded('libm.so.6'));
        foreach (['0.9.0', '1.0.0', '2.0.0'] as $version) {
            $this->assertMatchesRegularExpression(
                $start . "found libmobivate $version, libmobivate\.so\.1 \(the dynamic loader's\); this package needs >= 1\.1\.0, < 2\. " . $install,
                $this->loaded(null, getenv('MOBIVATE_STUBS') . "/$version"),
            );
        }
    }

    public function testALibraryThatIsNowhere(): void
    {
        $found = $this->loaded(null);
        if ($found === 'loaded') {
            $this->markTestSkipped('It is installed for all.');
        }
        $beside = preg_quote(dirname(__DIR__) . '/src/') . 'linux-[^/]+-(glibc|musl)/libmobivate\.so\.1';
        $this->assertMatchesRegularExpression(
            "{^Mobivate\\\\LibraryException: cannot load libmobivate; tried MOBIVATE_LIBRARY, which is not set; $beside \(in the package\): [^;]*; "
                . "libmobivate\.so\.1 \(the dynamic loader's\): [^;]*\. Install [^;]*\.$}",
            $found,
        );
    }

    public function testThePackageHasIt(): void
    {
        $library = (string) getenv('MOBIVATE_LIBRARY');
        $folder = sys_get_temp_dir() . '/mobivate-' . getmypid();
        mkdir("$folder/tests", recursive: true);
        // One of another platform is not looked at.
        $platform = 'linux-' . ['x86_64' => 'x64', 'aarch64' => 'arm64'][php_uname('m')] . '-glibc';
        foreach (['linux-x64-glibc', 'linux-x64-musl', 'linux-arm64-glibc'] as $each) {
            mkdir("$folder/src/$each", recursive: true);
            copy(getenv('MOBIVATE_STUBS') . '/0.9.0/libmobivate.so.1', "$folder/src/$each/libmobivate.so.1");
        }
        $beside = "$folder/src/$platform/libmobivate.so.1";
        try {
            foreach (['src', 'tests'] as $part) {
                foreach (glob(dirname(__DIR__) . "/$part/*.php") ?: [] as $file) {
                    copy($file, "$folder/$part/" . basename($file));
                }
            }
            $package = "$folder/tests/autoload.php";
            copy(getenv('MOBIVATE_STUBS') . '/2.0.0/libmobivate.so.1', $beside);
            $this->assertStringContainsString("found libmobivate 2.0.0, $beside (in the package)", $this->loaded(null, dirname($library), $package));
            $this->assertSame('loaded', $this->loaded($library, null, $package));
            // One of another system is passed over.
            file_put_contents($beside, 'of another system');
            $this->assertSame('loaded', $this->loaded(null, dirname($library), $package));
            copy($library, $beside);
            $this->assertSame('loaded', $this->loaded(null, null, $package));
        } finally {
            array_map('unlink', [...(glob("$folder/src/*/*") ?: []), ...(glob("$folder/*/*.php") ?: [])]);
            array_map('rmdir', [...(glob("$folder/src/*") ?: []), "$folder/src", "$folder/tests", $folder]);
        }
    }

    public function testNoMemoryForAClient(): void
    {
        // The stubs have none. This one is newer, and its version is not refused.
        $this->assertSame(
            'Mobivate\MobivateException: There was no memory for a client. The old key still works.',
            $this->loaded(getenv('MOBIVATE_STUBS') . '/1.99.99/libmobivate.so.1'),
        );
    }
}
