<?php
// SPDX-License-Identifier: MIT
declare(strict_types=1);

namespace Mobivate;

/** What a call did to the key that the account had before. */
enum KeyState: int
{
    /** The old key still works. */
    case Unchanged = 0;
    /** The old key is revoked. */
    case Replaced = 1;
    /** The old key may be revoked: create a key again to have a valid one. */
    case Unknown = 2;
}
