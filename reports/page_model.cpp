#include "reports/page_model.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <set>
#include <unordered_map>

#include "engines/core/text.hpp"

namespace voxelmark::report {

namespace {

using nlohmann::json;

constexpr std::size_t picture_budget = 1'200'000;  // characters of all pictures and histograms

struct Entry {
  std::size_t task, column;
  const Row* row;
};

std::vector<Entry> entries_of(const Cases& cases) {
  std::vector<Entry> entries;
  for (std::size_t t = 0; t < cases.tasks.size(); ++t)
    for (const auto& [column, row] : cases.tasks[t].rows) entries.push_back({t, column, row});
  return entries;
}

json column_json(const Column& c) {
  json limits = json::object();
  for (const auto& [name, value] : c.limits) limits[name] = to_5_digits(value);
  return {{"label", c.label},   {"machine", c.machine},       {"engine", c.engine},
          {"id", c.device_id},  {"device", c.device},         {"threads", c.threads},
          {"cpu", c.is_cpu()},  {"gpu", c.is_gpu()},          {"reference", c.is_reference},
          {"driver", c.driver}, {"limits", std::move(limits)}};
}

/// The first number of a parameter text and what else it says: "sigma:2/window:box" gives {"sigma",
/// 2, "window:box"}, and "sigma:2x2x0/window:box" {"sigma", 2, "window:box/sigma=n,n,0"}. Values
/// whose axes differ otherwise lie on no curve.
struct Varied {
  std::string name;
  double value;
  std::string rest;
};

std::optional<Varied> first_number(const std::string& parameters) {
  std::vector<std::string> parts = split(parameters, '/');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto colon = parts[i].find(':');
    if (colon == std::string::npos) continue;
    const std::string name = parts[i].substr(0, colon);
    const auto axes = split(parts[i].substr(colon + 1), 'x');
    const auto value = parse_number<double>(axes[0]);
    if (!value || !std::isfinite(*value)) continue;
    std::vector<std::string> shape;
    for (const std::string& axis : axes) {
      const auto number = parse_number<double>(axis);
      if (!number || (*number != *value && *number != 0)) return std::nullopt;
      shape.push_back(*number == *value ? "n" : "0");
    }
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(i));
    if (axes.size() > 1) parts.push_back(name + "=" + join(shape, ","));
    return Varied{name, *value, join(parts, "/")};
  }
  return std::nullopt;
}

json task_json(const Task& task) {
  json object{{"text", task.text},
              {"kind", task.kind},
              {"operation", task.operation},
              {"dtype", task.dtype},
              {"parameters", task.parameters},
              {"size", task.size}};
  if (task.is_transfer) object["transfer"] = true;
  if (const auto varied = first_number(task.parameters))
    object["varied"] = {varied->name, varied->value, varied->rest};
  return object;
}

/// Each figure as one array over all rows, or as pairs of row and value where few rows have it.
json figures_json(const std::vector<Entry>& entries) {
  struct Sparse {
    json rows = json::array(), values = json::array();
  };
  std::map<std::string, Sparse, std::less<>> figures;
  for (std::size_t i = 0; i < entries.size(); ++i)
    for (const auto& [key, value] : entries[i].row->figures) {
      if (key.starts_with("speedup")) continue;  // the page has baselines of the reader's choice
      Sparse& figure = figures[key];
      figure.rows.push_back(i);
      const bool is_count = value == std::floor(value) && std::abs(value) < 1e12;
      figure.values.push_back(is_count ? json(static_cast<std::int64_t>(value))
                                       : json(to_5_digits(value)));
    }
  json object = json::object();
  for (auto& [key, figure] : figures) {
    if (figure.rows.size() * 2 < entries.size()) {
      object[key] = {{"rows", std::move(figure.rows)}, {"values", std::move(figure.values)}};
      continue;
    }
    json dense = json::array();
    std::size_t next = 0;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      const bool has = next < figure.rows.size() && figure.rows[next] == i;
      dense.push_back(has ? figure.values[next++] : json());
    }
    object[key] = std::move(dense);
  }
  return object;
}

json rows_json(const std::vector<Entry>& entries) {
  json rows{{"task", json::array()},     {"column", json::array()}, {"outcome", json::array()},
            {"reason", json::array()},   {"check", json::array()},  {"disturbed", json::array()},
            {"disagrees", json::array()}};
  json reasons = json::array();
  std::unordered_map<std::string, std::size_t> known;
  const auto place_of = [&](const std::string& text) {
    const auto [place, added] = known.try_emplace(text, reasons.size());
    if (added) reasons.push_back(text);
    return place->second;
  };
  for (const Entry& entry : entries) {
    const Row& row = *entry.row;
    rows["task"].push_back(entry.task);
    rows["column"].push_back(entry.column);
    rows["outcome"].push_back(to_string(row.outcome));
    rows["check"].push_back(check_of(row));
    rows["disturbed"].push_back(place_of(disturbances(row)));
    rows["disagrees"].push_back(row.disagrees ? 1 : 0);
    rows["reason"].push_back(place_of(remark_on(row)));
  }
  rows["reasons"] = std::move(reasons);
  rows["figures"] = figures_json(entries);
  return rows;
}

