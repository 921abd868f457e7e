// SPDX-License-Identifier: MIT
// Finding certificates without parsing them, held against OpenSSL's own parser.
#include <doctest/doctest.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "transport/bundle.hpp"
#include "transport/certificate.hpp"

using mobivate::text::Message;
using mobivate::transport::Bundle;
using mobivate::transport::name_number;
using mobivate::transport::plain_subject;

namespace {

const std::atomic<bool> not_cancelled{false};
const std::atomic<bool> cancelled{true};
const mobivate::transport::Limits limits{std::chrono::hours(1), std::chrono::hours(1)};
const mobivate::transport::Allowance going_on(limits, not_cancelled);
const mobivate::transport::Allowance given_up(limits, cancelled);

struct Deleter {
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(X509_NAME* name) const { X509_NAME_free(name); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(BIO* source) const { BIO_free(source); }
    void operator()(STACK_OF(X509_INFO) * all) const { sk_X509_INFO_pop_free(all, X509_INFO_free); }
};
template <typename T>
using Owned = std::unique_ptr<T, Deleter>;

struct Attribute {
    const char* type;
    int encoding;
    std::string value;
};

Owned<X509_NAME> name_of(const std::vector<Attribute>& attributes, int set = 0) {
    Owned<X509_NAME> name(X509_NAME_new());
    for (std::size_t i = 0; i < attributes.size(); ++i) {
        const auto& attribute = attributes[i];
        REQUIRE(X509_NAME_add_entry_by_txt(name.get(), attribute.type, attribute.encoding,
                                           reinterpret_cast<const unsigned char*>(attribute.value.data()),
                                           static_cast<int>(attribute.value.size()), -1,
                                           i == 0 ? 0 : set) == 1);
    }
    return name;
}

std::string der_of(const X509_NAME* name) {
    const unsigned char* der = nullptr;
    std::size_t size = 0;
    REQUIRE(X509_NAME_get0_der(name, &der, &size) == 1);
    return std::string(reinterpret_cast<const char*>(der), size);
}

std::string der_of(X509* certificate) {
    unsigned char* der = nullptr;
    const int size = i2d_X509(certificate, &der);
    if (size <= 0) FAIL("a certificate cannot be written");
    std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return text;
}

Owned<X509> certificate_for(const X509_NAME* name, bool version3 = true) {
    static const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
    static long serial = 1000;
    Owned<X509> certificate(X509_new());
    X509_set_version(certificate.get(), version3 ? X509_VERSION_3 : X509_VERSION_1);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), ++serial);
    X509_set_subject_name(certificate.get(), name);
    X509_set_issuer_name(certificate.get(), name);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86400);
    X509_set_pubkey(certificate.get(), key.get());
    if (version3) {
        for (const auto& [nid, value] : {std::pair(NID_basic_constraints, "critical,CA:TRUE"),
                                         std::pair(NID_subject_alt_name, "DNS:one.example.com")}) {
            X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
            X509_add_ext(certificate.get(), extension, -1);
            X509_EXTENSION_free(extension);
        }
    }
    REQUIRE(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);
    return certificate;
}

Owned<X509> certificate_for(const std::string& common_name) {
    return certificate_for(name_of({{"CN", MBSTRING_UTF8, common_name}}).get());
}

std::string pem_of(X509* certificate, bool trusted = false) {
    const Owned<BIO> memory(BIO_new(BIO_s_mem()));
    REQUIRE((trusted ? PEM_write_bio_X509_AUX(memory.get(), certificate)
                     : PEM_write_bio_X509(memory.get(), certificate)) == 1);
    char* text = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &text);
    return std::string(text, static_cast<std::size_t>(size));
}

std::string as_hex(const std::string& bytes) {
    std::string text;
    for (const char c : bytes) {
        text += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
        text += "0123456789abcdef"[c & 15];
    }
    return text;
}

std::string pem_of_key() {
    const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
    const Owned<BIO> memory(BIO_new(BIO_s_mem()));
    REQUIRE(PEM_write_bio_PrivateKey(memory.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
    char* text = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &text);
    return std::string(text, static_cast<std::size_t>(size));
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) {
        text.replace(at, what.size(), by);
    }
    return text;
}

