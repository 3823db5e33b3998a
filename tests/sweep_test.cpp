#include "bench/sweep.hpp"

#include <gtest/gtest.h>

#include "engines/core/error.hpp"
#include "engines/operations/catalogue.hpp"

namespace voxelmark {
namespace {

std::vector<std::string> names(const Axes& axes) {
  std::vector<std::string> result;
  for (const auto& group : sweep(axes))
    for (const auto& bench_case : group.cases) result.push_back(bench_case.name());
  return result;
}

Axes tbb_only() {
  Axes axes;
  axes.engines.names = {"tbb"};
  return axes;
}

TEST(Sweep, NamesCarryEveryAxisThatWasGiven) {
  Axes axes = tbb_only();
  axes.filter = parse_filter("GaussianBlur");
  axes.sizes = {parse_shape("64x32"), parse_shape("16x8x4")};
  axes.dtypes = {parse_dtype("u8")};
  axes.threads = {1};
  axes.datasets = {"nuclei"};
  axes.seeds = {7};
  axes.parameters = {parse_parameter_axis("sigma=2,5")};
  EXPECT_EQ(names(axes), (std::vector<std::string>{
                             "GaussianBlur2D/tbb/64x32/u8/sigma:2/nuclei/seed:7/threads:1",
                             "GaussianBlur2D/tbb/64x32/u8/sigma:5/nuclei/seed:7/threads:1",
                             "GaussianBlur3D/tbb/16x8x4/u8/sigma:2/nuclei/seed:7/threads:1",
                             "GaussianBlur3D/tbb/16x8x4/u8/sigma:5/nuclei/seed:7/threads:1"}));
}

TEST(Sweep, TheFilterSeesWholeNames) {
  Axes axes = tbb_only();
  axes.filter = parse_filter("Blur3D/.*sigma:5$");
  axes.sizes = {parse_shape("64x32"), parse_shape("16x8x4")};
  axes.parameters = {parse_parameter_axis("sigma=2,5")};
  EXPECT_EQ(names(axes), std::vector<std::string>{"GaussianBlur3D/tbb/16x8x4/f32/sigma:5"});
}

TEST(Sweep, PerAxisValuesStandInTheNameInOrder) {
  Axes axes = tbb_only();
  axes.filter = parse_filter("GaussianBlur3D");
  axes.sizes = {parse_shape("16x8x4")};
  axes.parameters = {parse_parameter_axis("sigma=2x2x0")};
  EXPECT_EQ(names(axes), std::vector<std::string>{"GaussianBlur3D/tbb/16x8x4/f32/sigma:2x2x0"});
}

TEST(Sweep, AValueIsWrongOnlyForOperationsThatWereAskedFor) {
  Axes axes = tbb_only();
  axes.sizes = {parse_shape("16x8"), parse_shape("16x8x4")};
  axes.parameters = {parse_parameter_axis("sigma=2x2x0")};
  EXPECT_THROW(sweep(axes), BadInput);
  axes.filter = parse_filter("GaussianBlur3D/.*sigma:2x2x0");
  EXPECT_EQ(names(axes).size(), 1u);
  axes.parameters = {parse_parameter_axis("sigma=-1")};
  EXPECT_THROW(sweep(axes), BadInput);
  axes.filter = parse_filter("Flip");
  axes.parameters = {parse_parameter_axis("sigma=2")};
  EXPECT_THROW(sweep(axes), BadInput) << "no case has a sigma";
}

TEST(Sweep, WithoutAFilterThereIsEveryOperation) {
  Axes axes = tbb_only();
  axes.sizes = {parse_shape("16x8"), parse_shape("16x8x4")};
  EXPECT_EQ(sweep(axes).size(), catalogue().size());
}

TEST(Sweep, DefaultsAreClijsSizes) {
  Axes axes = tbb_only();
  axes.filter = parse_filter("AddScalar");
  EXPECT_EQ(names(axes), (std::vector<std::string>{"AddScalar2D/tbb/2048x2048/f32/scalar:1",
                                                   "AddScalar3D/tbb/1024x1024x32/f32/scalar:1"}));
}

TEST(Sweep, RefusesWhatMakesNoSense) {
  const auto refused = [](auto change) {
    Axes axes;
    const auto asked = [&] {
      change(axes);
      return sweep(axes);
    };
    EXPECT_THROW(asked(), BadInput);
  };
  refused([](Axes& o) { o.filter = parse_filter("NoSuchOperation"); });
  refused([](Axes& o) { o.filter = parse_filter("("); });
  refused([](Axes& o) { o.engines.names = {"cuda"}; });
  refused([](Axes& o) { o.engines.devices = {"no such device"}; });
  refused([](Axes& o) { o.sizes = {parse_shape("5")}; });
  refused([](Axes& o) { o.dtypes = {parse_dtype("f64")}; });
  refused([](Axes& o) { o.parameters = {parse_parameter_axis("colour=3")}; });
  refused([](Axes& o) { o.parameters = {parse_parameter_axis("sigma")}; });
  refused([](Axes& o) { o.inputs = {"missing.tif"}; });
  refused([](Axes& o) {
    o.filter = parse_filter("AddScalar");
    o.dtypes = {parse_dtype("u32")};
  });
}

}  // namespace
}  // namespace voxelmark
