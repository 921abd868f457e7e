<?php
// SPDX-License-Identifier: MIT
declare(strict_types=1);

namespace Mobivate;

/** What a call did to the key that the account had before. */
enum KeyState: int
{
    /** The old key still works. */
    case Unchanged = 0;
    /** The old key is revoked: getKey has the new one, should it be lost. */
    case Replaced = 1;
    /** The old key may be revoked: ask with getKey which key is valid. */
    case Unknown = 2;
}
