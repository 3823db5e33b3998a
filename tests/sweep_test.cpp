#include "bench/sweep.hpp"

#include <gtest/gtest.h>

#include "engines/core/error.hpp"

namespace voxelmark {
namespace {

std::vector<std::string> names(const Options& options) {
  std::vector<std::string> result;
  for (const auto& group : sweep(options))
    for (const auto& bench_case : group.cases) result.push_back(bench_case.name());
  return result;
}

Options tbb_only() {
  Options options;
  options.engines = {"tbb"};
  return options;
}

TEST(Sweep, NamesCarryEveryAxisThatWasGiven) {
  Options options = tbb_only();
  options.filter = "GaussianBlur";
  options.sizes = {"64x32", "16x8x4"};
  options.dtypes = {"u8"};
  options.threads = {1};
  options.datasets = {"nuclei"};
  options.seeds = {7};
  options.params = {"sigma=2,5"};
  EXPECT_EQ(names(options), (std::vector<std::string>{
                                "GaussianBlur2D/tbb/64x32/u8/sigma:2/nuclei/seed:7/threads:1",
                                "GaussianBlur2D/tbb/64x32/u8/sigma:5/nuclei/seed:7/threads:1",
                                "GaussianBlur3D/tbb/16x8x4/u8/sigma:2/nuclei/seed:7/threads:1",
                                "GaussianBlur3D/tbb/16x8x4/u8/sigma:5/nuclei/seed:7/threads:1"}));
}

TEST(Sweep, TheFilterSeesWholeNames) {
  Options options = tbb_only();
  options.filter = "Blur3D/.*sigma:5$";
  options.sizes = {"64x32", "16x8x4"};
  options.params = {"sigma=2,5"};
  EXPECT_EQ(names(options), std::vector<std::string>{"GaussianBlur3D/tbb/16x8x4/f32/sigma:5"});
}

TEST(Sweep, PerAxisValuesStandInTheNameInOrder) {
  Options options = tbb_only();
  options.filter = "GaussianBlur3D";
  options.sizes = {"16x8x4"};
  options.params = {"sigma=2x2x0"};
  EXPECT_EQ(names(options), std::vector<std::string>{"GaussianBlur3D/tbb/16x8x4/f32/sigma:2x2x0"});
}

TEST(Sweep, AValueIsWrongOnlyForOperationsThatWereAskedFor) {
  Options options = tbb_only();
  options.sizes = {"16x8", "16x8x4"};
  options.params = {"sigma=2x2x0"};
  EXPECT_THROW(sweep(options), BadInput);
  options.filter = "GaussianBlur3D/.*sigma:2x2x0";
  EXPECT_EQ(names(options).size(), 1u);
  options.params = {"sigma=-1"};
  EXPECT_THROW(sweep(options), BadInput);
}

TEST(Sweep, DefaultsAreClijsSizes) {
  Options options = tbb_only();
  options.filter = "AddScalar";
  EXPECT_EQ(names(options),
            (std::vector<std::string>{"AddScalar2D/tbb/2048x2048/f32/scalar:1",
                                      "AddScalar3D/tbb/1024x1024x32/f32/scalar:1"}));
}

TEST(Sweep, RefusesWhatMakesNoSense) {
  const auto refused = [](auto change) {
    Options options;
    change(options);
    EXPECT_THROW(sweep(options), BadInput);
  };
  refused([](Options& o) { o.filter = "NoSuchOperation"; });
  refused([](Options& o) { o.filter = "("; });
  refused([](Options& o) { o.engines = {"cuda"}; });
  refused([](Options& o) { o.devices = {"no such device"}; });
  refused([](Options& o) { o.sizes = {"5"}; });
  refused([](Options& o) { o.dtypes = {"f64"}; });
  refused([](Options& o) { o.datasets = {"cells"}; });
  refused([](Options& o) { o.params = {"colour=3"}; });
  refused([](Options& o) { o.params = {"sigma"}; });
  refused([](Options& o) { o.params = {"sigma=1", "sigma=2"}; });
  refused([](Options& o) { o.inputs = {"missing.tif"}; });
  refused([](Options& o) {
    o.filter = "AddScalar";
    o.dtypes = {"u32"};
  });
}

}  // namespace
}  // namespace voxelmark
