// SPDX-License-Identifier: MIT
#include "transport/openssl.hpp"

#include <cstddef>
#include <new>

namespace mobivate::transport {

void OpenSslDeleter::operator()(STACK_OF(X509_INFO) * found) const noexcept {
    openssl()->OPENSSL_sk_pop_free(reinterpret_cast<OPENSSL_STACK*>(found), [](void* info) {
        openssl()->X509_INFO_free(static_cast<X509_INFO*>(info));
    });
}

// ---- the thread's errors ----

struct ErrorQueueKeeper::Errors {
    std::array<Error, 16> all;  // as many as OpenSSL keeps
    std::size_t count = 0;
};

ErrorQueueKeeper::ErrorQueueKeeper() noexcept : functions_(openssl()) {
    const OpenSsl* functions = functions_;
    if (functions == nullptr || functions->ERR_peek_error() == 0) return;
    try {
        kept_ = std::make_unique<Errors>();
        const char* file = nullptr;
        const char* function = nullptr;
        const char* data = nullptr;
        int line = 0;
        int flags = 0;
        while (kept_->count < kept_->all.size()) {
            const unsigned long code = functions->ERR_get_error_all(&file, &line, &function, &data, &flags);
            if (code == 0) return;
            Error& error = kept_->all[kept_->count++];
            error.code = code;
            error.line = line;
            error.has_data = (flags & ERR_TXT_STRING) != 0;
            error.file = file != nullptr ? file : "";
            error.function = function != nullptr ? function : "";
            if (error.has_data && data != nullptr) error.data = data;
        }
    } catch (const std::bad_alloc&) {
        // What could not be written down is lost, and nothing else.
    }
}

ErrorQueueKeeper::~ErrorQueueKeeper() {
    const OpenSsl* functions = functions_;
    if (functions == nullptr) return;
    if (functions->ERR_peek_error() != 0) functions->ERR_clear_error();
    for (std::size_t i = 0; kept_ != nullptr && i < kept_->count; ++i) {
        const Error& error = kept_->all[i];
        functions->ERR_new();
        functions->ERR_set_debug(error.file.c_str(), error.line, error.function.c_str());
        const int library = ERR_GET_LIB(error.code);
        const int reason = ERR_GET_REASON(error.code);
        if (error.has_data) {
            functions->ERR_set_error(library, reason, "%s", error.data.c_str());
        } else {
            functions->ERR_set_error(library, reason, nullptr);
        }
    }
}

}  // namespace mobivate::transport
