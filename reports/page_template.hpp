#pragma once
#include <kainjow/mustache.hpp>
#include <string>

namespace voxelmark::report {

/// The template `name` of reports/page/ with what `view` says; `files` in it stands for all
/// embedded files. Throws std::logic_error where the template is malformed.
std::string render_page(const std::string& name, kainjow::mustache::object view);

}  // namespace voxelmark::report
