// SPDX-License-Identifier: MIT
#include "transport/connection.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <mutex>

#include "system/environment.hpp"
#include "transport/openssl.hpp"
#include "transport/unsent.hpp"

namespace mobivate::transport {
namespace {

using answer::Ending;
using std::chrono::milliseconds;

constexpr std::size_t incoming_size = 16384;       // a TLS record
constexpr std::chrono::seconds longest_idle{118};  // libcurl's own default for kept connections

// libcurl counts its users, so each connection takes and gives back its own share, and a host that uses
// libcurl as well is not disturbed. The lock is for versions whose counting is not thread-safe.
std::mutex& library_lock() noexcept {
    static std::mutex lock;
    return lock;
}

bool enter_libcurl() noexcept {
    const std::lock_guard<std::mutex> guard(library_lock());
    prepare_tls_library();
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

void leave_libcurl() noexcept {
    const std::lock_guard<std::mutex> guard(library_lock());
    curl_global_cleanup();
}

bool is_tls_failure(CURLcode code) noexcept {
    switch (code) {
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_ENGINE_NOTFOUND:
        case CURLE_SSL_ENGINE_SETFAILED:
        case CURLE_SSL_ENGINE_INITFAILED:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CIPHER:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_SHUTDOWN_FAILED:
        case CURLE_SSL_CRL_BADFILE:
        case CURLE_SSL_ISSUER_ERROR:
        case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        case CURLE_SSL_INVALIDCERTSTATUS:
        case CURLE_SSL_CLIENTCERT: return true;
        default: return false;
    }
}

Status status_of_failed_connect(CURLcode code) noexcept {
    if (is_tls_failure(code)) return Status::tls;
    switch (code) {
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_RESOLVE_PROXY: return Status::resolve;
        case CURLE_OPERATION_TIMEDOUT: return Status::timeout;
        case CURLE_OUT_OF_MEMORY: return Status::no_memory;
        case CURLE_FAILED_INIT:
        case CURLE_BAD_FUNCTION_ARGUMENT:
        case CURLE_UNKNOWN_OPTION: return Status::internal;
        default: return Status::connect;
    }
}

std::string_view phase_in_words(Status status) noexcept {
    switch (status) {
        case Status::tls: return "No secure connection could be made: ";
        case Status::resolve: return "A name could not be resolved: ";
        case Status::no_memory: return "There was no memory to connect: ";
        case Status::internal: return "libcurl was used wrongly: ";
        default: return "No connection could be made: ";
    }
}

}  // namespace

// The course of one exchange: what it may cost and how far it came.
class Connection::Exchange {
public:
    Exchange(Connection& connection, const Limits& limits, std::string_view request, answer::Reader& reader,
             const std::atomic<bool>& cancelled) noexcept
        : connection_(connection),
          limits_(limits),
          request_(request),
          reader_(reader),
          cancelled_(cancelled) {}

    [[nodiscard]] bool connect(const Route& route) noexcept;
    void run() noexcept;
    [[nodiscard]] bool interrupted() noexcept;
    [[nodiscard]] const Ending& ending() const noexcept { return ending_; }
    [[nodiscard]] const Ending& out_of_memory() noexcept {
        fail_connect(CURLE_OUT_OF_MEMORY);
        return ending_;
    }

private:
    enum class Received { something, nothing_yet, end };

    void fail_connect(CURLcode code) noexcept;
    void end_broken(CURLcode code) noexcept;
    void send() noexcept;
    Received receive() noexcept;
    void wait() noexcept;
    [[nodiscard]] int remaining_ms() const noexcept;

