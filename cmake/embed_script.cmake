set(entries "")
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} text)
  string(FIND "${text}" ")EMBEDDED\"" end)
  if(NOT end EQUAL -1)
    message(FATAL_ERROR "${file} holds )EMBEDDED\", which ends the text early")
  endif()
  string(APPEND entries "    {\"${name}\", R\"EMBEDDED(${text})EMBEDDED\"},\n")
endforeach()
file(WRITE ${OUTPUT}
"#include \"${HEADER}\"

namespace ${NAMESPACE} {

const std::vector<${TYPE}>& ${FUNCTION}() {
  static const std::vector<${TYPE}> files{
${entries}  };
  return files;
}

}  // namespace ${NAMESPACE}
")
