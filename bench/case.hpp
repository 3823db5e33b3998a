#pragma once
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "bench/disturbance.hpp"
#include "bench/seam_errors.hpp"
#include "bench/tile_lanes.hpp"
#include "datasets/tiff.hpp"
#include "engines/core/engine.hpp"
#include "validate/illustration.hpp"
#include "validate/image_agreement.hpp"
#include "validate/label_agreement.hpp"
#include "validate/overlap.hpp"

namespace voxelmark {

/// Where a group of cases takes its image from.
struct Source {
  std::string dataset;      ///< a generator's name, or empty
  std::string file;         ///< a TIFF file, or empty
  std::string second_file;  ///< for an operation's second input, or empty
  TiffSelection selection;  ///< of the files
  std::uint64_t seed = 1;
  std::string
      label;  ///< what stands in case names: "nuclei", "seed:7", "input:blobs"; may be empty
};

/// Cases that share their input and expected output; the engines among them are measured
/// interleaved.
struct Task {
  const Operation* operation = nullptr;
  Parameters parameters;
  Shape shape;
  DType dtype = DType::f32;
  Source source;
  std::string note;  ///< told to the user: a default size that was scaled down

  /// "1024x1024x32/f32/sigma:2": the part of a case's name behind the engine.
  std::string suffix() const;
};

/// One engine at one task.
struct Case {
  std::shared_ptr<const Task> task;
  EngineEntry entry;
  int threads = 0;                 ///< 0: all, and not in the name
  std::optional<Tiling> tiling{};  ///< nothing: the image as a whole

  /// "GaussianBlur3D/opencl:NVIDIA_H200/1024x1024x32/f32/sigma:2": the key of all results.
  std::string name() const;

  /// The name without the device and its threads.
  std::string task_name() const;

  /// "tbb 2t tile:256x256/overlap:8": the device's id, the threads where they are limited, the
  /// tiles.
  std::string engine_label() const;
};

/// How much of a result was compared with the reference.
enum class Check { full, sample, none };
std::string to_string(Check check);

/// A result against the reference.
struct Comparison {
  Check check = Check::none;
  ImageAgreement figures{};
  std::optional<LabelAgreement> overlap{};  ///< of labels
  std::optional<Confusion> mask{};          ///< of masks
  Tolerance tolerance{};
  bool is_reference = false;  ///< the row is the reference itself: there is nothing to compare
};

/// Whether a comparison stays within its tolerance, or compared nothing.
bool agrees(const Comparison& comparison);

/// What `output`, a whole result of the operation, is against the one expected.
Comparison compare_outputs(const Operation& operation, const Image& expected, const Image& output,
                           const Tolerance& tolerance);

/// What was measured of a case. Times in seconds.
struct Measurement {
  double prepare = 0;  ///< first plan: programs built or loaded, scratch, weights, one launch
  std::vector<double> upload, download;  ///< empty where the engine works on host memory
  std::vector<double> wall;              ///< one plan and a wait for its end
  std::vector<double> cpu;         ///< CPU time of the process meanwhile, the mean of each block
  std::vector<double> round_trip;  ///< of an external engine: `wall` with the protocol's own cost
  std::vector<double> throughput;  ///< a plan's share of many enqueued one behind the other
  std::vector<double> device;      ///< first start to last end on the device's clock; may be empty
  std::vector<double> cold, cold_device;  ///< as `wall` and `device`, after emptying the caches
  std::string no_cold;                    ///< why there are none though they were asked for
  double sampling = 0;           ///< all the time in which samples were taken one behind the other
  double outside = 0;            ///< of that, what is in no sample
  std::optional<double> joules;  ///< a plan's share of what the device, or all CPUs, took meanwhile
  std::string no_joules;         ///< why there are none though they were asked for
  Disturbance disturbance;
  std::size_t peak_device_bytes = 0;
  double clock_drift = 0;  ///< change of the arithmetic probe's time, as a fraction
  bool precise = false;    ///< sampling ended since the interval of the median is narrow enough
  Cost cost;
};

/// What is to be known of a result that was made tile by tile.
struct TilingOutcome {
  Tiles tiles;
  std::size_t lanes = 0;
  TileStages stages;  ///< of the last run
  /// Against the same engine's uncut result, where it has one that can be compared voxel by voxel.
  std::optional<SeamErrors> errors{};
  std::string reason{};  ///< why the image was cut though nobody asked for tiles

  /// Objects that a label image of tiles on their own has, and the uncut one.
  struct Objects {
    std::int64_t in_tiles = 0, uncut = 0;
  };
  std::optional<Objects> objects{};
  std::optional<DifferenceMap> difference{};  ///< where the two differ and pictures are wanted
};

struct Done {
  Measurement measurement;
  Comparison comparison;
  /// Of an external engine: in what its definition is known to be another one, and how far its
  /// result is from the reference's where that is beyond the tolerance. Else empty.
  std::string difference{}, disagreement{};
  std::optional<TilingOutcome> tiling{};
};

/// Whether a row has been compared and agrees: only then do its times say how fast the operation
/// is.
bool is_verified(const Done& done);

struct Failed {
  std::string reason;
  bool disagrees = false;  ///< it gave a result, which is not the reference's
};

using Outcome = std::variant<Done, Skip, Failed>;

/// What the exception that is being handled makes of a case. Rethrows BadInput: that ends the
/// program.
Outcome outcome_of_exception();

struct Row {
  Case bench_case;
  Outcome outcome;
  std::shared_ptr<const Illustration> illustration{};  ///< where one was asked for
};

}  // namespace voxelmark
