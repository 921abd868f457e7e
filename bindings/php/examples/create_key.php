<?php
// SPDX-License-Identifier: MIT
require 'vendor/autoload.php';

use Mobivate\Client;
use Mobivate\MobivateException;

$client = new Client();
try {
    echo $client->createKey('first.last@example.com', 'your-pass'), "\n";
} catch (MobivateException $error) {
    fwrite(STDERR, $error->getMessage() . "\n"); // says what became of the old key, too
}
