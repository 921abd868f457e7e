// SPDX-License-Identifier: MIT
// Sockets that take only so many bytes, for programs whose own send and poll are found before libc's.
#pragma once

#include <poll.h>
#include <sys/types.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstddef>
#include <mutex>

namespace support {

// When there is room again on a socket that takes no more.
enum class Room {
    never,
    once_given_up,  // when a poll ends after the call's time-out, or after the call was cancelled
    at_once,        // a poll finds room for as many bytes again
};

// As long as one lives, the sockets of its thread take `bytes`, and then none.
class SlowSockets {
public:
    using Clock = std::chrono::steady_clock;

    SlowSockets(long bytes, Room room, Clock::time_point time_out = Clock::time_point::max())
        : bytes_left_(bytes), bytes_(bytes), room_(room), time_out_(time_out) {
        of_thread() = this;
    }
    SlowSockets(const SlowSockets&) = delete;
    SlowSockets& operator=(const SlowSockets&) = delete;
    ~SlowSockets() { of_thread() = nullptr; }

    static SlowSockets*& of_thread() {
        thread_local SlowSockets* one = nullptr;
        return one;
    }

    [[nodiscard]] long taken() const { return taken_; }

    // In place of the system's function, which is called for what the socket takes.
    template <class Send>
    ssize_t send(Send system_send, int fd, const void* data, std::size_t size, int flags) {
        if (bytes_left_ == 0) {
            blocked = true;
            errno = EAGAIN;
            return -1;
        }
        const auto some = std::min(size, static_cast<std::size_t>(bytes_left_));
        const ssize_t sent = system_send(fd, data, some, flags);
        if (sent > 0) {
            bytes_left_ -= sent;
            taken_ += sent;
        }
        return sent;
    }

    template <class Poll>
    int poll(Poll system_poll, pollfd* fds, nfds_t count, int timeout) {
        if (!blocked) return system_poll(fds, count, timeout);
        for (nfds_t i = 0; i < count && room_ != Room::at_once; ++i)
            fds[i].events &= static_cast<short>(~POLLOUT);
        const int result = system_poll(fds, count, timeout);
        const std::lock_guard<std::mutex> guard(cancelling_);
        if (room_ == Room::once_given_up && (cancelled_ || Clock::now() >= time_out_)) bytes_left_ = LONG_MAX;
        if (room_ == Room::at_once) bytes_left_ = bytes_;
        return result;
    }

    std::atomic<bool> blocked{false};  // there was no room

    // Cancels the call by `cancel`, so that there is no moment at which there is room and no cancelling yet.
    template <class Cancel>
    void give_up(Cancel cancel) {
        const std::lock_guard<std::mutex> guard(cancelling_);
        cancel();
        cancelled_ = true;
    }

private:
    std::mutex cancelling_;
    bool cancelled_ = false;
    long bytes_left_;
    long taken_ = 0;
    const long bytes_;
    const Room room_;
    const Clock::time_point time_out_;
};

}  // namespace support
