# SPDX-License-Identifier: MIT
# What is installed, as one file with the same bytes each time: cmake -DBUILD=.. -DNAME=.. -DDATE=.. -P archive.cmake
set(folder ${BUILD}/archive)
file(REMOVE_RECURSE ${folder})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${folder}/${NAME} --strip OUTPUT_QUIET RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "It could not be installed into ${folder}.")
endif()
file(GLOB_RECURSE files RELATIVE ${folder} ${folder}/*)
list(SORT files)
list(JOIN files "\n" lines)
file(WRITE ${folder}/files.txt "${lines}\n")
file(REMOVE ${BUILD}/${NAME}.zip)
execute_process(COMMAND ${CMAKE_COMMAND} -E env TZ=UTC ${CMAKE_COMMAND} -E tar cf ${BUILD}/${NAME}.zip --format=zip "--mtime=${DATE}"
    --files-from=files.txt
  WORKING_DIRECTORY ${folder} RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${NAME}.zip could not be made.")
endif()
message(STATUS "${BUILD}/${NAME}.zip")
