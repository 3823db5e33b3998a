#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace voxelmark::report {

enum class Outcome { done, skipped, failed };
std::string to_string(Outcome outcome);

using Extents = std::array<std::int64_t, 3>;  ///< voxels along x, y, z

/// What cutting an image into tiles did to a result, against the same engine's uncut one.
struct SeamErrors {
  std::int64_t voxels = 0, differing = 0;
  std::optional<double> largest, sum;  ///< in grey levels; nothing where a difference has no size
  /// The largest difference at each distance from the nearest seam, as far as there are any.
  std::vector<std::optional<double>> by_distance;
  bool beyond = false;  ///< there are voxels farther away, none of which differs
};

/// Absolute differences of one slice as a picture.
struct SeamPicture {
  std::string name;                                          ///< in ResultFile::pictures
  std::int64_t slice = 0, width = 0, height = 0, block = 1;  ///< voxels; a pixel is block × block
  double largest = 0;                                        ///< shown white, in grey levels
};

/// The tiles that a row worked in.
struct Tiling {
  Extents tile{1, 1, 1}, overlap{}, needed{};
  std::int64_t tiles = 0;
  double read_ratio = 1, inner_read_ratio = 1;  ///< voxels read over the image's, over a tile's
  std::optional<SeamErrors> errors{};
  std::optional<SeamPicture> picture{};
};

/// One case of a result file; docs/results.md has the words.
struct Row {
  std::string name;                ///< "GaussianBlur3D/tbb/1024x1024x32/f32/sigma:2"
  std::string task;                ///< the same without engine and threads
  std::string kind = "operation";  ///< which section of a report it belongs to
  std::string operation;           ///< "GaussianBlur3D"
  std::string engine;              ///< "tbb", "opencl"
  std::string device_id;           ///< "tbb", "opencl:NVIDIA_H200": one engine on one device
  std::string device;              ///< "NVIDIA H200"
  std::string dtype;               ///< "u8", "u16", "u32", "f32"
  std::string parameters;          ///< "sigma:2/window:box"
  Extents size{1, 1, 1};
  std::optional<Tiling>
      tiling{};  ///< of a done row in tiles that were asked for, but not on their own
  int threads = 0;
  Outcome outcome = Outcome::done;
  std::string reason;         ///< why it was skipped or failed, or how it disagrees
  bool disagrees = false;     ///< its result is not the reference's
  bool is_transfer = false;   ///< Push and Pull: what others pay beside their own time
  bool is_reference = false;  ///< the double-precision reference itself
  bool checked = false;       ///< compared with the reference, or is it
  /// Wall times in ms: of one process, or a median per fresh process where the file has runs.
  std::vector<double> samples_ms;
  double cpu_ms = 0;                                   ///< median CPU time of the process per call
  std::map<std::string, double, std::less<>> figures;  ///< "median_ms", "pearson_r", …
  nlohmann::json details;                              ///< the row's whole "voxelmark" object

  std::optional<double> figure(std::string_view key) const;
  std::int64_t voxels() const { return size[0] * size[1] * size[2]; }
};

/// The three clocks of a report, in ms; nothing for a row without a result.
std::optional<double> compute_ms(const Row& row);         ///< one call, data on the device
std::optional<double> with_transfers_ms(const Row& row);  ///< push + compute + pull
std::optional<double> first_call_ms(const Row& row);      ///< prepare + push + compute + pull

struct Device {
  std::string id, name, type, driver, platform;
  std::map<std::string, double, std::less<>> limits;  ///< "copy_bytes_per_second", "flops", …
  bool is_cpu() const { return type == "CPU"; }
};

/// A file that `bench --json` wrote.
struct ResultFile {
  std::filesystem::path path;
  std::string date;  ///< ISO 8601, as written
  std::string host;  ///< host name
  std::string cpu;   ///< "AMD EPYC"
  int cpu_threads = 0;
  std::string version, git_revision, compiler, flags;
  std::vector<std::string> command;
  int runs = 1;             ///< fresh processes that it was made of
  bool incomplete = false;  ///< the run was interrupted
  std::vector<Device> devices;
  std::map<std::string, std::string> pictures;  ///< name -> PNG in base64
  nlohmann::json context;                       ///< the whole "context" object
  std::vector<Row> rows;                        ///< in the order of the file, names are unique

  /// "AMD EPYC, 16 threads"
  std::string cpu_text() const;
  /// What must be equal for times to be comparable: CPU, its threads, devices and their drivers.
  std::string machine() const;
};

/// Reads one file. Throws BadInput, naming the file and what is wrong with it: not there, cut off,
/// not JSON, of another program, of another version, without rows, a case twice.
ResultFile read_results(const std::filesystem::path& path);

/// The files that names stand for: a folder for the files *.json in it, sorted by name. Throws
/// BadInput where a folder holds none.
std::vector<std::filesystem::path> result_paths(const std::vector<std::string>& names);

/// Reads all that names stand for. Throws as result_paths and read_results do.
std::vector<ResultFile> read_all(const std::vector<std::string>& names);

}  // namespace voxelmark::report
