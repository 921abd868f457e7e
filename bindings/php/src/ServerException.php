<?php
// SPDX-License-Identifier: MIT
declare(strict_types=1);

namespace Mobivate;

/** The server failed (5xx), or its answer is not one that the API documents. */
final class ServerException extends MobivateException
{
}
