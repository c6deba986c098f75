get_filename_component(QUICWARD_ROOT ${CMAKE_CURRENT_LIST_DIR}/.. ABSOLUTE)

# Warnings and sanitizers for everything that is ours.
add_library(quicward_warnings INTERFACE)
target_compile_options(quicward_warnings INTERFACE
  -Wall -Wextra $<$<BOOL:${QUICWARD_WERROR}>:-Werror> -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
  -Wpointer-arith -Wcast-qual -Wwrite-strings -Wformat=2 -Wundef -Wnull-dereference -fno-common)
target_compile_definitions(quicward_warnings INTERFACE _GNU_SOURCE)
# Symbols are bound at start, so that their table can be made read-only (full RELRO).
target_compile_options(quicward_warnings INTERFACE -fPIE)
target_link_options(quicward_warnings INTERFACE -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
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
# A room is a static library that sees include/, its own folders, and nothing else of the tree. No two of its files have the
# same name, so an #include names a file and not its folder.
function(quicward_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;ROOMS;LIBRARIES" ${ARGN})
  add_library(qw_${name} STATIC ${ROOM_SOURCES})
  set(folders)
  foreach(source IN LISTS ROOM_SOURCES)
    get_filename_component(folder ${CMAKE_CURRENT_SOURCE_DIR}/${source} DIRECTORY)
    list(APPEND folders ${folder})
  endforeach()
  list(REMOVE_DUPLICATES folders)
  set_target_properties(qw_${name} PROPERTIES QUICWARD_FOLDERS "${folders}")
  target_include_directories(qw_${name} PUBLIC ${QUICWARD_ROOT}/include PRIVATE ${folders})
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

# quicward_look_into(TARGET ROOM): the target sees the room's private headers.
function(quicward_look_into target room)
  get_target_property(folders qw_${room} QUICWARD_FOLDERS)
  target_include_directories(${target} PRIVATE ${folders})
endfunction()
