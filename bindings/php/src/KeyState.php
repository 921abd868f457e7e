<?php
// SPDX-License-Identifier: MIT
declare(strict_types=1);

namespace Mobivate;

/** What became of the key that the account had before a call. */
enum KeyState: int
{
    /** The old key surely still works. */
    case Unchanged = 0;
    /** The old key is revoked. */
    case Replaced = 1;
    /** The old key may be revoked: create a key again to have a valid one. */
    case Unknown = 2;
}
