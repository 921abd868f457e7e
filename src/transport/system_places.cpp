// SPDX-License-Identifier: MIT
#include "transport/system_places.hpp"

#include <array>

#include "system/file.hpp"

namespace mobivate::transport {
namespace {

// As Go's crypto/x509 and openssl-probe know them; hashed directories first, since of those only what a chain
// asks for is read.
constexpr std::array directories = {
    "/etc/ssl/certs",                                  // Debian, Ubuntu, Arch, Gentoo, SUSE, Alpine, FreeBSD
    "/etc/pki/ca-trust/extracted/pem/directory-hash",  // Fedora
    "/etc/pki/tls/certs",                              // older Fedora and RHEL, where somebody has hashed it
    "/etc/openssl/certs",                              // NetBSD
};
constexpr std::array bundles = {
    "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Ubuntu, Arch, Gentoo, Alpine
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // Fedora, RHEL
    "/etc/pki/tls/certs/ca-bundle.crt",                   // RHEL 6
    "/var/lib/ca-certificates/ca-bundle.pem",             // SUSE
    "/etc/ssl/ca-bundle.pem",                             // older SUSE
    "/etc/pki/tls/cacert.pem",                            // OpenELEC
    "/etc/ssl/cert.pem",                                  // Alpine, OpenBSD, FreeBSD
    "/usr/local/etc/ssl/cert.pem",                        // FreeBSD's port
    "/usr/local/share/certs/ca-root-nss.crt",             // older FreeBSD, DragonFly
    "/etc/openssl/certs/ca-certificates.crt",             // NetBSD
};

}  // namespace

TrustSources find_system_trust(const std::string& root) {
    TrustSources found;
    for (const char* place : directories) {
        std::string path = root + place;
        // One without hashed names is no use, and often there beside the one that has them.
        if (!problem_of_directory(path).empty()) continue;
        found.directory = std::move(path);
        break;
    }
    for (const char* place : bundles) {
        std::string path = root + place;
        if (system::check_readable(path, system::FileKind::file) != 0) continue;
        found.bundle = std::move(path);
        break;
    }
    return found;
}

void say_system_places(text::Message& message) noexcept {
    message << "none of the directories (with hashed names)";
    for (const char* place : directories) message << " " << std::string_view(place);
    message << " and files";
    for (const char* place : bundles) message << " " << std::string_view(place);
    message << " is there";
}

}  // namespace mobivate::transport