// What OpenSSL reads from a text, sorted; false: it refuses the text.
bool read_by_openssl(const std::string& text, std::vector<std::string>& found) {
    const Owned<BIO> source(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    char no_password[] = "";
    const Owned<STACK_OF(X509_INFO)> all(PEM_X509_INFO_read_bio(source.get(), nullptr, nullptr, no_password));
    ERR_clear_error();
    if (all == nullptr) return false;
    for (int i = 0; i < sk_X509_INFO_num(all.get()); ++i) {
        const X509_INFO* info = sk_X509_INFO_value(all.get(), i);
        if (info->x509 != nullptr) found.push_back(der_of(info->x509));
    }
    return true;
}

// The same by the index, which leaves to OpenSSL what is not plain.
bool read_by_index(const std::string& text, std::vector<std::string>& found) {
    const auto bundle = Bundle::index(text, going_on);
    REQUIRE(bundle != nullptr);
    for (std::size_t i = 0; i < bundle->size(); ++i) {
        const std::string_view der = bundle->certificate(i);
        const auto* at = reinterpret_cast<const unsigned char*>(der.data());
        const Owned<X509> certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
        REQUIRE(certificate != nullptr);
        found.push_back(der_of(certificate.get()));
    }
    for (const auto& block : bundle->others()) {
        REQUIRE(text.compare(block.offset, block.text.size(), block.text) == 0);
        if (!read_by_openssl(block.text, found)) return false;
    }
    return true;
}

void check_same(const std::string& text) {
    std::vector<std::string> theirs;
    std::vector<std::string> ours;
    const bool they_can = read_by_openssl(text, theirs);
    const bool we_can = read_by_index(text, ours);
    CHECK(they_can == we_can);
    if (!they_can || !we_can) return;
    std::sort(theirs.begin(), theirs.end());
    std::sort(ours.begin(), ours.end());
    CHECK(theirs == ours);
}

}  // namespace

