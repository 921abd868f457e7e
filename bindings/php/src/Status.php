<?php
// SPDX-License-Identifier: MIT
declare(strict_types=1);

namespace Mobivate;

/** Why a call failed: the library's status values. */
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
    /** Never seen: a key of any size is handed over. */
    case BufferTooSmall = -15;
    case Internal = -99;
}
