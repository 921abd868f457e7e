// SPDX-License-Identifier: MIT
// Runs the cases that every language's binding passes: tests/bindings/README.md says what they mean.
#include <mobivate.hpp>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <future>
#include <iterator>
#include <vector>

#include "support/standin.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace {

using rapidjson::Value;

struct Outcome {
    std::string key;
    std::optional<mobivate::error> error;
    bool closed = false;
};

void must(bool holds, const std::string& what) {
    if (!holds) throw std::runtime_error(what);
}

const Value* find(const Value& object, const char* name) {
    const auto member = object.FindMember(name);
    return member == object.MemberEnd() ? nullptr : &member->value;
}

std::string string_of(const Value& value) { return {value.GetString(), value.GetStringLength()}; }

// A text, or {"repeat": [TEXT, COUNT]}.
std::string text(const Value& object, const char* name, const std::string& otherwise) {
    const Value* rule = find(object, name);
    if (rule == nullptr) return otherwise;
    if (rule->IsString()) return string_of(*rule);
    const auto& repeat = (*rule)["repeat"];
    std::string all;
    for (int i = 0; i < repeat[1].GetInt(); ++i) all += string_of(repeat[0]);
    return all;
}

std::string json(const Value* value) {
    if (value == nullptr) return "{}";
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    value->Accept(writer);
    return buffer.GetString();
}

std::string base_url(const Value& one) {
    const std::string name = text(one, "base_url", "https");
    if (name == "https" || name == "http") return standin::fact(name.c_str());
    if (name.rfind("hosts.", 0) == 0) return "https://" + standin::fact("hosts", name.c_str() + 6);
    if (name.rfind("tls_faults.", 0) == 0) return standin::fact("tls_faults", name.c_str() + 11);
    return name;
}

mobivate::client client_for(const Value& one) {
    mobivate::options options;
    options.base_url = base_url(one);
    options.proxy = "";
    const Value* ca_file = find(one, "ca_file");
    if (ca_file == nullptr || !ca_file->IsFalse()) options.ca_file = standin::fact("ca_file");
    mobivate::client client(options);
    if (const Value* more = find(one, "options")) {
        for (const auto& option : more->GetObject())
            client.set(string_of(option.name), string_of(option.value));
    }
    return client;
}

Outcome outcome_of(const std::function<std::string()>& call) {
    Outcome outcome;
    try {
        outcome.key = call();
    } catch (const mobivate::error& error) {
        outcome.error = error;
    } catch (const std::logic_error&) {
        outcome.closed = true;
    }
    return outcome;
}

Outcome create(mobivate::client& client, const std::string& username, const std::string& password,
               bool cancelled = false) {
    return outcome_of([&] {
#if defined(__cpp_lib_jthread)
        std::stop_source source;
        if (cancelled) source.request_stop();
        return std::string(client.create_key(username, password, source.get_token()).view());
#else
        (void)cancelled;
        return std::string(client.create_key(username, password).view());
#endif
    });
}

std::string upper_name(mobivate::status status) { return mobivate::status_name(status); }

std::vector<std::string> list(const Value& value) {
    if (value.IsString()) return {string_of(value)};
    std::vector<std::string> texts;
    for (const auto& one : value.GetArray()) texts.push_back(string_of(one));
    return texts;
}

void compare(const Outcome& outcome, const Value& expected) {
    if (const Value* closed = find(expected, "closed"); closed != nullptr && closed->IsTrue())
        return must(outcome.closed, "not the error of a closed client");
    must(!outcome.closed, "the client is closed");
    const auto* error = outcome.error ? &*outcome.error : nullptr;
    const std::string message = error != nullptr ? error->what() : "";
    const auto state = error != nullptr ? error->key_state() : mobivate::key_state::replaced;
    const std::string states[] = {"unchanged", "replaced", "unknown"};
    const auto number = [&](const std::string& name) -> long long {
        if (name == "key_size") return static_cast<long long>(outcome.key.size());
        if (error == nullptr) return name == "retry_after_ms" ? -1 : 0;
        if (name == "http_status") return error->http_status().value_or(0);
        if (name == "server_code") return error->server_code().value_or(0);
        must(name == "retry_after_ms", "there is nothing to expect of " + name);
        return error->retry_after() ? error->retry_after()->count() : -1;
    };
    for (const auto& member : expected.GetObject()) {
        const std::string name = string_of(member.name);
        const Value& value = member.value;
        if (name == "requests" || name == "valid") continue;
        if (name == "status") {
            must((error != nullptr ? upper_name(error->status()) : "MBV_OK") == string_of(value),
                 "status: " + message);
        } else if (name == "key_state") {
            must(states[static_cast<int>(state)] == string_of(value), "key_state: " + message);
        } else if (name == "server_message") {
            must((error != nullptr ? error->server_message() : "") == string_of(value), "server_message");
        } else if (name == "message_contains") {
            for (const auto& part : list(value))
                must(message.find(part) != std::string::npos, message + " lacks " + part);
        } else if (name == "message_lacks") {
            for (const auto& part : list(value))
                must((message + (error != nullptr ? error->server_message() : "")).find(part) ==
                         std::string::npos,
                     message + " has " + part);
        } else {
            must(number(name) == value.GetInt64(), name + ": " + message);
        }
    }
}

