// SPDX-License-Identifier: MIT
// Windows gets the roots that it trusts as they are needed, so that reading out its store would miss some: it
// is asked about the chain.
#include "system/trust.hpp"

#include <new>

#include <windows.h>

#include <wincrypt.h>

namespace mobivate::system {
namespace {

struct Deleter {
    void operator()(void* store) const noexcept { CertCloseStore(store, 0); }
    void operator()(const CERT_CONTEXT* certificate) const noexcept {
        CertFreeCertificateContext(certificate);
    }
    void operator()(const CERT_CHAIN_CONTEXT* chain) const noexcept { CertFreeCertificateChain(chain); }
};
using Store = std::unique_ptr<void, Deleter>;
using Certificate = std::unique_ptr<const CERT_CONTEXT, Deleter>;
using Chain = std::unique_ptr<const CERT_CHAIN_CONTEXT, Deleter>;

// What the chain's certificates are, each for itself and together.
Judgement of_chain(DWORD status) noexcept {
    const auto has = [status](DWORD fault) { return (status & fault) != 0; };
    if (status == CERT_TRUST_NO_ERROR) return Judgement::trusted;
    if (has(CERT_TRUST_IS_NOT_SIGNATURE_VALID)) return Judgement::bad_signature;
    if (has(CERT_TRUST_IS_REVOKED)) return Judgement::revoked;
    if (has(CERT_TRUST_IS_PARTIAL_CHAIN)) return Judgement::no_issuer;
    if (has(CERT_TRUST_IS_UNTRUSTED_ROOT)) return Judgement::untrusted_root;
    if (has(CERT_TRUST_IS_NOT_TIME_VALID)) return Judgement::expired;
    if (has(CERT_TRUST_IS_NOT_VALID_FOR_USAGE)) return Judgement::wrong_usage;
    return Judgement::refused;
}

// What the policy for TLS servers makes of them.
Judgement of_policy(DWORD error) noexcept {
    switch (static_cast<HRESULT>(error)) {
        case ERROR_SUCCESS: return Judgement::trusted;
        case CERT_E_EXPIRED: return Judgement::expired;
        case CERT_E_CHAINING: return Judgement::no_issuer;
        case CERT_E_UNTRUSTEDROOT: return Judgement::untrusted_root;
        case CERT_E_REVOKED:
        case CRYPT_E_REVOKED: return Judgement::revoked;
        case CERT_E_WRONG_USAGE: return Judgement::wrong_usage;
        case TRUST_E_CERT_SIGNATURE: return Judgement::bad_signature;
        default: return Judgement::refused;
    }
}

Judgement judge(const std::vector<std::string>& sent) noexcept {
    const Store store(CertOpenStore(CERT_STORE_PROV_MEMORY, 0, 0, 0, nullptr));
    if (store == nullptr) return Judgement::no_memory;
    Certificate servers;
    for (const std::string& der : sent) {
        const CERT_CONTEXT* added = nullptr;
        const BOOL done = CertAddEncodedCertificateToStore(
            store.get(), X509_ASN_ENCODING, reinterpret_cast<const BYTE*>(der.data()),
            static_cast<DWORD>(der.size()), CERT_STORE_ADD_USE_EXISTING, &added);
        const Certificate certificate(done != FALSE ? added : nullptr);
        // One of the others that Windows cannot read can be missed.
        if (servers == nullptr && certificate == nullptr) return Judgement::refused;
        if (servers == nullptr) servers.reset(CertDuplicateCertificateContext(certificate.get()));
    }
    char server_authentication[] = szOID_PKIX_KP_SERVER_AUTH;
    char* usages[] = {server_authentication};
    CERT_CHAIN_PARA wanted{};
    wanted.cbSize = sizeof wanted;
    wanted.RequestedUsage.dwType = USAGE_MATCH_TYPE_OR;
    wanted.RequestedUsage.Usage.cUsageIdentifier = 1;
    wanted.RequestedUsage.Usage.rgpszUsageIdentifier = usages;
    const CERT_CHAIN_CONTEXT* found = nullptr;
    if (CertGetCertificateChain(nullptr, servers.get(), nullptr, store.get(), &wanted, 0, nullptr, &found) ==
        FALSE) {
        return GetLastError() == static_cast<DWORD>(E_OUTOFMEMORY) ? Judgement::no_memory
                                                                   : Judgement::refused;
    }
    const Chain chain(found);
    // The policy alone is not enough: it has let pass chains that were not trusted.
    if (const Judgement judgement = of_chain(chain->TrustStatus.dwErrorStatus);
        judgement != Judgement::trusted)
        return judgement;
    SSL_EXTRA_CERT_CHAIN_POLICY_PARA of_server{};
    of_server.cbSize = sizeof of_server;
    of_server.dwAuthType = AUTHTYPE_SERVER;
    // The name is libcurl's to check, as it is with any other trust (SECURITY_FLAG_IGNORE_CERT_CN_INVALID).
    of_server.fdwChecks = 0x1000;
    CERT_CHAIN_POLICY_PARA policy{};
    policy.cbSize = sizeof policy;
    policy.pvExtraPolicyPara = &of_server;
    CERT_CHAIN_POLICY_STATUS status{};
    status.cbSize = sizeof status;
    if (CertVerifyCertificateChainPolicy(CERT_CHAIN_POLICY_SSL, chain.get(), &policy, &status) == FALSE)
        return Judgement::refused;
    return of_policy(status.dwError);
}

}  // namespace

bool judges_certificates() noexcept { return true; }

struct Judging::State {
    explicit State(std::vector<std::string>&& sent) noexcept : chain(std::move(sent)) {}
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() {
        if (done != nullptr) CloseHandle(done);
    }

    static DWORD WINAPI run(void* shared) {
        const std::unique_ptr<std::shared_ptr<State>> owned(static_cast<std::shared_ptr<State>*>(shared));
        State& state = **owned;
        state.judgement = judge(state.chain);
        SetEvent(state.done);
        return 0;
    }

    const std::vector<std::string> chain;
    const HANDLE done = CreateEventW(nullptr, TRUE, FALSE, nullptr);
    Judgement judgement = Judgement::no_memory;  // not to be read before it is done
};

Judging::Judging(std::vector<std::string> chain) : state_(std::make_shared<State>(std::move(chain))) {
    if (state_->done == nullptr) throw std::bad_alloc();
    auto shared = std::make_unique<std::shared_ptr<State>>(state_);
    const HANDLE thread = CreateThread(nullptr, 0, &State::run, shared.get(), 0, nullptr);
    if (thread == nullptr) throw std::bad_alloc();
    (void)shared.release();
    CloseHandle(thread);
}

std::optional<Judgement> Judging::wait(int most_ms) const noexcept {
    if (WaitForSingleObject(state_->done, static_cast<DWORD>(most_ms)) != WAIT_OBJECT_0) return std::nullopt;
    return state_->judgement;
}

}  // namespace mobivate::system
