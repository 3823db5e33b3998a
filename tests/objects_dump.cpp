// Measures the objects of label images, for comparison with another program:
//   objects_dump LABELS INTENSITIES corners|edges|centers SX SY SZ TABLE
// of TIFF files and a spacing in µm; - for no intensities. Exits with 2 where a file is refused.
#include <cstdlib>
#include <iostream>
#include <map>
#include <optional>

#include "datasets/csv.hpp"
#include "datasets/tiff.hpp"
#include "engines/core/error.hpp"
#include "validate/object_measurements.hpp"

int main(int argc, char** argv) {
  using namespace voxelmark;
  if (argc != 8) {
    std::cerr << "usage: objects_dump LABELS INTENSITIES corners|edges|centers SX SY SZ TABLE\n";
    return 2;
  }
  try {
    Image labels = read_tiff(argv[1]);
    labels.set_spacing({std::atof(argv[4]), std::atof(argv[5]), std::atof(argv[6])});
    std::optional<Image> intensity;
    if (argv[2] != std::string("-")) intensity = read_tiff(argv[2]);
    const std::map<std::string, FeretPoints> points{{"corners", FeretPoints::corners},
                                                    {"edges", FeretPoints::edges},
                                                    {"centers", FeretPoints::centers}};
    const ObjectTable table =
        measure_objects(labels, intensity ? &*intensity : nullptr, points.at(argv[3]));
    write_csv(argv[7], table.columns, table.rows);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
  }
  return 2;
}
