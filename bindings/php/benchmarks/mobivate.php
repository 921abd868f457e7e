<?php
// SPDX-License-Identifier: MIT
// Creates COUNT keys, one after the other. ./programs says what is in the environment.
declare(strict_types=1);

use Mobivate\Client;
use Mobivate\Secret;

spl_autoload_register(fn (string $class) => require dirname(__DIR__) . '/src/' . substr($class, strlen('Mobivate\\')) . '.php');

function pause(string $what): void
{
    if (getenv('MOBIVATE_PROGRAM_PAUSE') === '1') {
        echo "$what\n";
        fgets(STDIN);
    }
}

$count = (int) $argv[1];
$username = (string) getenv('MOBIVATE_USERNAME');
$file = (string) getenv('MOBIVATE_PASSWORD_FILE');
$client = new Client(baseUrl: (string) getenv('MOBIVATE_BASE_URL'), caFile: (string) getenv('MOBIVATE_CA_FILE'), proxy: '');
if (getenv('MOBIVATE_PROGRAM_TEXT') === '1') {
    $password = (string) file_get_contents($file);
    for ($i = 0; $i < $count; $i++) {
        $key = $client->createKey($username, $password);
    }
} else {
    $password = Secret::fromFile($file);
    for ($i = 0; $i < $count; $i++) {
        $client->createSecretKey($username, $password)->wipe();
    }
    $password->wipe();
}
echo "created $count\n";
pause('kept');
$client->close();
pause('freed');
