<?php
// SPDX-License-Identifier: MIT
declare(strict_types=1);

namespace Mobivate;

/** No connection came about, or it broke: a name, a port, a certificate, the network. */
final class ConnectionException extends MobivateException
{
}
