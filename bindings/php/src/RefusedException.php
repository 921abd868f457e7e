<?php
// SPDX-License-Identifier: MIT
declare(strict_types=1);

namespace Mobivate;

/** The server refused (4xx). Its keyState tells about the old key. */
final class RefusedException extends MobivateException
{
}
