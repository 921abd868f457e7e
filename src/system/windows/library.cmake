# SPDX-License-Identifier: MIT
# What makes a DLL of the library: its exports, its version, and what it does when it is loaded.
enable_language(RC)
file(READ boundary/mobivate.map exports)
string(REGEX MATCHALL "mbv_[a-z0-9_]+" exports "${exports}")
list(JOIN exports "\n" exports)
set(MOBIVATE_DEFINITION ${PROJECT_BINARY_DIR}/mobivate.def)
file(GENERATE OUTPUT ${MOBIVATE_DEFINITION} CONTENT "LIBRARY mobivate.dll\nEXPORTS\n${exports}\n")
configure_file(system/windows/mobivate.rc.in ${CMAKE_CURRENT_BINARY_DIR}/mobivate.rc @ONLY)
target_sources(mobivate PRIVATE system/windows/library.cpp ${MOBIVATE_DEFINITION} ${CMAKE_CURRENT_BINARY_DIR}/mobivate.rc)
target_include_directories(mobivate SYSTEM PRIVATE $<TARGET_PROPERTY:mobivate_transport,INTERFACE_INCLUDE_DIRECTORIES>)
set_target_properties(mobivate PROPERTIES PREFIX "")
