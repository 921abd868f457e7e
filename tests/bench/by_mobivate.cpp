// SPDX-License-Identifier: MIT
// The client is libmobivate's, through its C functions.
#include <mobivate.h>

#include "caller.hpp"

namespace bench {

struct Caller::State {
    mbv_client* client;
    std::string username, password;
};

Caller::Caller(const Settings& settings)
    : state_(new State{mbv_new(), settings.username, settings.password}) {
    mbv_set(state_->client, "base_url", settings.base_url.c_str());
    if (!settings.ca_file.empty()) mbv_set(state_->client, "ca_file", settings.ca_file.c_str());
    if (!settings.ca_dir.empty()) mbv_set(state_->client, "ca_dir", settings.ca_dir.c_str());
    mbv_set(state_->client, "timeout_ms", "600000");
    mbv_set(state_->client, "connect_timeout_ms", "60000");  // an instrument may make it slow
}

Caller::~Caller() { mbv_free(state_->client); }

bool Caller::create_key() {
    char key[MBV_KEY_CAPACITY];
    return mbv_create_key(state_->client, state_->username.data(), state_->username.size(),
                          state_->password.data(), state_->password.size(), key, sizeof key,
                          nullptr) == MBV_OK;
}

}  // namespace bench
