#include "bench/picture_store.hpp"

#include <cstdint>

namespace voxelmark {

namespace {

using nlohmann::json;

/// The cells that hold anything: index, count, index, count, …
json filled_cells(const Density& density) {
  json cells = json::array();
  for (std::size_t i = 0; i < density.counts.size(); ++i)
    if (density.counts[i] > 0) {
      cells.push_back(i);
      cells.push_back(density.counts[i]);
    }
  return cells;
}

json pairs_json(const PairDensity& pairs) {
  return {{"n", pairs.n},
          {"columns", Density::columns},
          {"rows", Density::rows},
          {"reference", pairs.scatter.x_range},
          {"result", pairs.scatter.y_range},
          {"mean", pairs.bland_altman.x_range},
          {"difference", pairs.bland_altman.y_range},
          {"scatter", filled_cells(pairs.scatter)},
          {"bland_altman", filled_cells(pairs.bland_altman)}};
}

}  // namespace

std::string base64(const std::string& bytes) {
  static constexpr char digits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      text += i + k <= bytes.size() ? digits[group >> (18 - 6 * k) & 63U] : '=';
  }
  return text;
}

std::string PictureStore::name_of(const std::string& png) {
  return names_.emplace(png, "p" + std::to_string(names_.size() + 1)).first->second;
}

json PictureStore::add(const Illustration& shown) {
  json pictures{{"input", name_of(shown.input.png)},
                {"expected", name_of(shown.expected.png)},
                {"result", name_of(shown.result.png)},
                {"slice", shown.place.slice},
                {"x", shown.place.x},
                {"y", shown.place.y},
                {"width", shown.place.width},
                {"height", shown.place.height},
                {"input_levels", {shown.input.black, shown.input.white}},
                {"levels", {shown.expected.black, shown.expected.white}},
                {"difference_scale", shown.difference_scale}};
  if (!shown.difference.empty()) pictures["difference"] = name_of(shown.difference);
  json row{{"pictures", pictures}};
  if (shown.pairs && shown.pairs->n > 0) row["pairs"] = pairs_json(*shown.pairs);
  return row;
}

json PictureStore::add(const DifferenceMap& map) {
  return {{"name", name_of(map.png)}, {"slice", map.slice}, {"width", map.width},
          {"height", map.height},     {"block", map.block}, {"largest", map.largest}};
}

json PictureStore::all() const {
  json pictures = json::object();
  for (const auto& [png, name] : names_) pictures[name] = base64(png);
  return pictures;
}

}  // namespace voxelmark
