# SPDX-License-Identifier: MIT
# Mends a fault of OpenSSL 3.2 to 3.5, and maybe later, in a copy of its sources: cmake -DSOURCE=FOLDER -P patch_openssl.cmake
#
# SSL_set_connect_state() makes a new record layer, ignores that an allocation failed, and leaves none behind; then SSL_set0_rbio() and
# SSL_set0_wbio() use it. Without one they have to leave it alone: the connection is in its state of failure already, and
# SSL_connect() says so.
set(file ${SOURCE}/ssl/ssl_lib.c)
file(READ ${file} text)
foreach(side r w)
  set(call "sc->rlayer.${side}rlmethod->set1_bio(")
  string(FIND "${text}" "${call}" at)
  if(at EQUAL -1)
    if(NOT EXISTS ${SOURCE}/ssl/record/methods/recmethod_local.h)
      break()  # older: it has no such layer
    endif()
    message(FATAL_ERROR "${file}: SSL_set0_${side}bio() is not as patch_openssl.cmake knows it; see whether this OpenSSL still needs it.")
  endif()
  string(REPLACE "    ${call}" "    if (sc->rlayer.${side}rlmethod != NULL)\n        ${call}" text "${text}")
endforeach()
file(WRITE ${file} "${text}")