/// Takes pictures and histograms into the page as long as the budget lasts.
class Exhibits {
 public:
  Exhibits(const Cases& cases, const std::vector<ResultFile>& files) {
    for (std::size_t f = 0; f < files.size(); ++f)
      for (const Row& row : files[f].rows) file_of_[&row] = f;
    for (const ResultFile& file : files) pictures_of_.push_back(&file.pictures);
    const std::vector<Entry> entries = entries_of(cases);
    std::vector<std::size_t> order(entries.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_partition(order.begin(), order.end(),
                          [&](std::size_t i) { return cases.columns[entries[i].column].is_gpu(); });
    for (const std::size_t i : order) {
      const std::string& operation = entries[i].row->operation;
      if (entries[i].row->details.contains("pictures") &&
          first_task("pictures", operation, entries[i].task))
        add_pictures(i, *entries[i].row);
      if (entries[i].row->details.contains("pairs") &&
          first_task("pairs", operation, entries[i].task))
        add_pairs(i, *entries[i].row);
    }
  }

  json result() && {
    return {{"pictures", std::move(pictures_)},
            {"shown", std::move(shown_)},
            {"pairs", std::move(pairs_)},
            {"left_out", left_out_}};
  }

 private:
  bool first_task(const std::string& what, const std::string& operation, std::size_t task) {
    return task_of_.try_emplace(what + operation, task).first->second == task;
  }

  void add_pictures(std::size_t index, const Row& row) {
    const std::size_t file = file_of_.at(&row);
    json shown = row.details.at("pictures");
    std::map<std::string, const std::string*> fresh;
    std::size_t size = 0;
    for (const char* key : {"input", "expected", "result", "difference"}) {
      if (!shown.contains(key)) continue;
      const std::string name = shown[key];
      const std::string& picture = pictures_of_[file]->at(name);
      // Names are those of one file; the page has all files' pictures.
      const std::string global = std::to_string(file) + ":" + name;
      shown[key] = global;
      if (!pictures_.contains(global) && fresh.try_emplace(global, &picture).second)
        size += picture.size();
    }
    if (!take(size)) return;
    for (const auto& [name, data] : fresh) pictures_[name] = *data;
    shown_[std::to_string(index)] = std::move(shown);
  }

  void add_pairs(std::size_t index, const Row& row) {
    const json& pairs = row.details.at("pairs");
    if (take(pairs.dump(-1, ' ', false, json::error_handler_t::replace).size()))
      pairs_[std::to_string(index)] = pairs;
  }

  bool take(std::size_t size) {
    const bool fits = used_ + size <= picture_budget;
    if (fits)
      used_ += size;
    else
      ++left_out_;
    return fits;
  }

  std::unordered_map<const Row*, std::size_t> file_of_;
  std::vector<const std::map<std::string, std::string>*> pictures_of_;
  std::unordered_map<std::string, std::size_t> task_of_;
  json pictures_ = json::object(), shown_ = json::object(), pairs_ = json::object();
  std::size_t used_ = 0, left_out_ = 0;
};

}  // namespace

json page_model(const Cases& cases, const std::vector<ResultFile>& files) {
  json model{{"columns", json::array()}, {"tasks", json::array()}};
  for (const Column& column : cases.columns) model["columns"].push_back(column_json(column));
  for (const Task& task : cases.tasks) model["tasks"].push_back(task_json(task));
  model["rows"] = rows_json(entries_of(cases));
  model["exhibits"] = Exhibits(cases, files).result();
  return model;
}

double to_5_digits(double value) {
  std::array<char, 32> text;
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::general, 5)
          .ptr;
  double cut = value;
  std::from_chars(text.data(), end, cut);
  return cut;
}

std::string script_text(const json& model) {
  const std::string plain = model.dump(-1, ' ', false, json::error_handler_t::replace);
  std::string safe;
  safe.reserve(plain.size());
  for (std::size_t i = 0; i < plain.size(); ++i) {
    const std::string_view rest = std::string_view(plain).substr(i, 3);
    if (rest == "\u2028" || rest == "\u2029") {
      safe += rest == "\u2028" ? "\\u2028" : "\\u2029";
      i += 2;
      continue;
    }
    switch (plain[i]) {
      case '<':
        safe += "\\u003c";
        break;
      case '>':
        safe += "\\u003e";
        break;
      case '&':
        safe += "\\u0026";
        break;
      default:
        safe += plain[i];
    }
  }
  return safe;
}

}  // namespace voxelmark::report
