// SPDX-License-Identifier: MIT
// Where libcurl and OpenSSL are the system's: looked up at run time.
#include "transport/openssl.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <atomic>
#include <string_view>

#include <curl/curl.h>

// In the static library, which may be linked into one program with a static libcurl and a static OpenSSL.
#ifdef MOBIVATE_STATIC
// NOLINTNEXTLINE(bugprone-macro-parentheses): a name cannot stand in any
#define MOBIVATE_FUNCTION(name) extern "C" decltype(::name) name __attribute__((weak));
MOBIVATE_OPENSSL_FUNCTIONS(MOBIVATE_FUNCTION)
#undef MOBIVATE_FUNCTION
#endif

namespace mobivate::transport {
namespace {

std::atomic<const OpenSsl*> found_openssl{nullptr};

// Two copies of the version that libcurl is on, of which it uses one.
struct Candidates {
    OpenSsl brought;   // with libcurl
    OpenSsl in_front;  // the program's own
};
std::atomic<const Candidates*> candidates{nullptr};

// Of a libcurl with several TLS libraries, the ones that are not in use stand in brackets.
std::string_view library_in_use() noexcept {
    const char* said = curl_version_info(CURLVERSION_NOW)->ssl_version;
    std::string_view rest(said != nullptr ? said : "");
    while (!rest.empty()) {
        const std::string_view word = rest.substr(0, rest.find(' '));
        if (!word.empty() && word.front() != '(') return word;
        rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    }
    return {};
}

bool is_complete(const OpenSsl& functions) noexcept {
#define MOBIVATE_FUNCTION(name) \
    if (functions.name == nullptr) return false;
    MOBIVATE_OPENSSL_FUNCTIONS(MOBIVATE_FUNCTION)
#undef MOBIVATE_FUNCTION
    return true;
}

// Whether it is of the version that libcurl says it is on.
bool is_libcurls(const OpenSsl& functions) noexcept {
    constexpr std::string_view name = "OpenSSL/";
    const std::string_view library = library_in_use();
    return is_complete(functions) && library.substr(0, name.size()) == name &&
           library.substr(name.size()) == functions.OpenSSL_version(OPENSSL_VERSION_STRING);
}

OpenSsl look_up(void* where) noexcept {
    OpenSsl functions;
#define MOBIVATE_FUNCTION(name) \
    functions.name = reinterpret_cast<decltype(functions.name)>(dlsym(where, #name));
    MOBIVATE_OPENSSL_FUNCTIONS(MOBIVATE_FUNCTION)
#undef MOBIVATE_FUNCTION
    return functions;
}

// The loaded object that an address lies in, to look functions up in it and in what it was linked with. The
// handle is never closed: it must not go while this library is there, which is never unloaded.
void* object_of(const void* address) noexcept {
    Dl_info object;
    if (dladdr(address, &object) == 0) return nullptr;
    return dlopen(object.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
}

const void* base_of(const void* address) noexcept {
    Dl_info object;
    return dladdr(address, &object) != 0 ? object.dli_fbase : nullptr;
}

#ifdef MOBIVATE_STATIC
// Where libcurl is in this very program, the linker has bound its references and these alike.
bool find_linked(OpenSsl& functions) noexcept {
    if (base_of(reinterpret_cast<const void*>(&curl_version_info)) !=
        base_of(reinterpret_cast<const void*>(&find_openssl))) {
        return false;
    }
#define MOBIVATE_FUNCTION(name) functions.name = &::name;
    MOBIVATE_OPENSSL_FUNCTIONS(MOBIVATE_FUNCTION)
#undef MOBIVATE_FUNCTION
    return is_libcurls(functions);
}
#endif

bool find_loaded(OpenSsl& functions, Candidates& both) noexcept {
    // What libcurl was linked with. libssl is looked for first, so that libcrypto is the one that it uses.
    void* libcurl = object_of(reinterpret_cast<const void*>(&curl_version_info));
    void* probe = libcurl != nullptr ? dlsym(libcurl, "SSL_CTX_set_options") : nullptr;
    if (probe != nullptr) {
        void* libssl = object_of(probe);
        functions = look_up(libssl != nullptr ? libssl : libcurl);
    }
    const bool brought = is_libcurls(functions);
    // A program that has OpenSSL's functions among its own may have put them before those, for libcurl as
    // well.
    void* first = dlsym(RTLD_DEFAULT, "SSL_CTX_set_options");
    if (first == nullptr || first == probe) return brought;
    const OpenSsl in_front = look_up(RTLD_DEFAULT);
    if (!is_libcurls(in_front)) return brought;
    if (brought) {
        // Which one libcurl calls, its first context will tell.
        both = {functions, in_front};
        candidates.store(&both, std::memory_order_release);
        return false;
    }
    functions = in_front;
    return true;
}

}  // namespace

bool OpenSsl::made(const SSL_CTX* context) const noexcept {
    const void* library = base_of(reinterpret_cast<const void*>(SSL_CTX_set_options));
    // libssl's tables of methods lie in its own data.
    return library != nullptr && base_of(SSL_CTX_get_ssl_method(context)) == library;
}

void find_openssl() noexcept {
    static OpenSsl functions;
    static Candidates both;
    if (openssl() != nullptr || openssl_is_undecided()) return;
#ifdef MOBIVATE_STATIC
    if (find_linked(functions)) return found_openssl.store(&functions, std::memory_order_release);
#endif
    if (find_loaded(functions, both)) found_openssl.store(&functions, std::memory_order_release);
}

const OpenSsl* openssl() noexcept { return found_openssl.load(std::memory_order_acquire); }

bool openssl_is_undecided() noexcept {
    return openssl() == nullptr && candidates.load(std::memory_order_acquire) != nullptr;
}

void decide_openssl(const SSL_CTX* context) noexcept {
    const Candidates* both = candidates.load(std::memory_order_acquire);
    // The same version on both sides, so that either can read the context.
    const void* maker = base_of(both->brought.SSL_CTX_get_ssl_method(context));
    for (const OpenSsl* candidate : {&both->brought, &both->in_front}) {
        if (base_of(reinterpret_cast<const void*>(candidate->SSL_CTX_set_options)) == maker)
            found_openssl.store(candidate, std::memory_order_release);
    }
}

// This copy may be the host's as well, and loads its texts as it starts.
void prepare_error_texts(SSL_CTX* /*context*/) noexcept {}

void initialise_openssl() noexcept { openssl()->OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr); }

std::string tls_library() { return std::string(library_in_use()); }

}  // namespace mobivate::transport
