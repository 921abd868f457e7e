// SPDX-License-Identifier: MIT
// OpenSSL's algorithms, without those that no client of TLS uses.
#pragma once

#include <openssl/types.h>

namespace mobivate::transport {

// OpenSSL prepares every algorithm of a kind once one of that kind is asked for: ciphers for disks, the key
// derivations of other protocols, decoders of private keys. To be called once, before anything else uses the
// library context (null: the default one). Where there is no memory for it, nothing is left out.
void leave_out_unused_algorithms(OSSL_LIB_CTX* context) noexcept;

}  // namespace mobivate::transport
