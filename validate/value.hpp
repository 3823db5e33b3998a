#pragma once
#include <cmath>
#include <optional>
#include <string>
#include <utility>

namespace voxelmark {

/// Why a metric has no value.
struct Undefined {
  std::string reason;
};

/// A metric's value, or why it has none. Never NaN: undefined values are told apart from numbers.
class Value {
 public:
  Value() : Value(Undefined{"not asked for"}) {}
  Value(double number) {
    if (std::isfinite(number))
      number_ = number;
    else
      reason_ = "not finite: the numbers are too large";
  }
  Value(Undefined undefined) : reason_(std::move(undefined.reason)) {}

  explicit operator bool() const { return number_.has_value(); }
  double operator*() const { return *number_; }
  double value_or(double other) const { return number_.value_or(other); }
  const std::string& reason() const { return reason_; }

  /// The value of `f` of this number; undefined for the same reason where this is.
  template <class F>
  Value then(F&& f) const {
    return number_ ? Value(f(*number_)) : *this;
  }

 private:
  std::optional<double> number_;
  std::string reason_;
};

/// numerator / denominator, or `reason` where the denominator is 0.
inline Value ratio(double numerator, double denominator, const char* reason) {
  return denominator != 0 ? Value(numerator / denominator) : Value(Undefined{reason});
}

/// Both ends of a confidence interval, or why there is none.
struct ValueRange {
  Value lower, upper;
};

}  // namespace voxelmark
