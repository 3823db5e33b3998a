#include "reports/overlaps.hpp"

#include <fstream>

#include "engines/core/error.hpp"
#include "reports/json_fields.hpp"

namespace voxelmark::report {

namespace {

using nlohmann::json;

constexpr std::int64_t many = 1'000'000'000;

NeededOverlap read_overlap(const json& value) {
  const Fields d(value, "an entry of \"overlaps\"");
  NeededOverlap needed{d.text("operation"), d.text("parameters"), d.text("dtype"),
                       d.text("device_id"), d.extents("tile", 1), d.extents("reach_along_axes", 0),
                       d.flag("exact")};
  const Fields observed = d.object("observed");
  for (const auto& [image, overlap] : d.at("observed").items())
    needed.observed.emplace_back(
        image,
        overlap.is_null() ? std::nullopt : std::optional(observed.integer(image.c_str(), 0, many)));
  return needed;
}

}  // namespace

OverlapFile read_overlaps(const std::filesystem::path& path) {
  const auto refuse = [&](const std::string& why) {
    throw BadInput(shown(path.string()) + ": " + why);
  };
  std::ifstream stream(path, std::ios::binary);
  if (!stream || std::filesystem::is_directory(path)) refuse("cannot be read");
  OverlapFile file;
  file.name = path.filename().string();
  try {
    const json document = json::parse(stream);
    const Fields d(document, "the file");
    if (!d.has("overlaps")) refuse("is not what `bench overlap --json FILE` writes");
    file.tolerance = d.number("tolerance");
    file.incomplete = d.flag("incomplete");
    for (const json& one : d.list("overlaps")) file.overlaps.push_back(read_overlap(one));
  } catch (const json::exception&) {
    refuse("is no JSON");
  } catch (const std::invalid_argument& fault) {
    refuse(fault.what());
  }
  return file;
}

}  // namespace voxelmark::report
