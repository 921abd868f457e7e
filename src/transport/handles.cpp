// SPDX-License-Identifier: MIT
#include "transport/handles.hpp"

#include <mutex>

#include "system/process.hpp"
#include "transport/trust.hpp"

namespace mobivate::transport {
namespace {

// For versions of libcurl whose counting is not thread-safe.
std::mutex& library_lock() noexcept {
    static std::mutex lock;
    return lock;
}

}  // namespace

CURLcode LibcurlUse::begin() noexcept {
    if (begun_) return CURLE_OK;
    const std::lock_guard<std::mutex> guard(library_lock());
    system::stay_loaded();
    prepare_tls_library();
    const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    begun_ = code == CURLE_OK;
    return code;
}

LibcurlUse::~LibcurlUse() {
    if (!begun_) return;
    const std::lock_guard<std::mutex> guard(library_lock());
    curl_global_cleanup();
}

}  // namespace mobivate::transport
