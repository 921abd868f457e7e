<?php
// SPDX-License-Identifier: MIT
declare(strict_types=1);

namespace Mobivate;

/** Why a call failed: the status values of the library. */
enum Status: int
{
    case Ok = 0;
    case InvalidArgument = -1;
    case NoMemory = -2;
    case Busy = -3;
    case Cancelled = -4;
    case Timeout = -5;
    case Resolve = -6;
    case Connect = -7;
    case Tls = -8;
    case Transport = -9;
    case Credentials = -10;
    case RateLimited = -11;
    case Rejected = -12;
    case Server = -13;
    case Protocol = -14;
    /** Never seen: a key is returned whatever its size. */
    case BufferTooSmall = -15;
    case Internal = -99;

    /**
     * What is true of every call that ends so: nothing was sent. Otherwise nobody can tell; a refusal may come from a
     * proxy, after the service has made a key.
     */
    public function impliedKeyState(): KeyState
    {
        return match ($this) {
            self::InvalidArgument, self::Resolve, self::Connect, self::Tls => KeyState::Unchanged,
            self::Ok => KeyState::Replaced,
            default => KeyState::Unknown,
        };
    }
}
