// SPDX-License-Identifier: MIT
// One owner for each thing that libcurl hands out. In a forked child they are forgotten (release()), never
// cleaned up: the parent still uses what they refer to, and libcurl's threads did not come along.
#pragma once

#include <memory>

#include <curl/curl.h>

namespace mobivate::transport {

template <class Handle, auto cleanup>
struct Cleanup {
    void operator()(Handle* handle) const noexcept { cleanup(handle); }
};

using Easy = std::unique_ptr<CURL, Cleanup<CURL, curl_easy_cleanup>>;
using Multi = std::unique_ptr<CURLM, Cleanup<CURLM, curl_multi_cleanup>>;

// A user of libcurl. It counts them, so that a host which uses it as well is not disturbed.
class LibcurlUse {
public:
    LibcurlUse() noexcept = default;
    LibcurlUse(const LibcurlUse&) = delete;
    LibcurlUse& operator=(const LibcurlUse&) = delete;
    ~LibcurlUse();

    [[nodiscard]] CURLcode begin() noexcept;
    void release() noexcept { begun_ = false; }

private:
    bool begun_ = false;
};

}  // namespace mobivate::transport
