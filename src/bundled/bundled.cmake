# SPDX-License-Identifier: MIT
# MOBIVATE_BUNDLED: libcurl and OpenSSL are built from their sources, static and trimmed to what is used, and go into the library. Defines
# the target mobivate_transport, with their headers and archives, and for the bill of materials MOBIVATE_BUNDLED_CURL_VERSION and
# MOBIVATE_BUNDLED_OPENSSL_VERSION. What each choice is for stands in src/manual/guides/self-contained.md.
include(ExternalProject)
include(ProcessorCount)

set(MOBIVATE_OPENSSL_TARGET "" CACHE STRING "OpenSSL's name of the system that is built for, where it is not found by itself: perl Configure LIST")

# ---- the sources ----

function(mobivate_check_source variable file)
  if(NOT ${variable})
    message(FATAL_ERROR "MOBIVATE_BUNDLED needs ${variable}, the folder of its unpacked sources: src/bundled/get-sources FOLDER gets them "
      "from Debian.")
  endif()
  get_filename_component(folder "${${variable}}" ABSOLUTE BASE_DIR "${CMAKE_BINARY_DIR}")
  if(NOT EXISTS "${folder}/${file}")
    message(FATAL_ERROR "${variable} is ${folder}, where ${file} is not: it is to be the folder of the unpacked sources.")
  endif()
  set(${variable} "${folder}" PARENT_SCOPE)
endfunction()
mobivate_check_source(MOBIVATE_CURL_SOURCE include/curl/curlver.h)
mobivate_check_source(MOBIVATE_OPENSSL_SOURCE VERSION.dat)

# What Debian has added to a version, its fixes above all, stands in its changelog.
function(mobivate_find_version result folder upstream)
  set(version ${upstream})
  if(EXISTS "${folder}/debian/changelog")
    file(STRINGS "${folder}/debian/changelog" line LIMIT_COUNT 1)
    if(line MATCHES "^[a-z0-9+.-]+ \\(([0-9]+:)?(${upstream}[^)]*)\\)")
      set(version ${CMAKE_MATCH_2})
    endif()
  endif()
  set(${result} ${version} PARENT_SCOPE)
endfunction()

file(STRINGS "${MOBIVATE_CURL_SOURCE}/include/curl/curlver.h" line REGEX "^#define LIBCURL_VERSION \"")
string(REGEX MATCH "[0-9][0-9.]*" curl_version "${line}")
set(openssl_version)
foreach(part MAJOR MINOR PATCH)
  file(STRINGS "${MOBIVATE_OPENSSL_SOURCE}/VERSION.dat" line REGEX "^${part}=")
  string(REGEX REPLACE "^${part}=" "" line "${line}")
  list(APPEND openssl_version ${line})
endforeach()
list(JOIN openssl_version "." openssl_version)
# The oldest that were built and tested.
if(curl_version VERSION_LESS 8.14 OR openssl_version VERSION_LESS 3.0 OR openssl_version VERSION_GREATER_EQUAL 4)
  message(FATAL_ERROR "MOBIVATE_BUNDLED needs libcurl 8.14 or newer, and OpenSSL 3: these are ${curl_version} and ${openssl_version}.")
endif()
mobivate_find_version(MOBIVATE_BUNDLED_CURL_VERSION "${MOBIVATE_CURL_SOURCE}" ${curl_version})
mobivate_find_version(MOBIVATE_BUNDLED_OPENSSL_VERSION "${MOBIVATE_OPENSSL_SOURCE}" ${openssl_version})
message(STATUS "mobivate: bundled are libcurl ${MOBIVATE_BUNDLED_CURL_VERSION} and OpenSSL ${MOBIVATE_BUNDLED_OPENSSL_VERSION}")

# ---- how both are compiled ----

