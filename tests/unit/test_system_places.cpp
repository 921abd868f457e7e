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

TEST_CASE("each place is found where it is the only one, and named where there is none") {
    mobivate::text::Message message;
    mobivate::transport::say_system_places(message);
    const std::string said = std::string(message.view()) + " ";
    // As Go's crypto/x509 and openssl-probe have them.
    for (const char* place :
         {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
          "/etc/pki/tls/cacert.pem", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem",
          "/usr/local/etc/ssl/cert.pem", "/usr/local/share/certs/ca-root-nss.crt",
          "/etc/openssl/certs/ca-certificates.crt", "/var/lib/ca-certificates/ca-bundle.pem"}) {
        CAPTURE(place);
        Root root;
        root.file(place + 1);
        CHECK(root.found() == TrustSources{"", place});
        CHECK(said.find(std::string(" ") + place + " ") != std::string::npos);
    }
    for (const char* place : {"/etc/ssl/certs", "/etc/pki/tls/certs", "/etc/openssl/certs",
                              "/etc/pki/ca-trust/extracted/pem/directory-hash"}) {
        CAPTURE(place);
        Root root;
        root.file(std::string(place + 1) + "/5ed36f99.0");
        CHECK(root.found() == TrustSources{place, ""});
        CHECK(said.find(std::string(" ") + place + " ") != std::string::npos);
    }
}
