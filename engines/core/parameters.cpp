#include "engines/core/parameters.hpp"

#include <algorithm>
#include <stdexcept>

#include "engines/core/error.hpp"
#include "engines/core/text.hpp"

namespace voxelmark {

Parameters::Parameters(const std::vector<ParameterSpec>& specs) {
  for (const auto& spec : specs) values_.emplace_back(spec.name, spec.default_value);
}

template <class T>
const T& Parameters::get(std::string_view name) const {
  for (const auto& [key, value] : values_)
    if (key == name) return std::get<T>(value);
  throw std::logic_error("no parameter '" + std::string(name) + "'");
}

template const float& Parameters::get<float>(std::string_view) const;
template const PerAxis& Parameters::get<PerAxis>(std::string_view) const;
template const std::string& Parameters::get<std::string>(std::string_view) const;

void Parameters::set(std::string_view name, ParameterValue value) {
  for (auto& [key, current] : values_)
    if (key == name) {
      current = std::move(value);
      return;
    }
  throw std::logic_error("no parameter '" + std::string(name) + "'");
}

std::string to_string(const ParameterValue& value, int dims) {
  if (const auto* number = std::get_if<float>(&value)) return shortest(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  const auto& axes = std::get<PerAxis>(value);
  if (axes.x == axes.y && (dims == 2 || axes.y == axes.z)) return shortest(axes.x);
  const std::string plane = shortest(axes.x) + "x" + shortest(axes.y);
  return dims == 2 ? plane : plane + "x" + shortest(axes.z);
}

std::string Parameters::text(int dims) const {
  std::vector<std::string> parts;
  for (const auto& [name, value] : values_) parts.push_back(name + ":" + to_string(value, dims));
  return join(parts, "/");
}

ParameterValue parse_parameter(const ParameterSpec& spec, int dims, std::string_view text) {
  const auto fail = [&](const std::string& expected) {
    return BadInput("parameter " + spec.name + "='" + std::string(text) + "': expected " +
                    expected);
  };
  if (!spec.choices.empty()) {
    if (std::find(spec.choices.begin(), spec.choices.end(), text) == spec.choices.end())
      throw fail("one of " + join(spec.choices, ", "));
    return std::string(text);
  }
  const std::string range = std::string(spec.whole ? "a whole number" : "a number") + " from " +
                            shortest(spec.minimum) + " to " + shortest(spec.maximum);
  const auto number = [&](std::string_view part) {
    const auto value = parse_number<float>(part);
    const bool in_range = value && *value >= spec.minimum && *value <= spec.maximum;
    if (!in_range || (spec.whole && *value != static_cast<float>(static_cast<long long>(*value))))
      throw fail(range);
    return *value + 0.0f;  // no negative zero in names
  };
  if (std::holds_alternative<float>(spec.default_value)) return number(text);

  const auto parts = split(text, 'x');
  if (parts.size() == 1) {
    const float all = number(text);
    return PerAxis{all, all, dims == 3 ? all : 0};
  }
  if (parts.size() != static_cast<std::size_t>(dims))
    throw fail(range + ", or one for each of the " + std::to_string(dims) + " axes, as in " +
               (dims == 2 ? "2x2" : "2x2x0"));
  return PerAxis{number(parts[0]), number(parts[1]), dims == 3 ? number(parts[2]) : 0};
}

}  // namespace voxelmark