function(mobivate_find_bundled_flags result)
  set(flags -fPIC -fvisibility=hidden -fstack-clash-protection)
  if(WIN32)
    set(flags)
  endif()
  mobivate_known_flags(flags C ${flags} -ffunction-sections -fdata-sections -fstack-protector-strong)
  mobivate_known_flags(branches C -fcf-protection)
  if(NOT branches)
    mobivate_known_flags(branches C -mbranch-protection=standard)
  endif()
  set(flags -O2 ${flags} ${branches})
  if(NOT CMAKE_C_FLAGS MATCHES "_FORTIFY_SOURCE")
    list(APPEND flags -D_FORTIFY_SOURCE=2)
  endif()
  list(JOIN flags " " flags)
  string(STRIP "${CMAKE_C_FLAGS} ${flags}" flags)
  if(CMAKE_SYSROOT)
    set(flags "--sysroot=${CMAKE_SYSROOT} ${flags}")
  endif()
  if(CMAKE_C_COMPILER_TARGET)
    set(flags "--target=${CMAKE_C_COMPILER_TARGET} ${flags}")
  endif()
  set(${result} "${flags}" PARENT_SCOPE)
endfunction()
mobivate_find_bundled_flags(flags)

ProcessorCount(processors)
if(processors EQUAL 0)
  set(processors 1)
endif()
set(folder ${PROJECT_BINARY_DIR}/bundled)

# ---- OpenSSL: a client of TLS 1.2 and 1.3 ----

