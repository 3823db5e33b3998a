#pragma once
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "engines/core/image.hpp"

namespace voxelmark {

/// A table (an f64 image of one column an x and one row a y) as comma-separated values under a line
/// of column names; NaN, an undefined value, is left empty.
std::string csv_text(const std::vector<std::string>& columns, const Image& table);

/// The same to a file. Throws BadInput, naming it, where it cannot be written.
void write_csv(const std::filesystem::path& path, const std::vector<std::string>& columns,
               const Image& table);

/// Text cells below a line of column names, all rows as long as that line.
struct CsvTable {
  std::string name;                 ///< the file's, for messages
  std::vector<std::string> header;  ///< without the blanks around a name
  std::vector<std::string> cells;   ///< row by row
  std::vector<std::size_t> lines;   ///< where each row starts in the file, counted from 1

  std::size_t columns() const { return header.size(); }
  std::size_t rows() const { return lines.size(); }
  const std::string& cell(std::size_t row, std::size_t column) const {
    return cells[row * columns() + column];
  }
};

/// Reads comma-separated values by RFC 4180: at least one row below a line of column names. Cells
/// in quotes may hold separators, line ends and doubled quotes.
///
/// Lines end with LF or CRLF; a UTF-8 byte order mark and blank lines at the end are skipped.
/// Cells are separated by whichever of comma, semicolon and tab the first line holds most of
/// outside quotes; in a tie comma goes before semicolon before tab.
///
/// Throws BadInput, naming file, line and what to do, on anything else, and on more than 10,000
/// columns or a file of more than 1 GiB. A cell takes 32 bytes of memory or more.
CsvTable read_csv(const std::filesystem::path& path);

/// The same for the contents of a file called `name`.
CsvTable parse_csv(std::string_view text, const std::string& name);

/// A column's finite numbers, a row each: decimal or with an exponent, as in "1.5", "+2" and
/// " 1e-3 ". Throws BadInput, naming file, line and column, on a cell that is missing or no such
/// number, and where not exactly one column has that name.
std::vector<double> numbers(const CsvTable& table, std::string_view column);

/// A column's cells as they are, blanks and missing ones included. Throws BadInput where not
/// exactly one column has that name.
std::vector<std::string> texts(const CsvTable& table, std::string_view column);

}  // namespace voxelmark
