// Runs what the fuzzers kept (docs/fuzzing.md) through the code that they run, without clang.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "tests/fuzz/fuzz_csv.hpp"
#include "tests/fuzz/fuzz_tiff.hpp"

namespace voxelmark {
namespace {

void replay(const std::string& format, void (*fuzz)(std::string_view)) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(CORPUS "/" + format)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    ASSERT_TRUE(file.is_open()) << entry.path();
    EXPECT_NO_THROW(fuzz(bytes)) << entry.path();
    ++files;
  }
  EXPECT_GT(files, 0);
}

TEST(CorpusTest, Tiff) { replay("tiff", fuzz_tiff); }
TEST(CorpusTest, Csv) { replay("csv", fuzz_csv); }

}  // namespace
}  // namespace voxelmark
