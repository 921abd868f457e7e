# SPDX-License-Identifier: MIT
# For toolchain files: libraries that are headers alone are this machine's. In a folder of their own, for beside them lie those of its libc.
find_path(headers rapidjson/reader.h PATHS /usr/include /usr/local/include NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH)
if(headers)
  foreach(library rapidjson doctest)
    if(EXISTS ${headers}/${library})
      file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/headers)
      file(CREATE_LINK ${headers}/${library} ${CMAKE_BINARY_DIR}/headers/${library} SYMBOLIC)
    endif()
  endforeach()
  set(RAPIDJSON_INCLUDE_DIR ${CMAKE_BINARY_DIR}/headers CACHE PATH "The folder of RapidJSON's headers")
endif()
unset(headers CACHE)
