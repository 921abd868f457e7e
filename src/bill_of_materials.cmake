# SPDX-License-Identifier: MIT
# Makes mobivate.spdx.json, the bill of materials. SOURCE_DATE_EPOCH, where it is set, is its date.
string(TIMESTAMP MOBIVATE_SBOM_CREATED "%Y-%m-%dT%H:%M:%SZ" UTC)

file(STRINGS ${RAPIDJSON_INCLUDE_DIR}/rapidjson/rapidjson.h numbers REGEX "define RAPIDJSON_(MAJOR|MINOR|PATCH)_VERSION [0-9]+")
string(REGEX MATCHALL "[0-9]+" RAPIDJSON_VERSION "${numbers}")
list(JOIN RAPIDJSON_VERSION "." RAPIDJSON_VERSION)
# FindCURL's name for it, and the one of curl's own CMake package.
set(MOBIVATE_SBOM_CURL_VERSION "${CURL_VERSION_STRING}")
set(MOBIVATE_SBOM_CURL_LINK DYNAMIC_LINK)
if(MOBIVATE_BUNDLED)
  set(MOBIVATE_SBOM_CURL_VERSION "${MOBIVATE_BUNDLED_CURL_VERSION}")
  set(MOBIVATE_SBOM_CURL_LINK STATIC_LINK)
elseif(NOT MOBIVATE_SBOM_CURL_VERSION)
  set(MOBIVATE_SBOM_CURL_VERSION "${CURL_VERSION}")
endif()

