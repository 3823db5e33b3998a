execute_process(COMMAND git -C ${SOURCE} describe --always --dirty --abbrev=12
  OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
  set(revision "unknown")
endif()
string(STRIP "${FLAGS}" FLAGS)
set(text "#pragma once
namespace voxelmark::build_info {
inline constexpr const char* version = \"${VERSION}\";
inline constexpr const char* git_revision = \"${revision}\";
inline constexpr const char* compiler = \"${COMPILER}\";
inline constexpr const char* flags = \"${FLAGS}\";
}
")
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "${text}")
