#pragma once
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "validate/illustration.hpp"

namespace voxelmark {

/// The pictures of a result file, each of which is kept once however many rows show it.
class PictureStore {
 public:
  /// What a row says of its illustration: `pictures`, naming those in this store, and `pairs`.
  nlohmann::json add(const Illustration& illustration);

  /// The same of a map of differences.
  nlohmann::json add(const DifferenceMap& map);

  /// Names and PNG files in base64.
  nlohmann::json all() const;

 private:
  std::string name_of(const std::string& png);

  std::map<std::string, std::string> names_;  // by content
};

/// `bytes` in base64 (RFC 4648, section 4), padded.
std::string base64(const std::string& bytes);

}  // namespace voxelmark
