<?php
// SPDX-License-Identifier: MIT
declare(strict_types=1);

namespace Mobivate;

/** A user name, password or option that cannot be used. Nothing was sent. */
final class ArgumentException extends MobivateException
{
}
