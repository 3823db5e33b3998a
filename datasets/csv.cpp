#include "datasets/csv.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>

#include "datasets/input_file.hpp"
#include "engines/core/error.hpp"
#include "engines/core/files.hpp"
#include "engines/core/text.hpp"

namespace voxelmark {

namespace {

constexpr std::uintmax_t most_bytes = std::uintmax_t{1} << 30;
constexpr std::size_t most_columns = 10'000;

[[noreturn]] void fail(const std::string& name, const std::string& why) {
  throw BadInput(name + ": " + why);
}

std::string at_line(std::size_t line) { return "line " + std::to_string(line); }

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Bytes of the UTF-8 character that `text` begins with; 0 where that is none, or a control
/// character.
std::size_t character_bytes(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto lead = byte(0);
  const std::size_t bytes = lead < 0x80   ? 1
                            : lead < 0xC2 ? 0
                            : lead < 0xE0 ? 2
                            : lead < 0xF0 ? 3
                                          : 4;
  if (lead < 0x20 || lead == 0x7F || lead > 0xF4 || bytes > text.size()) return 0;
  for (std::size_t i = 1; i < bytes; ++i)
    if (byte(i) >> 6 != 2) return 0;
  return bytes;
}

/// A cell as a message shows it: in quotes, at most 40 characters, and '?' for what would garble
/// the line.
std::string shown(std::string_view text) {
  std::string result = "'";
  for (int characters = 0; !text.empty(); ++characters) {
    if (characters == 40) return result + "…'";
    const std::size_t bytes = character_bytes(text);
    result += bytes ? text.substr(0, bytes) : "?";
    text.remove_prefix(std::max<std::size_t>(1, bytes));
  }
  return result + "'";
}

char separator_of(std::string_view text) {
  constexpr std::string_view separators = ",;\t";
  std::array<std::size_t, separators.size()> counts{};
  bool quoted = false;
  for (const char c : text) {
    if (c == '\n' && !quoted) break;
    if (c == '"') quoted = !quoted;
    const auto separator = separators.find(c);
    if (separator != separators.npos && !quoted) ++counts[separator];
  }
  return separators[static_cast<std::size_t>(std::max_element(counts.begin(), counts.end()) -
                                             counts.begin())];
}

/// Takes a text apart, row by row.
class Cursor {
 public:
  Cursor(std::string_view text, const std::string& name)
      : text_(text), name_(name), separator_(separator_of(text)) {}

  bool done() const { return text_.empty(); }
  std::size_t line() const { return line_; }
  char separator() const { return separator_; }
  /// Appends the next row's cells, but `most` at most. Returns how many it has.
  std::size_t read_row(std::vector<std::string>& cells, std::size_t most);

 private:
  std::string read_cell();
  std::string read_quoted();
  [[noreturn]] void fail_here(std::size_t line, const std::string& why) const {
    fail(name_, at_line(line) + ", cell " + std::to_string(cell_) + ": " + why);
  }
  bool skip(std::string_view part) {
    if (!text_.starts_with(part)) return false;
    text_.remove_prefix(part.size());
    return true;
  }

  std::string_view text_;  ///< what is still to be read
  const std::string& name_;
  const char separator_;
  std::size_t line_ = 1, cell_ = 0;
};

std::size_t Cursor::read_row(std::vector<std::string>& cells, std::size_t most) {
  for (cell_ = 1;; ++cell_) {
    std::string cell = read_cell();
    if (cell_ <= most) cells.push_back(std::move(cell));
    if (skip({&separator_, 1})) continue;
    if (done() || skip("\n") || skip("\r\n")) break;
    fail_here(line_, text_.starts_with('\r')
                         ? "a carriage return ends no line; save it with LF or CRLF line ends"
                         : "a quote inside a cell; write \"a \"\"b\"\" c\" for a \"b\" c");
  }
  ++line_;
  return cell_;
}

std::string Cursor::read_cell() {
  if (skip("\"")) return read_quoted();
  const char ends[]{separator_, '"', '\r', '\n'};
  const auto cell = text_.substr(0, text_.find_first_of({ends, sizeof ends}));
  text_.remove_prefix(cell.size());
  return std::string(cell);
}

std::string Cursor::read_quoted() {
  std::string cell;
  const std::size_t start = line_;
  for (;;) {
    const auto part = text_.substr(0, text_.find('"'));
    if (part.size() == text_.size()) fail_here(start, "a quote is opened, but never closed");
    line_ += static_cast<std::size_t>(std::count(part.begin(), part.end(), '\n'));
    cell += part;
    text_.remove_prefix(part.size() + 1);
    if (!skip("\"")) return cell;
    cell += '"';
  }
}

std::string wrong_length(std::size_t count, std::size_t columns, char separator) {
  return std::string(" has too ") + (count > columns ? "many" : "few") + " cells (" +
         std::to_string(count) + ", the header has " + std::to_string(columns) + "); " +
         (separator == ',' && count == 2 * columns ? "uses a decimal comma? write 1.5"
          : count > columns                        ? "put cells that hold a separator in quotes"
                                                   : "fill it up, or remove it");
}

/// std::from_chars takes no plus sign.
std::string_view without_plus(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  return text;
}

/// Why a cell without blanks around it is refused.
std::string why_no_number(std::string_view cell) {
  if (cell.empty()) return "the cell is missing; fill it in, or remove the row";
  std::string with_point(cell);
  std::replace(with_point.begin(), with_point.end(), ',', '.');
  if (parse_number<double>(without_plus(with_point)))
    return shown(cell) + " is no number; uses a decimal comma? write 1.5";
  const std::string_view number = without_plus(cell);
  double value{};
  const auto result = std::from_chars(number.data(), number.data() + number.size(), value);
  const bool beyond =
      result.ec == std::errc::result_out_of_range && result.ptr == number.data() + number.size();
  return shown(cell) + (beyond ? " is beyond what a double holds" : " is no number, such as 1.5");
}

[[noreturn]] void fail_at(const CsvTable& table, std::size_t row, std::string_view column,
                          const std::string& why) {
  fail(table.name, at_line(table.lines[row]) + ", column " + shown(column) + ": " + why);
}

/// The index of the only column of that name.
std::size_t column_of(const CsvTable& table, std::string_view column) {
  const auto& header = table.header;
  const auto found = std::find(header.begin(), header.end(), column);
  if (found == header.end()) {
    std::string names;
    for (std::size_t i = 0; i < std::min<std::size_t>(10, header.size()); ++i)
      names += (i ? ", " : "") + shown(header[i]);
    fail(table.name, "has no column " + shown(column) + "; it has " + names +
                         (header.size() > 10 ? ", …" : ""));
  }
  if (const auto count = std::count(found, header.end(), column); count > 1)
    fail(table.name, "has " + std::to_string(count) + " columns " + shown(column) +
                         "; give each a name of its own");
  return static_cast<std::size_t>(found - header.begin());
}

}  // namespace

std::string csv_text(const std::vector<std::string>& columns, const Image& table) {
  std::string text = join(columns, ",") + "\n";
  const auto values = table.pixels<double>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    char number[32];
    // The shortest text that reads back as the same double.
    const auto end = std::to_chars(number, number + sizeof number, values[i]).ptr;
    if (!std::isnan(values[i])) text.append(number, end);
    text += (i + 1) % columns.size() == 0 ? '\n' : ',';
  }
  return text;
}

