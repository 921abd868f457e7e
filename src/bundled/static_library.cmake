# SPDX-License-Identifier: MIT
# libmobivate.a, where libcurl and OpenSSL are inside: one object with all that it needs, the C++ runtime included, of which nothing but
# the header's functions can be seen. So a program may have any libcurl, OpenSSL or C++ runtime of its own beside it, and a linker for C
# is enough.
file(READ boundary/mobivate.map exports)
string(REGEX MATCHALL "mbv_[a-z0-9_]+" exports "${exports}")
list(JOIN exports "\n" lines)
set(list ${CMAKE_CURRENT_BINARY_DIR}/exports.txt)
file(GENERATE OUTPUT ${list} CONTENT "${lines}\n")
list(TRANSFORM exports PREPEND -Wl,-u,)

# A toolchain whose linker makes no one object of many names another compiler for it, and where its own C++ runtime is.
if(NOT MOBIVATE_MERGING_COMPILER)
  separate_arguments(flags UNIX_COMMAND "${CMAKE_CXX_FLAGS}")
  set(MOBIVATE_MERGING_COMPILER ${CMAKE_CXX_COMPILER} ${flags})
  if(CMAKE_SYSROOT)
    list(APPEND MOBIVATE_MERGING_COMPILER --sysroot=${CMAKE_SYSROOT})
  endif()
  set(MOBIVATE_STATIC_RUNTIME -Wl,-Bstatic -l${MOBIVATE_RUNTIME} -lgcc_eh -lgcc)
endif()

# What nobody calls is left out here; of a whole object a linker would only do that if it is told to.
set(whole ${CMAKE_CURRENT_BINARY_DIR}/whole.o)
set(object ${CMAKE_CURRENT_BINARY_DIR}/mobivate.o)
add_custom_command(OUTPUT ${object}
  COMMAND ${MOBIVATE_MERGING_COMPILER} -r -nostdlib -o ${whole}
    # Else a linker takes one group of all that have the same name for all of them, also where the name is now nobody else's.
    -Wl,--force-group-allocation -Wl,-d -Wl,--gc-sections ${exports}
    $<TARGET_OBJECTS:mobivate_objects> $<TARGET_OBJECTS:mobivate_openssl> ${MOBIVATE_BUNDLED_ARCHIVES}
    ${MOBIVATE_STATIC_RUNTIME}
  # What is unique in a process (STB_GNU_UNIQUE, in C++ alone) is not made local, but what is weak is.
  COMMAND ${CMAKE_OBJCOPY} --wildcard --weaken-symbol=_Z* ${whole}
  COMMAND ${CMAKE_OBJCOPY} --keep-global-symbols=${list} ${whole} ${object}
  DEPENDS mobivate_objects mobivate_openssl mobivate_transport $<TARGET_OBJECTS:mobivate_objects> $<TARGET_OBJECTS:mobivate_openssl>
    ${MOBIVATE_BUNDLED_ARCHIVES} ${list}
  COMMENT "Linking all of it into one object"
  COMMAND_EXPAND_LISTS VERBATIM)
set_source_files_properties(${object} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
target_sources(mobivate_static PRIVATE ${object})
set_target_properties(mobivate_static PROPERTIES LINKER_LANGUAGE C)
target_link_libraries(mobivate_static INTERFACE Threads::Threads ${CMAKE_DL_LIBS})
