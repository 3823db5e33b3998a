#pragma once
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace voxelmark {

/// The parts of `text` between separators; an empty text is one empty part.
std::vector<std::string> split(std::string_view text, char separator);

/// The parts with `separator` between them.
std::string join(const std::vector<std::string>& parts, std::string_view separator);

/// The number that the whole of `text` spells, or nothing.
template <class T>
std::optional<T> parse_number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The shortest decimal text that reads back as the same value: "2", "0.5".
std::string shortest(double value);
std::string shortest(float value);

/// `value` with `digits` significant digits, without exponent where that stays readable.
std::string significant(double value, int digits);

/// The shorter of both: at the most `digits` significant digits, "0" instead of "0.000".
std::string rounded(double value, int digits);

/// Columns that a UTF-8 text takes, each character being one wide.
std::size_t columns_of(std::string_view text);

/// `text` behind `lead`, folded at spaces to lines of at most `width` columns, of which further
/// ones stand behind `indent`; ends with a newline. A longer word is cut.
std::string folded(const std::string& lead, const std::string& text, const std::string& indent,
                   std::size_t width);

/// "1 case", "3 cases".
std::string counted(std::size_t n, const std::string& thing);

/// "128 MiB", "16.0 GiB".
std::string human_bytes(double bytes);

/// `name` with all but letters, digits, '.' and '-' replaced by '_', fit for a case name.
std::string identifier(std::string_view name);

/// A cell of a CSV table, quoted where it has to be.
std::string csv_cell(const std::string& text);

/// A text that is no number: what spreadsheets would run as a formula begins with '.
std::string no_formula(const std::string& text);

bool contains_ignoring_case(std::string_view text, std::string_view part);

}  // namespace voxelmark
