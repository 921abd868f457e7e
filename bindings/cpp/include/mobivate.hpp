// SPDX-License-Identifier: MIT
//
// libmobivate for C++17: create Mobivate API keys, and know whether the old key still works.
//
//     mobivate::client client;
//     const mobivate::key key = client.create_key("first.last@example.com", "your-pass");
//     use(key.view());
//
// A success revokes the key that the account had. Whatever goes wrong is a mobivate::error, whose what() and
// key_state() say whether that key still works; where that is unknown, get_key() asks for the key that the
// account has now. There is nothing to build: this header needs mobivate.h and -lmobivate.
#ifndef MOBIVATE_HPP
#define MOBIVATE_HPP

#include <mobivate.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#if defined(__has_include)
#if __has_include(<version>)
#include <version>
#endif
#endif
#if defined(__cpp_lib_jthread)
#include <stop_token>
#endif

namespace mobivate {

// Why a call failed.
enum class status : std::int32_t {
    ok = MBV_OK,
    invalid_argument = MBV_ERR_INVALID_ARGUMENT,
    no_memory = MBV_ERR_NO_MEMORY,
    busy = MBV_ERR_BUSY,
    cancelled = MBV_ERR_CANCELLED,
    timeout = MBV_ERR_TIMEOUT,
    resolve = MBV_ERR_RESOLVE,
    connect = MBV_ERR_CONNECT,
    tls = MBV_ERR_TLS,
    transport = MBV_ERR_TRANSPORT,
    credentials = MBV_ERR_CREDENTIALS,
    rate_limited = MBV_ERR_RATE_LIMITED,
    rejected = MBV_ERR_REJECTED,
    server = MBV_ERR_SERVER,
    protocol = MBV_ERR_PROTOCOL,
    buffer_too_small = MBV_ERR_BUFFER_TOO_SMALL,  // never seen: a key of any size is handed over
    internal = MBV_ERR_INTERNAL,
};

// The account's old key, the one it had before a call.
enum class key_state : std::int32_t {
    unchanged = MBV_KEY_UNCHANGED,  // still works
    replaced = MBV_KEY_REPLACED,    // is revoked
    unknown = MBV_KEY_UNKNOWN,      // may be revoked: ask with get_key() which key is valid
};

// The name of a status in mobivate.h, the same in every language.
inline const char* status_name(status value) noexcept {
    return mbv_status_name(static_cast<std::int32_t>(value));
}

// A call failed. what() says why, and where a key was to be created, whether the old one still works. Copies
// share one text: copying never throws.
class error : public std::runtime_error {
public:
    [[nodiscard]] mobivate::status status() const noexcept { return facts_.status; }
    [[nodiscard]] mobivate::key_state key_state() const noexcept { return facts_.key_state; }
    // The status code of the answer, where one came.
    [[nodiscard]] std::optional<int> http_status() const noexcept { return facts_.http_status; }
    // "code" and "message" of the answer's JSON, where it had them.
    [[nodiscard]] std::optional<int> server_code() const noexcept { return facts_.server_code; }
    [[nodiscard]] const std::string& server_message() const noexcept { return *facts_.server_message; }
    // How long the server asks to wait, where it does.
    [[nodiscard]] std::optional<std::chrono::milliseconds> retry_after() const noexcept {
        return facts_.retry_after;
    }

private:
    friend class client;

    struct facts {
        mobivate::status status = mobivate::status::internal;
        mobivate::key_state key_state = mobivate::key_state::unknown;
        std::optional<int> http_status;
        std::optional<int> server_code;
        std::optional<std::chrono::milliseconds> retry_after;
        // Shared: copying an exception must not throw.
        std::shared_ptr<const std::string> server_message = std::make_shared<const std::string>();
    };

    error(const std::string& text, facts all) : std::runtime_error(text), facts_(std::move(all)) {}

    facts facts_;
};

// An API key, in memory of its own that the destructor wipes. It can be moved, but not copied or printed.
class key {
public:
    key(key&& other) noexcept : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}
    key& operator=(key&& other) noexcept {
        if (this != &other) {
            wipe();
            bytes_ = std::move(other.bytes_);
            size_ = std::exchange(other.size_, 0);
        }
        return *this;
    }
    key(const key&) = delete;
    key& operator=(const key&) = delete;
    ~key() { wipe(); }

    // The key: printable ASCII, NUL-terminated. Valid as long as this object; empty after a move.
    [[nodiscard]] std::string_view view() const noexcept { return {bytes_ ? bytes_.get() : "", size_}; }

private:
    friend class client;

    static constexpr std::size_t capacity = 4096 + 1;

    key() : bytes_(new char[capacity]()) {}

    void wipe() noexcept {
        if (bytes_ == nullptr) return;
        // The compiler may drop plain writes to memory that is about to be freed.
        volatile char* at = bytes_.get();
        for (std::size_t i = 0; i < capacity; ++i) at[i] = 0;
        size_ = 0;
    }

