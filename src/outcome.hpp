// SPDX-License-Identifier: MIT
// What a call can end in: the vocabulary that every room shares.
#pragma once

#include <cstdint>

#include "mobivate.h"

namespace mobivate {

enum class Status : std::int32_t {
    ok = MBV_OK,
    invalid_argument = MBV_ERR_INVALID_ARGUMENT,
    no_memory = MBV_ERR_NO_MEMORY,
    busy = MBV_ERR_BUSY,
    cancelled = MBV_ERR_CANCELLED,
    timeout = MBV_ERR_TIMEOUT,
    resolve = MBV_ERR_RESOLVE,
    connect = MBV_ERR_CONNECT,
    tls = MBV_ERR_TLS,
    transport = MBV_ERR_TRANSPORT,
    credentials = MBV_ERR_CREDENTIALS,
    rate_limited = MBV_ERR_RATE_LIMITED,
    rejected = MBV_ERR_REJECTED,
    server = MBV_ERR_SERVER,
    protocol = MBV_ERR_PROTOCOL,
    buffer_too_small = MBV_ERR_BUFFER_TOO_SMALL,
    internal = MBV_ERR_INTERNAL,
};

enum class KeyState : std::int32_t {
    unchanged = MBV_KEY_UNCHANGED,
    replaced = MBV_KEY_REPLACED,
    unknown = MBV_KEY_UNKNOWN,
};

}  // namespace mobivate