void compare_words(const Outcome& outcome) {
    if (!outcome.error) return;
    const std::string message = outcome.error->what();
    const std::vector<std::string> words =
        outcome.error->status() == mobivate::status::busy
            ? std::vector<std::string>{"another thread"}
            : std::vector<std::string>{"The old key still works.", "The old key is revoked.",
                                       "The old key may be revoked"};
    must(std::any_of(words.begin(), words.end(),
                     [&](const std::string& one) { return message.find(one) != std::string::npos; }),
         "the key state is not in the text: " + message);
}

void compare_all(const std::string& username, const standin::Account& before, const Outcome& outcome,
                 const Value& expected) {
    compare(outcome, expected);
    compare_words(outcome);
    const Value* requests = find(expected, "requests");
    const auto after =
        standin::await_requests(username, before.requests + (requests != nullptr ? requests->GetInt() : 0));
    must(requests == nullptr || after.requests - before.requests == requests->GetInt(), "requests");
    if (const Value* valid = find(expected, "valid")) {
        const std::string found = after.valid_key == before.valid_key ? "old"
                                  : after.valid_key == outcome.key    ? "new"
                                                                      : "lost";
        must(found == string_of(*valid), "the valid key is the " + found + " one");
    }
}

class Run {
public:
    explicit Run(const Value& one)
        : one_(one),
          username_(text(one, "username", string_of(one["name"]) + "-cpp@example.com")),
          password_(text(one, "password", "correct-password")),
          client_(client_for(one)) {
        if (find(one, "username") == nullptr)
            standin::create_account(username_, password_, json(find(one, "scenario")));
    }

    void steps() {
        for (const auto& step : one_["steps"].GetArray()) {
            const Value* repeat = find(step, "repeat");
            for (int i = 0; i < (repeat != nullptr ? repeat->GetInt() : 1); ++i) this->step(step);
        }
    }

private:
    void step(const Value& step) {
        const Value nothing(rapidjson::kObjectType);
        const Value& expected = find(step, "expect") != nullptr ? step["expect"] : nothing;
        const standin::Account before =
            find(one_, "username") == nullptr ? standin::account(username_) : standin::Account();
        const std::string what = string_of(step["do"]);
        if (what == "create_key") {
            const auto outcome = create(client_, text(step, "username", username_),
                                        text(step, "password", password_), cancelled_);
            compare_all(username_, before, outcome, expected);
        } else if (what == "create_key_then_cancel" || what == "create_key_while_busy") {
            auto call =
                std::async(std::launch::async, [this] { return create(client_, username_, password_); });
            standin::await_requests(username_, before.requests + 1);
            if (what == "create_key_while_busy")
                compare_all(username_, before, create(client_, username_, password_), expected);
            client_.cancel();
            const Outcome outcome = call.get();
            must(outcome.error && outcome.error->status() == mobivate::status::cancelled,
                 "it was not cancelled");
            if (what == "create_key_then_cancel") compare_all(username_, before, outcome, expected);
        } else if (what == "create_key_on_two_clients") {
            const std::string second = "second-" + username_;
            const auto other = standin::create_account(second, password_, json(find(one_, "scenario")));
            auto another = client_for(one_);
            auto call = std::async(std::launch::async, [&] { return create(another, second, password_); });
            compare_all(username_, before, create(client_, username_, password_), expected);
            compare_all(second, other, call.get(), expected);
        } else if (what == "cancel") {
            cancelled_ = true;
        } else if (what == "uncancel") {
            cancelled_ = false;
        } else if (what == "close") {
            client_.close();
        } else {
            must(what == "set", "there is no step " + what);
            compare(outcome_of([&] {
                        client_.set(string_of(step["option"]), string_of(step["value"]));
                        return std::string();
                    }),
                    expected);
        }
    }

    const Value& one_;
    std::string username_;
    std::string password_;
    mobivate::client client_;
    bool cancelled_ = false;
};

}  // namespace

int main() {
    std::ifstream file(std::getenv("MOBIVATE_CASES"));
    const std::string data{std::istreambuf_iterator<char>(file), {}};
    rapidjson::Document table;
    table.Parse(data.c_str(), data.size());
    unsigned passed = 0;
    unsigned failed = 0;
    for (const auto& one : table["cases"].GetArray()) {
        try {
            Run(one).steps();
            std::printf("ok %s\n", one["name"].GetString());
            ++passed;
        } catch (const std::exception& problem) {
            std::printf("not ok %s: %s\n", one["name"].GetString(), problem.what());
            ++failed;
        }
    }
    std::printf("%u passed, %u failed, 0 skipped\n", passed, failed);
    return failed == 0 && passed > 0 ? 0 : 1;
}
