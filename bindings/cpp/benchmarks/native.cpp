// SPDX-License-Identifier: MIT
// The same as C++ programs have it: libcurl and RapidJSON by hand.
#include <curl/curl.h>
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

namespace {

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

std::size_t collect(const char* bytes, std::size_t size, std::size_t count, void* to) {
    static_cast<std::string*>(to)->append(bytes, size * count);
    return size * count;
}

}  // namespace

int main(int, char** argv) {
    const int count = std::atoi(argv[1]);
    std::ifstream file(variable("MOBIVATE_PASSWORD_FILE"));
    const std::string username = variable("MOBIVATE_USERNAME");
    const std::string password{std::istreambuf_iterator<char>(file), {}};
    rapidjson::StringBuffer body;
    rapidjson::Writer<rapidjson::StringBuffer> writer(body);
    writer.StartObject();
    writer.Key("username");
    writer.String(username.c_str());
    writer.Key("password");
    writer.String(password.c_str());
    writer.EndObject();
    CURL* easy = curl_easy_init();
    curl_slist* fields = curl_slist_append(nullptr, "Content-Type: application/json");
    std::string answer;
    curl_easy_setopt(easy, CURLOPT_URL, (variable("MOBIVATE_BASE_URL") + "/auth/createkey").c_str());
    curl_easy_setopt(easy, CURLOPT_CAINFO, variable("MOBIVATE_CA_FILE").c_str());
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, fields);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.GetString());
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer);
    for (int i = 0; i < count; ++i) {
        answer.clear();
        if (curl_easy_perform(easy) != CURLE_OK) return 1;
        rapidjson::Document document;
        document.Parse(answer.c_str());
        if (!document.IsObject() || document["apiKey"].GetStringLength() == 0) return 1;
    }
    curl_slist_free_all(fields);
    curl_easy_cleanup(easy);
    std::printf("created %d\n", count);
}
