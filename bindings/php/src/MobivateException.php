<?php
// SPDX-License-Identifier: MIT
declare(strict_types=1);

namespace Mobivate;

/** A call that failed. The message says why, and after createKey whether the old key still works. */
class MobivateException extends \RuntimeException
{
    /**
     * @param ?int $httpStatus of the answer; null if none came
     * @param ?int $serverCode the "code" in the answer's JSON
     * @param ?string $serverMessage the "message" in the answer's JSON
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
        ?KeyState $keyState = null,
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
        $keyState ??= $status->impliedKeyState();
        return new $class($message, $status, $keyState, $httpStatus, $serverCode, $serverMessage, $retryAfter);
    }

    /**
     * All but the trace and the previous exception: a trace has the arguments of its calls, and PHP serialises
     * neither closures nor what is sensitive.
     *
     * @return array<string, mixed>
     */
    public function __serialize(): array
    {
        return [
            'message' => $this->message,
            'file' => $this->file,
            'line' => $this->line,
            'status' => $this->status->value,
            'keyState' => $this->keyState->value,
            'httpStatus' => $this->httpStatus,
            'serverCode' => $this->serverCode,
            'serverMessage' => $this->serverMessage,
            'retryAfter' => $this->retryAfter,
        ];
    }

    /**
     * A key state that was lost on the way is the one that the status implies, and otherwise unknown.
     *
     * @param array<string, mixed> $data
     */
    public function __unserialize(array $data): void
    {
        $this->message = $data['message'] ?? '';
        $this->file = $data['file'] ?? $this->file;
        $this->line = $data['line'] ?? $this->line;
        $this->status = Status::tryFrom($data['status'] ?? Status::Internal->value) ?? Status::Internal;
        $this->code = $this->status->value;
        $this->keyState = KeyState::tryFrom($data['keyState'] ?? -1) ?? $this->status->impliedKeyState();
        $this->httpStatus = $data['httpStatus'] ?? null;
        $this->serverCode = $data['serverCode'] ?? null;
        $this->serverMessage = $data['serverMessage'] ?? null;
        $this->retryAfter = $data['retryAfter'] ?? null;
    }
}
