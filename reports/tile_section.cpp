#include "reports/tile_section.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>

#include "engines/core/text.hpp"
#include "reports/page_model.hpp"

namespace voxelmark::report {

namespace {

namespace mustache = kainjow::mustache;
using mustache::list;
using mustache::object;
using nlohmann::json;

constexpr std::size_t picture_budget = 600'000;  // characters
constexpr std::int64_t most_seams = 64;          // along an axis: more would hide the picture

/// One operation on one column, in any tiles.
struct Group {
  std::size_t column, task;  ///< of any member
  std::vector<const Row*> rows;
  const Row* uncut = nullptr;
};

/// The task's name without its tiles.
std::string uncut_name(const std::string& task) {
  std::vector<std::string> parts = split(task, '/');
  std::erase_if(parts, [](const std::string& part) {
    return part.starts_with("tile:") || part.starts_with("overlap:");
  });
  return join(parts, "/");
}

std::int64_t widest(const Extents& voxels) { return *std::ranges::max_element(voxels); }

bool suffices(const Tiling& t) {
  return t.overlap[0] >= t.needed[0] && t.overlap[1] >= t.needed[1] && t.overlap[2] >= t.needed[2];
}

bool is_exact(const Tiling& t) { return t.errors && t.errors->differing == 0; }

/// By tile, then by overlap.
bool stands_before(const Row* a, const Row* b) {
  const auto key = [](const Tiling& t) {
    return std::tuple(t.tile[0] * t.tile[1] * t.tile[2], t.tile, widest(t.overlap), t.overlap);
  };
  return key(*a->tiling) < key(*b->tiling);
}

std::vector<Group> groups_of(const Cases& cases) {
  std::vector<Group> groups;
  std::map<std::pair<std::string, std::size_t>, std::size_t> places;
  for (std::size_t t = 0; t < cases.tasks.size(); ++t)
    for (const auto& [column, row] : cases.tasks[t].rows) {
      if (!row->tiling || row->outcome != Outcome::done) continue;
      const auto [place, added] =
          places.try_emplace({uncut_name(cases.tasks[t].text), column}, groups.size());
      if (added) groups.push_back({column, t, {}});
      groups[place->second].rows.push_back(row);
    }
  for (const Task& task : cases.tasks)
    for (const auto& [column, row] : task.rows)
      if (const auto place = places.find({task.text, column});
          place != places.end() && row->outcome == Outcome::done && !row->tiling)
        groups[place->second].uncut = row;
  for (Group& group : groups) std::ranges::stable_sort(group.rows, stands_before);
  // As in the table of speed-ups: the reference stands last.
  std::ranges::stable_sort(groups, {}, [&](const Group& group) {
    return cases.columns[group.column].engine == "reference";
  });
  return groups;
}

/// "32×32", or "32×32×8" of volumes.
std::string extents_text(const Extents& voxels, bool volume) {
  std::vector<std::string> parts;
  for (std::size_t axis = 0; axis < (volume ? 3 : 2); ++axis)
    parts.push_back(std::to_string(voxels[axis]));
  return join(parts, "×");
}

bool is_volume(const Group& group) {
  return std::ranges::any_of(
      group.rows, [](const Row* row) { return row->size[2] > 1 || row->tiling->tile[2] > 1; });
}

/// Time in tiles over that of the uncut image from host memory to host memory.
std::optional<double> relative_time(const Row& row, const Group& group) {
  if (!group.uncut) return std::nullopt;
  return *with_transfers_ms(row) / *with_transfers_ms(*group.uncut);
}

std::string text_or_dash(const std::optional<double>& value, const char* unit = "") {
  return value ? rounded(*value, 3) + unit : "–";
}

object row_view(const Row& row, const Group& group, bool volume) {
  const Tiling& t = *row.tiling;
  object view{{"tile", extents_text(t.tile, volume)},
              {"overlap", extents_text(t.overlap, volume)},
              {"automatic", row.parameters.ends_with("overlap:auto")},
              {"suffices", suffices(t)},
              {"exact", is_exact(t)},
              {"compared", t.errors.has_value()},
              {"tiles", std::to_string(t.tiles)},
              {"read", rounded(t.read_ratio, 3) + "×"},
              {"inner", rounded(t.inner_read_ratio, 3) + "×"},
              {"time", rounded(*with_transfers_ms(row), 3) + " ms"},
              {"relative", text_or_dash(relative_time(row, group), "×")}};
  if (!t.errors) return view;
  const SeamErrors& e = *t.errors;
  view.insert({"differing", std::to_string(e.differing)});
  view.insert(
      {"share",
       rounded(100.0 * double(e.differing) / double(std::max<std::int64_t>(1, e.voxels)), 2) +
           " %"});
  view.insert({"largest", text_or_dash(e.largest)});
  view.insert({"sum", text_or_dash(e.sum)});
  view.insert({"farthest", e.by_distance.empty() ? "–" : std::to_string(e.by_distance.size() - 1)});
  return view;
}

/// The tiles' edges inside a slice as the path of an SVG; empty where there are too many.
std::string seams(const Tiling& t, const SeamPicture& picture) {
  if (picture.width / t.tile[0] > most_seams || picture.height / t.tile[1] > most_seams) return "";
  std::string path;
  for (std::int64_t x = t.tile[0]; x < picture.width; x += t.tile[0])
    path += "M" + std::to_string(x) + " 0V" + std::to_string(picture.height);
  for (std::int64_t y = t.tile[1]; y < picture.height; y += t.tile[1])
    path += "M0 " + std::to_string(y) + "H" + std::to_string(picture.width);
  return path;
}

object picture_view(const Row& row, const std::string& png, bool volume) {
  const SeamPicture& p = *row.tiling->picture;
  const auto pixels = [&](std::int64_t voxels) {
    return std::to_string((voxels + p.block - 1) / p.block * p.block);
  };
  const std::string path = seams(*row.tiling, p);
  return {{"png", png},
          {"tile", extents_text(row.tiling->tile, volume)},
          {"overlap", extents_text(row.tiling->overlap, volume)},
          {"width", std::to_string(p.width)},
          {"height", std::to_string(p.height)},
          {"image_width", pixels(p.width)},
          {"image_height", pixels(p.height)},
          {"largest", rounded(p.largest, 3)},
          {"slice", std::to_string(p.slice)},
          {"volume", volume},
          {"block", std::to_string(p.block)},
          {"reduced", p.block > 1},
          {"seams", path},
          {"any_seam", !path.empty()},
          {"too_many",
           path.empty() && (p.width > row.tiling->tile[0] || p.height > row.tiling->tile[1])}};
}

/// The smallest overlap at which no tile's result differed from the uncut one, and none at a larger
/// one did either.
const Tiling* smallest_exact(const Group& group) {
  std::vector<const Tiling*> all;
  for (const Row* row : group.rows) all.push_back(&*row->tiling);
  std::ranges::stable_sort(all, [](const Tiling* a, const Tiling* b) {
    return std::pair(widest(a->overlap), a->overlap) > std::pair(widest(b->overlap), b->overlap);
  });
  const Tiling* found = nullptr;
  for (std::size_t i = 0; i < all.size();) {
    const auto same = [&](const Tiling* t) { return t->overlap == all[i]->overlap; };
    const auto end = std::find_if_not(all.begin() + std::ptrdiff_t(i), all.end(), same);
    if (!std::all_of(all.begin() + std::ptrdiff_t(i), end, [](auto* t) { return is_exact(*t); }))
      break;
    found = all[i];
    i = std::size_t(end - all.begin());
  }
  return found;
}

json number_or_null(const std::optional<double>& value) {
  return value ? json(to_5_digits(*value)) : json();
}

json point_json(const Row& row, const Group& group, bool volume) {
  const Tiling& t = *row.tiling;
  json point{{"overlap", widest(t.overlap)},
             {"text", extents_text(t.overlap, volume)},
             {"read", to_5_digits(t.read_ratio)},
             {"inner", to_5_digits(t.inner_read_ratio)}};
  if (const auto relative = relative_time(row, group)) {
    const double ms = *with_transfers_ms(row);
    point["time"] = to_5_digits(*relative);
    point["lower"] = to_5_digits(*relative * row.figure("median_ci_lower_ms").value_or(ms) / ms);
    point["upper"] = to_5_digits(*relative * row.figure("median_ci_upper_ms").value_or(ms) / ms);
  }
  if (!t.errors) return point;
  point["differing"] = t.errors->differing;
  point["largest"] = number_or_null(t.errors->largest);
  point["distance"] = json::array();
  for (const auto& largest : t.errors->by_distance)
    point["distance"].push_back(number_or_null(largest));
  if (t.errors->beyond && !t.errors->by_distance.empty()) point["distance"].push_back(0);
  return point;
}

json charts_of(const Group& group, const Extents& needed, bool volume) {
  json lines = json::array();
  for (const Row* row : group.rows) {
    const std::string tile = extents_text(row->tiling->tile, volume);
    if (lines.empty() || lines.back()["tile"] != tile)
      lines.push_back({{"tile", tile}, {"points", json::array()}});
    // One that was asked for and the automatic one can be the same.
    json& points = lines.back()["points"];
    json point = point_json(*row, group, volume);
    if (points.empty() || points.back()["text"] != point["text"])
      points.push_back(std::move(point));
  }
  return {{"column", group.column},
          {"task", group.task},
          {"reach", widest(needed)},
          {"lines", std::move(lines)}};
}

/// Pictures of all groups, as long as the budget lasts.
class Pictures {
 public:
  explicit Pictures(const std::vector<ResultFile>& files) {
    for (const ResultFile& file : files)
      for (const Row& row : file.rows)
        if (row.tiling && row.tiling->picture) file_of_[&row] = &file;
  }

