<?php
// SPDX-License-Identifier: MIT
declare(strict_types=1);

namespace Mobivate;

/** The call was cancelled. */
final class CancelledException extends MobivateException
{
}
