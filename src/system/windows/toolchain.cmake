# SPDX-License-Identifier: MIT
# Builds for 64-bit Windows on Linux, with Debian's g++-mingw-w64-x86-64-posix: cmake --preset windows
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
# By their full names: the short ones may be those with the other kind of threads, which lack std::thread.
set(CMAKE_C_COMPILER x86_64-w64-mingw32-gcc-posix)
set(CMAKE_CXX_COMPILER x86_64-w64-mingw32-g++-posix)
set(CMAKE_RC_COMPILER x86_64-w64-mingw32-windres)
# What is installed is stripped already: see build_flags.cmake.
set(CMAKE_STRIP "" CACHE FILEPATH "")
# Windows 10 and newer.
set(CMAKE_C_FLAGS_INIT -D_WIN32_WINNT=0x0A00)
set(CMAKE_CXX_FLAGS_INIT -D_WIN32_WINNT=0x0A00)
set(CMAKE_FIND_ROOT_PATH /usr/x86_64-w64-mingw32)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
foreach(kind LIBRARY INCLUDE PACKAGE)
  set(CMAKE_FIND_ROOT_PATH_MODE_${kind} ONLY)
endforeach()
# pkg-config would tell of this machine's libraries.
set(PKG_CONFIG_EXECUTABLE false)

include(${CMAKE_CURRENT_LIST_DIR}/../../headers_of_this_machine.cmake)

find_program(MOBIVATE_WINE NAMES wine64 PATHS /usr/lib/wine)
if(MOBIVATE_WINE)
  set(CMAKE_CROSSCOMPILING_EMULATOR ${MOBIVATE_WINE})
endif()
