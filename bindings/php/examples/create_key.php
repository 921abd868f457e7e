<?php
// SPDX-License-Identifier: MIT
require 'vendor/autoload.php';

use Mobivate\{ArgumentException, Client, KeyState, MobivateException, RefusedException};

try {
    $client = new Client();
    $key = $client->createKey('first.last@example.com', 'your-pass');
} catch (MobivateException $error) {
    fwrite(STDERR, $error->getMessage() . "\n"); // says whether the old key still works, too
    exit(match (true) { // with the exit codes of mbv
        $error instanceof ArgumentException => 2,
        $error->keyState !== KeyState::Unchanged => 5,
        $error instanceof RefusedException => 3,
        default => 4,
    });
}
if (!@fwrite(STDOUT, "$key\n")) {
    fwrite(STDERR, "The new key could not be printed: $key\n");
    exit(6);
}
