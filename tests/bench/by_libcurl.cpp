// SPDX-License-Identifier: MIT
// The client is written by hand on libcurl and RapidJSON, as C++ programs have it: one handle, set up once.
#include <curl/curl.h>
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "caller.hpp"

namespace bench {
namespace {

std::size_t collect(const char* bytes, std::size_t size, std::size_t count, void* to) {
    static_cast<std::string*>(to)->append(bytes, size * count);
    return size * count;
}

}  // namespace

struct Caller::State {
    CURL* easy = curl_easy_init();
    curl_slist* fields = curl_slist_append(nullptr, "Content-Type: application/json");
    rapidjson::StringBuffer body;
    std::string answer;
};

Caller::Caller(const Settings& settings) : state_(new State) {
    rapidjson::Writer<rapidjson::StringBuffer> writer(state_->body);
    writer.StartObject();
    writer.Key("username");
    writer.String(settings.username.c_str());
    writer.Key("password");
    writer.String(settings.password.c_str());
    writer.EndObject();
    CURL* easy = state_->easy;
    curl_easy_setopt(easy, CURLOPT_URL, (settings.base_url + "/auth/createkey").c_str());
    if (!settings.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, settings.ca_file.c_str());
    if (!settings.ca_dir.empty()) {
        // Else it would parse the system's bundle as well.
        curl_easy_setopt(easy, CURLOPT_CAINFO, nullptr);
        curl_easy_setopt(easy, CURLOPT_CAPATH, settings.ca_dir.c_str());
    }
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, state_->fields);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, state_->body.GetString());
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &state_->answer);
    // As libcurl's manual asks of programs with threads.
    if (settings.threads) curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
}

Caller::~Caller() {
    curl_slist_free_all(state_->fields);
    curl_easy_cleanup(state_->easy);
}

bool Caller::create_key() {
    state_->answer.clear();
    if (curl_easy_perform(state_->easy) != CURLE_OK) return false;
    rapidjson::Document document;
    document.Parse(state_->answer.c_str());
    return document.IsObject() && document.HasMember("apiKey") && document["apiKey"].IsString();
}

}  // namespace bench
