#include <algorithm>
#include <set>

#include "engines/core/text.hpp"
#include "reports/exports.hpp"

namespace voxelmark::report {

namespace {

using Cells = std::vector<std::string>;

// ---- CSV

std::string csv_line(const Cells& cells) {
  Cells quoted;
  for (const std::string& cell : cells) quoted.push_back(csv_cell(cell));
  return join(quoted, ",") + "\r\n";
}

/// The figures of any row: the times of its run first, then the rest by name.
Cells figure_columns(const std::vector<ResultFile>& files) {
  Cells columns{"median_ms", "median_ci_lower_ms", "median_ci_upper_ms", "prepare_ms", "push_ms",
                "pull_ms"};
  std::set<std::string> others;
  for (const ResultFile& file : files)
    for (const Row& row : file.rows)
      for (const auto& [key, value] : row.figures)
        if (std::find(columns.begin(), columns.end(), key) == columns.end()) others.insert(key);
  columns.insert(columns.end(), others.begin(), others.end());
  return columns;
}

Cells csv_texts(const ResultFile& file, const Row& row) {
  Cells cells;
  for (const std::string& text :
       {file.path.string(), file.date, file.git_revision, row.name, row.kind, row.operation,
        row.engine, row.device_id, row.device, row.dtype, row.parameters})
    cells.push_back(no_formula(text));
  for (const auto voxels : row.size) cells.push_back(std::to_string(voxels));
  cells.push_back(std::to_string(row.threads));
  cells.push_back(to_string(row.outcome));
  cells.push_back(no_formula(row.reason));
  const bool done = row.outcome == Outcome::done;
  cells.push_back(done ? row.is_reference ? "1" : "0" : "");
  cells.push_back(done ? row.checked ? "1" : "0" : "");
  return cells;
}

// ---- Markdown

/// Text that neither Markdown nor HTML takes for more than text.
std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '\n' || c == '\r')
      safe += ' ';
    else if (c == '&')
      safe += "&amp;";
    else if (c == '<')
      safe += "&lt;";
    else if (c == '>')
      safe += "&gt;";
    else if (std::string("\\`*_[]|~$").find(c) != std::string::npos)
      safe += std::string("\\") + c;
    else
      safe += c;
  }
  return safe;
}

std::string figure_cell(std::optional<double> value) { return value ? rounded(*value, 3) : "-"; }

std::string agreement_cell(const Row& row) {
  if (row.is_reference) return "is the reference";
  if (!row.checked) return "not checked";
  if (row.figure("dice_needed")) {
    const auto dice = row.figure("dice");  // undefined of two images without labels
    return (row.disagrees ? "disagrees: " : "") +
           (dice ? "Dice " + rounded(*dice, 4) : "no labels");
  }
  return (row.disagrees ? "disagrees: " : "") + figure_cell(row.figure("max_abs_error")) + " of " +
         figure_cell(row.figure("error_allowed"));
}

std::string markdown_line(const Cells& cells) { return "| " + join(cells, " | ") + " |\n"; }

Cells markdown_row(const Row& row) {
  Cells cells{escaped(row.name), escaped(row.device)};
  if (row.outcome != Outcome::done) {
    cells.push_back(to_string(row.outcome) + ": " + escaped(row.reason));
    cells.insert(cells.end(), 4, "");
    return cells;
  }
  const auto lower = row.figure("median_ci_lower_ms"), upper = row.figure("median_ci_upper_ms");
  std::string time = figure_cell(compute_ms(row));
  if (lower && upper) time += " (" + rounded(*lower, 3) + " to " + rounded(*upper, 3) + ")";
  const auto speedup = row.figure("speedup");
  for (const std::string& cell :
       {time, figure_cell(with_transfers_ms(row)), figure_cell(first_call_ms(row)),
        speedup ? rounded(*speedup, 3) + "×" : "-", agreement_cell(row)})
    cells.push_back(cell);
  return cells;
}

std::string markdown_tables(const ResultFile& file) {
  std::vector<std::string> operations;
  for (const Row& row : file.rows)
    if (std::find(operations.begin(), operations.end(), row.operation) == operations.end())
      operations.push_back(row.operation);
  std::string text;
  for (const std::string& operation : operations) {
    text += "### " + escaped(operation) + "\n\n";
    text +=
        "| case | device | one call, ms (95 % interval) | with transfers, ms | first call, ms | "
        "speed-up | max error of allowed |\n|---|---|--:|--:|--:|--:|--:|\n";
    for (const Row& row : file.rows)
      if (row.operation == operation) text += markdown_line(markdown_row(row));
    text += "\n";
  }
  return text;
}

}  // namespace

Exported to_csv(const std::vector<ResultFile>& files) {
  Cells header{"file",          "date",          "git_revision", "name",
               "kind",          "operation",     "engine",       "device_id",
               "device",        "dtype",         "parameters",   "size_x_voxels",
               "size_y_voxels", "size_z_voxels", "threads",      "outcome",
               "reason",        "is_reference",  "checked",      "with_transfers_ms",
               "first_call_ms"};
  const Cells figures = figure_columns(files);
  header.insert(header.end(), figures.begin(), figures.end());
  std::string text = csv_line(header);
  const auto number = [](std::optional<double> value) { return value ? shortest(*value) : ""; };
  for (const ResultFile& file : files)
    for (const Row& row : file.rows) {
      Cells cells = csv_texts(file, row);
      cells.push_back(number(with_transfers_ms(row)));
      cells.push_back(number(first_call_ms(row)));
      for (const std::string& key : figures) cells.push_back(number(row.figure(key)));
      text += csv_line(cells);
    }
  return {text};
}

Exported to_markdown(const std::vector<ResultFile>& files) {
  std::string text;
  for (const ResultFile& file : files)
    text += "## " + escaped(file.path.filename().string()) + "\n\n" + escaped(file.machine()) +
            "; revision " + escaped(file.git_revision) + "; " + escaped(file.date) + "\n\n" +
            markdown_tables(file);
  return {text};
}

}  // namespace voxelmark::report
