// SPDX-License-Identifier: MIT
#include <curl/curl.h>

#include "transport/trust_sources.hpp"

namespace mobivate::transport {

TrustSources system_trust() {
    const curl_version_info_data* libcurl = curl_version_info(CURLVERSION_NOW);
    return {libcurl->capath != nullptr ? libcurl->capath : "",
            libcurl->cainfo != nullptr ? libcurl->cainfo : ""};
}

void say_where_system_trust_is_looked_for(text::Message& /*message*/) noexcept {}

}  // namespace mobivate::transport
