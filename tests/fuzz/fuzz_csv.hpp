#pragma once
#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/csv.hpp"
#include "engines/core/error.hpp"

namespace voxelmark {

/// The table with every cell in quotes.
inline std::string quoted(const CsvTable& table) {
  std::string text;
  const auto put = [&](const std::string& cell, std::size_t i) {
    text += '"';
    for (const char c : cell) text += c == '"' ? "\"\"" : std::string(1, c);
    text += (i + 1) % table.columns() == 0 ? "\"\n" : "\",";
  };
  for (std::size_t i = 0; i < table.columns(); ++i) put(table.header[i], i);
  for (std::size_t i = 0; i < table.cells.size(); ++i) put(table.cells[i], i);
  return text;
}

/// Reads a text as a CSV file and asks for its columns. Throws where that ends in anything but
/// finite numbers, cells that survive being written, or a refusal in one line.
inline void fuzz_csv(std::string_view text) {
  const auto check = [](bool holds, const char* what) {
    if (!holds) throw std::logic_error(what);
  };
  const auto refused = [&](const std::function<void()>& read) {
    try {
      read();
    } catch (const BadInput& error) {
      const std::string_view message = error.what();
      check(message.find_first_of({"\n\r\0", 3}) == message.npos, "a refusal in several lines");
      check(message.size() < 3000, "an endless refusal");
      return true;
    }
    return false;
  };
  CsvTable table;
  if (refused([&] { table = parse_csv(text, "fuzz.csv"); })) return;
  check(table.rows() > 0 && table.cells.size() == table.rows() * table.columns(), "missing cells");
  for (std::size_t i = 0; i < std::min<std::size_t>(table.columns(), 8); ++i) {
    refused([&] {
      const auto values = numbers(table, table.header[i]);
      check(values.size() == table.rows(), "missing numbers");
      for (const double value : values) check(std::isfinite(value), "a number that is not finite");
    });
    refused([&] { check(texts(table, table.header[i]).size() == table.rows(), "missing texts"); });
  }
  refused([&] { texts(table, "no such column"); });
  const CsvTable again = parse_csv(quoted(table), "again.csv");
  check(again.header == table.header && again.cells == table.cells, "cells changed");
}

}  // namespace voxelmark
