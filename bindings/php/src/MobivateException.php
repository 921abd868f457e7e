<?php
// SPDX-License-Identifier: MIT
declare(strict_types=1);

namespace Mobivate;

/** A call that handed over no key. The message says why, and what became of the old one. */
class MobivateException extends \RuntimeException
{
    /**
     * @param ?int $httpStatus of the answer; null when none came
     * @param ?int $serverCode the member "code" of the answer's JSON
     * @param ?string $serverMessage the member "message" of the answer's JSON
     * @param ?float $retryAfter how many seconds the server asks to wait
     */
    final private function __construct(
        string $message,
        public readonly Status $status,
        public readonly KeyState $keyState,
        public readonly ?int $httpStatus,
        public readonly ?int $serverCode,
        public readonly ?string $serverMessage,
        public readonly ?float $retryAfter,
    ) {
        parent::__construct($message, $status->value);
    }

    /** @internal */
    public static function of(
        string $message,
        Status $status,
        KeyState $keyState = KeyState::Unchanged,
        ?int $httpStatus = null,
        ?int $serverCode = null,
        ?string $serverMessage = null,
        ?float $retryAfter = null,
    ): self {
        $class = match ($status) {
            Status::InvalidArgument => ArgumentException::class,
            Status::Cancelled => CancelledException::class,
            Status::Timeout => TimeoutException::class,
            Status::Resolve, Status::Connect, Status::Tls, Status::Transport => ConnectionException::class,
            Status::Credentials, Status::RateLimited, Status::Rejected => RefusedException::class,
            Status::Server, Status::Protocol => ServerException::class,
            default => self::class,
        };
        return new $class($message, $status, $keyState, $httpStatus, $serverCode, $serverMessage, $retryAfter);
    }
}
