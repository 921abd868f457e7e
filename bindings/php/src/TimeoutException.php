<?php
// SPDX-License-Identifier: MIT
declare(strict_types=1);

namespace Mobivate;

/** The time-out of the call, or of connecting, has passed. */
final class TimeoutException extends MobivateException
{
}
