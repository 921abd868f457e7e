// SPDX-License-Identifier: MIT
#include "transport/tls_algorithms.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/provider.h>

// OpenSSL's own provider of algorithms. Its name is in no header that OpenSSL installs.
extern "C" OSSL_provider_init_fn ossl_default_provider_init;

namespace mobivate::transport {
namespace {

struct Kind {
    int operation;
    // Parts of the names of what is left out, and not the names of what is kept: what a newer OpenSSL adds to
    // TLS is there at once.
    std::array<std::string_view, 9> unused;
};

constexpr std::array kinds{
    Kind{OSSL_OP_DIGEST, {"KECCAK"}},
    Kind{OSSL_OP_CIPHER, {"-192-", "-CFB", "-CTS", "-OFB", "-XTS", "WRAP"}},
    Kind{OSSL_OP_MAC, {"CMAC", "GMAC", "KMAC"}},
    Kind{OSSL_OP_KDF,
         {"HMAC-DRBG", "KBKDF", "KRB5KDF", "PBKDF2", "PKCS12KDF", "SSHKDF", "SSKDF", "X942KDF", "X963KDF"}},
    Kind{OSSL_OP_RAND, {"HASH-DRBG", "HMAC-DRBG", "JITTER", "TEST-RAND"}},
    // TLS asks for the kind of the key, and names the digest itself.
    Kind{OSSL_OP_SIGNATURE, {"CMAC", "ECDSA-SHA", "RSA-SHA"}},
    // Those with another structure than a certificate's key: see is_used().
    Kind{OSSL_OP_DECODER, {}},
};

bool is_used(const Kind& kind, const OSSL_ALGORITHM& algorithm) noexcept {
    if (kind.operation == OSSL_OP_DECODER) {
        const std::string_view properties = algorithm.property_definition;
        return properties.find("structure=SubjectPublicKeyInfo") != std::string_view::npos;
    }
    const std::string_view names = algorithm.algorithm_names;
    const std::string_view name = names.substr(0, names.find(':'));
    return std::none_of(kind.unused.begin(), kind.unused.end(), [name](std::string_view part) {
        return !part.empty() && name.find(part) != std::string_view::npos;
    });
}

OSSL_FUNC_provider_query_operation_fn* query_all = nullptr;
// Each ends with an empty one.
std::array<std::array<OSSL_ALGORITHM, 64>, kinds.size()> kept{};

void keep_used(std::size_t index, void* context) noexcept {
    int no_cache = 0;
    std::size_t count = 0;
    for (const OSSL_ALGORITHM* algorithm = query_all(context, kinds[index].operation, &no_cache);
         algorithm != nullptr && algorithm->algorithm_names != nullptr; ++algorithm) {
        if (!is_used(kinds[index], *algorithm)) continue;
        if (count + 1 == kept[index].size()) {
            // More than any version had: all of them stay.
            kept[index].front() = {};
            return;
        }
        kept[index][count++] = *algorithm;
    }
}

const OSSL_ALGORITHM* query_used(void* context, int operation, int* no_cache) noexcept {
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        if (kinds[i].operation == operation && kept[i].front().algorithm_names != nullptr) {
            *no_cache = 0;
            return kept[i].data();
        }
    }
    return query_all(context, operation, no_cache);
}

// Like OpenSSL's own provider in all but what there is.
int initialise(const OSSL_CORE_HANDLE* handle, const OSSL_DISPATCH* from_core, const OSSL_DISPATCH** to_core,
               void** context) noexcept {
    static std::array<OSSL_DISPATCH, 16> functions{};
    const OSSL_DISPATCH* function = nullptr;
    if (ossl_default_provider_init(handle, from_core, &function, context) != 1) return 0;
    *to_core = function;
    std::size_t count = 0;
    for (; function->function_id != 0; ++function, ++count) {
        if (count + 1 == functions.size()) return 1;
        functions[count] = *function;
        if (function->function_id == OSSL_FUNC_PROVIDER_QUERY_OPERATION) {
            query_all = OSSL_FUNC_provider_query_operation(function);
            functions[count].function = reinterpret_cast<void (*)()>(&query_used);
        }
    }
    for (std::size_t i = 0; i < kinds.size(); ++i) keep_used(i, *context);
    *to_core = functions.data();
    return 1;
}

}  // namespace

void leave_out_unused_algorithms(OSSL_LIB_CTX* context) noexcept {
    constexpr const char* name = "mobivate";
    // OpenSSL's own provider is not made any more once there is another one.
    if (OSSL_PROVIDER_add_builtin(context, name, &initialise) != 1 ||
        OSSL_PROVIDER_try_load(context, name, 0) == nullptr) {
        ERR_clear_error();
    }
}

}  // namespace mobivate::transport