function(mobivate_find_openssl_target result)
  set(target "${MOBIVATE_OPENSSL_TARGET}")
  if(NOT target AND WIN32 AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
    set(target mingw64)
  endif()
  if(NOT target)
    foreach(name "x86_64|AMD64=linux-x86_64" "aarch64|arm64=linux-aarch64" "arm.*=linux-armv4" "i.86=linux-x86" "s390x=linux64-s390x"
            "ppc64le=linux-ppc64le" "riscv64=linux64-riscv64")
      string(REGEX REPLACE "=.*" "" processor "${name}")
      if(NOT target AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(${processor})$")
        string(REGEX REPLACE ".*=" "" target "${name}")
      endif()
    endforeach()
  endif()
  if(NOT target)
    message(FATAL_ERROR "MOBIVATE_BUNDLED does not know what OpenSSL calls this system (${CMAKE_SYSTEM_PROCESSOR}): set MOBIVATE_OPENSSL_TARGET.")
  endif()
  set(${result} ${target} PARENT_SCOPE)
endfunction()
mobivate_find_openssl_target(target)

function(mobivate_find_openssl_options result)
  set(without
    # Tests, and what is loaded at run time.
    tests module dso legacy engine dynamic-engine static-engine padlockeng afalgeng capieng
    # Protocols: older than TLS 1.2, others than TLS, extensions that are not used.
    ssl3 ssl3-method tls1 tls1-method tls1_1 tls1_1-method dtls srtp sctp comp zlib psk srp nextprotoneg ct ocsp ktls
    # What has no part in verifying a chain.
    cms ts cmp rfc3779 ui-console
    # Ciphers, digests and signatures that no such client negotiates.
    aria bf blake2 camellia cast dsa ec2m gost idea md4 mdc2 ocb rc2 rc4 rc5 rmd160 scrypt seed siphash siv sm2 sm3 sm4 whirlpool
    des multiblock
    # The names of its own source files, in errors, and calls that pause.
    filenames async)
  # Of these, what is not there in every version.
  file(READ "${MOBIVATE_OPENSSL_SOURCE}/Configure" configure)
  string(REGEX MATCH "my @disablables = \\([^)]*\\)" configure "${configure}")
  foreach(feature apps docs quic http brotli zstd argon2 slh-dsa integrity-only-ciphers tls-deprecated-ec thread-pool default-thread-pool jitter)
    if(configure MATCHES "\"${feature}\"")
      list(APPEND without ${feature})
    endif()
  endforeach()
  set(options no-shared)
  if(WIN32)
    # The C runtime of a program that has another one; and stat(), which knows no name beyond the code page, where the file is opened anyway.
    list(APPEND without uplink posix-io)
  endif()
  foreach(feature IN LISTS without)
    list(APPEND options no-${feature})
  endforeach()
  if(CMAKE_SIZEOF_VOID_P EQUAL 8 AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|aarch64|arm64)$")
    list(APPEND options enable-ec_nistp_64_gcc_128)
  endif()
  set(${result} ${options} PARENT_SCOPE)
endfunction()
mobivate_find_openssl_options(options)

find_program(MOBIVATE_MAKE NAMES make gmake REQUIRED)
find_program(MOBIVATE_PERL perl REQUIRED)
mark_as_advanced(MOBIVATE_MAKE MOBIVATE_PERL)
set(compiler ${CMAKE_C_COMPILER})
if(CMAKE_C_COMPILER_LAUNCHER)
  list(JOIN CMAKE_C_COMPILER_LAUNCHER " " launcher)
  set(compiler "${launcher} ${CMAKE_C_COMPILER}")
endif()
set(source ${folder}/openssl)
set(openssl_libraries ${source}/libssl.a ${source}/libcrypto.a)
ExternalProject_Add(mobivate_bundled_openssl
  PREFIX ${folder}/openssl-steps
  SOURCE_DIR ${source}
  # A copy, since it is patched, and since the command lines that it keeps in itself then name no folder.
  DOWNLOAD_COMMAND ${CMAKE_COMMAND} -E copy_directory ${MOBIVATE_OPENSSL_SOURCE} <SOURCE_DIR>
  PATCH_COMMAND ${CMAKE_COMMAND} -DSOURCE=<SOURCE_DIR> -P ${CMAKE_CURRENT_LIST_DIR}/patch_openssl.cmake
  BUILD_IN_SOURCE ON
  # Its configuration and modules are nobody's files: only OPENSSL_CONF names one.
  CONFIGURE_COMMAND ${CMAKE_COMMAND} -E env "CC=${compiler}" "AR=${CMAKE_AR}" "RANLIB=${CMAKE_RANLIB}" "CFLAGS=${flags}"
    ${MOBIVATE_PERL} ./Configure ${target} ${options} --prefix=/nonexistent/mobivate --openssldir=/nonexistent/mobivate --libdir=lib
  # This file names the compiler and the time.
  BUILD_COMMAND ${CMAKE_COMMAND} -E env SOURCE_DATE_EPOCH=1 ${MOBIVATE_MAKE} -s CC=cc crypto/buildinf.h
  COMMAND ${MOBIVATE_MAKE} -s -j${processors} build_libs
  INSTALL_COMMAND ""
  LOG_DOWNLOAD ON LOG_PATCH ON LOG_CONFIGURE ON LOG_BUILD ON LOG_OUTPUT_ON_FAILURE ON
  BUILD_BYPRODUCTS ${openssl_libraries})

# ---- libcurl: connections over TLS, and through proxies ----

# Not to be left out: the reading of dates (curl_getdate), texts (curl_easy_strerror), the socket pair (curl_multi_wakeup), IPv6 and the
# authentication of proxies (basic).
set(arguments)
foreach(feature ALTSVC AWS BEARER_AUTH BINDLOCAL COOKIES DIGEST_AUTH DOH FORM_API GETOPTIONS HEADERS_API HSTS IPFS KERBEROS_AUTH
        LIBCURL_OPTION MIME NEGOTIATE_AUTH NETRC NTLM OPENSSL_AUTO_LOAD_CONFIG PROGRESS_METER SHA512_256 SHUFFLE_DNS SRP WEBSOCKETS)
  list(APPEND arguments -DCURL_DISABLE_${feature}=ON)
endforeach()
foreach(other BUILD_CURL_EXE BUILD_EXAMPLES BUILD_LIBCURL_DOCS BUILD_MISC_DOCS BUILD_SHARED_LIBS BUILD_TESTING CURL_BROTLI CURL_USE_GSSAPI
        CURL_USE_LIBPSL CURL_USE_LIBSSH CURL_USE_LIBSSH2 CURL_USE_PKGCONFIG CURL_ZLIB CURL_ZSTD ENABLE_CURL_MANUAL ENABLE_UNIX_SOCKETS
        PICKY_COMPILER USE_HTTPSRR USE_LIBIDN2 USE_NGHTTP2)
  list(APPEND arguments -D${other}=OFF)
endforeach()
# The same compiler, for the same system.
foreach(variable CMAKE_TOOLCHAIN_FILE CMAKE_C_COMPILER CMAKE_C_COMPILER_LAUNCHER CMAKE_AR CMAKE_RANLIB CMAKE_RC_COMPILER CMAKE_SYSROOT
        MOBIVATE_TRIPLET MOBIVATE_PROCESSOR MOBIVATE_SYSROOT MOBIVATE_ZIG)
  if(${variable})
    list(APPEND arguments "-D${variable}=${${variable}}")
  endif()
endforeach()
set(build ${folder}/curl)
# FindOpenSSL's own names for them there.
set(openssl_of_mingw)
if(MINGW)
  set(openssl_of_mingw -DSSL_EAY=${source}/libssl.a -DLIB_EAY=${source}/libcrypto.a)
endif()
ExternalProject_Add(mobivate_bundled_curl
  PREFIX ${folder}/curl-steps
  SOURCE_DIR ${MOBIVATE_CURL_SOURCE}
  BINARY_DIR ${build}
  DEPENDS mobivate_bundled_openssl
  CMAKE_ARGS ${arguments}
    -DCMAKE_BUILD_TYPE=None "-DCMAKE_C_FLAGS=${flags}"
    -DHTTP_ONLY=ON -DENABLE_THREADED_RESOLVER=ON -DBUILD_STATIC_LIBS=ON
    # Which certificates are trusted is this library's affair.
    -DCURL_CA_BUNDLE=none -DCURL_CA_PATH=none
    -DCURL_USE_OPENSSL=ON -DOPENSSL_USE_STATIC_LIBS=ON -DOPENSSL_INCLUDE_DIR=${source}/include
    -DOPENSSL_SSL_LIBRARY=${source}/libssl.a -DOPENSSL_CRYPTO_LIBRARY=${source}/libcrypto.a ${openssl_of_mingw}
  BUILD_COMMAND ${CMAKE_COMMAND} --build <BINARY_DIR> --target libcurl_static --parallel ${processors}
  INSTALL_COMMAND ""
  LOG_CONFIGURE ON LOG_BUILD ON LOG_OUTPUT_ON_FAILURE ON
  BUILD_BYPRODUCTS ${build}/lib/libcurl.a)

# What libcurl and OpenSSL need of the system.
set(MOBIVATE_BUNDLED_SYSTEM Threads::Threads ${CMAKE_DL_LIBS})
if(WIN32)
  list(APPEND MOBIVATE_BUNDLED_SYSTEM ws2_32 crypt32 bcrypt)
endif()

add_library(mobivate_transport INTERFACE)
add_dependencies(mobivate_transport mobivate_bundled_curl)
if(WIN32)
  target_compile_definitions(mobivate_transport INTERFACE CURL_STATICLIB)
endif()
target_include_directories(mobivate_transport SYSTEM INTERFACE ${MOBIVATE_CURL_SOURCE}/include ${source}/include)
# In this order.
set(MOBIVATE_BUNDLED_ARCHIVES ${build}/lib/libcurl.a ${openssl_libraries})
target_link_libraries(mobivate_transport INTERFACE ${MOBIVATE_BUNDLED_ARCHIVES} ${MOBIVATE_BUNDLED_SYSTEM})
