#include "bench/merged_runs.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "bench/picture_store.hpp"

namespace voxelmark {
namespace {

using nlohmann::json;

json sample(const std::string& name, int index, double ms) {
  return {{"name", name},     {"run_name", name},          {"run_type", "iteration"},
          {"repetitions", 2}, {"repetition_index", index}, {"iterations", 1},
          {"real_time", ms},  {"cpu_time", 2 * ms},        {"time_unit", "ms"}};
}

json aggregate(const std::string& name, const std::string& statistic, double value) {
  return {{"name", name + "_" + statistic},
          {"run_name", name},
          {"run_type", "aggregate"},
          {"aggregate_name", statistic},
          {"repetitions", 2},
          {"iterations", 2},
          {"real_time", value},
          {"cpu_time", 2 * value},
          {"time_unit", "ms"}};
}

/// One process' file: case "a" with two samples around `ms`, and case "b" with an outcome.
json process(double ms, const std::string& outcome_of_b, const std::string& reason = "") {
  json median_row = aggregate("a", "median", ms);
  median_row.update(
      {{"median_ms", ms},
       {"median_ci_lower_ms", ms - 0.5},
       {"median_ci_upper_ms", ms + 0.5},
       {"samples", 2},
       {"min_ms", ms - 0.5},
       {"prepare_ms", 10 * ms},
       {"device_ms", ms / 2},
       {"max_abs_error", ms},
       {"dice", 1 / ms},
       {"voxelmark", {{"outcome", "done"}, {"clock_drifted", ms > 3}, {"stopped_by", "time"}}}});
  if (ms < 2) median_row["voxelmark"]["background_load"] = true;
  if (ms < 2) median_row["voxelmark"]["throttled"] = {"power cap", "heat"};
  json rows{sample("a", 0, ms - 0.5),    sample("a", 1, ms + 0.5),
            aggregate("a", "mean", ms),  median_row,
            aggregate("a", "stddev", 1), aggregate("a", "cv", 1 / ms)};
  json other = sample("b", 0, 0);
  other["voxelmark"] = {{"outcome", outcome_of_b}, {"reason", reason}};
  rows.push_back(other);
  return {{"context", {{"voxelmark", {{"runs", 1}, {"command", {"x"}}, {"incomplete", false}}}}},
          {"benchmarks", rows}};
}

const json& entry(const json& document, const std::string& name) {
  for (const json& row : document["benchmarks"])
    if (row["name"] == name) return row;
  throw std::out_of_range(name);
}

TEST(MergedRuns, ASampleIsTheMedianOfAProcess) {
  const json merged = merged_runs(
      {process(4, "skipped", "no"), process(1, "skipped", "no"), process(2, "skipped", "no")},
      {"bench", "--runs", "3"}, false);
  const json& own = merged["context"]["voxelmark"];
  EXPECT_EQ(own["runs"], 3);
  EXPECT_EQ(own["command"], (json{"bench", "--runs", "3"}));
  EXPECT_EQ(own["incomplete"], false);
  std::vector<double> times, cpu;
  std::vector<int> indices;
  for (const json& row : merged["benchmarks"])
    if (row["run_name"] == "a" && row["run_type"] == "iteration") {
      times.push_back(row["real_time"]);
      cpu.push_back(row["cpu_time"]);
      indices.push_back(row["repetition_index"]);
      EXPECT_EQ(row["repetitions"], 3);
    }
  EXPECT_EQ(times, (std::vector<double>{4, 1, 2}));
  EXPECT_EQ(cpu, (std::vector<double>{8, 2, 4}));
  EXPECT_EQ(indices, (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(merged["benchmarks"].size(), 3U + 4U + 1U);
}

TEST(MergedRuns, FiguresAreMediansOverProcesses) {
  const json merged =
      merged_runs({process(4, "skipped"), process(1, "skipped"), process(2, "skipped")}, {}, true);
  const json& row = entry(merged, "a_median");
  EXPECT_EQ(row["real_time"], 2);
  EXPECT_EQ(row["median_ms"], 2);
  EXPECT_EQ(row["median_ci_lower_ms"], 1);  // of three values: smallest and largest
  EXPECT_EQ(row["median_ci_upper_ms"], 4);
  EXPECT_EQ(row["samples"], 3);
  EXPECT_EQ(row["iterations"], 3);
  EXPECT_EQ(row["prepare_ms"], 20);
  EXPECT_EQ(row["device_ms"], 1);
  EXPECT_EQ(row["max_abs_error"], 4) << "the worst process'";
  EXPECT_EQ(row["dice"], 0.25);
  EXPECT_EQ(row["voxelmark"]["device_ms"], (json{2.0, 0.5, 1.0}));
  EXPECT_EQ(row["voxelmark"]["process_min_ms"], (json{3.5, 0.5, 1.5}));
  EXPECT_EQ(row["voxelmark"]["clock_drifted"], true);
  EXPECT_EQ(row["voxelmark"]["stopped_by"], "3 fresh processes");
  EXPECT_EQ(row["voxelmark"]["background_load"], true) << "of one process";
  EXPECT_EQ(row["voxelmark"]["throttled"], (json{"heat", "power cap"}));
  EXPECT_NEAR(entry(merged, "a_mean")["real_time"].get<double>(), 7.0 / 3, 1e-12);
  EXPECT_NEAR(entry(merged, "a_stddev")["real_time"].get<double>(), 1.5275252316519468, 1e-12);
  EXPECT_NEAR(entry(merged, "a_cv")["real_time"].get<double>(), 0.6546536707079772, 1e-12);
  EXPECT_EQ(merged["context"]["voxelmark"]["incomplete"], true);
}

TEST(MergedRuns, ACaseThatFailedOnceHasFailed) {
  const json merged =
      merged_runs({process(4, "skipped", "first"), process(1, "failed", "second")}, {}, false);
  EXPECT_EQ(entry(merged, "b")["voxelmark"]["reason"], "second");
  json broken = process(1, "skipped", "no");
  broken["benchmarks"] = {sample("a", 0, 0)};
  broken["benchmarks"][0]["voxelmark"] = {{"outcome", "failed"}, {"reason", "crashed"}};
  const json failed = merged_runs({process(4, "skipped"), broken}, {}, false);
  EXPECT_EQ(entry(failed, "a")["voxelmark"]["reason"], "crashed");
  EXPECT_THROW(entry(failed, "a_median"), std::out_of_range);
}

TEST(Base64, Rfc4648Vectors) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foob"), "Zm9vYg==");
  EXPECT_EQ(base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xff\xfe\xfd"), "//79");
}

}  // namespace
}  // namespace voxelmark
