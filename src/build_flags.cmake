# SPDX-License-Identifier: MIT
# What the project's targets are compiled and linked with: the interface library mobivate_build_flags, and for the shared library
# MOBIVATE_RUNTIME_FLAGS and MOBIVATE_CET_FLAGS. A flag that the compiler or the linker at hand does not know is left out. The variables
# of the checks stay inside the functions.
include(CheckCCompilerFlag)
include(CheckCXXCompilerFlag)
include(CheckCXXSourceCompiles)
include(CheckLinkerFlag)

function(mobivate_check result kind)
  set(CMAKE_REQUIRED_QUIET ON)
  string(MAKE_C_IDENTIFIER "MOBIVATE_HAS_${kind}_${ARGN}" name)
  if(kind STREQUAL LINK)
    # A linker that ignores a flag says so in a warning, if it is not one that refuses it.
    check_linker_flag(CXX -Wl,--fatal-warnings MOBIVATE_HAS_LINK_fatal_warnings)
    set(strict ${ARGN})
    if(MOBIVATE_HAS_LINK_fatal_warnings)
      list(APPEND strict -Wl,--fatal-warnings)
    endif()
    check_linker_flag(CXX "${strict}" ${name})
  elseif(kind STREQUAL C)
    check_c_compiler_flag("${ARGN}" ${name})
  else()
    check_cxx_compiler_flag("${ARGN}" ${name})
  endif()
  set(${result} ${${name}} PARENT_SCOPE)
endfunction()

# mobivate_known_flags(RESULT C|CXX|LINK FLAG...): those of the flags that work. One test, where they all do.
function(mobivate_known_flags result kind)
  set(known ${ARGN})
  mobivate_check(all_work ${kind} ${ARGN})
  if(NOT all_work)
    set(known)
    foreach(flag ${ARGN})
      mobivate_check(works ${kind} ${flag})
      if(works)
        list(APPEND known ${flag})
      else()
        message(STATUS "mobivate: left out, not known here (${kind}): ${flag}")
      endif()
    endforeach()
  endif()
  set(${result} ${known} PARENT_SCOPE)
endfunction()

add_library(mobivate_build_flags INTERFACE)

function(mobivate_add_warnings_and_hardening)
  foreach(language C CXX)
    # GCC 12 breaks down over it with Windows's exceptions; and there a large frame is probed page by page anyway.
    set(stack_clash -fstack-clash-protection)
    if(WIN32)
      set(stack_clash)
    endif()
    mobivate_known_flags(flags ${language}
      -Wall -Wextra -Wpedantic -Wconversion -Wshadow
      -fstack-protector-strong ${stack_clash}
      -ffunction-sections -fdata-sections
      # The same bytes wherever it is built. Here it is only tried: a folder may have a space in its name.
      -ffile-prefix-map=from=to)
    list(TRANSFORM flags REPLACE "=from=to$" "=${PROJECT_SOURCE_DIR}=.")
    # Each for one kind of machine: x86, and arm64.
    mobivate_known_flags(branches ${language} -fcf-protection)
    if(NOT branches)
      mobivate_known_flags(branches ${language} -mbranch-protection=standard)
    endif()
    foreach(flag IN LISTS flags branches)
      target_compile_options(mobivate_build_flags INTERFACE $<$<COMPILE_LANGUAGE:${language}>:${flag}>)
    endforeach()
  endforeach()
  if(WIN32)
    # The stack protector's functions are in a library here, which the driver adds when it is told of it, and -static makes a part of the file.
    set(flags -static -fstack-protector-strong -Wl,--gc-sections -Wl,--no-insert-timestamp -Wl,--dynamicbase -Wl,--nxcompat
      -Wl,--high-entropy-va
      # Stripped as it is linked: strip would write the time into it.
      $<$<OR:$<CONFIG:Release>,$<CONFIG:MinSizeRel>>:-s>)
  else()
    mobivate_known_flags(flags LINK -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--gc-sections)
  endif()
  target_link_options(mobivate_build_flags INTERFACE ${flags})
endfunction()
mobivate_add_warnings_and_hardening()

