# page_files: what a report's page is made of, for reports/page_files.hpp.
set(VOXELMARK_CHART_JS /usr/share/javascript/chart.js/chart.min.js CACHE FILEPATH
    "Chart.js 3.9 or later, as one file for browsers (Debian: libjs-chart.js)")
set(VOXELMARK_MUSTACHE_JS /usr/share/javascript/mustache/mustache.min.js CACHE FILEPATH
    "mustache.js, as one file for browsers (Debian: libjs-mustache)")

set(page_folder ${CMAKE_BINARY_DIR}/generated/page)
function(take_library path name option package)
  if(NOT EXISTS ${path})
    message(FATAL_ERROR "${path} is missing: install Debian's ${package}, or name a copy with -D${option}=FILE")
  endif()
  configure_file(${path} ${page_folder}/${name} COPYONLY)
endfunction()
take_library(${VOXELMARK_CHART_JS} chart_js.js VOXELMARK_CHART_JS libjs-chart.js)
take_library(${VOXELMARK_MUSTACHE_JS} mustache_js.js VOXELMARK_MUSTACHE_JS libjs-mustache)

file(GLOB page_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/reports/page/*)
add_embedded(page_files reports/page_files.hpp voxelmark::report PageFile page_files
             ${page_sources} ${page_folder}/chart_js.js ${page_folder}/mustache_js.js)
