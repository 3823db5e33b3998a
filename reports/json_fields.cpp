#include "reports/json_fields.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace voxelmark::report {

using nlohmann::json;

Fields::Fields(const json& value, std::string where) : object_(value), where_(std::move(where)) {
  if (!value.is_object()) throw std::invalid_argument(where_ + " is no JSON object");
}

void Fields::fail(const char* key, const std::string& what) const {
  throw std::invalid_argument(where_ + ": \"" + key + "\" " + what);
}

const json& Fields::at(const char* key) const {
  const auto found = object_.find(key);
  if (found == object_.end()) fail(key, "is missing");
  return *found;
}

const std::string& Fields::text(const char* key) const {
  const json& value = at(key);
  if (!value.is_string()) fail(key, "is no text");
  return value.get_ref<const std::string&>();
}

std::string Fields::text_or(const char* key, const std::string& otherwise) const {
  return has(key) ? text(key) : otherwise;
}

bool Fields::flag(const char* key) const {
  const json& value = at(key);
  if (!value.is_boolean()) fail(key, "is neither true nor false");
  return value.get<bool>();
}

double Fields::number(const char* key) const {
  const json& value = at(key);
  if (!value.is_number()) fail(key, "is no number");
  return value.get<double>();
}

std::int64_t Fields::integer(const char* key, std::int64_t least, std::int64_t most) const {
  const json& value = at(key);
  // The library would turn true, 2.5 and 1e300 into integers too.
  const bool fits = value.is_number_integer() && value.get<double>() >= double(least) &&
                    value.get<double>() <= double(most);
  if (!fits)
    fail(key, "is no whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return value.get<std::int64_t>();
}

const json& Fields::list(const char* key) const {
  const json& value = at(key);
  if (!value.is_array()) fail(key, "is no list");
  return value;
}

std::vector<double> Fields::numbers(const char* key) const {
  const json& values = list(key);
  if (!std::all_of(values.begin(), values.end(), [](const json& v) { return v.is_number(); }))
    fail(key, "is no list of numbers");
  return values.get<std::vector<double>>();
}

std::vector<std::string> Fields::texts(const char* key) const {
  const json& values = list(key);
  if (!std::all_of(values.begin(), values.end(), [](const json& v) { return v.is_string(); }))
    fail(key, "is no list of texts");
  return values.get<std::vector<std::string>>();
}

std::array<std::int64_t, 3> Fields::extents(const char* key, std::int64_t least) const {
  const std::vector<double> n = numbers(key);
  const bool good =
      n.size() == 3 &&
      std::all_of(n.begin(), n.end(),
                  [&](double v) { return v >= double(least) && v <= 1e9 && v == std::floor(v); }) &&
      n[0] * n[1] * n[2] <= 1e18;
  if (!good) fail(key, "is not three whole numbers of voxels");
  return {std::int64_t(n[0]), std::int64_t(n[1]), std::int64_t(n[2])};
}

Fields Fields::object(const char* key) const { return {at(key), where_ + ": \"" + key + "\""}; }

std::string shown(const std::string& text) {
  constexpr std::size_t longest = 200;
  std::string line = text.substr(0, longest);
  // Not in the middle of a character of several bytes.
  if (text.size() > longest)
    while (!line.empty() && (static_cast<unsigned char>(text[line.size()]) & 0xC0) == 0x80)
      line.pop_back();
  for (char& c : line)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  return text.size() > longest ? line + "…" : line;
}

}  // namespace voxelmark::report
