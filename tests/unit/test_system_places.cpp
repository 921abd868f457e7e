// SPDX-License-Identifier: MIT
// Where systems keep the certificates that they trust, in imitated roots.
#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "transport/system_places.hpp"

namespace fs = std::filesystem;
using mobivate::transport::find_system_trust;
using mobivate::transport::TrustSources;

namespace {

class Root {
public:
    Root() {
        std::string name = fs::temp_directory_path() / "mobivate-root-XXXXXX";
        REQUIRE(mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    Root(const Root&) = delete;
    Root& operator=(const Root&) = delete;
    ~Root() { fs::remove_all(path_); }

    Root& file(const std::string& place) {
        fs::create_directories((path_ / place).parent_path());
        std::ofstream(path_ / place) << "a certificate";
        return *this;
    }
    Root& folder(const std::string& place) {
        fs::create_directories(path_ / place);
        return *this;
    }
    // As systems write their links, relative ones here, for the root is another.
    Root& link(const std::string& place, const std::string& to) {
        fs::create_directories((path_ / place).parent_path());
        fs::create_symlink(to, path_ / place);
        return *this;
    }
    // Without the root's own name in front.
    [[nodiscard]] TrustSources found() const {
        TrustSources sources = find_system_trust(path_.string());
        for (std::string* one : {&sources.directory, &sources.bundle}) {
            if (one->empty()) continue;
            REQUIRE(one->find(path_.string()) == 0);
            one->erase(0, path_.string().size());
        }
        return sources;
    }

private:
    fs::path path_;
};

}  // namespace

TEST_CASE("each system's certificates are found where it keeps them") {
    SUBCASE("Debian, Ubuntu, Arch") {
        Root root;
        root.file("etc/ssl/certs/ca-certificates.crt").file("etc/ssl/certs/5ed36f99.0");
        CHECK(root.found() == TrustSources{"/etc/ssl/certs", "/etc/ssl/certs/ca-certificates.crt"});
    }
    SUBCASE("Fedora") {
        Root root;
        root.file("etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem")
            .file("etc/pki/ca-trust/extracted/pem/directory-hash/5ed36f99.0")
            .link("etc/pki/tls/certs/ca-bundle.crt", "../../ca-trust/extracted/pem/tls-ca-bundle.pem")
            .link("etc/ssl/certs", "../pki/tls/certs");
        CHECK(root.found() == TrustSources{"/etc/pki/ca-trust/extracted/pem/directory-hash",
                                           "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"});
    }
    SUBCASE("RHEL: a directory without hashed names is passed over") {
        Root root;
        root.file("etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem")
            .link("etc/pki/tls/certs/ca-bundle.crt", "../../ca-trust/extracted/pem/tls-ca-bundle.pem")
            .link("etc/ssl/certs", "../pki/tls/certs");
        CHECK(root.found() == TrustSources{"", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"});
    }
    SUBCASE("SUSE") {
        Root root;
        root.file("var/lib/ca-certificates/ca-bundle.pem")
            .file("var/lib/ca-certificates/pem/5ed36f99.0")
            .link("etc/ssl/certs", "../../var/lib/ca-certificates/pem");
        CHECK(root.found() == TrustSources{"/etc/ssl/certs", "/var/lib/ca-certificates/ca-bundle.pem"});
    }
    SUBCASE("Alpine, with no package but the base system's") {
        Root root;
        root.file("etc/ssl/cert.pem").folder("etc/ssl/certs");
        CHECK(root.found() == TrustSources{"", "/etc/ssl/cert.pem"});
    }
    SUBCASE("FreeBSD") {
        Root root;
        root.file("etc/ssl/certs/5ed36f99.0").file("etc/ssl/cert.pem").file("usr/local/etc/ssl/cert.pem");
        CHECK(root.found() == TrustSources{"/etc/ssl/certs", "/etc/ssl/cert.pem"});
    }
    SUBCASE("one that has none") {
        Root root;
        root.folder("etc/ssl/certs").folder("etc/ssl/cert.pem");
        CHECK(root.found() == TrustSources{});
    }
}

TEST_CASE("a system without certificates is told every place that was looked at") {
    mobivate::text::Message message;
    mobivate::transport::say_system_places(message);
    // As many as could be used, each with a root of its own.
    std::string said(message.view());
    std::size_t places = 0;
    for (std::size_t at = 0; (at = said.find(" /", at)) != std::string::npos; ++places) {
        const std::string place = said.substr(at + 1, said.find_first_of(" ,;", at + 1) - at - 1);
        CAPTURE(place);
        Root root;
        const bool is_file = said.find(" files ") < at;
        root.file(is_file ? place.substr(1) : place.substr(1) + "/5ed36f99.0");
        const TrustSources found = root.found();
        CHECK((is_file ? found.bundle : found.directory) == place);
        at += place.size();
    }
    CHECK(places == 14);
}
