#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace voxelmark {

/// One float32 value per axis; 2D operations keep z at 0.
struct PerAxis {
  float x = 0, y = 0, z = 0;
  bool operator==(const PerAxis&) const = default;
};

/// A number, one number per axis, or one of a list of choices.
using ParameterValue = std::variant<float, PerAxis, std::string>;

/// What an operation says of one of its parameters.
struct ParameterSpec {
  std::string name;
  ParameterValue default_value;
  float minimum = 0, maximum = 0;      ///< of a number, both included; unused for choices
  bool whole = false;                  ///< whole numbers only
  std::vector<std::string> choices{};  ///< of a choice; empty for numbers
  std::string description{};           ///< meaning and unit
};

/// The values of an operation's parameters, in the order of its specification.
class Parameters {
 public:
  Parameters() = default;
  explicit Parameters(const std::vector<ParameterSpec>& specs);

  /// Throws std::logic_error where there is no such parameter, or it is of another kind.
  float number(std::string_view name) const { return get<float>(name); }
  PerAxis per_axis(std::string_view name) const { return get<PerAxis>(name); }
  const std::string& choice(std::string_view name) const { return get<std::string>(name); }

  void set(std::string_view name, ParameterValue value);

  /// "sigma:2/window:box", "sigma:2x2x0": what stands in a case's name.
  std::string text(int dims) const;

  bool operator==(const Parameters&) const = default;

 private:
  template <class T>
  const T& get(std::string_view name) const;

  std::vector<std::pair<std::string, ParameterValue>> values_;
};

std::string to_string(const ParameterValue& value, int dims);

/// Reads one value as the user wrote it: "2", "2x2x0" (x, y, z), or a choice. One number for a
/// per-axis parameter holds for every axis. Throws BadInput where it is malformed, out of range or
/// NaN.
ParameterValue parse_parameter(const ParameterSpec& spec, int dims, std::string_view text);

}  // namespace voxelmark
