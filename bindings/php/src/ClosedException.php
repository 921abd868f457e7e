<?php
// SPDX-License-Identifier: MIT
declare(strict_types=1);

namespace Mobivate;

/** The client has been closed. */
final class ClosedException extends \LogicException
{
}
