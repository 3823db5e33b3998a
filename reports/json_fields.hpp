#pragma once
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace voxelmark::report {

/// The fields of one JSON object, read strictly: what is missing, or of another type than asked
/// for, throws std::invalid_argument that names the field.
class Fields {
 public:
  /// `where` begins what is thrown, as in "the case Flip2D/tbb". Throws where `value` is no object.
  Fields(const nlohmann::json& value, std::string where);

  bool has(const char* key) const { return object_.contains(key); }
  const nlohmann::json& at(const char* key) const;
  const std::string& text(const char* key) const;
  std::string text_or(const char* key, const std::string& otherwise) const;
  bool flag(const char* key) const;
  double number(const char* key) const;
  std::int64_t integer(const char* key, std::int64_t least, std::int64_t most) const;
  const nlohmann::json& list(const char* key) const;  ///< an array
  std::vector<double> numbers(const char* key) const;
  std::vector<std::string> texts(const char* key) const;
  /// Whole numbers of voxels along x, y, z, each `least` or more.
  std::array<std::int64_t, 3> extents(const char* key, std::int64_t least) const;
  Fields object(const char* key) const;
  [[noreturn]] void fail(const char* key, const std::string& what) const;

 private:
  const nlohmann::json& object_;
  std::string where_;
};

/// `text` for a message: one line, without control characters, and not endless.
std::string shown(const std::string& text);

}  // namespace voxelmark::report
