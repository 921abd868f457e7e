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
# Programs are one file each: musl has its name services inside, so that a static one works on any Linux.
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static -pie")
# Zig's linker makes no one object of many; this machine's does. And Zig has its C++ runtime in no place that a linker looks at.
set(MOBIVATE_MERGING_COMPILER gcc -Wl,--strip-debug)
set(CMAKE_OBJCOPY objcopy CACHE FILEPATH "")
set(MOBIVATE_STATIC_RUNTIME)
foreach(name c++ c++abi unwind compiler_rt)
  list(APPEND MOBIVATE_STATIC_RUNTIME ${MOBIVATE_ZIG}/runtime/lib${name}.a)
endforeach()
# Of what is inside beside what every build has.
set(MOBIVATE_MORE_LICENSES ${MOBIVATE_ZIG}/licenses/musl.txt ${MOBIVATE_ZIG}/licenses/libc++.txt)
# pkg-config would tell of this machine's libraries.
set(PKG_CONFIG_EXECUTABLE false)
include(${CMAKE_CURRENT_LIST_DIR}/../headers_of_this_machine.cmake)
