// Times of the metrics on two label images in memory; see metrics_speed.py.
#include <chrono>
#include <iostream>
#include <string>

#include "datasets/tiff.hpp"
#include "validate/boundary.hpp"
#include "validate/label_overlap.hpp"
#include "validate/object_measurements.hpp"

using namespace voxelmark;

/// usage: metrics_speed REFERENCE.tif TEST.tif; then for each line of standard input, "overlap",
/// "boundary" or "measure", one line of output: the seconds that it took, and one figure of it.
int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const Image reference = convert(read_tiff(argv[1]), DType::u32),
              test = convert(read_tiff(argv[2]), DType::u32);
  const Image reference_mask = convert(reference, DType::u8), test_mask = convert(test, DType::u8);
  std::cout << "ready" << std::endl;
  for (std::string word; std::cin >> word;) {
    const auto start = std::chrono::steady_clock::now();
    double figure = 0;
    if (word == "overlap") {
      const LabelOverlap overlap = label_overlap(reference, test);
      figure = *sparse_jaccard(overlap) + 0 * *match_objects(overlap, 0.5).f1;
    } else if (word == "boundary") {
      figure = *boundary_agreement(reference_mask, test_mask, {.tau = 1.0}).assd;
    } else if (word == "measure") {
      figure = static_cast<double>(measure_objects(reference).rows.shape().y);
    } else {
      return 2;
    }
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    std::cout.precision(15);
    std::cout << elapsed.count() << " " << figure << std::endl;
  }
}