void write_csv(const std::filesystem::path& path, const std::vector<std::string>& columns,
               const Image& table) {
  write_text(path, csv_text(columns, table));
}

CsvTable read_csv(const std::filesystem::path& path) {
  const std::uintmax_t bytes = input_file_bytes(path);
  if (bytes > most_bytes)
    fail(path.string(), "is larger than " + human_bytes(most_bytes) + "; split it");
  std::string text(bytes, '\0');
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file.read(text.data(), static_cast<std::streamsize>(bytes)))
    fail(path.string(), errno ? std::strerror(errno) : "shrank while it was read");
  return parse_csv(text, path.string());
}

CsvTable parse_csv(std::string_view text, const std::string& name) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    fail(name, "line 1: the file is UTF-16; save it as UTF-8");
  if (const auto nul = text.find('\0'); nul != text.npos)
    fail(name,
         at_line(1 + static_cast<std::size_t>(std::count(text.begin(), text.begin() + nul, '\n'))) +
             ": a NUL byte: the file is binary or UTF-16; save it as UTF-8 text");
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  while (text.ends_with('\n')) text.remove_suffix(text.ends_with("\r\n") ? 2 : 1);
  if (text.empty()) fail(name, "the file is empty");

  CsvTable table{name, {}, {}, {}};
  Cursor cursor(text, name);
  const std::size_t columns = cursor.read_row(table.header, most_columns);
  for (std::string& column : table.header) column = std::string(trimmed(column));
  if (columns == 1 && table.header[0].empty())
    fail(name, "line 1 is blank; write the columns' names there");
  if (columns > most_columns)
    fail(name, "line 1: " + std::to_string(columns) + " columns; at most " +
                   std::to_string(most_columns) + " are read");
  while (!cursor.done()) {
    const std::size_t line = cursor.line();
    table.lines.push_back(line);
    const std::size_t count = cursor.read_row(table.cells, columns);
    if (count != columns)
      fail(name, at_line(line) + wrong_length(count, columns, cursor.separator()));
  }
  if (table.lines.empty()) fail(name, "line 1: a header, but no rows below it");
  return table;
}

std::vector<double> numbers(const CsvTable& table, std::string_view column) {
  const std::size_t at = column_of(table, column);
  std::vector<double> values(table.rows());
  std::size_t undefined = 0, first = 0;
  for (std::size_t row = 0; row < values.size(); ++row) {
    const std::string_view cell = trimmed(table.cell(row, at));
    const auto value = parse_number<double>(without_plus(cell));
    if (!value) fail_at(table, row, column, why_no_number(cell));
    if (!std::isfinite(*value) && undefined++ == 0) first = row;
    values[row] = *value;
  }
  if (undefined)
    fail_at(table, first, column,
            shown(table.cell(first, at)) + " is not finite, the first such of " +
                std::to_string(undefined) + "; remove their rows");
  return values;
}

std::vector<std::string> texts(const CsvTable& table, std::string_view column) {
  const std::size_t at = column_of(table, column);
  std::vector<std::string> cells(table.rows());
  for (std::size_t row = 0; row < cells.size(); ++row) cells[row] = table.cell(row, at);
  return cells;
}

}  // namespace voxelmark
