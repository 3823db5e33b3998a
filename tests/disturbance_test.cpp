// What the harness notices beside a case's times: load by others, a GPU that is held down, energy,
// cold caches, and its own cost. The GPU is fake_nvml.cpp's.
#include "bench/disturbance.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "bench/energy.hpp"
#include "bench/results.hpp"
#include "bench/runner.hpp"
#include "bench/sampling.hpp"
#include "engines/operations/catalogue.hpp"
#include "engines/tbb/tbb_engine.hpp"
#include "tests/temporary_folder.hpp"

namespace voxelmark {
namespace {

/// A variable of the environment for as long as this lives.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    setenv(name, value.c_str(), 1);
  }
  ~Variable() { unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

Device fake_gpu(const std::string& pci_address) {
  Device device;
  device.type = "GPU";
  device.name = "NVIDIA H200";
  device.pci_address = pci_address;
  return device;
}

TEST(CpuTimes, AreReadFromTheFirstLine) {
  const auto times = parse_cpu_times("cpu  100 20 30 400 50 6 7 8 9 10", 100);
  ASSERT_TRUE(times);
  EXPECT_DOUBLE_EQ(times->busy, 1.71);  // guests' times, the last two, are part of the first two
  EXPECT_DOUBLE_EQ(times->total, 6.21);
  for (const char* line : {"", "cpu", "cpu 1 2 3", "cpu0 1 2 3 4 5 6 7 8", "cpu 0 0 0 0 0 0 0 0"})
    EXPECT_FALSE(parse_cpu_times(line, 100)) << line;
}

TEST(BackgroundLoad, NeedsAShareAndATime) {
  Disturbance found;
  EXPECT_FALSE(found.background_load()) << "unknown";
  found.others_cpu = 0.5;
  found.others_cpu_seconds = 0.04;
  EXPECT_FALSE(found.background_load()) << "within the ticks";
  found.others_cpu_seconds = 0.06;
  EXPECT_TRUE(found.background_load());
  EXPECT_EQ(found.text(), "other programs took 50 % of the CPUs' time");
  found.others_cpu = 0.04;
  EXPECT_FALSE(found.background_load());
  EXPECT_EQ(found.text(), "");
  found.others_gpu = 0.06;
  found.throttled = {"power cap", "power brake"};
  EXPECT_EQ(found.text(),
            "other programs took 6.0 % of the GPU's time, the GPU's clocks were held down (power "
            "cap, power brake)");
}

TEST(Gpu, IsFoundByItsAddressOrIsTheOnlyOne) {
  EXPECT_TRUE(NvmlDevice::find(fake_gpu("0000:41:00.0")));
  EXPECT_TRUE(NvmlDevice::find(fake_gpu("")));
  const Variable two("FAKE_NVML_GPUS", "2");
  EXPECT_TRUE(NvmlDevice::find(fake_gpu("0000:41:00.0")));
  EXPECT_FALSE(NvmlDevice::find(fake_gpu("")));
  EXPECT_FALSE(NvmlDevice::find(fake_gpu("0000:42:00.0")));
  Device other = fake_gpu("0000:41:00.0");
  other.name = "Another GPU";
  EXPECT_FALSE(NvmlDevice::find(other));
  other = fake_gpu("0000:41:00.0");
  other.type = "CPU";
  EXPECT_FALSE(NvmlDevice::find(other));
}

TEST(Gpu, ReasonsThatAreNoBrakeAreNotTold) {
  EXPECT_TRUE(throttle_reasons(0x1 | 0x2 | 0x100).empty());
  EXPECT_EQ(throttle_reasons(0x1 | 0x4 | 0x40),
            (std::vector<std::string>{"power cap", "hardware heat limit"}));
}

TEST(Gpu, OthersAreKnownWhereThisProcessIsListed) {
  const auto gpu = NvmlDevice::find(fake_gpu(""));
  EXPECT_DOUBLE_EQ(gpu->others_share(1).value(), 0);
  const Variable others("FAKE_NVML_OTHERS", "30");
  EXPECT_DOUBLE_EQ(gpu->others_share(1).value(), 0.3);
  const Variable stranger("FAKE_NVML_STRANGER", "1");
  EXPECT_FALSE(gpu->others_share(1));
}

/// TBB, measured as if it were a GPU.
class Measured : public testing::Test {
 protected:
  GroupResult run(Options options = {}) {
    options.max_time = 0.05;
    auto task = std::make_shared<Task>();
    task->operation = &find_operation("AddScalar2D");
    task->parameters = Parameters(task->operation->parameters);
    task->shape = {32, 32, 1};
    task->source.dataset = "noise";
    auto entry = std::get<std::vector<EngineEntry>>(tbb_engine().entries()).at(0);
    entry.device.type = "GPU";
    entry.device.name = "NVIDIA H200";
    return run_group({task, {{task, entry, 0}}}, options, engines_, [](double) {});
  }
  static const Measurement& measurement(const GroupResult& group) {
    return std::get<Done>(group.rows.at(0).outcome).measurement;
  }
  nlohmann::json median_row(const GroupResult& group) {
    const auto document = nlohmann::json::parse(results_json({group}, engines_, {}, false));
    for (const auto& row : document["benchmarks"])
      if (row.value("aggregate_name", "") == "median") return row;
    throw std::out_of_range("no median row");
  }
  OpenEngines engines_{0};
};

TEST_F(Measured, AnUndisturbedGpuHasNoMark) {
  const auto group = run();
  EXPECT_FALSE(median_row(group)["voxelmark"].contains("throttled"));
  EXPECT_DOUBLE_EQ(median_row(group)["others_gpu_share"], 0);
  EXPECT_EQ(table(group, engines_).find("GPU's"), std::string::npos);
}

TEST_F(Measured, AGpuThatIsHeldDownIsMarked) {
  const Variable throttle("FAKE_NVML_THROTTLE", "5"), others("FAKE_NVML_OTHERS", "30");
  const auto group = run();
  const auto row = median_row(group);
  EXPECT_EQ(row["voxelmark"]["throttled"], (nlohmann::json{"power cap"}));
  EXPECT_EQ(row["voxelmark"]["background_load"], true);
  EXPECT_DOUBLE_EQ(row["others_gpu_share"], 0.3);
  const std::string text = table(group, engines_);
  EXPECT_NE(text.find("note: while measuring, tbb: "), std::string::npos) << text;
  EXPECT_NE(text.find("30 %"), std::string::npos) << text;
  EXPECT_NE(text.find("(power cap)"), std::string::npos) << text;
}

TEST_F(Measured, EnergyAndColdCachesAreThereWhereTheyAreAskedFor) {
  Options options;
  options.energy = options.flush = true;
  const auto group = run(options);
  const Measurement& m = measurement(group);
  ASSERT_TRUE(m.joules);
  EXPECT_GT(*m.joules, 0);
  EXPECT_LT(*m.joules, 250 * 0.01) << "250 W for 10 ms";
  EXPECT_GE(m.cold.size(), 3u);
  EXPECT_LE(m.cold.size(), m.wall.size());
  EXPECT_TRUE(m.cold_device.empty()) << "a host engine has no clock of its own";
  const auto row = median_row(group);
  EXPECT_GT(row["cold_ms"], 0);
  EXPECT_GT(row["joules"], 0);
  const std::string text = table(group, engines_);
  EXPECT_NE(text.find("cold ms"), std::string::npos) << text;
  EXPECT_NE(text.find("joules"), std::string::npos) << text;
  EXPECT_EQ(text.find("no joules"), std::string::npos) << text;
  const auto plain = run();
  EXPECT_FALSE(median_row(plain).contains("cold_ms"));
  EXPECT_FALSE(median_row(plain).contains("joules"));
  EXPECT_EQ(table(plain, engines_).find("joules"), std::string::npos);
}

TEST_F(Measured, WithoutACounterThereIsANote) {
  const TemporaryFolder none;
  const Variable place("VOXELMARK_POWERCAP", none.path().string()), two("FAKE_NVML_GPUS", "2");
  Options options;
  options.energy = true;
  const auto group = run(options);
  EXPECT_FALSE(median_row(group).contains("joules"));
  EXPECT_TRUE(median_row(group)["voxelmark"].contains("no_joules"));
  EXPECT_NE(table(group, engines_).find("no joules of tbb: there is no energy counter"),
            std::string::npos);
}

void write(const std::filesystem::path& file, double value) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << static_cast<std::int64_t>(value) << "\n";
}

Device cpu() {
  Device device;
  device.type = "CPU";
  return device;
}

TEST(Energy, OfCpusIsThatOfAllPackagesAndSurvivesAWrap) {
  const TemporaryFolder folder;
  const Variable place("VOXELMARK_POWERCAP", folder.path().string());
  EXPECT_FALSE(EnergyCounter::find(cpu(), {})) << "no package";
  for (const char* package : {"intel-rapl:0", "intel-rapl:1", "intel-rapl:0:0", "intel-rapl"}) {
    write(folder / package / "energy_uj", 9e6);
    write(folder / package / "max_energy_range_uj", 10e6);
  }
  auto counter = EnergyCounter::find(cpu(), {});
  ASSERT_TRUE(counter);
  EXPECT_DOUBLE_EQ(counter->joules(), 0);
  write(folder / "intel-rapl:0/energy_uj", 9.5e6);
  write(folder / "intel-rapl:1/energy_uj", 1e6);      // past its range of 10 J
  write(folder / "intel-rapl:0:0/energy_uj", 9.9e6);  // a part of the first
  EXPECT_DOUBLE_EQ(counter->joules(), 0.5 + 2);
  EXPECT_FALSE(EnergyCounter::find(fake_gpu("none"), {})) << "a GPU has no share in it";
}

TEST(Energy, OfACallIsTheMeanOfMany) {
  auto counter = EnergyCounter::find(fake_gpu(""), NvmlDevice::find(fake_gpu("")));
  ASSERT_TRUE(counter);
  double slept = 0;
  int calls = 0;
  const auto joules = joules_per_call(*counter, [&] {
    const auto start = std::chrono::steady_clock::now();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    slept += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    ++calls;
  });
  ASSERT_TRUE(joules);
  EXPECT_GE(slept, 0.5);
  // On a busy machine the first calls may have taken longer than the rest.
  EXPECT_NEAR(*joules / (250 * slept / calls), 1, 0.5);
}

TEST(Energy, OfACounterThatStandsStillIsNone) {
  const TemporaryFolder folder;
  const Variable place("VOXELMARK_POWERCAP", folder.path().string());
  write(folder / "intel-rapl:0/energy_uj", 5);
  auto counter = EnergyCounter::find(cpu(), {});
  ASSERT_TRUE(counter);
  EXPECT_FALSE(joules_per_call(*counter, [] {}));
}

class SleepingPlan final : public Plan {
 public:
  void enqueue(Stream&) override { std::this_thread::sleep_for(std::chrono::milliseconds(2)); }
};

class IdleStream final : public Stream {
 public:
  void upload(const Image&, Buffer&) override {}
  void download(const Buffer&, Image&) override {}
  void copy(const Buffer&, Buffer&) override {}
  void fill(Buffer&, std::uint8_t) override {}
  void sync() override {}
};

TEST(HarnessCost, IsTheTimeOutsideTheSamples) {
  const HarnessCost cost = measure_harness_cost();
  EXPECT_GE(cost.no_op, 0);
  EXPECT_GT(cost.outside, 0);
  EXPECT_LT(cost.no_op + cost.outside, 1e-3);
  Execution execution;
  execution.stream = std::make_unique<IdleStream>();
  execution.plan = std::make_unique<SleepingPlan>();
  Measurement m;
  const auto slow_harness = [](double) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return false;
  };
  EXPECT_EQ(take_samples(execution, 5, slow_harness, false, m).size(), 5u);
  EXPECT_GE(m.outside, 4 * 2e-3);
  EXPECT_GE(m.sampling - m.outside, 5 * 2e-3);
  EXPECT_EQ(m.wall.size(), 5u);
  EXPECT_EQ(m.cpu.size(), 5u);
  EXPECT_TRUE(m.round_trip.empty());
  EXPECT_EQ(take_samples(
                execution, 5, [](double) { return true; }, true, m)
                .size(),
            1u);
  EXPECT_EQ(m.round_trip.size(), 1u);
}

}  // namespace
}  // namespace voxelmark
