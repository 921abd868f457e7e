<?php
// SPDX-License-Identifier: MIT
declare(strict_types=1);

namespace Mobivate;

/** libmobivate is missing, too old (before 1.1), or too new. */
final class LibraryException extends \RuntimeException
{
}
