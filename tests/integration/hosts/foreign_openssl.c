/* SPDX-License-Identifier: MIT */
/* Another OpenSSL than libcurl's, as far as its names go: whoever calls it is wrong. */
#include <stdio.h>
#include <stdlib.h>

#define FOREIGN(name)                                             \
    void name(void) {                                             \
        fprintf(stderr, "the host's own " #name " was called\n"); \
        abort();                                                  \
    }

FOREIGN(BIO_free)
FOREIGN(BIO_new_mem_buf)
FOREIGN(ERR_clear_error)
FOREIGN(ERR_get_error_all)
FOREIGN(ERR_new)
FOREIGN(ERR_peek_error)
FOREIGN(ERR_pop_to_mark)
FOREIGN(ERR_set_debug)
FOREIGN(ERR_set_error)
FOREIGN(ERR_set_mark)
FOREIGN(OPENSSL_init_crypto)
FOREIGN(OPENSSL_sk_num)
FOREIGN(OPENSSL_sk_pop_free)
FOREIGN(OPENSSL_sk_value)
FOREIGN(PEM_X509_INFO_read_bio)
FOREIGN(SSL_CTX_config)
FOREIGN(SSL_CTX_ctrl)
FOREIGN(SSL_CTX_get_ssl_method)
FOREIGN(SSL_CTX_set_cert_store)
FOREIGN(SSL_CTX_set_cert_verify_callback)
FOREIGN(SSL_CTX_set_keylog_callback)
FOREIGN(SSL_CTX_set_options)
FOREIGN(SSL_CTX_set_verify)
FOREIGN(X509_INFO_free)
FOREIGN(X509_LOOKUP_ctrl)
FOREIGN(X509_LOOKUP_file)
FOREIGN(X509_LOOKUP_hash_dir)
FOREIGN(X509_NAME_get0_der)
FOREIGN(X509_STORE_CTX_free)
FOREIGN(X509_STORE_CTX_get0_cert)
FOREIGN(X509_STORE_CTX_get0_param)
FOREIGN(X509_STORE_CTX_get0_store)
FOREIGN(X509_STORE_CTX_get0_untrusted)
FOREIGN(X509_STORE_CTX_get1_certs)
FOREIGN(X509_STORE_CTX_get1_issuer)
FOREIGN(X509_STORE_CTX_get_error)
FOREIGN(X509_STORE_CTX_init)
FOREIGN(X509_STORE_CTX_new)
FOREIGN(X509_STORE_CTX_set_error)
FOREIGN(X509_STORE_add_cert)
FOREIGN(X509_STORE_add_lookup)
FOREIGN(X509_STORE_free)
FOREIGN(X509_STORE_get_ex_data)
FOREIGN(X509_STORE_new)
FOREIGN(X509_STORE_set_ex_data)
FOREIGN(X509_STORE_set_flags)
FOREIGN(X509_STORE_set_get_issuer)
FOREIGN(X509_STORE_set_lookup_certs)
FOREIGN(X509_VERIFY_PARAM_set1)
FOREIGN(X509_free)
FOREIGN(X509_get_issuer_name)
FOREIGN(X509_get_subject_name)
FOREIGN(X509_verify_cert)
FOREIGN(X509_verify_cert_error_string)
FOREIGN(d2i_X509)

/* To ask it what it is does no harm. */
const char* OpenSSL_version(int what) {
    (void)what;
    return FOREIGN_VERSION;
}