    std::unique_ptr<char[]> bytes_;
    std::size_t size_ = 0;
};

// Options of a new client. Those left empty keep their defaults.
struct options {
    std::optional<std::string> base_url;               // default https://api.mobivatebulksms.com
    std::optional<std::chrono::milliseconds> timeout;  // for a whole call; default 30 s
    std::optional<std::chrono::milliseconds>
        connect_timeout;                    // to resolve, connect and shake hands; default 10 s
    std::optional<std::string> ca_file;     // PEM file of certificates to trust, in place of the system's
    std::optional<std::string> ca_dir;      // directory of such certificates, hashed as by openssl rehash
    std::optional<std::string> proxy;       // URL, or "" for none; default the environment's, as with curl
    std::optional<std::string> user_agent;  // default libmobivate/VERSION
};

// Creates keys, asks for them and tests them, and keeps its connection for the next call. One call at a time,
// from any thread. It can be moved while no call is in progress; a moved-from client is closed.
class client {
public:
    // Sends nothing. Throws error for an invalid option, std::bad_alloc, and std::runtime_error if the
    // program found a libmobivate that is older than 1.1, or not version 1.
    explicit client(const options& all = {}) : state_(std::make_shared<state>()) { set_all(all); }
    client(client&&) noexcept = default;
    client& operator=(client&& other) noexcept {
        if (this != &other) {
            close();
            state_ = std::move(other.state_);
        }
        return *this;
    }
    ~client() { close(); }

    // Sets an option by its name in mobivate.h, for the calls that follow. If it throws error, nothing has
    // changed.
    void set(const std::string& option, const std::string& value) {
        state& own = *opened();
        const std::lock_guard<std::mutex> lock(own.mutex);
        own.must_be_idle();
        error::facts facts;
        facts.key_state = key_state::unchanged;
        facts.status = status::invalid_argument;
        // A C string would end there.
        if (option.find('\0') != std::string::npos)
            throw error("The name of an option contains a NUL.", facts);
        if (value.find('\0') != std::string::npos)
            throw error("The option " + option + " contains a NUL.", facts);
        facts.status = static_cast<status>(mbv_set(own.handle.get(), option.c_str(), value.c_str()));
        if (facts.status != status::ok) throw error(text(mbv_error_message, own.handle.get()), facts);
    }

    // Creates an API key for an account, which revokes the old one. Sends at most one request, and blocks
    // until it is answered. Both texts are UTF-8, 1 byte to 64 KiB; neither is copied. Throws error, or
    // std::logic_error if the client is closed.
    [[nodiscard]] key create_key(std::string_view username, std::string_view password) {
        return hand_over(mbv_create_key, call(opened()), username, password);
    }

    // Asks for the key that an account has now, and changes none: after an error with key_state::unknown it
    // settles which key is valid. All else is as for create_key; the key_state of an error is unchanged,
    // unless it is status::busy.
    [[nodiscard]] key get_key(std::string_view username, std::string_view password) {
        return hand_over(mbv_get_key, call(opened()), username, password);
    }

    // Asks whether the service accepts a key, 1 to 4096 bytes of printable ASCII without spaces. False: it
    // refuses the key. Any other failure, which tells nothing about the key, is thrown as for get_key.
    [[nodiscard]] bool test_key(std::string_view key) { return accepted(call(opened()), key); }

#if defined(__cpp_lib_jthread)
    // The same; a stop request ends the call within 50 ms with status::cancelled.
    [[nodiscard]] key create_key(std::string_view username, std::string_view password, std::stop_token stop) {
        const call in_progress(opened());
        const cancel_on_stop ending(std::move(stop), cancel_call{in_progress.handle()});
        return hand_over(mbv_create_key, in_progress, username, password);
    }
    [[nodiscard]] key get_key(std::string_view username, std::string_view password, std::stop_token stop) {
        const call in_progress(opened());
        const cancel_on_stop ending(std::move(stop), cancel_call{in_progress.handle()});
        return hand_over(mbv_get_key, in_progress, username, password);
    }
    [[nodiscard]] bool test_key(std::string_view key, std::stop_token stop) {
        const call in_progress(opened());
        const cancel_on_stop ending(std::move(stop), cancel_call{in_progress.handle()});
        return accepted(in_progress, key);
    }
#endif

    // Ends the call in progress, if any, within 50 ms; it does not affect later calls. From any thread.
    void cancel() noexcept {
        if (state_ == nullptr) return;
        const std::lock_guard<std::mutex> lock(state_->mutex);
        if (state_->busy) mbv_cancel(state_->handle.get());
    }

