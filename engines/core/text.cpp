#include "engines/core/text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdio>

namespace voxelmark {

namespace {

template <class T>
std::string to_chars_text(T value) {
  std::array<char, 64> buffer;
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), end};
}

}  // namespace

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string joined;
  for (const auto& part : parts) {
    if (!joined.empty()) joined += separator;
    joined += part;
  }
  return joined;
}

std::string shortest(double value) { return to_chars_text(value); }
std::string shortest(float value) { return to_chars_text(value); }

std::string significant(double value, int digits) {
  std::array<char, 64> buffer;
  // What rounds up to one digit more would get an exponent.
  const bool whole = std::abs(value) >= std::pow(10.0, digits) - 0.5 && std::abs(value) < 1e7;
  if (whole)
    std::snprintf(buffer.data(), buffer.size(), "%.0f", value);
  else
    std::snprintf(buffer.data(), buffer.size(), "%#.*g", digits, value);
  std::string text = buffer.data();
  if (!text.empty() && text.back() == '.') text.pop_back();
  return text;
}

std::string rounded(double value, int digits) {
  const std::string exact = shortest(value), cut = significant(value, digits);
  return exact.size() < cut.size() ? exact : cut;
}

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string folded(const std::string& lead, const std::string& text, const std::string& indent,
                   std::size_t width) {
  std::string result, current = lead;
  bool fresh = true;  // nothing but the indent stands in the current line
  for (const auto& word : split(text, ' ')) {
    if (!fresh && columns_of(current) + 1 + columns_of(word) > width) {
      result += current + "\n";
      current = indent;
      fresh = true;
    }
    current += (fresh ? "" : " ") + word;
    for (; columns_of(current) > width; current = indent + current.substr(width))
      result += current.substr(0, width) + "\n";
    fresh = false;
  }
  return result + current + "\n";
}

std::string counted(std::size_t n, const std::string& thing) {
  return std::to_string(n) + " " + thing + (n == 1 ? "" : "s");
}

std::string human_bytes(double bytes) {
  static constexpr std::array units{"bytes", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < units.size(); ++unit) bytes /= 1024;
  std::array<char, 64> buffer;
  std::snprintf(buffer.data(), buffer.size(),
                bytes == static_cast<std::int64_t>(bytes) ? "%.0f %s" : "%.1f %s", bytes,
                units[unit]);
  return buffer.data();
}

std::string identifier(std::string_view name) {
  std::string text;
  for (const char c : name) {
    const bool keep = std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-';
    if (keep)
      text += c;
    else if (!text.empty() && text.back() != '_')
      text += '_';
  }
  while (!text.empty() && text.back() == '_') text.pop_back();
  return text;
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  return '"' + join(split(text, '"'), "\"\"") + '"';
}

std::string no_formula(const std::string& text) {
  const bool formula = !text.empty() && std::string("=+-@\t\r").find(text[0]) != std::string::npos;
  return formula ? "'" + text : text;
}

bool contains_ignoring_case(std::string_view text, std::string_view part) {
  const auto same = [](unsigned char a, unsigned char b) {
    return std::tolower(a) == std::tolower(b);
  };
  return std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end();
}

}  // namespace voxelmark
