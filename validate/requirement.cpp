#include "validate/requirement.hpp"

#include <algorithm>

#include "engines/core/error.hpp"
#include "engines/core/text.hpp"

namespace voxelmark {

Requirement parse_requirement(const std::string& text) {
  const auto at = text.find_first_of("<>=");
  if (at != std::string::npos && at > 0) {
    const std::size_t length = at + 1 < text.size() && text[at + 1] == '=' ? 2 : 1;
    Requirement requirement{text.substr(0, at), text.substr(at, length), 0, text};
    const auto value = parse_number<double>(text.substr(at + length));
    if (requirement.comparison != "=" && value && *value == *value) {
      requirement.value = *value;
      return requirement;
    }
  }
  throw BadInput("'" + text +
                 "' is no requirement; write a metric, one of >= <= > < ==, and a number, as in "
                 "'dice>=0.9'");
}

Figures numbers_of(const Figures& figures) {
  Figures result;
  for (const Figure& f : figures) {
    if (f.scalar && (f.number() || f.value.is_null())) result.push_back(f);
    if (!f.scalar && (f.key.ends_with("_ci") || f.key.ends_with(".iqr")))
      for (const std::size_t end : {0u, 1u})
        result.push_back({f.key + (end == 0 ? ".lower" : ".upper"),
                          f.value.is_array() ? f.value[end] : nlohmann::ordered_json(), f.reason});
  }
  return result;
}

std::string unmet(const Requirement& r, const Figures& all) {
  const Figures figures = numbers_of(all);
  const auto found =
      std::find_if(figures.begin(), figures.end(), [&](const Figure& f) { return f.key == r.key; });
  if (found == figures.end()) {
    std::vector<std::string> keys;
    for (const Figure& f : figures) keys.push_back(f.key);
    throw BadInput("--require '" + r.text + "': there is no number '" + r.key +
                   "' here; there are " + join(keys, ", "));
  }
  const auto number = found->number();
  if (!number) return r.text + " is not met: undefined (" + found->reason + ")";
  const double value = *number;
  const bool met = r.comparison == ">="   ? value >= r.value
                   : r.comparison == "<=" ? value <= r.value
                   : r.comparison == ">"  ? value > r.value
                   : r.comparison == "<"  ? value < r.value
                                          : value == r.value;
  return met ? "" : r.text + " is not met: " + significant(value, 9);
}

}  // namespace voxelmark
