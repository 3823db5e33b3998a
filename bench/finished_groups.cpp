#include "bench/finished_groups.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>

#include "build_info.hpp"
#include "engines/core/error.hpp"
#include "engines/core/files.hpp"

namespace voxelmark {

namespace {

using nlohmann::json;
namespace fs = std::filesystem;

/// JSON that has no line ends of its own, whatever bytes names hold.
std::string line(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

/// Files of earlier ranks, by name.
std::vector<fs::path> parts_of(const std::string& result) {
  const fs::path path = fs::absolute(result);
  const std::string lead = path.filename().string() + ".rank", end = ".part";
  std::vector<fs::path> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(path.parent_path(), ignored)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(lead) || !name.ends_with(end) || name.size() <= lead.size() + end.size())
      continue;
    const auto rank = name.substr(lead.size(), name.size() - lead.size() - end.size());
    if (rank.find_first_not_of("0123456789") == std::string::npos) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

/// The lines that are whole.
std::vector<json> lines_of(const fs::path& path) {
  std::ifstream file(path);
  std::vector<json> lines;
  for (std::string text; std::getline(file, text);)
    if (json value = json::parse(text, nullptr, false); value.is_object())
      lines.push_back(std::move(value));
  return lines;
}

fs::path part_path(const std::string& result, int rank) {
  return result + ".rank" + std::to_string(rank) + ".part";
}

bool is_file(const std::string& result) {
  return !result.empty() && result != "-" && (!fs::exists(result) || fs::is_regular_file(result));
}

}  // namespace

std::string FinishedGroup::text() const {
  return line({{"group", index},
               {"done", tally.done},
               {"skipped", tally.skipped},
               {"failed", tally.failed},
               {"disagreeing", tally.disagreeing},
               {"broken", broken},
               {"table", table},
               {"document", document}});
}

FinishedGroup FinishedGroup::from(const std::string& text) {
  json value = json::parse(text);
  return {value.at("group"),
          {value.at("done"), value.at("skipped"), value.at("failed"), value.at("disagreeing")},
          value.at("broken"),
          value.at("table"),
          std::move(value.at("document"))};
}

json merged_groups(json document, const FinishedGroups& groups) {
  json& own = document["context"]["voxelmark"];
  json &devices = own["devices"], &pictures = own["pictures"], rows = json::array();
  const auto key = [](const json& device) {
    return std::pair(device.at("id").get<std::string>(), device.value("threads", 0));
  };
  std::set<std::pair<std::string, int>> known;
  for (const json& device : devices) known.insert(key(device));
  std::map<std::string, std::size_t> illustrated;  // by which group
  for (const auto& [index, group] : groups) {
    const json& theirs = group.document.at("context").at("voxelmark");
    for (const json& device : theirs.at("devices"))
      if (known.insert(key(device)).second) devices.push_back(device);
    const auto take_over = [&](json& name) {
      const json& picture = theirs.at("pictures").at(name.get<std::string>());
      name = "g" + std::to_string(index + 1) + name.get<std::string>();
      pictures[name.get<std::string>()] = picture;
    };
    for (json row : group.document.at("benchmarks")) {
      if (row.contains("voxelmark") && row["voxelmark"].contains("tiling") &&
          row["voxelmark"]["tiling"].contains("picture"))
        take_over(row["voxelmark"]["tiling"]["picture"]["name"]);
      if (row.contains("voxelmark") && row["voxelmark"].contains("pictures")) {
        json& details = row["voxelmark"];
        if (illustrated.try_emplace(details.at("operation"), index).first->second != index) {
          details.erase("pictures");
          details.erase("pairs");
        } else {
          for (auto& [role, name] : details["pictures"].items())
            if (name.is_string()) take_over(name);
        }
      }
      rows.push_back(std::move(row));
    }
  }
  document["benchmarks"] = std::move(rows);
  return document;
}

json sweep_key(const std::vector<Group>& groups, const Options& options) {
  json sizes = json::array(), cases = json::array(), inputs = json::array();
  for (const Group& group : groups) {
    const Task& task = *group.task;
    sizes.push_back({task.shape.x, task.shape.y, task.shape.z, task.note});
    inputs.push_back(task.source.file.empty()
                         ? task.source.dataset + " " + std::to_string(task.source.seed)
                         : task.source.file + " " + task.source.second_file);
    for (const Case& bench_case : group.cases) cases.push_back(bench_case.name());
  }
  const json key{{"version", build_info::version},
                 {"git_revision", build_info::git_revision},
                 {"sizes", sizes},
                 {"inputs", inputs},
                 {"cases", cases},
                 {"check", options.check ? to_string(*options.check) : ""},
                 {"max_time", options.max_time},
                 {"flush", options.flush},
                 {"energy", options.energy},
                 {"limits", !options.no_limits}};
  return json::parse(line(key));  // as it will be read
}

void adopt_sizes(std::vector<Group>& groups, const json& key) {
  const json& sizes = key.at("sizes");
  if (sizes.size() != groups.size()) return;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    Task task = *groups[i].task;
    task.shape = {sizes[i].at(0), sizes[i].at(1), sizes[i].at(2)};
    task.note = sizes[i].at(3);
    groups[i].task = std::make_shared<const Task>(std::move(task));
    for (Case& bench_case : groups[i].cases) bench_case.task = groups[i].task;
  }
}

PartFile::PartFile(const std::string& result, int rank, json key) : key_(std::move(key)) {
  if (is_file(result)) path_ = part_path(result, rank);
}

void PartFile::add(const FinishedGroup& group) {
  if (path_.empty()) return;
  const std::string text = (fs::exists(path_) ? "" : line(key_)) + group.text();
  errno = 0;
  const int file = open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  ssize_t written = 0;
  for (std::size_t from = 0; file >= 0 && from < text.size();
       from += static_cast<std::size_t>(written)) {
    written = write(file, text.data() + from, text.size() - from);
    if (written < 0 && errno == EINTR) written = 0;
    if (written < 0) break;
  }
  const int why = errno;
  if (file >= 0) close(file);
  if (file < 0 || written < 0)
    throw BadInput("cannot write " + path_.string() + ": " + std::strerror(why));
}

json part_key(const std::string& result) {
  for (const auto& path : parts_of(result))
    if (const auto lines = lines_of(path); !lines.empty() && lines[0].contains("cases"))
      return lines[0];
  throw BadInput(result + ": there is nothing to go on with: no run that ended early left " +
                 part_path(result, 0).filename().string() + " beside it");
}

FinishedGroups take_over_parts(const std::string& result, const json& key) {
  FinishedGroups finished;
  const auto parts = parts_of(result);
  for (const auto& path : parts) {
    const auto lines = lines_of(path);
    if (lines.empty()) continue;
    if (lines[0] != key)
      throw BadInput(path.string() +
                     ": was begun for other cases, or to be measured otherwise; go on with it by "
                     "the same options and the same bench, or name another file by --json");
    for (std::size_t i = 1; i < lines.size(); ++i) {
      FinishedGroup group = FinishedGroup::from(lines[i].dump());
      if (!group.broken) finished.insert_or_assign(group.index, std::move(group));
    }
  }
  std::string all = line(key);
  for (const auto& [index, group] : finished) all += group.text();
  const auto mine = part_path(fs::absolute(result), 0);
  write_text(mine, all);
  for (const auto& path : parts)
    if (path != mine) fs::remove(path);
  return finished;
}

bool has_parts(const std::string& result) { return is_file(result) && !parts_of(result).empty(); }

void remove_parts(const std::string& result) {
  if (!is_file(result)) return;
  for (const auto& path : parts_of(result)) fs::remove(path);
}

}  // namespace voxelmark