  list of(const Group& group, bool volume) {
    list views;
    for (const Row* row : group.rows) {
      if (!row->tiling->picture) continue;
      const std::string& png = file_of_.at(row)->pictures.at(row->tiling->picture->name);
      if (used_ + png.size() > picture_budget) {
        ++left_out_;
        continue;
      }
      used_ += png.size();
      views.push_back(picture_view(*row, png, volume));
    }
    return views;
  }

  std::size_t left_out() const { return left_out_; }

 private:
  std::unordered_map<const Row*, const ResultFile*> file_of_;
  std::size_t used_ = 0, left_out_ = 0;
};

object searched_view(const OverlapFile& file) {
  list rows;
  for (const NeededOverlap& found : file.overlaps) {
    const bool volume = found.operation.ends_with("3D");
    list observed;
    for (const auto& [image, overlap] : found.observed)
      observed.push_back(
          object{{"image", image},
                 {"overlap", overlap ? std::to_string(*overlap) : "more than the reach"}});
    rows.push_back(object{{"case", join({found.operation, found.dtype, found.parameters}, " ")},
                          {"engine", found.device_id},
                          {"tile", extents_text(found.tile, volume)},
                          {"reach", extents_text(found.reach, volume)},
                          {"exact", found.exact ? "yes" : "no"},
                          {"observed", observed}});
  }
  return {{"name", file.name},
          {"tolerance", rounded(file.tolerance, 3)},
          {"exactly", file.tolerance == 0},
          {"incomplete", file.incomplete},
          {"rows", rows}};
}

}  // namespace

TileSection tile_section(const Cases& cases, const std::vector<ResultFile>& files,
                         const std::optional<OverlapFile>& searched) {
  list groups;
  json charts = json::array();
  Pictures pictures(files);
  for (const Group& group : groups_of(cases)) {
    const bool volume = is_volume(group);
    Extents needed{};
    for (const Row* row : group.rows)
      for (std::size_t axis = 0; axis < 3; ++axis)
        needed[axis] = std::max(needed[axis], row->tiling->needed[axis]);
    const Tiling* exact = smallest_exact(group);
    // An engine may round otherwise in a tile than in the whole image.
    std::optional<double> at_reach;
    for (const Row* row : group.rows)
      if (const Tiling& t = *row->tiling; suffices(t) && t.errors && t.errors->largest)
        at_reach = std::max(at_reach.value_or(0), *t.errors->largest);
    list rows;
    for (const Row* row : group.rows) rows.push_back(row_view(*row, group, volume));
    const list shown = pictures.of(group, volume);
    groups.push_back(
        object{{"index", std::to_string(charts.size())},
               {"first", charts.empty()},
               {"case", join(split(uncut_name(cases.tasks[group.task].text), '/'), " ")},
               {"column", cases.columns[group.column].label},
               {"reach", extents_text(needed, volume)},
               {"any_exact", exact != nullptr},
               {"still", !exact && at_reach.has_value()},
               {"at_reach", text_or_dash(at_reach)},
               {"exact", exact ? extents_text(exact->overlap, volume) : ""},
               {"rows", rows},
               {"any_uncut", group.uncut != nullptr},
               {"uncut", group.uncut ? rounded(*with_transfers_ms(*group.uncut), 3) + " ms" : ""},
               {"any_picture", !shown.empty()},
               {"pictures", shown}});
    charts.push_back(charts_of(group, needed, volume));
  }
  const std::size_t left_out = pictures.left_out();
  object view{{"any", !groups.empty() || searched.has_value()},
              {"any_group", !groups.empty()},
              {"groups", groups},
              {"left_out", left_out ? counted(left_out, "picture") : ""},
              {"any_left_out", left_out > 0}};
  if (searched) view.insert({"searched", searched_view(*searched)});
  return {std::move(view), std::move(charts)};
}

}  // namespace voxelmark::report
