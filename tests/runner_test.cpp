// The harness against engines that cheat, fail or break: each must be caught, and the others go on.
#include "bench/runner.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <bit>
#include <chrono>
#include <thread>

#include "bench/results.hpp"
#include "engines/core/error.hpp"
#include "engines/core/host_engine.hpp"
#include "engines/core/interrupt.hpp"
#include "engines/operations/catalogue.hpp"
#include "engines/reference/reference.hpp"

namespace voxelmark {
namespace {

/// The reference, with `before` run in each plan: gives whether to do the work at all.
class CheatingEngine final : public HostEngine {
 public:
  CheatingEngine(Device device, std::function<bool()> before)
      : HostEngine(std::move(device), 1), before_(std::move(before)) {}
  Prepared prepare(const Request& request) override {
    return plan(request, [=, this, operation = request.operation, parameters = request.parameters,
                          inputs = request.inputs, output = request.output] {
      if (!before_()) return;
      reference::compute({operation, parameters, {&host(inputs[0]).image()}}, host(output).image());
    });
  }

 private:
  std::function<bool()> before_;
};

EngineEntry cheat(const std::string& name, std::function<bool()> before) {
  const Device device = host_device(name, "test");
  return {device, [=](int) -> std::variant<std::unique_ptr<Engine>, Skip> {
            return std::make_unique<CheatingEngine>(device, before);
          }};
}

/// Runs before the first sample: those of the measured limits, the prepared one and the checked
/// one.
constexpr int runs_before_samples = 5 * 500 + 3;

class Harness : public testing::Test {
 protected:
  GroupResult run(const std::vector<EngineEntry>& entries, const Options& options = quick()) {
    auto task = std::make_shared<Task>();
    task->operation = &find_operation("AddScalar2D");
    task->parameters = Parameters(task->operation->parameters);
    task->shape = {32, 32, 1};
    task->source.dataset = "noise";
    Group group{task, {}};
    for (const auto& entry : entries) group.cases.push_back({task, entry, 0});
    return run_group(group, options, engines_, [](double) {});
  }
  static Options quick() {
    Options options;
    options.max_time = 0.05;
    return options;
  }
  static const std::string& failure(const Row& row) { return std::get<Failed>(row.outcome).reason; }
  void TearDown() override { interrupt_requested = false; }
  OpenEngines engines_;
};

TEST_F(Harness, MeasuresAnHonestEngine) {
  const auto result = run({cheat("honest", [] { return true; })});
  const auto& done = std::get<Done>(result.rows.at(0).outcome);
  EXPECT_GE(done.measurement.wall.size(), 3u);
  EXPECT_EQ(done.measurement.wall.size(), done.measurement.cpu.size());
  EXPECT_EQ(done.comparison.check, Check::full);
  EXPECT_EQ(done.comparison.figures.differing, 0);
  EXPECT_TRUE(done.measurement.upload.empty());
}

TEST_F(Harness, CatchesAPlanThatDoesNothing) {
  const auto result =
      run({cheat("idle", [] { return false; }), cheat("honest", [] { return true; })});
  EXPECT_NE(failure(result.rows.at(0)).find("disagrees with the reference"), std::string::npos);
  EXPECT_TRUE(std::holds_alternative<Done>(result.rows.at(1).outcome));
  EXPECT_EQ(tally({result}).failed, 1);
}

TEST_F(Harness, CatchesAPlanThatStopsWorkingOnceItWasChecked) {
  auto runs = std::make_shared<std::atomic<int>>(0);
  const auto result = run({cheat("lazy", [runs] { return ++*runs <= runs_before_samples; })});
  EXPECT_NE(failure(result.rows.at(0)).find("the last timed run disagrees"), std::string::npos)
      << failure(result.rows.at(0));
}

TEST_F(Harness, AnExceptionIsAFailedRowAndTheSweepGoesOn) {
  auto runs = std::make_shared<std::atomic<int>>(0);
  const auto result =
      run({cheat("broken", []() -> bool { throw std::runtime_error("CL_OUT_OF_RESOURCES"); }),
           cheat("tired",
                 [runs] {
                   if (++*runs > runs_before_samples) throw std::bad_alloc();
                   return true;
                 }),
           cheat("too large", []() -> bool { throw TooLarge("needs 1 GiB"); }),
           cheat("honest", [] { return true; })});
  EXPECT_EQ(failure(result.rows.at(0)), "CL_OUT_OF_RESOURCES");
  EXPECT_EQ(failure(result.rows.at(1)), "out of host memory");
  EXPECT_EQ(std::get<Skip>(result.rows.at(2).outcome).reason, "needs 1 GiB");
  EXPECT_TRUE(std::holds_alternative<Done>(result.rows.at(3).outcome));
}

TEST_F(Harness, KeepsWhatWasMeasuredBeforeAnInterrupt) {
  auto runs = std::make_shared<std::atomic<int>>(0);
  Options options = quick();
  options.max_time = 60;
  const auto unsteady = [runs] {
    const int run = ++*runs - runs_before_samples;
    if (run > 0) std::this_thread::sleep_for(std::chrono::milliseconds(run % 2 ? 1 : 3));
    if (run == 60) interrupt_requested = true;
    return true;
  };
  const auto result = run({cheat("unsteady", unsteady)}, options);
  const Row& row = result.rows.at(0);
  ASSERT_TRUE(std::holds_alternative<Done>(row.outcome))
      << (row.outcome.index() == 1 ? std::get<Skip>(row.outcome).reason : failure(row));
}

// The reference throws Interrupted in the middle of a block: after its first samples, before the
// throughput.
TEST_F(Harness, AnInterruptInsideTheFirstBlockStillGivesAResultFile) {
  auto runs = std::make_shared<std::atomic<int>>(0);
  const auto slow = [runs] {
    const int run = ++*runs - runs_before_samples;
    if (run > 0) std::this_thread::sleep_for(std::chrono::milliseconds(25));  // one warms up
    if (run == 4) interrupt_requested = true;
    return true;
  };
  Options options = quick();
  options.max_time = 60;
  const auto result = run({cheat("slow", slow)}, options);
  const auto& done = std::get<Done>(result.rows.at(0).outcome);
  EXPECT_EQ(done.measurement.wall.size(), 2u);
  EXPECT_TRUE(done.measurement.throughput.empty());
  EXPECT_NO_THROW(results_json({result}, engines_, {}, true));
}

TEST_F(Harness, AnInterruptBeforeTheFirstSampleIsASkip) {
  interrupt_requested = true;
  const auto result = run({cheat("honest", [] { return true; })});
  EXPECT_EQ(std::get<Skip>(result.rows.at(0).outcome).reason, "interrupted");
}

TEST_F(Harness, UncheckedRowsTakeNoPartInSpeedUps) {
  Options options = quick();
  options.check = Check::none;
  EXPECT_EQ(best_cpu_row(run({cheat("honest", [] { return true; })}, options).rows), nullptr);
  EXPECT_NE(best_cpu_row(run({cheat("honest", [] { return true; })}).rows), nullptr);
}

// Precision is looked at when there are 10, 20, 40 ... samples, less the last one, on poisoned
// memory.
void expect_looked_at_when_precise(const GroupResult& result) {
  const auto& m = std::get<Done>(result.rows.at(0).outcome).measurement;
  const auto n = m.wall.size() - 1;
  EXPECT_TRUE(!m.precise || (n % 10 == 0 && std::has_single_bit(n / 10))) << n;
}

TEST_F(Harness, TheStoppingRuleIsAskedAtTenTwentyForty) {
  Options options;
  options.max_time = 1.5;
  expect_looked_at_when_precise(run({cheat("honest", [] { return true; })}, options));
}

// Unsteady while it is asked, steady in the block that the time limit ends.
TEST_F(Harness, WhatTheTimeLimitEndedWasNotEndedByPrecision) {
  Options options;
  options.max_time = 0.2;
  auto start = std::make_shared<std::optional<std::chrono::steady_clock::time_point>>();
  auto runs = std::make_shared<std::atomic<int>>(0);
  const auto calms_down = [start, runs] {
    const int run = ++*runs - runs_before_samples;
    if (run <= 0) return true;
    const auto now = std::chrono::steady_clock::now();
    if (!*start) *start = now;
    const bool calm = now - **start > std::chrono::milliseconds(100);
    std::this_thread::sleep_for(std::chrono::milliseconds(!calm && run % 2 ? 1 : 3));
    return true;
  };
  expect_looked_at_when_precise(run({cheat("calms down", calms_down)}, options));
}

TEST(Samples, CoverCornersEdgesAndTheInsideWithoutRepetition) {
  const Shape shape{50, 40, 30};
  const auto voxels = sample_voxels(shape, 4096, 1);
  ASSERT_EQ(voxels.size(), 4096u);
  EXPECT_EQ(voxels.front(), (Index{0, 0, 0}));
  EXPECT_EQ(voxels.back(), (Index{49, 39, 29}));
  int inside = 0;
  for (std::size_t i = 1; i < voxels.size(); ++i) {
    const Index &a = voxels[i - 1], &b = voxels[i];
    EXPECT_LT(offset(shape, a.x, a.y, a.z), offset(shape, b.x, b.y, b.z));
    inside += b.x > 0 && b.y > 0 && b.z > 0 && b.x < 49 && b.y < 39 && b.z < 29;
  }
  EXPECT_GT(inside, 2000);
  EXPECT_LT(inside, 3500);
  EXPECT_EQ(sample_voxels({2, 2, 1}, 4096, 1).size(), 4u);
}

TEST(Samples, FindWhatAFullCheckFinds) {
  Task task;
  task.operation = &find_operation("GaussianBlur3D");
  task.parameters = Parameters(task.operation->parameters);
  task.shape = {64, 48, 20};
  task.source.dataset = "noise";
  const Checker checker(task, Check::sample);
  Image output(task.shape, DType::f32);
  reference::compute({*task.operation, task.parameters, {&checker.inputs()[0]}}, output);
  const Comparison good = checker.compare(output);
  EXPECT_EQ(good.check, Check::sample);
  EXPECT_EQ(good.figures.n, 4096);
  EXPECT_TRUE(agrees(good.figures, good.tolerance));
  output.pixels<float>()[0] += 1;  // a corner is always looked at
  const Comparison bad = checker.compare(output);
  EXPECT_FALSE(agrees(bad.figures, bad.tolerance));
  EXPECT_EQ(bad.figures.first_differing, 0);
}

}  // namespace
}  // namespace voxelmark
