#include "reports/page_template.hpp"

#include <stdexcept>

#include "reports/page_files.hpp"

namespace voxelmark::report {

std::string render_page(const std::string& name, kainjow::mustache::object view) {
  kainjow::mustache::object files;
  for (const PageFile& file : page_files()) files.insert({file.name, file.text});
  kainjow::mustache::mustache page(files.at(name).string_value());
  if (!page.is_valid()) throw std::logic_error(name + ".mustache: " + page.error_message());
  view.insert({"files", std::move(files)});
  return page.render(view);
}

}  // namespace voxelmark::report
