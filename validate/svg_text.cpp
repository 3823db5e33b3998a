#include "validate/svg_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace voxelmark::plots {

namespace {

/// Bytes of the UTF-8 character at the beginning of `text`; 0 where there is none that XML allows.
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return first >= ' ' || first == '\t' || first == '\n' ? 1 : 0;
  if (first < 0xC2 || first > 0xF4) return 0;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  unsigned code = first & (0x7F >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    code = code << 6 | (byte(i) & 0x3F);
  }
  constexpr std::array lowest{0u, 0u, 0x80u, 0x800u, 0x10000u};
  const bool surrogate = code >= 0xD800 && code < 0xE000;
  const bool allowed =
      code >= lowest[length] && code <= 0x10FFFF && !surrogate && code != 0xFFFE && code != 0xFFFF;
  return allowed ? length : 0;
}

}  // namespace

std::vector<std::string> xml_characters(std::string_view text) {
  std::vector<std::string> characters;
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(1, length));
    if (length == 0)
      characters.emplace_back("\uFFFD");
    else if (character == "&")
      characters.emplace_back("&amp;");
    else if (character == "<")
      characters.emplace_back("&lt;");
    else if (character == ">")
      characters.emplace_back("&gt;");
    else if (character == "\"")
      characters.emplace_back("&quot;");
    else
      characters.emplace_back(character);
    text.remove_prefix(character.size());
  }
  return characters;
}

std::string joined(const std::vector<std::string>& characters) {
  std::string text;
  for (const auto& character : characters) text += character;
  return text;
}

std::string escaped(std::string_view text) { return joined(xml_characters(text)); }

std::string pixels(double value) {
  std::array<char, 32> buffer;
  const double rounded = std::round(value * 100) / 100 + 0.0;  // no −0
  return {buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), rounded).ptr};
}

std::string tidy(std::string_view number) {
  std::string text;
  bool exponent = false;
  for (std::size_t i = 0; i < number.size(); ++i) {
    const char c = number[i];
    if (c == '-')
      text += "\u2212";
    else if (c != '+' && !(exponent && c == '0' && i + 1 < number.size()))
      text += c;
    exponent = c == 'e' || (exponent && (c == '+' || c == '-' || c == '0'));
  }
  return text;
}

std::string brief(double value, int digits) {
  std::array<char, 64> buffer;
  const bool whole = std::abs(value) >= std::pow(10, digits - 1) && std::abs(value) < 1e6;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value + 0.0,
                                 whole ? std::chars_format::fixed : std::chars_format::general,
                                 whole ? 0 : digits)
                       .ptr;
  return tidy({buffer.data(), end});
}

std::string grouped(std::size_t count) {
  std::string text = std::to_string(count);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, ",");
  return text;
}

std::string pairs_text(std::size_t count) {
  return grouped(count) + (count == 1 ? " pair" : " pairs");
}

std::string correlation_text(double r) {
  if (std::abs(r) < 1 && std::abs(r) >= 0.99995) return r < 0 ? "r < \u22120.9999" : "r > 0.9999";
  return "r = " + brief(r);
}

double text_width(std::string_view text, double size) {
  return em * size * static_cast<double>(xml_characters(text).size());
}

}  // namespace voxelmark::plots
