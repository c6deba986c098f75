get_filename_component(QUICWARD_ROOT ${CMAKE_CURRENT_LIST_DIR}/.. ABSOLUTE)

# Warnings and sanitizers for everything that is ours.
add_library(quicward_warnings INTERFACE)
target_compile_options(quicward_warnings INTERFACE
  -Wall -Wextra -Werror -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
  -Wpointer-arith -Wcast-qual -Wwrite-strings -Wformat=2 -Wundef -Wnull-dereference -fno-common)
target_compile_definitions(quicward_warnings INTERFACE _GNU_SOURCE)
if(QUICWARD_SANITIZE)
  target_compile_options(quicward_warnings INTERFACE -fsanitize=${QUICWARD_SANITIZE} -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  target_link_options(quicward_warnings INTERFACE -fsanitize=${QUICWARD_SANITIZE})
else()
  if(CMAKE_C_COMPILER_ID STREQUAL GNU AND CMAKE_SYSTEM_PROCESSOR STREQUAL x86_64)
    # A copy by "rep movs" takes some thirty cycles to begin; what is copied here is a few cache lines.
    target_compile_options(quicward_warnings INTERFACE
      -mmemset-strategy=unrolled_loop:256:noalign,libcall:-1:noalign
      -mmemcpy-strategy=unrolled_loop:256:noalign,libcall:-1:noalign)
  endif()
  target_compile_definitions(quicward_warnings INTERFACE $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
  target_compile_options(quicward_warnings INTERFACE -fstack-protector-strong)
endif()

# quicward_room(NAME SOURCES a.c b.c ROOMS base packet LIBRARIES PkgConfig::X)
# A room is a static library that sees include/, its own folder, and nothing else of the tree.
function(quicward_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;ROOMS;LIBRARIES" ${ARGN})
  add_library(qw_${name} STATIC ${ROOM_SOURCES})
  target_include_directories(qw_${name} PUBLIC ${QUICWARD_ROOT}/include PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  list(TRANSFORM ROOM_ROOMS PREPEND qw_)
  target_link_libraries(qw_${name} PUBLIC ${ROOM_ROOMS} PRIVATE ${ROOM_LIBRARIES} quicward_warnings)
endfunction()

# quicward_test(ROOM SOURCES test_x.c ROOMS room ...): one CUnit program.
# Links the rooms named and tests/support only.
function(quicward_test name)
  cmake_parse_arguments(TEST "" "" "SOURCES;ROOMS;LIBRARIES" ${ARGN})
  add_executable(test_${name} ${TEST_SOURCES})
  list(TRANSFORM TEST_ROOMS PREPEND qw_)
  target_link_libraries(test_${name} PRIVATE ${TEST_ROOMS} ${TEST_LIBRARIES} qw_test_support PkgConfig::CUNIT
    quicward_warnings)
  target_compile_definitions(test_${name} PRIVATE TEST_DATA="${QUICWARD_ROOT}/tests")
  add_test(NAME ${name} COMMAND test_${name})
endfunction()