# mobivate_describe_tls_library(RELATIONSHIP USER NAME LICENSE [VERSION])
function(mobivate_describe_tls_library link user name license)
  set(version)
  if(ARGN)
    set(version "\"versionInfo\": \"${ARGN}\", ")
  endif()
  set(MOBIVATE_SBOM_TLS_PACKAGE "
    {\"SPDXID\": \"SPDXRef-TLS\", \"name\": \"${name}\", ${version}\"downloadLocation\": \"NOASSERTION\",
     \"filesAnalyzed\": false, \"licenseConcluded\": \"${license}\", \"licenseDeclared\": \"${license}\", \"copyrightText\": \"NOASSERTION\"},"
    PARENT_SCOPE)
  set(MOBIVATE_SBOM_TLS_RELATIONSHIP "
    {\"spdxElementId\": \"SPDXRef-${user}\", \"relationshipType\": \"${link}\", \"relatedSpdxElement\": \"SPDXRef-TLS\"},"
    PARENT_SCOPE)
endfunction()

# The TLS library that the system's libcurl is linked with; left out where that cannot be told. As NAME;LICENSE[;VERSION].
function(mobivate_find_tls_library result)
  get_target_property(target CURL::libcurl ALIASED_TARGET)
  if(NOT target)
    set(target CURL::libcurl)
  endif()
  foreach(property IMPORTED_LOCATION IMPORTED_LOCATION_RELEASE IMPORTED_LOCATION_RELWITHDEBINFO IMPORTED_LOCATION_NONE
          IMPORTED_LOCATION_NOCONFIG IMPORTED_LOCATION_DEBUG)
    get_target_property(library ${target} ${property})
    if(library AND EXISTS "${library}")
      break()
    endif()
  endforeach()
  if(NOT CMAKE_READELF OR NOT library)
    return()
  endif()
  execute_process(COMMAND ${CMAKE_COMMAND} -E env LC_ALL=C ${CMAKE_READELF} -d "${library}" OUTPUT_VARIABLE needed ERROR_QUIET)
  foreach(library "OpenSSL|ssl|Apache-2.0" "GnuTLS|gnutls|LGPL-2.1-or-later" "Mbed TLS|mbedtls|Apache-2.0" "wolfSSL|wolfssl|NOASSERTION"
          "NSS|nss3|MPL-2.0")
    string(REPLACE "|" ";" library "${library}")
    list(GET library 1 name)
    if(needed MATCHES "\\[lib${name}\\.so\\.?([0-9.]*)\\]")
      list(GET library 0 title)
      list(GET library 2 license)
      set(version)
      if(name STREQUAL ssl)
        set(version "${OPENSSL_VERSION}")
      endif()
      set(${result} "${title}" "${license}" ${version} PARENT_SCOPE)
      return()
    endif()
  endforeach()
endfunction()
if(MOBIVATE_BUNDLED)
  mobivate_describe_tls_library(STATIC_LINK libmobivate OpenSSL Apache-2.0 "${MOBIVATE_BUNDLED_OPENSSL_VERSION}")
else()
  mobivate_find_tls_library(tls_library)
  if(tls_library)
    mobivate_describe_tls_library(DYNAMIC_LINK libcurl ${tls_library})
  endif()
endif()

# GCC and its C++ runtime have one version; LLVM's has its own number, XXYYZZ.
set(MOBIVATE_SBOM_RUNTIME_LICENSE "GPL-3.0-or-later WITH GCC-exception-3.1")
if(MOBIVATE_RUNTIME STREQUAL c++)
  set(MOBIVATE_SBOM_RUNTIME_LICENSE "Apache-2.0 WITH LLVM-exception")
  execute_process(COMMAND ${CMAKE_COMMAND} -E echo "#include <cstddef>" COMMAND ${CMAKE_CXX_COMPILER} -x c++ -E -dM -
    OUTPUT_VARIABLE macros ERROR_QUIET)
  if(macros MATCHES "#define _LIBCPP_VERSION ([0-9][0-9])0?([0-9]+)0?([0-9]+)\n")
    set(MOBIVATE_SBOM_RUNTIME_VERSION "\"versionInfo\": \"${CMAKE_MATCH_1}.${CMAKE_MATCH_2}.${CMAKE_MATCH_3}\", ")
  endif()
elseif(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  set(MOBIVATE_SBOM_RUNTIME_VERSION "\"versionInfo\": \"${CMAKE_CXX_COMPILER_VERSION}\", ")
endif()

# The libc that is inside a static mbv. As NAME;VERSION;LICENSE, by the toolchain file.
if(MOBIVATE_LIBC_INSIDE)
  list(GET MOBIVATE_LIBC_INSIDE 0 name)
  list(GET MOBIVATE_LIBC_INSIDE 1 version)
  list(GET MOBIVATE_LIBC_INSIDE 2 license)
  set(MOBIVATE_SBOM_TOOL_PACKAGES ",
    {\"SPDXID\": \"SPDXRef-mbv\", \"name\": \"mbv\", \"versionInfo\": \"${PROJECT_VERSION}\", \"downloadLocation\": \"NOASSERTION\",
     \"filesAnalyzed\": false, \"licenseConcluded\": \"MIT\", \"licenseDeclared\": \"MIT\", \"copyrightText\": \"Copyright (c) 2026 the libmobivate authors\"},
    {\"SPDXID\": \"SPDXRef-libc\", \"name\": \"${name}\", \"versionInfo\": \"${version}\", \"downloadLocation\": \"NOASSERTION\",
     \"filesAnalyzed\": false, \"licenseConcluded\": \"${license}\", \"licenseDeclared\": \"${license}\", \"copyrightText\": \"NOASSERTION\"}")
  set(MOBIVATE_SBOM_TOOL_RELATIONSHIPS ",
    {\"spdxElementId\": \"SPDXRef-DOCUMENT\", \"relationshipType\": \"DESCRIBES\", \"relatedSpdxElement\": \"SPDXRef-mbv\"},
    {\"spdxElementId\": \"SPDXRef-mbv\", \"relationshipType\": \"STATIC_LINK\", \"relatedSpdxElement\": \"SPDXRef-libmobivate\"},
    {\"spdxElementId\": \"SPDXRef-mbv\", \"relationshipType\": \"STATIC_LINK\", \"relatedSpdxElement\": \"SPDXRef-libc\"}")
endif()

string(MD5 MOBIVATE_SBOM_IDENTIFIER "${PROJECT_VERSION} ${MOBIVATE_SBOM_CURL_VERSION} ${MOBIVATE_SBOM_TLS_PACKAGE} ${RAPIDJSON_VERSION} \
${MOBIVATE_RUNTIME} ${MOBIVATE_SBOM_RUNTIME_VERSION} ${MOBIVATE_LIBC_INSIDE}")
configure_file(mobivate.spdx.json.in ${PROJECT_BINARY_DIR}/mobivate.spdx.json @ONLY)