TEST_CASE("what is let pass as a plain certificate, OpenSSL parses, with the same subject") {
    const std::vector<Owned<X509_NAME>> names = [] {
        std::vector<Owned<X509_NAME>> all;
        all.push_back(name_of({{"C", MBSTRING_ASC, "DE"},
                               {"O", MBSTRING_ASC, "Some Trust Ltd."},
                               {"CN", MBSTRING_ASC, "Root 1"}}));
        all.push_back(name_of({{"CN", MBSTRING_UTF8,
                                "Vertrauen \xC3\xBC"
                                "ber alles \xE2\x82\xAC"}}));
        all.push_back(name_of({{"O", V_ASN1_T61STRING, "T61"}, {"CN", V_ASN1_IA5STRING, "ia5"}}));
        all.push_back(name_of({}));
        return all;
    }();
    std::size_t passed = 0;
    for (const auto& name : names) {
        for (const bool version3 : {true, false}) {
            const std::string good = der_of(certificate_for(name.get(), version3).get());
            REQUIRE(plain_subject(good) == der_of(name.get()));
            const auto check = [&](const std::string& der) {
                const auto subject = plain_subject(der);
                if (!subject) return;
                const auto* at = reinterpret_cast<const unsigned char*>(der.data());
                const Owned<X509> parsed(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
                const bool same = parsed != nullptr &&
                                  at == reinterpret_cast<const unsigned char*>(der.data() + der.size()) &&
                                  *subject == der_of(X509_get_subject_name(parsed.get()));
                if (!same) FAIL("passed, and OpenSSL does not parse it alike: " << as_hex(der));
                ++passed;
            };
            for (std::size_t i = 0; i < good.size(); ++i) {
                for (const int change : {0x01, 0x02, 0x20, 0x80, 0xFF}) {
                    std::string bad = good;
                    bad[i] = static_cast<char>(bad[i] ^ change);
                    check(bad);
                }
                check(good.substr(0, i));
            }
            check(good + '\0');
        }
    }
    ERR_clear_error();
    // Neither everything nor nothing: a changed serial number or signature passes, a changed structure does
    // not.
    CHECK(passed > 2000);
}

TEST_CASE("names that X.509 holds to be equal have the same number") {
    const std::string umlaut_bmp("\0R\0\xF6\0o\0t", 8);
    const std::string root_bmp("\0R\0o\0o\0t\0 \0A", 12);
    const std::string root_universal("\0\0\0R\0\0\0o\0\0\0o\0\0\0t\0\0\0 \0\0\0A", 24);
    std::vector<Owned<X509_NAME>> names;
    for (const auto& [encoding, value] :
         std::vector<std::pair<int, std::string>>{{V_ASN1_PRINTABLESTRING, "Root A"},
                                                  {V_ASN1_UTF8STRING, "Root A"},
                                                  {V_ASN1_UTF8STRING, "ROOT a"},
                                                  {V_ASN1_UTF8STRING, "  root \t  A "},
                                                  {V_ASN1_T61STRING, "Root A"},
                                                  {V_ASN1_IA5STRING, "Root A"},
                                                  {V_ASN1_BMPSTRING, root_bmp},
                                                  {V_ASN1_UNIVERSALSTRING, root_universal},
                                                  {V_ASN1_UTF8STRING, "RootA"},
                                                  {V_ASN1_UTF8STRING, "Root B"},
                                                  {V_ASN1_UTF8STRING, "R\xC3\xB6ot"},
                                                  {V_ASN1_BMPSTRING, umlaut_bmp},
                                                  {V_ASN1_T61STRING, "R\xF6ot"},
                                                  {V_ASN1_UTF8STRING, ""},
                                                  {V_ASN1_BMPSTRING, std::string("AA", 2)},
                                                  {V_ASN1_UTF8STRING, "\xE4\x85\x81"}}) {
        names.push_back(name_of({{"O", encoding, value}, {"CN", V_ASN1_UTF8STRING, "x"}}));
        names.push_back(name_of({{"CN", V_ASN1_UTF8STRING, "x"}, {"O", encoding, value}}));
        // Both in one set, whose order DER decides by the bytes.
        names.push_back(name_of({{"O", encoding, value}, {"CN", V_ASN1_UTF8STRING, "x"}}, -1));
    }
    names.push_back(name_of({}));
    int equal = 0;
    int told_apart = 0;
    for (const auto& name : names) {
        const auto number = name_number(der_of(name.get()));
        REQUIRE(number);
        for (const auto& other : names) {
            const auto others = name_number(der_of(other.get()));
            const bool are_equal = X509_NAME_cmp(name.get(), other.get()) == 0;
            if (are_equal) CHECK(number == others);
            equal += are_equal && name != other;
            told_apart += number != others;
        }
    }
    CHECK(equal > 100);
    CHECK(told_apart > 1000);
    CHECK_FALSE(name_number(""));
    CHECK_FALSE(name_number(std::string("\x30\x80\0\0", 4)));
    CHECK_FALSE(
        name_number("\x31\x03"
                    "abc"));
}

TEST_CASE("a bundle of plain certificates is indexed, whatever stands between them") {
    const auto one = certificate_for("one");
    const auto two = certificate_for("two");
    const auto namesake = certificate_for("two");
    const std::string text = "# a comment\n" + pem_of(one.get()) + "\nTwo: -----BEGIN nothing\n" +
                             pem_of(two.get()) + pem_of(namesake.get()) + pem_of(one.get());
    for (const std::string& form :
         {text, replaced(text, "\n", "\r\n"), text.substr(0, text.size() - 1), "\xEF\xBB\xBF\n" + text}) {
        const auto bundle = Bundle::index(form, going_on);
        REQUIRE(bundle != nullptr);
        CHECK(bundle->others().empty());
        CHECK(bundle->size() == 4);
        const auto range = bundle->with_subject(der_of(name_of({{"CN", V_ASN1_T61STRING, " TWO"}}).get()));
        REQUIRE(range.last - range.first == 2);
        // In the order of the file.
        CHECK(bundle->certificate(range.first) == der_of(two.get()));
        CHECK(bundle->certificate(range.first + 1) == der_of(namesake.get()));
        const auto nobody = bundle->with_subject(der_of(name_of({{"CN", MBSTRING_UTF8, "three"}}).get()));
        CHECK(nobody.first == nobody.last);
        // What cannot be told may be anybody.
        const auto anybody = bundle->with_subject("?");
        CHECK(anybody.last - anybody.first == 4);
        check_same(form);
    }
    CHECK(Bundle::index(text, given_up) == nullptr);
}

TEST_CASE("whatever a bundle holds, the index and OpenSSL read the same from it") {
    const auto one = certificate_for("one");
    const auto two = certificate_for("two");
    const std::string good = pem_of(one.get());
    const std::string trusted = pem_of(two.get(), true);
    const std::string body = good.substr(28, good.find("-----END") - 28);
    const std::string key =
        "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: "
        "AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\nAAAA\n-----END EC PRIVATE KEY-----\n";
    const std::string plain_key = pem_of_key();
    const std::vector<std::string> parts{
        good,
        trusted,
        key,
        replaced(key, "-----\n", "----- \t\r\n"),
        replaced(key, "END EC", "END RSA"),
        replaced(key, "EC PRIVATE KEY", "EC_PRIVATE KEY"),
        key.substr(0, key.find("-----END")),
        plain_key,
        replaced(plain_key, "-----END", "-----end"),
        replaced(good, "CERTIFICATE", "X509 CERTIFICATE"),
        "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n" + replaced(body, "\n", "") +
            "\n-----END CERTIFICATE-----\n",  // one long line
        "-----BEGIN CERTIFICATE-----\n\n" + body + "-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n" + body + "\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE----- \n" + body + "-----END CERTIFICATE-----  \n",
        "-----BEGIN CERTIFICATE-----\n" + replaced(body, "\n", " \n") + "-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n" + body,
        "-----BEGIN CERTIFICATE\n" + body + "-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n" + body + "-----END TRUSTED CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n" + body + "====\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n" + body.substr(0, 40) + "\n" + body.substr(40) +
            "-----END CERTIFICATE-----\n",
        "\xEF\xBB\xBF" + good,
        "text\n",
        ""};
    for (const auto& first : parts) {
        for (const auto& second : parts) {
            CAPTURE(first);
            CAPTURE(second);
            check_same(first + second);
            check_same(good + first + second + trusted);
        }
    }
    // The same for a text with errors in it.
    std::mt19937 random(1);
    const std::string text = good + "comment\n" + pem_of(two.get()) + trusted;
    const std::string alphabet = "A/=-\n\r \tB\x80#0";
    for (int i = 0; i < 2000; ++i) {
        std::string bad = text;
        for (unsigned errors = 1 + random() % 2; errors > 0; --errors) {
            const std::size_t at = random() % bad.size();
            switch (random() % 3) {
                case 0: bad[at] = alphabet[random() % alphabet.size()]; break;
                case 1: bad.erase(at, 1 + random() % 3); break;
                default: bad.insert(at, 1, alphabet[random() % alphabet.size()]);
            }
        }
        CAPTURE(bad);
        check_same(bad);
    }
}

TEST_CASE("a bundle is read once while its file is the same and somebody holds it") {
    const std::string name = "mobivate-b\xC3\xBCndel-" + std::to_string(std::random_device()());
    const auto file = std::filesystem::temp_directory_path() / std::filesystem::u8path(name);
    const std::string path = file.u8string();
    const auto write = [&](const std::string& text) { std::ofstream(file, std::ios::binary) << text; };
    Message why;
    write(pem_of(certificate_for("one").get()));
    const auto first = Bundle::read(path, going_on, why);
    REQUIRE(first != nullptr);
    CHECK(Bundle::read(path, going_on, why) == first);
    write(pem_of(certificate_for("two").get()));
    const auto second = Bundle::read(path, going_on, why);
    REQUIRE(second != nullptr);
    CHECK(second != first);
    CHECK(second->certificate(0) != first->certificate(0));
    CHECK(Bundle::read(path, going_on, why) == second);
    CHECK(why.view().empty());
    write(pem_of(certificate_for("three").get()));
    CHECK(Bundle::read(path, given_up, why) == nullptr);
    CHECK(why.view().empty());
    std::filesystem::remove(file);
    CHECK(Bundle::read(path, going_on, why) == nullptr);
    CHECK(why.view() == "No such file or directory");
}
