<?php
// SPDX-License-Identifier: MIT
declare(strict_types=1);

namespace Mobivate;

/** The call or the connecting took too long. */
final class TimeoutException extends MobivateException
{
}
