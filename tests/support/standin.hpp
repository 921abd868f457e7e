// SPDX-License-Identifier: MIT
// The stand-in service as the tests see it: where it listens, and the truth it knows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <rapidjson/document.h>

namespace standin {

// The facts that the stand-in gave to this process, by path: fact("http"), fact("tls_faults", "expired").
std::string fact(const char* name, const char* inner = nullptr);
int fact_pid();

// What the stand-in knows of an account.
struct Account {
    int requests = 0;  // to create a key
    int get_requests = 0;
    int test_requests = 0;
    int replaced = 0;
    std::string valid_key;
    std::vector<std::string> connections;
};

// Creates (or resets) an account; `scenario` is the JSON of a scenario, or its name in quotes.
Account create_account(const std::string& username, const std::string& password,
                       const std::string& scenario = "{}");
Account account(const std::string& username);

// Waits until the account has had so many requests: to create a key, or what `counter` names
// ("get_requests"). Fails the test after ten seconds.
Account await_requests(const std::string& username, int requests, const char* counter = "requests");

// Waits until every connection that the account's requests came on has ended. Fails the test likewise.
void await_closed(const std::string& username);

struct State {
    int requests = 0;
    int get_requests = 0;
    int test_requests = 0;
    int partial_requests = 0;
    int connections = 0;
    int resumed_sessions = 0;  // of TLS
};
State state();
State await_connections(int connections);

// Waits until the service on that port ("http" or "https") has come to the end of every connection. It asks
// on a new connection, which is accepted after all that came before.
void await_quiet(const char* scheme);

// A forwarder in front of a service, that cuts where it is told.
class Relay {
public:
    explicit Relay(const std::string& target);
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;
    ~Relay();

    [[nodiscard]] const std::string& url() const { return url_; }
    void rule(const std::string& json) const;
    [[nodiscard]] rapidjson::Document facts() const;
    // Waits until so many of its connections have ended, or stand still.
    [[nodiscard]] rapidjson::Document await_closed(int connections) const {
        return await("closed", connections);
    }
    [[nodiscard]] rapidjson::Document await_stalled(int connections) const {
        return await("stalled", connections);
    }
    // Waits until every connection that has come to where its rule cuts has been cut.
    void await_settled() const { (void)await("settled", 1); }
    // Waits until every connection that was made to it so far has ended.
    void await_drained() const { (void)await("drained", 1); }

private:
    [[nodiscard]] rapidjson::Document await(const char* what, int count) const;

    std::string id_;
    std::string url_;
};

// One HTTP exchange with the stand-in's control interface; fails the test on any status that is not 2xx.
rapidjson::Document control(const char* method, const std::string& path, const std::string& body = "");

}  // namespace standin
