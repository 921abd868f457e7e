<?php
// SPDX-License-Identifier: MIT
declare(strict_types=1);

namespace Mobivate;

/** An unusable user name, password or option. Nothing was sent. */
final class ArgumentException extends MobivateException
{
}
