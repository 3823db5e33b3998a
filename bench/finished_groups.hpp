#pragma once
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/options.hpp"
#include "bench/results.hpp"

namespace voxelmark {

/// What one group of a sweep gave, as other processes and later runs read it.
struct FinishedGroup {
  std::size_t index = 0;  ///< among the sweep's groups
  Tally tally;
  bool broken = false;  ///< a case failed without a result; a run that goes on measures it again
  std::string table;
  nlohmann::json document;  ///< a result file of this group alone; null where none is asked for

  std::string text() const;  ///< one line of JSON
  static FinishedGroup from(const std::string& text);
};

/// By their place in the sweep.
using FinishedGroups = std::map<std::size_t, FinishedGroup>;

/// `document`, a result file without cases, with those of the groups, in the sweep's order, and
/// with their devices. Of each operation the first pictures are kept, as in one process.
nlohmann::json merged_groups(nlohmann::json document, const FinishedGroups& groups);

/// What a run has to have in common with the one that it goes on with: cases, and how they are
/// measured. Default sizes, which hang on measured times, are a part of it.
nlohmann::json sweep_key(const std::vector<Group>& groups, const Options& options);
/// Gives groups the sizes that another process, or an earlier run, found by default. Does nothing
/// where the sweep is another one.
void adopt_sizes(std::vector<Group>& groups, const nlohmann::json& key);

/// The finished groups of a run that has not come to its end, beside its result file, as
/// FILE.rank0.part: the sweep's key in the first line, then a group a line. A line that a killed
/// run left unfinished is passed over. Each rank writes a file of its own.
class PartFile {
 public:
  /// Writes nothing yet. A result that is no file, "-" or a device, has no parts.
  PartFile(const std::string& result, int rank, nlohmann::json key);
  /// Throws BadInput where it cannot be written.
  void add(const FinishedGroup& group);

 private:
  std::filesystem::path path_;
  nlohmann::json key_;
};

/// The key of a run that has not come to its end. Throws BadInput where there is none to go on
/// with.
nlohmann::json part_key(const std::string& result);
/// What it finished, without broken groups; all of that is rank 0's file from now on. Throws
/// BadInput where it was begun with another key.
FinishedGroups take_over_parts(const std::string& result, const nlohmann::json& key);
bool has_parts(const std::string& result);
void remove_parts(const std::string& result);

}  // namespace voxelmark