    // Closes the client, as its destructor does. A call in progress on another thread is cancelled, and ends
    // within 50 ms.
    void close() noexcept {
        if (state_ == nullptr) return;
        const std::lock_guard<std::mutex> lock(state_->mutex);
        if (state_->busy) mbv_cancel(state_->handle.get());
        state_->handle.reset();
        state_->busy = false;
    }

private:
    struct state {
        state() {
            if (const auto version = mbv_version_number(); version < 10100 || version >= 20000) {
                throw std::runtime_error(std::string("found libmobivate ") + mbv_version() +
                                         "; this header needs >= 1.1.0, < 2");
            }
            handle.reset(mbv_new(), mbv_free);
            if (handle == nullptr) throw std::bad_alloc();
        }

        void must_be_idle() const {
            if (handle == nullptr) throw std::logic_error("The client is closed.");
            if (!busy) return;
            error::facts facts;
            facts.status = status::busy;
            throw error("The client is in a call on another thread.", facts);
        }

        // Shared with the call in progress, which asks it how it ended. Null: the client is closed.
        std::shared_ptr<mbv_client> handle;
        std::mutex mutex;
        bool busy = false;
    };

    // A call in progress: no other call begins, and the handle is not freed.
    class call {
    public:
        explicit call(std::shared_ptr<state> all) : state_(std::move(all)) {
            const std::lock_guard<std::mutex> lock(state_->mutex);
            state_->must_be_idle();
            // Forget what cancelled an earlier call; cancelling this one comes later.
            mbv_uncancel(state_->handle.get());
            handle_ = state_->handle;
            state_->busy = true;
        }
        call(const call&) = delete;
        call& operator=(const call&) = delete;
        ~call() {
            const std::lock_guard<std::mutex> lock(state_->mutex);
            state_->busy = false;
        }
        [[nodiscard]] mbv_client* handle() const noexcept { return handle_.get(); }

    private:
        std::shared_ptr<state> state_;
        std::shared_ptr<mbv_client> handle_;
    };

#if defined(__cpp_lib_jthread)
    struct cancel_call {
        mbv_client* handle;
        void operator()() const noexcept { mbv_cancel(handle); }
    };
    // Its destructor waits for a callback that is running: none can hit a later call.
    using cancel_on_stop = std::stop_callback<cancel_call>;
#endif

    [[nodiscard]] const std::shared_ptr<state>& opened() const {
        if (state_ == nullptr) throw std::logic_error("The client is closed.");
        return state_;
    }

    template <class Function>
    [[nodiscard]] static key hand_over(Function function, const call& in_progress, std::string_view username,
                                       std::string_view password) {
        key found;
        const auto result = static_cast<status>(function(in_progress.handle(), address(username),
                                                         username.size(), address(password), password.size(),
                                                         found.bytes_.get(), key::capacity, &found.size_));
        if (result != status::ok) throw failure(in_progress.handle(), result);
        return found;
    }

    [[nodiscard]] static bool accepted(const call& in_progress, std::string_view key) {
        const auto result = static_cast<status>(mbv_test_key(in_progress.handle(), address(key), key.size()));
        if (result != status::ok && result != status::credentials)
            throw failure(in_progress.handle(), result);
        return result == status::ok;
    }

    // A default-constructed view has no address: it is empty, not missing.
    [[nodiscard]] static const char* address(std::string_view text) noexcept {
        return text.empty() ? "" : text.data();
    }

    // What the library says about the call that has just failed.
    [[nodiscard]] static error failure(const mbv_client* handle, status result) {
        error::facts facts;
        facts.status = result;
        facts.key_state = static_cast<key_state>(mbv_key_state(handle));
        if (const int code = mbv_http_status(handle); code != 0) facts.http_status = code;
        if (const int code = mbv_server_code(handle); code != 0) facts.server_code = code;
        if (const std::int64_t wait = mbv_retry_after_ms(handle); wait >= 0)
            facts.retry_after = std::chrono::milliseconds(wait);
        facts.server_message = std::make_shared<const std::string>(text(mbv_server_message, handle));
        return error(text(mbv_error_message, handle), facts);
    }

    template <class Getter>
    [[nodiscard]] static std::string text(Getter getter, const mbv_client* handle) {
        std::string found(getter(handle, nullptr, 0) + 1, '\0');
        found.resize(getter(handle, found.data(), found.size()));
        return found;
    }

    void set_all(const options& all) {
        const auto set_text = [this](const char* name, const std::optional<std::string>& value) {
            if (value) set(name, *value);
        };
        const auto set_time = [this](const char* name,
                                     const std::optional<std::chrono::milliseconds>& value) {
            if (value) set(name, std::to_string(value->count()));
        };
        set_text("base_url", all.base_url);
        set_time("timeout_ms", all.timeout);
        set_time("connect_timeout_ms", all.connect_timeout);
        set_text("ca_file", all.ca_file);
        set_text("ca_dir", all.ca_dir);
        set_text("proxy", all.proxy);
        set_text("user_agent", all.user_agent);
    }

    std::shared_ptr<state> state_;
};

}  // namespace mobivate

#endif  // MOBIVATE_HPP
