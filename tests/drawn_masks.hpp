#pragma once
#include <gtest/gtest.h>

#include "tests/image_makers.hpp"
#include "validate/value.hpp"

namespace voxelmark {

inline Image mask(const std::vector<std::string>& rows) { return drawn<std::uint8_t>(rows); }
inline Image labels(const std::vector<std::string>& rows) { return drawn<std::uint32_t>(rows); }

/// Without a value, for a reason that holds these words.
inline void expect_undefined(const Value& value, const std::string& words) {
  EXPECT_FALSE(value);
  EXPECT_NE(value.reason().find(words), std::string::npos) << value.reason();
}

}  // namespace voxelmark
