// SPDX-License-Identifier: MIT
#include "transport/connection.hpp"

#include <algorithm>

#include "secret/scrub.hpp"
#include "system/descriptors.hpp"
#include "system/environment.hpp"
#include "system/socket.hpp"
#include "transport/exchange.hpp"
#include "transport/openssl.hpp"

namespace mobivate::transport {
namespace {

using answer::Ending;
using std::chrono::milliseconds;

constexpr std::size_t incoming_size = 16384;  // a TLS record

// Servers close idle connections after 5 seconds (Apache, Node.js) or much later (nginx: 75). A request that
// meets the closing half-way is lost with an unknown outcome, which costs more than a handshake.
constexpr std::chrono::seconds longest_idle{3};

// CURLMOPT_QUICK_EXIT of libcurl 8.20: a lookup that hangs is left to itself, and not waited for.
constexpr auto multi_quick_exit = static_cast<CURLMoption>(21);

}  // namespace

bool Connection::create() noexcept {
    if (!incoming_.reserve(incoming_size)) return false;
    process_ = system::this_process();
    // Early, while a host has hardly any threads yet. Where it fails, the call tells.
    (void)libcurl_.begin();
    return true;
}

// What saying goodbye leaves in OpenSSL's queue of errors is not the host's.
Connection::~Connection() {
    forget_inherited();
    const ErrorQueueKeeper errors;
    start_afresh();
    multi_.reset();
}

// A forked child must not even say goodbye on its parent's connection: all of it is left alone.
void Connection::forget_inherited() noexcept {
    if (process_ == 0 || process_ == system::this_process()) return;
    wake_up_.forget();
    libcurl_.release();
    (void)multi_.release();
    (void)easy_.release();
    socket_ = CURL_SOCKET_BAD;
}

// What an exchange needs, as far as this process does not have it yet.
Failure Connection::prepare() noexcept {
    forget_inherited();
    process_ = system::this_process();
    if (const int error = wake_up_.prepare(); error != 0) return Failure::no_descriptor(error);
    if (const CURLcode code = libcurl_.begin(); code != CURLE_OK) return Failure::start(code);
    if (multi_ != nullptr) return {};
    // Not before libcurl has begun: asking for its version initialises the TLS library.
    if (library_is_too_old()) return Failure::old_library();
    const system::InheritedPair pair(wake_up_.descriptor());
    multi_.reset(curl_multi_init());
    if (multi_ == nullptr) return Failure::no_handle();
    curl_multi_wakeup(multi_.get());
    pair.close_on_exec();
    const CURLMcode code = curl_multi_setopt(multi_.get(), multi_quick_exit, 1L);
    if (code == CURLM_OK || code == CURLM_UNKNOWN_OPTION) return {};
    multi_.reset();
    return Failure::multi(code);
}

void Connection::close() noexcept {
    // libcurl closes a CONNECT_ONLY connection with the handle's leave.
    if (easy_ != nullptr) curl_multi_remove_handle(multi_.get(), easy_.get());
    socket_ = CURL_SOCKET_BAD;
}

Failure Connection::configure(const Route& route, long connect_ms, const Allowance& allowance) noexcept {
    if (easy_ == nullptr) easy_.reset(curl_easy_init());
    if (easy_ == nullptr) return Failure::no_handle();
    error_text_[0] = '\0';
    Failure failure;
    const auto set = [this, &failure](CURLoption option, auto value) {
        const CURLcode code = curl_easy_setopt(easy_.get(), option, value);
        if (code != CURLE_OK) failure = Failure::option(option, code);
        return code == CURLE_OK;
    };
    // First, since a libcurl without TLS is told by it.
    if (route.secure) {
        if (const Failure refused = trust_.apply(easy_.get(), allowance)) return refused;
    }
    // Without TLS a proxy would read the password, so that "" keeps the environment's away, too.
    const char* proxy = !route.secure ? "" : route.proxy ? route.proxy->c_str() : nullptr;
    const char* no_proxy = nullptr;
    if (system::environment_is_the_callers()) {
        if (proxy == nullptr) proxy = "";
        no_proxy = "";
    }
    // A cancelled lookup must not be waited for (CURLOPT_QUICK_EXIT), and GSSAPI with a SOCKS5 proxy blocks.
    const bool all_set =
        set(CURLOPT_URL, route.origin.c_str()) && set(CURLOPT_CONNECT_ONLY, 1L) &&
        set(CURLOPT_PROTOCOLS_STR, route.secure ? "https" : "http") &&
        set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1}) && set(CURLOPT_NOSIGNAL, 1L) &&
        set(CURLOPT_QUICK_EXIT, 1L) && set(CURLOPT_ERRORBUFFER, error_text_.data()) &&
        set(CURLOPT_CONNECTTIMEOUT_MS, connect_ms) && set(CURLOPT_OPENSOCKETFUNCTION, &system::open_socket) &&
        set(CURLOPT_PROXY, proxy) && set(CURLOPT_NOPROXY, no_proxy) &&
        set(CURLOPT_SOCKS5_AUTH, CURLAUTH_BASIC) && set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    return all_set ? Failure() : failure;
}

