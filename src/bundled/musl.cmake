# SPDX-License-Identifier: MIT
# Builds for musl on x86-64 with Zig's compiler: cmake --preset musl, after src/bundled/get-zig build/zig. MOBIVATE_ZIG: where it is, if
# not there.
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES MOBIVATE_ZIG)
if(NOT MOBIVATE_ZIG)
  get_filename_component(MOBIVATE_ZIG ${CMAKE_CURRENT_LIST_DIR}/../../build/zig ABSOLUTE)
endif()
if(NOT EXISTS ${MOBIVATE_ZIG}/complete)
  message(FATAL_ERROR "There is no Zig in ${MOBIVATE_ZIG}: src/bundled/get-zig FOLDER gets it; set MOBIVATE_ZIG to that folder.")
endif()
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_C_COMPILER ${MOBIVATE_ZIG}/musl-cc)
set(CMAKE_CXX_COMPILER ${MOBIVATE_ZIG}/musl-c++)
set(CMAKE_AR ${MOBIVATE_ZIG}/musl-ar CACHE FILEPATH "")
set(CMAKE_RANLIB ${MOBIVATE_ZIG}/musl-ranlib CACHE FILEPATH "")
# mbv is one file: musl has its name services inside, so that a static program works on any Linux.
set(MOBIVATE_TOOL_LINK_OPTIONS -static -pie)
# There is none for musl here, for the tests either.
set(MOBIVATE_NO_OTHER_LIBCURL ON)
file(STRINGS ${MOBIVATE_ZIG}/package/lib/libc/musl/src/internal/version.h version REGEX VERSION)
string(REGEX MATCH "[0-9.]+" version "${version}")
set(MOBIVATE_LIBC_INSIDE musl "${version}" MIT)
file(GLOB MOBIVATE_MORE_LICENSES ${MOBIVATE_ZIG}/licenses/*.txt)
# Zig's linker makes no one object of many; this machine's does. And Zig has its C++ runtime in no place that a linker looks at.
find_program(MOBIVATE_GCC gcc NO_CMAKE_FIND_ROOT_PATH REQUIRED)
find_program(MOBIVATE_OBJCOPY objcopy NO_CMAKE_FIND_ROOT_PATH REQUIRED)
mark_as_advanced(MOBIVATE_GCC MOBIVATE_OBJCOPY)
set(MOBIVATE_MERGING_COMPILER ${MOBIVATE_GCC} -Wl,--strip-debug)
set(CMAKE_OBJCOPY ${MOBIVATE_OBJCOPY} CACHE FILEPATH "")
set(MOBIVATE_STATIC_RUNTIME)
foreach(name c++ c++abi unwind compiler_rt)
  list(APPEND MOBIVATE_STATIC_RUNTIME ${MOBIVATE_ZIG}/runtime/lib${name}.a)
endforeach()
# pkg-config would tell of this machine's libraries.
set(PKG_CONFIG_EXECUTABLE false)
include(${CMAKE_CURRENT_LIST_DIR}/../headers_of_this_machine.cmake)