    Connection& connection_;
    const Limits& limits_;
    std::string_view request_;
    answer::Reader& reader_;
    const std::atomic<bool>& cancelled_;
    const Clock::time_point deadline_ = Clock::now() + limits_.whole;
    const Allowance allowance_{limits_, cancelled_};
    std::size_t sent_ = 0;
    CURLcode send_failure_ = CURLE_OK;
    bool readable_ = false;
    Ending ending_;
};

int Connection::Exchange::remaining_ms() const noexcept {
    const auto remaining = std::chrono::ceil<milliseconds>(deadline_ - Clock::now()).count();
    return static_cast<int>(std::clamp<decltype(remaining)>(remaining, 0, INT_MAX));
}

bool Connection::Exchange::interrupted() noexcept {
    if (cancelled_.load(std::memory_order_acquire)) {
        ending_.status = Status::cancelled;
        ending_.what << "The call was cancelled.";
        return true;
    }
    if (Clock::now() < deadline_) return false;
    ending_.status = Status::timeout;
    ending_.what << "timeout_ms (" << limits_.whole.count() << " ms) passed before "
                 << (connection_.socket_ == CURL_SOCKET_BAD ? "a connection was made."
                     : ending_.request_sent                 ? "the answer was there."
                                                            : "the request was sent.");
    return true;
}

bool Connection::Exchange::connect(const Route& route) noexcept {
    const long connect_ms =
        std::max(1, static_cast<int>(std::min<milliseconds::rep>(limits_.connect.count(), remaining_ms())));
    if (const CURLcode code = connection_.configure(route, connect_ms, allowance_); code != CURLE_OK) {
        fail_connect(code);
        return false;
    }
    CURLM* multi = connection_.multi_.load(std::memory_order_relaxed);
    if (curl_multi_add_handle(multi, connection_.easy_) != CURLM_OK) {
        fail_connect(CURLE_OUT_OF_MEMORY);
        return false;
    }
    std::optional<CURLcode> result;
    while (!result && !interrupted()) {
        int running = 0;
        int queued = 0;
        if (curl_multi_perform(multi, &running) != CURLM_OK) result = CURLE_OUT_OF_MEMORY;
        if (const CURLMsg* message = curl_multi_info_read(multi, &queued)) result = message->data.result;
        if (!result) curl_multi_poll(multi, nullptr, 0, remaining_ms(), nullptr);
    }
    if (result == CURLE_OK &&
        curl_easy_getinfo(connection_.easy_, CURLINFO_ACTIVESOCKET, &connection_.socket_) == CURLE_OK &&
        connection_.socket_ != CURL_SOCKET_BAD) {
        return true;
    }
    // Before the handle is taken out: that may overwrite its error text. A call that was cancelled while
    // certificates were read has failed by that.
    if (result && !interrupted()) fail_connect(*result == CURLE_OK ? CURLE_COULDNT_CONNECT : *result);
    connection_.close();
    return false;
}

void Connection::Exchange::fail_connect(CURLcode code) noexcept {
    ending_.status = status_of_failed_connect(code);
    if (ending_.status == Status::timeout) {
        if (limits_.connect < limits_.whole) {
            ending_.what << "connect_timeout_ms (" << limits_.connect.count() << " ms)";
        } else {
            ending_.what << "timeout_ms (" << limits_.whole.count() << " ms)";
        }
        ending_.what << " passed before a connection was made.";
        return;
    }
    // The trust knows more about why TLS failed than libcurl does.
    const std::string_view problem =
        is_tls_failure(code) ? connection_.trust_.problem().view() : std::string_view();
    const std::string_view detail(connection_.error_text_.data());
    // This one text of libcurl's quotes a proxy's URL with the password in it.
    const bool tells = !detail.empty() && detail.find("Unsupported proxy") == std::string_view::npos;
    ending_.what << phase_in_words(ending_.status);
    ending_.what.quote(!problem.empty() ? problem : tells ? detail : curl_easy_strerror(code), 400) << ".";
}

void Connection::Exchange::end_broken(CURLcode code) noexcept {
    ending_.status = Status::transport;
    // The system had taken the request, but the connection ended before it could send all of it.
    if (ending_.request_sent && has_unsent_bytes(connection_.socket_)) ending_.request_sent = false;
    ending_.what << (ending_.request_sent
                         ? "The connection broke after the request was sent, before the answer was there"
                         : "The connection broke before the whole request was sent");
    if (code != CURLE_OK) (ending_.what << ": ").quote(curl_easy_strerror(code), 200);
    ending_.what << ".";
}

void Connection::Exchange::send() noexcept {
    std::size_t sent = 0;
    const CURLcode code =
        curl_easy_send(connection_.easy_, request_.data() + sent_, request_.size() - sent_, &sent);
    if (code == CURLE_OK) {
        sent_ += sent;
    } else if (code != CURLE_AGAIN) {
        send_failure_ = code;
    }
    ending_.request_sent = sent_ == request_.size();
}

Connection::Exchange::Received Connection::Exchange::receive() noexcept {
    std::size_t received = 0;
    secret::Buffer& incoming = connection_.incoming_;
    const CURLcode code = curl_easy_recv(connection_.easy_, incoming.data(), incoming.capacity(), &received);
    if (code == CURLE_AGAIN) return Received::nothing_yet;
    if (code != CURLE_OK || received == 0) {
        if (code == CURLE_OK) reader_.take_end();
        if (!reader_.arrived().complete) end_broken(code);
        return Received::end;
    }
    incoming.set_size(received);
    const bool ended = reader_.take(incoming.view()) == answer::Reader::Progress::ended;
    incoming.clear();
    return ended ? Received::end : Received::something;
}

void Connection::Exchange::wait() noexcept {
    const bool sending = sent_ < request_.size() && send_failure_ == CURLE_OK;
    curl_waitfd socket{connection_.socket_,
                       static_cast<short>(CURL_WAIT_POLLIN | (sending ? CURL_WAIT_POLLOUT : 0)), 0};
    curl_multi_poll(connection_.multi_.load(std::memory_order_relaxed), &socket, 1, remaining_ms(), nullptr);
    readable_ = (socket.revents & ~CURL_WAIT_POLLOUT) != 0;
}

// The answer may begin before the request has ended: a server may refuse it on sight.
void Connection::Exchange::run() noexcept {
    while (!interrupted()) {
        if (sent_ < request_.size() && send_failure_ == CURLE_OK) send();
        // The system may have an answer that came before the connection broke.
        if (readable_ || send_failure_ != CURLE_OK) {
            const Received received = receive();
            if (received == Received::end) return;
            if (received == Received::something) continue;
            if (send_failure_ != CURLE_OK) return end_broken(send_failure_);
        }
        wait();
    }
}

Connection::~Connection() {
    if (multi_.load(std::memory_order_relaxed) == nullptr) return;
    const ErrorQueueKeeper errors;
    // Where the parent's connection cannot be spared, memory is lost rather than the parent's connection.
    if (!leave_to_parent()) return;
    close_handles();
    leave_libcurl();
}

bool Connection::create() noexcept {
    if (!incoming_.reserve(incoming_size) || !enter_libcurl()) return false;
    if (create_handles()) return true;
    close_handles();
    leave_libcurl();
    return false;
}

bool Connection::create_handles() noexcept {
    CURLM* multi = curl_multi_init();
    multi_.store(multi, std::memory_order_release);
    process_ = getpid();
    // Without descriptors for it there is a handle that cannot be woken: of no use, since cancelling has to
    // be prompt.
    return multi != nullptr && curl_multi_wakeup(multi) == CURLM_OK;
}

void Connection::close_handles() noexcept {
    start_afresh();
    if (CURLM* multi = multi_.exchange(nullptr, std::memory_order_acq_rel)) curl_multi_cleanup(multi);
}

void Connection::wake() noexcept {
    if (CURLM* multi = multi_.load(std::memory_order_acquire)) curl_multi_wakeup(multi);
}

void Connection::close() noexcept {
    // libcurl closes a CONNECT_ONLY connection with the handle's leave.
    if (easy_ != nullptr) curl_multi_remove_handle(multi_.load(std::memory_order_relaxed), easy_);
    socket_ = CURL_SOCKET_BAD;
}

// After a fork the connection belongs to the parent, TLS state and all: the child must not even say goodbye
// on it. With another file in the socket's place, closing it stays in the child. The handles have a channel
// to wake them that is shared with the parent, so the child makes its own.
bool Connection::leave_to_parent() noexcept {
    if (process_ == getpid()) return true;
    if (socket_ != CURL_SOCKET_BAD) {
        const int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (nowhere < 0 || dup3(nowhere, socket_, O_CLOEXEC) < 0) return false;
        ::close(nowhere);
    }
    close_handles();
    return create_handles();
}

CURLcode Connection::configure(const Route& route, long connect_ms, const Allowance& allowance) noexcept {
    if (easy_ == nullptr) easy_ = curl_easy_init();
    if (easy_ == nullptr) return CURLE_OUT_OF_MEMORY;
    error_text_[0] = '\0';
    const auto set = [this](CURLoption option, auto value) {
        return curl_easy_setopt(easy_, option, value) == CURLE_OK;
    };
    // First, since a libcurl without TLS is told by it.
    if (route.secure) {
        if (const CURLcode code = trust_.apply(easy_, allowance); code != CURLE_OK) return code;
    }
    // Without TLS a proxy would read the password, so that "" keeps the environment's away, too.
    const char* proxy = !route.secure ? "" : route.proxy ? route.proxy->c_str() : nullptr;
    const char* no_proxy = nullptr;
    if (system::environment_is_the_callers()) {
        if (proxy == nullptr) proxy = "";
        no_proxy = "";
    }
    // A cancelled lookup must not be waited for (CURLOPT_QUICK_EXIT).
    const bool done = set(CURLOPT_URL, route.origin.c_str()) && set(CURLOPT_CONNECT_ONLY, 1L) &&
                      set(CURLOPT_PROTOCOLS_STR, route.secure ? "https" : "http") &&
                      set(CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1}) && set(CURLOPT_NOSIGNAL, 1L) &&
                      set(CURLOPT_QUICK_EXIT, 1L) && set(CURLOPT_ERRORBUFFER, error_text_.data()) &&
                      set(CURLOPT_CONNECTTIMEOUT_MS, connect_ms) && set(CURLOPT_PROXY, proxy) &&
                      set(CURLOPT_NOPROXY, no_proxy) && set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    return done ? CURLE_OK : CURLE_OUT_OF_MEMORY;
}

void Connection::start_afresh() noexcept {
    close();
    if (easy_ != nullptr) curl_easy_cleanup(easy_);
    easy_ = nullptr;
    route_changed_ = false;
}

// A kept connection on which anything has arrived, or the end of it, is of no use: nothing was asked.
bool Connection::kept_connection_lives() noexcept {
    std::size_t received = 0;
    const CURLcode code = curl_easy_recv(easy_, incoming_.data(), incoming_.capacity(), &received);
    incoming_.set_size(received);
    incoming_.clear();
    return code == CURLE_AGAIN;
}

Ending Connection::exchange(const Route& route, const Limits& limits, std::string_view request,
                            answer::Reader& reader, const std::atomic<bool>& cancelled) noexcept {
    const ErrorQueueKeeper errors;
    Exchange exchange(*this, limits, request, reader, cancelled);
    if (exchange.interrupted()) return exchange.ending();
    if (!leave_to_parent()) return exchange.out_of_memory();
    try {
        if (route.secure && trust_.choose(route.ca_dir, route.ca_file)) route_changed_ = true;
    } catch (...) {
        return exchange.out_of_memory();
    }
    if (route_changed_) start_afresh();
    const bool kept = socket_ != CURL_SOCKET_BAD;
    if (kept && (Clock::now() - last_used_ > longest_idle || !kept_connection_lives())) close();
    if (socket_ == CURL_SOCKET_BAD && !exchange.connect(route)) return exchange.ending();
    exchange.run();
    last_used_ = Clock::now();
    if (exchange.ending().status != Status::ok || !reader.keeps_connection()) close();
    return exchange.ending();
}

}  // namespace mobivate::transport
