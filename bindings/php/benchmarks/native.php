<?php
// SPDX-License-Identifier: MIT
// The same with PHP's own client, ext-curl.
declare(strict_types=1);

$count = (int) $argv[1];
$body = json_encode(['username' => getenv('MOBIVATE_USERNAME'), 'password' => file_get_contents((string) getenv('MOBIVATE_PASSWORD_FILE'))]);
$curl = curl_init(getenv('MOBIVATE_BASE_URL') . '/auth/createkey');
curl_setopt_array($curl, [
    CURLOPT_POSTFIELDS => $body,
    CURLOPT_HTTPHEADER => ['Content-Type: application/json'],
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_CAINFO => getenv('MOBIVATE_CA_FILE'),
    CURLOPT_PROXY => '',
]);
for ($i = 0; $i < $count; $i++) {
    $answer = curl_exec($curl);
    if (!is_string($answer) || json_decode($answer, true, 512, JSON_THROW_ON_ERROR)['apiKey'] === '') {
        exit(1);
    }
}
echo "created $count\n";
