<?php
// SPDX-License-Identifier: MIT
// Creates a key for each request, with a client that lives as long as that.
declare(strict_types=1);

spl_autoload_register(fn (string $class) => require getenv('HOSTS_PHP') . '/' . basename(strtr($class, '\\', '/')) . '.php');

try {
    $client = new Mobivate\Client(baseUrl: getenv('HOSTS_URL'), caFile: getenv('HOSTS_CA_FILE'), proxy: '');
    $answer = ['key' => $client->createKey($_GET['username'], getenv('HOSTS_PASSWORD')), 'process' => getmypid()];
} catch (Mobivate\MobivateException $error) {
    $answer = ['error' => $error->getMessage(), 'process' => getmypid()];
}
header('Content-Type: application/json');
echo json_encode($answer);
