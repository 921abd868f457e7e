<?php
// SPDX-License-Identifier: MIT
// What Composer would do, and every notice is an error.
declare(strict_types=1);

error_reporting(E_ALL);
set_error_handler(function (int $level, string $message, string $file, int $line): bool {
    throw new ErrorException($message, 0, $level, $file, $line);
});
spl_autoload_register(function (string $class): void {
    $file = dirname(__DIR__) . '/src/' . str_replace('Mobivate\\', '', $class) . '.php';
    if (str_starts_with($class, 'Mobivate\\') && is_file($file)) {
        require $file;
    }
});
require_once __DIR__ . '/Standin.php';
require_once __DIR__ . '/Helper.php';
