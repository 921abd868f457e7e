// SPDX-License-Identifier: MIT
#include "support/standin.hpp"

#include <curl/curl.h>

#include <cstdlib>
#include <memory>
#include <mutex>
#include <stdexcept>

namespace standin {
namespace {

rapidjson::Document parse(const std::string& json) {
    rapidjson::Document document;
    if (document.Parse(json.data(), json.size()).HasParseError())
        throw std::runtime_error("not JSON: " + json);
    return document;
}

const rapidjson::Document& facts() {
    static const rapidjson::Document document = [] {
        const char* json = std::getenv("MOBIVATE_STANDIN");
        if (json == nullptr)
            throw std::runtime_error(
                "run me as: python3 tests/standin -- "
                "PROGRAM");
        return parse(json);
    }();
    return document;
}

std::size_t collect(const char* bytes, std::size_t size, std::size_t count, void* to) {
    static_cast<std::string*>(to)->append(bytes, size * count);
    return size * count;
}

std::string escaped(const std::string& text) {
    const std::unique_ptr<char, void (*)(void*)> result(
        curl_easy_escape(nullptr, text.data(), static_cast<int>(text.size())), curl_free);
    return result.get();
}

std::string quoted(const std::string& text) {
    std::string json = "\"";
    for (const char c : text) {
        char escape[8];
        std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned char>(c));
        const bool plain = static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
        json += plain ? std::string(1, c) : std::string(escape);
    }
    return json + "\"";
}

std::string text_member(const rapidjson::Value& object, const char* name) {
    const auto& member = object[name];
    if (member.IsString()) return {member.GetString(), member.GetStringLength()};
    return member.IsInt() ? std::to_string(member.GetInt()) : std::string();
}

Account read_account(const rapidjson::Document& document) {
    Account account;
    account.requests = document["requests"].GetInt();
    account.get_requests = document["get_requests"].GetInt();
    account.test_requests = document["test_requests"].GetInt();
    account.replaced = document["replaced"].GetInt();
    account.valid_key = text_member(document, "valid_key");
    for (const auto& connection : document["connections"].GetArray()) {
        account.connections.push_back(std::to_string(connection.GetInt()));
    }
    return account;
}

State read_state(const rapidjson::Document& document) {
    return {document["requests"].GetInt(),      document["get_requests"].GetInt(),
            document["test_requests"].GetInt(), document["partial_requests"].GetInt(),
            document["connections"].GetInt(),   document["resumed_sessions"].GetInt()};
}

}  // namespace

std::string fact(const char* name, const char* inner) {
    const auto& value = facts()[name];
    return inner != nullptr ? value[inner].GetString() : value.GetString();
}

int fact_pid() { return facts()["pid"].GetInt(); }

namespace {

rapidjson::Document ask(const std::string& base_url, bool new_connection, const char* method,
                        const std::string& path, const std::string& body) {
    // Kept: walks ask thousands of times.
    static const std::unique_ptr<CURL, void (*)(CURL*)> easy(curl_easy_init(), curl_easy_cleanup);
    static std::mutex one_at_a_time;
    const std::lock_guard<std::mutex> guard(one_at_a_time);
    curl_easy_reset(easy.get());
    std::string answer;
    curl_easy_setopt(easy.get(), CURLOPT_URL, (base_url + "/standin/" + path).c_str());
    curl_easy_setopt(easy.get(), CURLOPT_FRESH_CONNECT, new_connection ? 1L : 0L);
    curl_easy_setopt(easy.get(), CURLOPT_FORBID_REUSE, new_connection ? 1L : 0L);
    curl_easy_setopt(easy.get(), CURLOPT_CAINFO, fact("ca_file").c_str());
    curl_easy_setopt(easy.get(), CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(easy.get(), CURLOPT_PROXY, "");
    curl_easy_setopt(easy.get(), CURLOPT_NOSIGNAL, 1L);
    if (!body.empty()) {
        curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
        curl_easy_setopt(easy.get(), CURLOPT_POSTFIELDS, body.data());
    }
    curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &answer);
    const CURLcode code = curl_easy_perform(easy.get());
    long status = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK || status / 100 != 2) {
        throw std::runtime_error(std::string(method) + " " + path + ": " + curl_easy_strerror(code) +
                                 ", HTTP " + std::to_string(status) + ": " + answer);
    }
    return answer.empty() ? rapidjson::Document() : parse(answer);
}

}  // namespace

rapidjson::Document control(const char* method, const std::string& path, const std::string& body) {
    return ask(fact("http"), false, method, path, body);
}

void await_quiet(const char* scheme) {
    const auto found = ask(fact(scheme), true, "GET", "state?open_connections=0&timeout_ms=10000", "");
    if (found["open_connections"].GetInt() != 0)
        throw std::runtime_error("the service does not come to rest");
}

Account create_account(const std::string& username, const std::string& password,
                       const std::string& scenario) {
    return read_account(control("POST", "accounts",
                                "{\"username\":" + quoted(username) + ",\"password\":" + quoted(password) +
                                    ",\"scenario\":" + scenario + "}"));
}

Account account(const std::string& username) {
    return read_account(control("GET", "accounts/" + escaped(username)));
}

Account await_requests(const std::string& username, int requests, const char* counter) {
    const auto found = control("GET", "accounts/" + escaped(username) + "?" + counter + "=" +
                                          std::to_string(requests) + "&timeout_ms=10000");
    if (found[counter].GetInt() < requests) throw std::runtime_error("the request did not come");
    return read_account(found);
}

void await_closed(const std::string& username) {
    const auto found =
        control("GET", "accounts/" + escaped(username) + "?open_connections=0&timeout_ms=10000");
    if (found["open_connections"].GetInt() != 0) throw std::runtime_error("the connection stays open");
}

State state() { return read_state(control("GET", "state")); }

State await_connections(int connections) {
    const State found =
        read_state(control("GET", "state?connections=" + std::to_string(connections) + "&timeout_ms=10000"));
    if (found.connections < connections) throw std::runtime_error("the connection did not come");
    return found;
}

Relay::Relay(const std::string& target) {
    const auto document = control("POST", "relays", "{\"target\":" + quoted(target) + "}");
    id_ = text_member(document, "id");
    url_ = text_member(document, "url");
}

Relay::~Relay() {
    try {
        control("DELETE", "relays/" + id_);
    } catch (const std::exception&) {
        // The stand-in has ended, and the relay with it.
    }
}

void Relay::rule(const std::string& json) const { control("PUT", "relays/" + id_, json); }

rapidjson::Document Relay::facts() const { return control("GET", "relays/" + id_); }

rapidjson::Document Relay::await(const char* what, int count) const {
    auto found =
        control("GET", "relays/" + id_ + "?" + what + "=" + std::to_string(count) + "&timeout_ms=10000");
    if (found[what].GetInt() < count) throw std::runtime_error(std::string("the relay has not ") + what);
    return found;
}

}  // namespace standin
