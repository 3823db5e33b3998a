#include "reports/html_page.hpp"

#include <algorithm>
#include <map>

#include "engines/core/text.hpp"
#include "reports/cases.hpp"
#include "reports/findings.hpp"
#include "reports/page_model.hpp"
#include "reports/page_template.hpp"
#include "reports/tile_section.hpp"

namespace voxelmark::report {

namespace {

namespace mustache = kainjow::mustache;
using mustache::data;
using mustache::list;
using mustache::object;
using nlohmann::json;

/// "4170 GB/s", or nothing of what was not measured.
std::string limit(const Column& column, const char* key, double unit, const char* suffix) {
  const auto found = column.limits.find(key);
  return found == column.limits.end() ? "" : rounded(found->second / unit, 3) + suffix;
}

list devices(const Cases& cases) {
  list rows;
  for (const Column& c : cases.columns) {
    const std::string push = limit(c, "push_bytes_per_second", 1e9, "");
    rows.push_back(
        object{{"label", c.label},
               {"device", c.device},
               {"type", c.is_reference   ? "reference"
                        : c.type.empty() ? "not opened"
                                         : c.type},
               {"driver",
                join(c.platform.empty() ? std::vector{c.driver} : std::vector{c.driver, c.platform},
                     "; ")},
               {"threads", c.is_gpu() ? "" : std::to_string(c.threads)},
               {"copy", limit(c, "copy_bytes_per_second", 1e9, "")},
               {"flops", limit(c, "flops", 1e9, "")},
               {"launch", limit(c, "launch_seconds", 1e-6, "")},
               {"transfers",
                push.empty() ? "" : push + " / " + limit(c, "pull_bytes_per_second", 1e9, "")}});
  }
  return rows;
}

/// A command as a shell takes it.
std::string shell_command(const std::vector<std::string>& words) {
  std::vector<std::string> quoted;
  for (const std::string& word : words) {
    const bool plain =
        !word.empty() && word.find_first_not_of(
                             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                             "_-+=.,:/@%") == std::string::npos;
    std::string text = word;
    for (std::size_t at = 0; (at = text.find('\'', at)) != std::string::npos; at += 4)
      text.replace(at, 1, "'\\''");
    quoted.push_back(plain ? word : "'" + text + "'");
  }
  return join(quoted, " ");
}

/// "Linux 6.1".
std::string system_of(const ResultFile& file) {
  const auto& own = file.context.at("voxelmark");
  const auto kernel = own.find("kernel");
  return kernel != own.end() && kernel->is_string() ? kernel->get<std::string>() : "";
}

/// "NVIDIA H200 (driver 580.159.04)": the devices beside the CPU, each once.
std::string accelerators(const ResultFile& file) {
  std::vector<std::string> names;
  for (const Device& device : file.devices) {
    // A library names its own version before the driver's.
    const std::string name =
        device.name + " (driver " + device.driver.substr(device.driver.rfind(' ') + 1) + ")";
    if (!device.is_cpu() && !device.name.empty() &&
        std::find(names.begin(), names.end(), name) == names.end())
      names.push_back(name);
  }
  return join(names, ", ");
}

list file_list(const std::vector<ResultFile>& files) {
  list all;
  for (const ResultFile& file : files) {
    const std::string beside_cpu = accelerators(file);
    all.push_back(object{{"name", file.path.filename().string()},
                         {"date", file.date},
                         {"host", file.host},
                         {"any_host", !file.host.empty()},
                         {"machine", file.cpu_text()},
                         {"accelerators", beside_cpu},
                         {"any_accelerator", !beside_cpu.empty()},
                         {"version", file.version},
                         {"revision", file.git_revision},
                         {"compiler", file.compiler},
                         {"flags", file.flags},
                         {"system", system_of(file)},
                         {"command", shell_command(file.command)},
                         {"runs", std::to_string(file.runs)},
                         {"several_runs", file.runs > 1},
                         {"rows", std::to_string(file.rows.size())},
                         {"incomplete", file.incomplete}});
  }
  return all;
}

/// Rows without a result by outcome, column and reason: what they have in common is said once.
list problems(const Cases& cases, Outcome outcome) {
  std::map<std::pair<std::size_t, std::string>, std::vector<std::string>> groups;
  std::vector<std::pair<std::size_t, std::string>> order;
  for (const Task& task : cases.tasks)
    for (const auto& [column, row] : task.rows) {
      if (row->outcome != outcome) continue;
      auto& group = groups[{column, row->reason}];
      if (group.empty()) order.emplace_back(column, row->reason);
      group.push_back(task.text);
    }
  constexpr std::size_t most = 500;
  list rows;
  for (const auto& key : order) {
    if (rows.size() == most) break;
    auto& tasks = groups.at(key);
    const std::size_t total = tasks.size();
    if (total > 8) tasks.resize(8);
    rows.push_back(object{{"column", cases.columns[key.first].label},
                          {"reason", key.second},
                          {"count", std::to_string(total)},
                          {"tasks", join(tasks, ", ") + (total > tasks.size() ? ", …" : "")}});
  }
  return rows;
}

/// "14× / 0.4×" over the best CPU row of the column's machine: kernel only, and with transfers.
std::string speedup_text(const Cases& cases, const Task& task, std::size_t column) {
  const auto found = task.rows.find(column);
  if (found == task.rows.end()) return "";
  const Row& row = *found->second;
  if (row.outcome != Outcome::done) return to_string(row.outcome);
  const Row* best = quickest_row(task, [&](std::size_t c) {
    const Column& other = cases.columns[c];
    return other.is_cpu() && !other.is_reference && other.machine == cases.columns[column].machine;
  });
  if (!row.checked || !best) return rounded(*compute_ms(row), 3) + " ms";
  return rounded(*compute_ms(*best) / *compute_ms(row), 2) + "× / " +
         rounded(*with_transfers_ms(*best) / *with_transfers_ms(row), 2) + "×" +
         (row.disagrees ? ", disagrees" : "");
}

/// The speed-up table as it is before any choice, for readers without JavaScript.
object plain_table(const Cases& cases) {
  list labels, rows;
  for (const Column& column : cases.columns) labels.push_back(column.label);
  for (const Task* task : representative_tasks(cases)) {
    list cells;
    for (std::size_t c = 0; c < cases.columns.size(); ++c)
      cells.push_back(speedup_text(cases, *task, c));
    rows.push_back(object{{"task", task->text}, {"cells", cells}});
  }
  return {{"columns", labels}, {"rows", rows}};
}

list as_list(const std::vector<std::string>& texts) { return {texts.begin(), texts.end()}; }

}  // namespace

std::string html_page(const std::vector<ResultFile>& files, const std::string& title,
                      const std::optional<OverlapFile>& searched) {
  const Cases cases(files);
  TileSection tiles = tile_section(cases, files, searched);
  json model = page_model(cases, files);
  model["tiles"] = std::move(tiles.charts);
  object view{{"title", title},
              {"findings", as_list(findings(cases))},
              {"trust", as_list(trust(cases, files))},
              {"sources", file_list(files)},
              {"devices", devices(cases)},
              {"plain", plain_table(cases)},
              {"tiles", std::move(tiles.view)},
              {"model", script_text(model)}};
  for (const auto& [name, outcome] :
       {std::pair{"failed", Outcome::failed}, std::pair{"skipped", Outcome::skipped}}) {
    const list rows = problems(cases, outcome);
    view.insert({name, object{{"rows", rows}, {"any", !rows.empty()}}});
  }
  return render_page("report", std::move(view));
}

}  // namespace voxelmark::report