# Wherever the compiler optimises, and unless somebody has decided on that already. A sanitizer looks closer.
function(mobivate_add_fortify)
  set(configurations ${CMAKE_CONFIGURATION_TYPES})
  if(NOT configurations)
    set(configurations ${CMAKE_BUILD_TYPE})
  endif()
  if(NOT configurations)
    set(configurations None)
  endif()
  foreach(configuration IN LISTS configurations)
    set(CMAKE_TRY_COMPILE_CONFIGURATION ${configuration})
    string(TOUPPER ${configuration} upper)
    set(CMAKE_REQUIRED_FLAGS "${CMAKE_CXX_FLAGS_${upper}}")
    string(MAKE_C_IDENTIFIER "MOBIVATE_FORTIFIES_${configuration}_${CMAKE_CXX_FLAGS}${CMAKE_REQUIRED_FLAGS}" name)
    check_cxx_source_compiles("
      #if !defined(__OPTIMIZE__) || defined(_FORTIFY_SOURCE)
      #error
      #endif
      int main() { return 0; }" ${name})
    if(${name})
      set(definition _FORTIFY_SOURCE=2)
      if(CMAKE_CONFIGURATION_TYPES)
        set(definition $<$<CONFIG:${configuration}>:${definition}>)
      endif()
      target_compile_definitions(mobivate_build_flags INTERFACE ${definition})
    endif()
  endforeach()
endfunction()
if(NOT MOBIVATE_SANITIZE)
  mobivate_add_fortify()
endif()

function(mobivate_add_instruments)
  if(MOBIVATE_SANITIZE)
    set(sanitize -fsanitize=${MOBIVATE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_compile_options(mobivate_build_flags INTERFACE ${sanitize})
    target_link_options(mobivate_build_flags INTERFACE ${sanitize})
  endif()
  if(MOBIVATE_FUZZ)
    target_compile_options(mobivate_build_flags INTERFACE -fsanitize=fuzzer-no-link
      "SHELL:-fsanitize-ignorelist=\"${PROJECT_SOURCE_DIR}/tests/security/fuzz/ignore.txt\"")
  endif()
  if(MOBIVATE_COVERAGE)
    target_compile_options(mobivate_build_flags INTERFACE --coverage -fprofile-update=atomic)
    target_link_options(mobivate_build_flags INTERFACE --coverage)
  endif()
endfunction()
mobivate_add_instruments()

# The shared library loads into any host: the C++ runtime is inside. Who links the static library without a C++ compiler needs its name.
mobivate_known_flags(MOBIVATE_RUNTIME_FLAGS LINK -static-libstdc++ -static-libgcc)
check_cxx_source_compiles("
  #include <cstddef>
  #if !defined(_LIBCPP_VERSION)
  #error
  #endif
  int main() { return 0; }" MOBIVATE_HAS_LIBCXX)
set(MOBIVATE_RUNTIME stdc++)
if(MOBIVATE_HAS_LIBCXX)
  set(MOBIVATE_RUNTIME c++)
endif()

# IBT and SHSTK, as .note.gnu.property: the linker sets them where every object has them. glibc's own crti.o does not on Debian 12, and
# all that the library has of it are _init and _fini, which nothing needs. So where all else has them, the C++ runtime included, the note
# is set, and _init and _fini are not called. A program begins in crt1.o, without ENDBR64 there: it may have SHSTK, and has IBT where
# the system has.
function(mobivate_find_cet result)
  set(CMAKE_REQUIRED_FLAGS "-fPIC -fcf-protection")
  set(CMAKE_REQUIRED_LINK_OPTIONS -shared -nostartfiles ${MOBIVATE_RUNTIME_FLAGS} -Wl,--fatal-warnings -Wl,-z,cet-report=error)
  check_cxx_source_compiles("
    #include <stdexcept>
    #include <string>
    #if !defined(__CET__)
    #error
    #endif
    extern \"C\" __attribute__((visibility(\"default\"))) int mobivate(const char* text) {
      try {
        throw std::runtime_error(std::string(text) + text);
      } catch (const std::exception& error) {
        return error.what()[0];
      }
    }" MOBIVATE_HAS_CET)
  if(MOBIVATE_HAS_CET)
    target_link_options(mobivate_build_flags INTERFACE -Wl,-z,shstk)
    set(${result} -Wl,-z,ibt -Wl,-init,mobivate_no_init -Wl,-fini,mobivate_no_fini PARENT_SCOPE)
  endif()
endfunction()
if(NOT MOBIVATE_SANITIZE AND NOT MOBIVATE_COVERAGE)
  mobivate_find_cet(MOBIVATE_CET_FLAGS)
endif()
