<?php
// SPDX-License-Identifier: MIT
declare(strict_types=1);

namespace Mobivate;

/** The connection failed or broke: name, port, certificate or network. */
final class ConnectionException extends MobivateException
{
}
