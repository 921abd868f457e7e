// SPDX-License-Identifier: MIT
// OpenSSL's algorithms, without those that no client of TLS uses.
#pragma once

#include <openssl/types.h>

namespace mobivate::transport {

// OpenSSL prepares every algorithm of a kind once one of that kind is asked for: ciphers for disks, the key
// derivations of other protocols, decoders of private keys. Those were a fifth of what a process with one
// call executes. To be called before a context of libraries (null: the usual one) is used, and once. Where
// there is no memory for it, they stay.
void leave_out_unused_algorithms(OSSL_LIB_CTX* context) noexcept;

}  // namespace mobivate::transport