void Connection::start_afresh() noexcept {
    close();
    easy_.reset();
    route_changed_ = false;
}

// A kept connection on which anything has arrived, or the end of it, is of no use: nothing was asked.
bool Connection::kept_connection_lives() noexcept {
    const CURLcode code = channel().receive(incoming_);
    incoming_.clear();
    return code == CURLE_AGAIN;
}

Failure Connection::open(const Route& route, const Allowance& allowance) noexcept {
    const milliseconds remaining(allowance.remaining_ms());
    const auto connect_ms =
        std::max(milliseconds(1), std::min(allowance.limits().connect, remaining)).count();
    if (const Failure failure = configure(route, static_cast<long>(connect_ms), allowance)) return failure;
    CURLMcode multi_code = curl_multi_add_handle(multi_.get(), easy_.get());
    for (;;) {
        int count = 0;
        if (multi_code == CURLM_OK) multi_code = curl_multi_perform(multi_.get(), &count);
        if (multi_code != CURLM_OK) return Failure::multi(multi_code);
        if (const CURLMsg* message = curl_multi_info_read(multi_.get(), &count)) {
            CURLcode code = message->data.result;
            if (code == CURLE_OK) code = curl_easy_getinfo(easy_.get(), CURLINFO_ACTIVESOCKET, &socket_);
            if (code == CURLE_OK && socket_ == CURL_SOCKET_BAD) code = CURLE_COULDNT_CONNECT;
            if (code == CURLE_OK) return {};
            const CURLcode refused = trust_.load_awaited_bundle();
            return Failure::connect(refused != CURLE_OK ? refused : code);
        }
        if (const Status over = allowance.over(); over != Status::ok) return Failure::given_up(over);
        if (const CURLcode refused = trust_.load_awaited_bundle(); refused != CURLE_OK)
            return Failure::connect(refused);
        wait_for_events(multi_.get(), wake_up_, nullptr, allowance.remaining_ms());
    }
}

bool Connection::connect(const Route& route, const Allowance& allowance, Ending& ending) noexcept {
    // libcurl 8.22 copies an address with whatever lies behind it on the stack, and keeps it.
    secret::scrub();
    Failure failure = open(route, allowance);
    if (!failure) return true;
    // What fails because of it, or beside it, is not what ended the call.
    if (const Status over = allowance.over(); over != Status::ok) {
        failure = Failure::given_up(over);
    } else if (route.secure && trust_.was_too_slow()) {
        failure = Failure::connect(CURLE_OPERATION_TIMEDOUT);
    }
    // Before the handle is taken out: that may overwrite its error text.
    tell_failed(ending, failure, allowance.limits());
    close();
    return false;
}

void Connection::tell_failed(Ending& ending, const Failure& failure, const Limits& limits) noexcept {
    const Status status = failure.status();
    if (status == Status::timeout && limits.connect < limits.whole && failure.is_of_connecting()) {
        ending.status = status;
        ending.what << "connect_timeout_ms (" << limits.connect.count()
                    << " ms) passed before a connection was made.";
    } else if (status == Status::timeout || status == Status::cancelled) {
        give_up(ending, status, limits, "a connection was made");
    } else {
        ending.status = status;
        failure.tell(ending.what, trust_.problem().view(), error_text_.data());
    }
}

Ending Connection::exchange(const Route& route, const Limits& limits, std::string_view request,
                            answer::Reader& reader, const std::atomic<bool>& cancelled) noexcept {
    const Allowance allowance(limits, cancelled);
    Ending ending;
    const Status over = allowance.over();
    if (const Failure failure = over != Status::ok ? Failure::given_up(over) : prepare()) {
        tell_failed(ending, failure, limits);
        return ending;
    }
    const ErrorQueueKeeper errors;
    try {
        if (route.secure && trust_.choose(route.ca_dir, route.ca_file)) route_changed_ = true;
    } catch (...) {
        tell_failed(ending, Failure::connect(CURLE_OUT_OF_MEMORY), limits);
        return ending;
    }
    if (route_changed_) start_afresh();
    const bool kept = socket_ != CURL_SOCKET_BAD;
    if (kept && (Clock::now() - last_used_ > longest_idle || !kept_connection_lives())) close();
    if (socket_ == CURL_SOCKET_BAD && !connect(route, allowance, ending)) return ending;
    Exchange exchange(channel(), allowance, request, reader, incoming_);
    exchange.run(ending);
    last_used_ = Clock::now();
    if (!exchange.whole() || !reader.keeps_connection()) close();
    return ending;
}

}  // namespace mobivate::transport
