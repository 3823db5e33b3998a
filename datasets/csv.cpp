#include "datasets/csv.hpp"

#include <charconv>
#include <cmath>

#include "engines/core/files.hpp"
#include "engines/core/text.hpp"

namespace voxelmark {

void write_csv(const std::filesystem::path& path, const std::vector<std::string>& columns,
               const Image& table) {
  std::string text = join(columns, ",") + "\n";
  const auto values = table.pixels<double>();
  for (std::size_t i = 0; i < values.size(); ++i) {
    char number[32];
    // The shortest text that reads back as the same double.
    const auto end = std::to_chars(number, number + sizeof number, values[i]).ptr;
    if (!std::isnan(values[i])) text.append(number, end);
    text += (i + 1) % columns.size() == 0 ? '\n' : ',';
  }
  write_text(path, text);
}

}  // namespace voxelmark
