<?php
// SPDX-License-Identifier: MIT
declare(strict_types=1);

namespace Mobivate;

/** The server refused (4xx). The old key still works. */
final class RefusedException extends MobivateException
{
}
