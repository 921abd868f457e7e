// SPDX-License-Identifier: MIT
#include "request/endpoint.hpp"

#include <algorithm>
#include <memory>
#include <new>

#include <curl/curl.h>

#include "system/socket.hpp"
#include "text/ascii.hpp"

namespace mobivate::request {
namespace {

struct UrlDeleter {
    void operator()(CURLU* url) const noexcept { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, UrlDeleter>;

// A part of a URL, or nothing where it has none.
bool get_part(CURLU* url, CURLUPart part, unsigned flags, std::string& value) {
    char* text = nullptr;
    const CURLUcode code = curl_url_get(url, part, &text, flags);
    if (code == CURLUE_OUT_OF_MEMORY) throw std::bad_alloc();
    const std::unique_ptr<char, void (*)(void*)> owned(text, curl_free);
    value = text != nullptr ? text : "";
    return code == CURLUE_OK;
}

// Names and addresses that never leave the machine. libcurl itself resolves localhost without asking anybody.
bool is_loopback(const std::string& host) noexcept {
    if (text::equals_ignoring_case(host, "localhost") || host == "[::1]") return true;
    return system::is_ipv4_loopback(host.c_str());
}

bool is_visible(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), text::is_visible);
}

bool is_zone(const std::string& zone) noexcept {
    return std::all_of(zone.begin(), zone.end(), [](char c) {
        const char lower = text::to_lower(c);
        return text::is_digit(c) || (lower >= 'a' && lower <= 'z') || c == '-' || c == '.' || c == '_' ||
               c == '~';
    });
}

bool refuse_character(text::Message& why) {
    why << "has a character that is not printable ASCII; write a host name in its xn-- form";
    return false;
}

}  // namespace

bool parse_endpoint(std::string_view base_url, Endpoint& endpoint, text::Message& why) {
    if (!is_visible(base_url)) return refuse_character(why);
    const Url url(curl_url());
    if (url == nullptr) throw std::bad_alloc();
    // A libcurl without TLS does not know https, and says so better when it is asked to connect.
    const CURLUcode parsed =
        curl_url_set(url.get(), CURLUPART_URL, std::string(base_url).c_str(), CURLU_NON_SUPPORT_SCHEME);
    if (parsed == CURLUE_OUT_OF_MEMORY) throw std::bad_alloc();
    if (parsed != CURLUE_OK) {
        why << "is not a URL such as https://host/: " << curl_url_strerror(parsed);
        return false;
    }
    std::string scheme;
    std::string host;
    std::string zone;
    std::string port;
    std::string path;
    std::string unwanted;
    get_part(url.get(), CURLUPART_SCHEME, 0, scheme);
    get_part(url.get(), CURLUPART_HOST, 0, host);
    // It comes without its percent escapes.
    if (!is_visible(host)) return refuse_character(why);
    // Of an IPv6 address, as in [fe80::1%25eth0] (RFC 6874). It says how to reach the address from here, and
    // is nobody's affair but this machine's.
    if (get_part(url.get(), CURLUPART_ZONEID, 0, zone) && !is_zone(zone)) {
        why << "has an IPv6 zone that is not a network interface's name or number";
        return false;
    }
    get_part(url.get(), CURLUPART_PATH, 0, path);
    get_part(url.get(), CURLUPART_PORT, 0, port);
    if (scheme != "https" && scheme != "http") {
        why << "must begin with https://";
        return false;
    }
    if (get_part(url.get(), CURLUPART_USER, 0, unwanted) ||
        get_part(url.get(), CURLUPART_PASSWORD, 0, unwanted)) {
        why << "must not carry a user name or password";
        return false;
    }
    if (get_part(url.get(), CURLUPART_QUERY, 0, unwanted) ||
        get_part(url.get(), CURLUPART_FRAGMENT, 0, unwanted)) {
        why << "must end with its path, without ? or #";
        return false;
    }
    const bool secure = scheme == "https";
    if (!secure && !is_loopback(host)) {
        why << "must begin with https://, since http:// would send the password in clear (it is allowed to a "
               "loopback address only)";
        return false;
    }
    while (!path.empty() && path.back() == '/') path.pop_back();
    const std::string schemes_port = secure ? "443" : "80";
    if (port.empty()) port = schemes_port;
    const bool own_port = port == schemes_port;
    endpoint.secure = secure;
    std::string address = host;
    if (!zone.empty()) address.insert(address.size() - 1, "%25" + zone);
    endpoint.origin = scheme + "://" + address + ":" + port + "/";
    endpoint.host_header = own_port ? host : host + ":" + port;
    endpoint.path = path;
    return true;
}

}  // namespace mobivate::request
