// SPDX-License-Identifier: MIT
#include "client/options.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>

#include <curl/curl.h>

#include "system/file.hpp"
#include "text/ascii.hpp"
#include "text/utf8.hpp"

namespace mobivate::client {
namespace {

using std::chrono::milliseconds;
using text::Message;

constexpr std::string_view default_base_url = "https://api.mobivatebulksms.com";
constexpr milliseconds default_timeout{30000};
constexpr milliseconds default_connect_timeout{10000};
constexpr std::size_t value_limit = 4096;
constexpr std::size_t user_agent_limit = 256;

bool set_base_url(Options& options, std::string_view value, Message& why) {
    request::Endpoint endpoint;
    if (!request::parse_endpoint(value, endpoint, why)) return false;
    options.route.origin = endpoint.origin;
    options.route.secure = endpoint.secure;
    options.endpoint = std::move(endpoint);
    return true;
}

bool parse_milliseconds(std::string_view value, milliseconds& limit, Message& why) {
    std::int32_t number = 0;
    const auto parsed = std::from_chars(value.data(), value.data() + value.size(), number);
    if (parsed.ec != std::errc{} || parsed.ptr != value.data() + value.size() || number < 1) {
        why << "must be a whole number of milliseconds from 1 to 2147483647";
        return false;
    }
    limit = milliseconds(number);
    return true;
}

bool set_timeout(Options& options, std::string_view value, Message& why) {
    return parse_milliseconds(value, options.limits.whole, why);
}

bool set_connect_timeout(Options& options, std::string_view value, Message& why) {
    return parse_milliseconds(value, options.limits.connect, why);
}

bool check_path(const std::string& path, system::FileKind kind, Message& why) {
    const int error = system::check_readable(path, kind);
    if (error == ENOTDIR && kind == system::FileKind::directory) {
        why << "must be a directory; name a file with ca_file";
    } else if (error == EISDIR) {
        why << "must be a file; name a directory with ca_dir";
    } else if (error != 0) {
        why << "cannot be read: " << std::string_view(std::strerror(error));
    }
    return error == 0;
}

bool set_ca_file(Options& options, std::string_view value, Message& why) {
    std::string path(value);
    if (!check_path(path, system::FileKind::file, why)) return false;
    options.route.ca_file = std::move(path);
    return true;
}

bool set_ca_dir(Options& options, std::string_view value, Message& why) {
    std::string path(value);
    if (!check_path(path, system::FileKind::directory, why)) return false;
    options.route.ca_dir = std::move(path);
    return true;
}

// Whether a / ? or # cuts user name and password in two, so that the host would be a part of them.
bool cuts_credentials(std::string_view url) {
    const std::size_t scheme_end = url.find("://");
    if (scheme_end != std::string_view::npos) url.remove_prefix(scheme_end + 3);
    const std::size_t cut = url.find_first_of("/?#");
    return cut != std::string_view::npos && url.find('@', cut) != std::string_view::npos;
}

// The value is not quoted in a message: it may carry the proxy's password.
bool set_proxy(Options& options, std::string_view value, Message& why) {
    std::string proxy(value);
    if (cuts_credentials(value)) {
        why << "is not a URL such as http://user:password@host:3128: in the user name and the password, "
               "/ is written %2F, ? is %3F, # is %23 and @ is %40";
        return false;
    }
    if (!proxy.empty()) {
        const std::unique_ptr<CURLU, void (*)(CURLU*)> url(curl_url(), curl_url_cleanup);
        if (url == nullptr) throw std::bad_alloc();
        const CURLUcode code = curl_url_set(url.get(), CURLUPART_URL, proxy.c_str(),
                                            CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME);
        if (code == CURLUE_OUT_OF_MEMORY) throw std::bad_alloc();
        if (code != CURLUE_OK) {
            why << "is not a URL such as http://host:3128: " << curl_url_strerror(code);
            return false;
        }
        constexpr std::array<std::string_view, 6> schemes{"http",    "https",  "socks4",
                                                          "socks4a", "socks5", "socks5h"};
        const std::size_t scheme_end = proxy.find("://");
        const std::string_view scheme = std::string_view(proxy).substr(0, scheme_end);
        const bool known = std::any_of(schemes.begin(), schemes.end(), [scheme](std::string_view supported) {
            return text::equals_ignoring_case(scheme, supported);
        });
        if (scheme_end != std::string::npos && !known) {
            why << "must begin with http://, https://, socks4://, socks4a://, socks5:// or socks5h://";
            return false;
        }
    }
    options.route.proxy = std::move(proxy);
    return true;
}

bool set_user_agent(Options& options, std::string_view value, Message& why) {
    if (value.size() > user_agent_limit || !std::all_of(value.begin(), value.end(), text::is_printable)) {
        why << "must be printable ASCII of at most " << std::int64_t{user_agent_limit} << " bytes";
        return false;
    }
    options.user_agent = value;
    return true;
}

struct Option {
    std::string_view name;
    bool (*set)(Options& options, std::string_view value, Message& why);
    bool may_be_empty;
};

constexpr std::array<Option, 7> known_options{{
    {"base_url", set_base_url, false},
    {"timeout_ms", set_timeout, false},
    {"connect_timeout_ms", set_connect_timeout, false},
    {"ca_file", set_ca_file, false},
    {"ca_dir", set_ca_dir, false},
    {"proxy", set_proxy, true},
    {"user_agent", set_user_agent, false},
}};

bool set_known_option(const Option& option, Options& options, std::string_view value, Message& why) {
    if (value.empty() && !option.may_be_empty) {
        why << "must not be empty";
        return false;
    }
    if (value.size() > value_limit) {
        why << "must have at most " << std::int64_t{value_limit} << " bytes";
        return false;
    }
    if (const auto offset = text::invalid_utf8(value)) {
        why << "is not UTF-8 at byte " << static_cast<std::int64_t>(*offset);
        return false;
    }
    return option.set(options, value, why);
}

}  // namespace

Options::Options()
    : limits{default_timeout, default_connect_timeout}, user_agent("libmobivate/" MBV_VERSION) {
    Message unused;
    if (!set_base_url(*this, default_base_url, unused)) throw std::bad_alloc();
}

bool set_option(Options& options, std::string_view name, std::string_view value, Message& why) {
    const auto* option = std::find_if(known_options.begin(), known_options.end(),
                                      [name](const Option& known) { return known.name == name; });
    if (option == known_options.end()) {
        (why << "There is no option \"").quote(name, 64) << "\". The options are";
        for (const Option& known : known_options)
            why << (&known == known_options.data() ? " " : ", ") << known.name;
        why << ".";
        return false;
    }
    Message problem;
    if (set_known_option(*option, options, value, problem)) return true;
    why << "The option " << option->name << " " << problem.view() << ".";
    return false;
}

}  // namespace mobivate::client
