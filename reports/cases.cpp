#include "reports/cases.hpp"

#include <set>
#include <tuple>
#include <unordered_map>

#include "engines/core/text.hpp"

namespace voxelmark::report {

namespace {

/// What opened the row's column, as its file's context has it.
const Device* device_of(const ResultFile& file, const Row& row) {
  const auto& described = file.context.at("voxelmark").at("devices");
  const Device* found = nullptr;
  for (std::size_t i = 0; i < file.devices.size(); ++i) {
    if (file.devices[i].id != row.device_id) continue;
    found = &file.devices[i];
    const auto threads = described.at(i).find("threads");
    if (threads != described.at(i).end() && *threads == row.threads) break;
  }
  return found;
}

bool is_set(const Row& row, const char* mark) {
  const auto found = row.details.find(mark);
  return found != row.details.end() && *found == true;
}

Column column_of(const ResultFile& file, const Row& row) {
  Column column;
  column.machine = file.cpu_text();
  column.engine = row.engine;
  column.device_id = row.device_id;
  column.device = row.device;
  column.threads = row.threads;
  if (const Device* device = device_of(file, row)) {
    column.driver = device->driver;
    column.platform = device->platform;
    column.type = device->type;
    column.limits = device->limits;
  }
  return column;
}

std::string text_of(const Row& row, const char* key) {
  const auto found = row.details.find(key);
  return found != row.details.end() && found->is_string() ? found->get<std::string>() : "";
}

/// Labels say no more than is needed to tell the columns apart.
void label(std::vector<Column>& columns) {
  using Key = std::pair<std::string, std::string>;
  std::map<Key, std::set<int>> threads;
  std::map<Key, std::set<std::string>> drivers;
  std::set<std::string> machines;
  for (const Column& c : columns) {
    threads[{c.machine, c.device_id}].insert(c.threads);
    drivers[{c.machine, c.device_id}].insert(c.driver);
    machines.insert(c.machine);
  }
  for (Column& c : columns) {
    const Key key{c.machine, c.device_id};
    c.label = c.device_id;
    if (threads[key].size() > 1)
      c.label += ", " + counted(static_cast<std::size_t>(c.threads), "thread");
    if (drivers[key].size() > 1) c.label += ", driver " + c.driver;
    if (machines.size() > 1) c.label += ", " + c.machine;
  }
}

/// The host's name tells machines apart that have the same processor.
std::map<std::string, std::set<std::string>> hosts_by_cpu(const std::vector<ResultFile>& files) {
  std::map<std::string, std::set<std::string>> hosts;
  for (const ResultFile& file : files) hosts[file.cpu_text()].insert(file.host);
  return hosts;
}

}  // namespace

Cases::Cases(const std::vector<ResultFile>& files) {
  const auto hosts = hosts_by_cpu(files);
  std::map<std::tuple<std::string, std::string, std::string, int>, std::size_t> column_index;
  std::unordered_map<std::string, std::size_t> task_index;
  for (const ResultFile& file : files) {
    const bool name_host = hosts.at(file.cpu_text()).size() > 1;
    const std::string host = name_host ? " (" + file.host + ")" : "";
    std::map<std::pair<std::string, int>, std::size_t> known;  // spares a Column per row
    for (const Row& row : file.rows) {
      const auto [seen, is_new] = known.try_emplace({row.device_id, row.threads}, 0);
      if (is_new) {
        Column column = column_of(file, row);
        column.machine += host;
        const auto [place, added] = column_index.try_emplace(
            {column.machine, column.device_id, column.driver, column.threads}, columns.size());
        if (added) columns.push_back(std::move(column));
        seen->second = place->second;
      }
      columns[seen->second].is_reference |= row.is_reference;
      const auto [task, added] = task_index.try_emplace(row.kind + "\n" + row.task, tasks.size());
      if (added)
        tasks.push_back({row.task, row.kind, row.operation, row.dtype, row.parameters, row.size});
      tasks[task->second].is_transfer |= row.is_transfer;
      if (!tasks[task->second].rows.insert_or_assign(seen->second, &row).second) ++replaced;
    }
  }
  label(columns);
}

std::string check_of(const Row& row) {
  return row.outcome == Outcome::done ? text_of(row, "check") : "";
}

bool clock_drifted(const Row& row) { return is_set(row, "clock_drifted"); }

bool background_load(const Row& row) { return is_set(row, "background_load"); }

std::vector<std::string> throttled(const Row& row) {
  std::vector<std::string> reasons;
  if (const auto found = row.details.find("throttled");
      found != row.details.end() && found->is_array())
    for (const auto& reason : *found)
      if (reason.is_string()) reasons.push_back(reason);
  return reasons;
}

std::string disturbances(const Row& row) {
  std::vector<std::string> parts;
  if (clock_drifted(row)) parts.push_back("the machine's speed moved by more than 2 %");
  if (background_load(row)) {
    std::vector<std::string> shares;
    for (const auto& [key, of] : {std::pair{"others_cpu_share", "of the CPUs' time"},
                                  std::pair{"others_gpu_share", "of the GPU's time"}})
      if (const auto share = row.figure(key); share && *share > 0.05)
        shares.push_back(rounded(100 * *share, 2) + " % " + of);
    parts.push_back("other programs took " + (shares.empty() ? "time" : join(shares, " and ")));
  }
  if (const auto reasons = throttled(row); !reasons.empty())
    parts.push_back("the GPU's clocks were held down (" + join(reasons, ", ") + ")");
  return join(parts, "; ");
}

std::string remark_on(const Row& row) {
  std::vector<std::string> parts{row.reason};
  if (const std::string text = text_of(row, "difference"); !text.empty())
    parts.push_back("its definition: " + text);
  parts.push_back(text_of(row, "note"));
  std::erase(parts, "");
  return join(parts, "; ");
}

bool is_checked_result(const Row& row) {
  return row.outcome == Outcome::done && row.checked && !row.disagrees;
}

std::vector<const Task*> representative_tasks(const Cases& cases, const std::string& machine) {
  std::vector<const Task*> chosen;
  std::unordered_map<std::string, std::size_t> places;
  const auto rank = [&](const Task& task) {
    std::size_t results = 0;
    for (const auto& [column, row] : task.rows)
      results +=
          is_checked_result(*row) && (machine.empty() || cases.columns[column].machine == machine);
    return std::pair(results, task.voxels());
  };
  for (const Task& task : cases.tasks) {
    if (task.kind != "operation") continue;
    const auto [place, added] = places.try_emplace(task.operation, chosen.size());
    if (added)
      chosen.push_back(&task);
    else if (rank(task) > rank(*chosen[place->second]))
      chosen[place->second] = &task;
  }
  return chosen;
}

}  // namespace voxelmark::report
