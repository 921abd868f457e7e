<?php
// SPDX-License-Identifier: MIT
declare(strict_types=1);

namespace Mobivate;

/** libmobivate is missing, or not version 1. */
final class LibraryException extends \RuntimeException
{
}
