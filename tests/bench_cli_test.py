#!/usr/bin/env python3
"""The bench program as its user meets it: options, tables, result files, exit codes, damaged surroundings.

usage: bench_cli_test.py BENCH [BENCH_WITH_A_WRONG_KERNEL] [UNITTEST ARGUMENTS...]

The second program is BENCH with a wrong kernel for AddScalar.
"""

import collections
import json
import os
import pathlib
import random
import re
import signal
import stat
import statistics
import subprocess
import sys
import tempfile
import time
import unittest
import unittest.mock

import numpy as np
import tifffile

from checked import CheckedTest, read_stack, run_tests, write_stack

PROGRAMS = [argument for argument in sys.argv[1:3] if not argument.startswith("-")]
BENCH = PROGRAMS[0] if PROGRAMS else None
WRONG_KERNEL_BENCH = PROGRAMS[1] if len(PROGRAMS) > 1 else None
COMPARE = "/usr/share/benchmark/compare.py"
WIDTH = 120

# What BASIC_FILTER finds.
OPERATIONS = ["AddScalar2D", "AddScalar3D", "FixedThreshold2D", "FixedThreshold3D", "Flip2D", "Flip3D", "GaussianBlur2D",
              "GaussianBlur3D", "Median2D", "Median3D", "MaximumZProjection"]
BASIC_FILTER = ["--filter", "^(AddScalar|FixedThreshold|Flip|GaussianBlur|Median|MaximumZ)"]  # enough of the catalogue
ENGINES = ["--engine", "reference,tbb,opencv,opencl"]
NO_REFERENCE = ["--engine", "tbb,opencv,opencl"]
CASE_NAME = re.compile(r"(\w+)/(reference|tbb|opencv|(opencl|opencv-umat)(:[\w.-]+(#\d+)?)?)/\d+x\d+(x\d+)?/(u8|u16|u32|f32)(/[\w.:+-]+)*")

# Caches of this script's own: the user's are neither read nor filled.
CACHES = tempfile.TemporaryDirectory()
ENVIRONMENT = {**os.environ, "XDG_CACHE_HOME": CACHES.name, "POCL_CACHE_DIR": f"{CACHES.name}/pocl"}


def refuse(constant):
    raise ValueError(f"{constant} in JSON")


def close(a, b):
    return abs(a - b) <= 1e-6 * max(abs(a), abs(b)) + 1e-12


class Case:
    """The rows of one case in a result file."""

    def __init__(self, rows):
        self.name = rows[0]["run_name"]
        self.samples = [row for row in rows if row["run_type"] == "iteration"]
        self.aggregates = {row["aggregate_name"]: row for row in rows if row["run_type"] == "aggregate"}
        self.details = next(row["voxelmark"] for row in rows if "voxelmark" in row)
        self.outcome = self.details["outcome"]
        self.figures = self.aggregates.get("median", {})

    def total_ms(self):
        return self.figures["median_ms"] + self.figures["push_ms"] + self.figures["pull_ms"]


class BenchTest(CheckedTest):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def bench(self, *arguments, status=0, program=None, environment=None, stdout=subprocess.PIPE):
        """Runs the program in this test's folder."""
        run = subprocess.run([program or BENCH, *map(str, arguments)], cwd=self.folder, stdin=subprocess.DEVNULL,
                             env=ENVIRONMENT | (environment or {}), stdout=stdout, stderr=subprocess.PIPE, timeout=300)
        run.stdout, run.stderr = (run.stdout or b"").decode("utf-8"), run.stderr.decode("utf-8", "replace")
        what = " ".join(map(str, arguments))[:300]
        self.check(run.returncode == status, f"bench {what}: exit status {run.returncode}, expected {status}\n{run.stderr}")
        self.check_nothing_half_written(what)
        return run

    def measure(self, *arguments, **options):
        """Runs the program as quickly as it can, and gives the cases of its result file by name."""
        if "--filter" not in arguments:
            arguments = *arguments, *BASIC_FILTER
        if "--engine" not in arguments:
            arguments = *arguments, *ENGINES
        self.bench("--max-time", "0", *arguments, "--json", "out.json", **options)
        return self.cases(self.load(self.folder / "out.json"))

    def check_nothing_half_written(self, what):
        left = [str(path) for path in self.folder.rglob("*") if ".tmp" in path.name]
        self.check(not left, f"bench {what} left {left}")

    def load(self, path_or_text):
        """A result file, with all that holds for any of them checked."""
        text = path_or_text if isinstance(path_or_text, str) else path_or_text.read_text(encoding="utf-8")
        results = json.loads(text, parse_constant=refuse)
        for key in ("date", "host_name", "executable", "num_cpus", "mhz_per_cpu", "caches", "load_avg", "library_build_type"):
            self.check(key in results["context"], f"context has no {key}")
        context = results["context"]["voxelmark"]
        for key, kind in {"version": str, "git_revision": str, "compiler": str, "flags": str, "command": list, "kernel": str,
                          "incomplete": bool, "cpu": str, "cpu_threads": int, "cpu_smt": bool, "cgroup_cpu_quota": str,
                          "cpu_steal_fraction": float | int, "devices": list}.items():
            self.check(isinstance(context.get(key), kind), f"context.voxelmark.{key}: {context.get(key)!r}")
        self.check(0 <= context["cpu_steal_fraction"] <= 1, "cpu_steal_fraction")
        for device in context["devices"]:
            self.check("skipped" in device or device["driver"] and device["memory_bytes"] > 0, f"device {device}")
            limits = device.get("limits", {})
            self.check("skipped" in device or {"copy_bytes_per_second", "launch_seconds", "flops"} <= set(limits),
                       f"limits of {device}")
            self.check(all(value > 0 for value in limits.values()), f"limits of {device}")
        for case in self.cases(results).values():
            self.check_case(case, context)
        return results

    def cases(self, results):
        rows = collections.defaultdict(list)
        for row in results["benchmarks"]:
            rows[row["run_name"]].append(row)
        return {name: Case(of_case) for name, of_case in rows.items()}

    def check_case(self, case, context):
        self.check(CASE_NAME.fullmatch(case.name), f"case name {case.name}")
        if case.outcome != "done":
            self.equal((len(case.samples), case.aggregates), (1, {}), f"rows of {case.name}")
            row = case.samples[0]
            self.check(case.outcome in ("skipped", "failed") and case.details["reason"], f"outcome of {case.name}")
            self.check(row.get("error_occurred") or row.get("skipped"), f"{case.name} is not marked: {row}")
            self.equal(row["real_time"], 0, f"time of {case.name}")
            return
        times = [row["real_time"] for row in case.samples]
        n, figures, name = len(times), case.figures, case.name
        self.equal([row["repetition_index"] for row in case.samples], list(range(n)), f"indices of {name}")
        for row in [*case.samples, *case.aggregates.values()]:
            self.equal((row["repetitions"], row["time_unit"]), (n, "ms"), f"repetitions of {row['name']}")
            self.check(row["cpu_time"] >= 0, f"cpu_time of {row['name']}")
        self.check(all(value > 0 for value in times), f"times of {name}")
        self.equal(list(case.aggregates), ["mean", "median", "stddev", "cv"], f"aggregates of {name}")
        deviation = statistics.stdev(times) if n > 1 else 0
        for aggregate, value in {"mean": statistics.fmean(times), "median": statistics.median(times), "stddev": deviation,
                                 "cv": deviation / statistics.fmean(times)}.items():
            row = case.aggregates[aggregate]
            self.equal(row["name"], f"{name}_{aggregate}")
            self.check(close(row["real_time"], value), f"{row['name']}: {row['real_time']}, expected {value}")
        if not context["incomplete"]:
            self.check(n >= 10 or n >= 3 and case.details["stopped_by"] == "time", f"{name}: {n} samples")

        device = next(d for d in context["devices"] if d["id"] == case.details["device_id"] and "skipped" not in d
                      and d.get("threads", case.details["threads"]) == case.details["threads"])
        self.check(close(figures["median_ms"], statistics.median(times)), f"median_ms of {name}")
        for key, q in {"p5_ms": 0.05, "p95_ms": 0.95}.items():
            self.check(close(figures[key], np.quantile(times, q)), f"{key} of {name}")
        for key in ("median_ci_lower_ms", "median_ci_upper_ms"):
            self.check(any(close(figures[key], value) for value in times), f"{key} of {name} is no sample")
        self.check(figures["median_ci_lower_ms"] <= figures["median_ms"] <= figures["median_ci_upper_ms"], f"interval of {name}")
        self.equal(figures["samples"], n, f"samples of {name}")
        for key in ("throughput_ms", "prepare_ms", "effective_bytes_per_second", "share_of_copy_bandwidth", "peak_device_bytes"):
            self.check(figures[key] > 0, f"{key} of {name}: {figures[key]}")
        self.check(figures["flops_per_second"] >= 0 and "clock_drift" in figures, f"figures of {name}")
        self.check(close(figures["share_of_copy_bandwidth"],
                         figures["effective_bytes_per_second"] / device["limits"]["copy_bytes_per_second"]), f"share of {name}")
        x, y, z = case.details["size"]
        item = {"u8": 1, "u16": 2, "f32": 4}[case.details["dtype"]]
        out_item = 1 if case.details["operation"].startswith("FixedThreshold") else item
        out_voxels = x * y * (1 if case.details["operation"] == "MaximumZProjection" else z)
        self.check(close(figures["effective_bytes_per_second"] * figures["median_ms"] * 1e-3,
                         x * y * z * item + out_voxels * out_item), f"bytes of {name}")
        on_device = case.details["engine"] == "opencl"
        self.check(figures["peak_device_bytes"] >= out_voxels * out_item + on_device * x * y * z * item, f"memory of {name}")
        self.check((figures["push_ms"] > 0 and figures["pull_ms"] > 0) == on_device, f"transfers of {name}")
        timed = bool(case.details["device_ms"])
        # An interrupted run may have ended before its first sample of the device's clock.
        self.check(timed == ("device_ms" in figures) and (timed == on_device or context["incomplete"]), f"device time of {name}")
        if timed:
            self.check(close(figures["device_ms"], statistics.median(case.details["device_ms"])), f"device_ms of {name}")
        if on_device:
            self.check({"push_bytes_per_second", "pull_bytes_per_second", "pinned_push_bytes_per_second",
                        "pinned_pull_bytes_per_second"} <= set(device["limits"]), f"transfer limits of {device['id']}")

        self.equal(case.details["is_reference"], case.details["engine"] == "reference", name)
        if case.details["check"] == "none":
            unchecked = {"speedup", "speedup_with_transfers", "max_abs_error", "voxels_compared", "pearson_r"} & set(figures)
            self.check(not unchecked, f"{name} was not checked, and has {unchecked}")
        elif not case.details["is_reference"]:
            self.check(figures["max_abs_error"] <= figures["error_allowed"], f"error of {name}")
            self.check(0 <= figures["differing_voxels"] <= figures["voxels_compared"] <= out_voxels, f"voxels of {name}")
            self.check(case.details["check"] != "full" or figures["voxels_compared"] == out_voxels, f"full check of {name}")
            # A correlation is undefined where all voxels are equal.
            self.check(figures.get("pearson_r", 1) > 0.99, f"pearson_r of {name}")

    def check_speedups(self, results):
        """Of cases that share everything but the engine, against the best of a CPU."""
        types = {device["id"]: device.get("type") for device in results["context"]["voxelmark"]["devices"]}
        groups = collections.defaultdict(list)
        for case in self.cases(results).values():
            if case.outcome == "done" and case.details["check"] != "none":
                operation, _, rest = case.name.split("/", 2)
                groups[operation, re.sub(r"/threads:\d+$", "", rest)].append(case)
        for key, cases in groups.items():
            on_cpu = [case for case in cases if types[case.details["device_id"]] == "CPU" and not case.details["is_reference"]]
            best = min(on_cpu, key=Case.total_ms)
            for case in cases:
                self.check(close(case.figures["speedup"], best.figures["median_ms"] / case.figures["median_ms"]),
                           f"speed-up of {case.name}")
                self.check(close(case.figures["speedup_with_transfers"], best.total_ms() / case.total_ms()),
                           f"speed-up with transfers of {case.name}")
        self.check(groups, "no speed-up")

    def check_table(self, text):
        for line in text.splitlines():
            self.check(len(line) <= WIDTH, f"{len(line)} columns: {line}")
            if "±" in line:
                cells = line.replace("is ref.", "ref.").split()
                interval = next((i for i, cell in enumerate(cells) if cell.startswith("±")), 0)
                self.check(interval and len(cells) - interval in (7, 9), f"cells run together: {line}")

    def opencl_devices(self):
        """Names as in case names."""
        return [line for line in self.bench("--devices", "--engine", "opencl").stdout.splitlines() if line.startswith("opencl:")]


class GoodRuns(BenchTest):
    def test_main_job(self):
        arguments = ["--filter", "GaussianBlur3D", "--size", "64x48x20", "--sigma", "2,5", "--max-time", "0.2", "--json", "out.json",
                     *ENGINES]
        run = self.bench(*arguments)
        results = self.load(self.folder / "out.json")
        cases = self.cases(results)
        devices = ["reference", "tbb", "opencv", *self.opencl_devices()]
        self.check(len(devices) > 3, "no OpenCL device; tests want PoCL")
        self.equal(sorted(cases), sorted(f"GaussianBlur3D/{device}/64x48x20/f32/sigma:{sigma}"
                                         for device in devices for sigma in (2, 5)), "cases")
        for name, case in cases.items():
            self.equal((case.outcome, case.details["check"], case.details["size"], case.details["dataset"]),
                       ("done", "full", [64, 48, 20], "noise"), name)
            taps = 17 if name.endswith("sigma:2") else 41
            self.check(close(case.figures["flops_per_second"] * case.figures["median_ms"] * 1e-3, 64 * 48 * 20 * 6 * taps),
                       f"flops of {name}")
        self.check_speedups(results)
        context = results["context"]["voxelmark"]
        self.equal(context["command"][1:], arguments, "command")
        self.equal(context["incomplete"], False, "incomplete")
        self.check(re.search(r"OpenCV \d", str(context["devices"])) and "TBB 20" in str(context["devices"]), "library versions")
        self.check_table(run.stdout)
        for text in ("64x48x20/f32/sigma:2", "64x48x20/f32/sigma:5", "speed-up", "all 61440 voxels compared", *devices,
                     f"{2 * len(devices)} measured, 0 skipped, 0 failed"):
            self.check(text in run.stdout, f"no '{text}' in\n{run.stdout}")
        self.equal([line[:6] for line in run.stderr.splitlines()], ["[1/2] ", "[2/2] "], "progress")
        self.compare_with_itself(self.folder / "out.json")

    def compare_with_itself(self, path):
        """Google Benchmark's own tool has to accept a result file."""
        self.check(pathlib.Path(COMPARE).exists(), f"{COMPARE} is missing; install libbenchmark-tools")
        run = subprocess.run([sys.executable, COMPARE, "benchmarks", path, path], capture_output=True, text=True, timeout=120)
        self.check(run.returncode == 0 and "Traceback" not in run.stderr, f"compare.py: {run.stderr}")
        self.check("_median" in run.stdout, f"compare.py compared nothing: {run.stdout}")

    def test_wrong_result_files_are_found(self):
        """The checks above have to fail where there is a reason."""
        self.measure("--filter", "Flip2D", "--engine", "tbb,opencv", "--size", "32x32")
        text = (self.folder / "out.json").read_text()
        self.load(text)

        def planted(change):
            results = json.loads(text)
            change(results, next(row for row in results["benchmarks"] if row.get("aggregate_name") == "median"))
            return results

        for change in [
            lambda results, median: median.update(median_ms=2 * median["median_ms"]),
            lambda results, median: median.update(p95_ms=0),
            lambda results, median: median.update(max_abs_error=1),
            lambda results, median: median.update(effective_bytes_per_second=float("nan")),
            lambda results, median: median.update(push_ms=float("inf")),
            lambda results, median: median.pop("peak_device_bytes"),
            lambda results, median: median["voxelmark"].update(check="none"),
            lambda results, median: median["voxelmark"].update(outcome="skipped"),
            lambda results, median: results["benchmarks"].pop(0),
            lambda results, median: results["benchmarks"][0].update(real_time=1e9),
            lambda results, median: [row.update(run_name="Flip2D tbb") for row in results["benchmarks"]],
            lambda results, median: results["context"]["voxelmark"].pop("git_revision"),
            lambda results, median: results["context"]["voxelmark"]["devices"][0]["limits"].clear(),
        ]:
            with self.assertRaises((AssertionError, ValueError, KeyError)):
                self.load(json.dumps(planted(change)))
        with self.assertRaises(AssertionError):
            self.check_speedups(planted(lambda results, median: median.update(speedup=1.5)))
        for line in ("x" * 121, "tbb  1.0  ±2% 0.0120.063%  -  -  0.1  0.0  1.0x  1.0x", "tbb 1.0±2% 0.012 0.063% - - 0.1 0.0 1.0x 1.0x"):
            with self.assertRaises(AssertionError):
                self.check_table(line)

    def test_compare_tool_takes_skipped_rows(self):
        cases = self.measure("--filter", "Flip2D", "--engine", "tbb,opencv", "--size", "32x32", "--threads", "1,4096")
        self.equal(sorted(case.outcome for case in cases.values()), ["done", "done", "skipped", "skipped"], "outcomes")
        self.compare_with_itself(self.folder / "out.json")

    def test_fields_of_google_benchmark(self):
        """None holds what happened to lie in memory."""
        self.measure("--filter", "Flip2D", "--engine", "tbb,opencv", "--size", "32x32", "--threads", "1,4096")
        for row in self.load(self.folder / "out.json")["benchmarks"]:
            for key in ("repetitions", "repetition_index", "family_index", "per_family_instance_index", "threads", "iterations"):
                self.check(-1 <= row.get(key, 0) <= 10**6, f"{row['name']}: {key} is {row.get(key)}")

    @unittest.skipUnless(WRONG_KERNEL_BENCH, "no program with a wrong kernel was given")
    def test_wrong_kernel(self):
        arguments = ["--filter", "AddScalar2D", "--engine", "opencl,tbb", "--size", "64x64", "--max-time", "0"]
        run = self.bench(*arguments, "--json", "out.json", status=1, program=WRONG_KERNEL_BENCH)
        outcomes = collections.Counter()
        results = self.load(self.folder / "out.json")
        for case in self.cases(results).values():
            outcomes[case.details["engine"], case.outcome] += 1
            if case.outcome == "failed":
                self.check("disagrees with the reference" in case.details["reason"], case.details["reason"])
                self.check("1 of 4096 voxels" in case.details["reason"], case.details["reason"])
                self.check(not case.figures and not case.aggregates, f"{case.name} was timed")
        devices = len(self.opencl_devices())
        self.equal(outcomes, {("opencl", "failed"): devices, ("tbb", "done"): 1}, "outcomes")
        self.equal(len(re.findall(r"FAILED: disagrees", run.stdout)), devices, "rows FAILED")
        self.check(f"1 measured, 0 skipped, {devices} failed" in run.stdout, run.stdout)
        self.check_table(run.stdout)
        self.compare_with_itself(self.folder / "out.json")
        self.bench(*arguments, "--check", "none", program=WRONG_KERNEL_BENCH)

    def test_json_on_standard_output(self):
        run = self.bench("--filter", "Flip2D", "--size", "16x16", "--engine", "tbb", "--max-time", "0", "--json", "-")
        self.equal(len(self.cases(self.load(run.stdout))), 1, "cases")
        self.check("speed-up" in run.stderr and "1 measured" in run.stderr, f"no table on standard error: {run.stderr}")
        run = self.bench("limits", "--engine", "tbb", "--json", "-")
        self.equal(self.load(run.stdout)["context"]["voxelmark"]["devices"][0]["id"], "tbb", "device")
        self.check("GFLOP/s" in run.stderr, f"no table on standard error: {run.stderr}")
        self.equal(list(self.folder.iterdir()), [], "files")

    def test_lists(self):
        operations = self.bench("--list-operations").stdout
        described = [name for line in operations.splitlines() if line.startswith("## ") for name in line[3:].split(", ")]
        self.check(set(OPERATIONS) < set(described) and len(described) == len(set(described)), f"operations described: {described}")
        for text in ("sigma = 2 (0 to 1000)", "axis = x (x, y, z)", "(box, sphere)", "tolerance: exact", "R = floor(4 sigma + 1/2)",
                     "kind: reach: depends on 8, 8 voxels", "cost: ", "takes: image and image"):
            self.check(text in " ".join(operations.split()), f"no '{text}' in\n{operations}")
        self.check_table(operations)

        listed = self.bench("--list", "--size", "8x8,8x8x8", "--dtype", "u8,f32").stdout.splitlines()
        self.equal(len(listed), len(set(listed)), "different names")
        self.check(all(CASE_NAME.fullmatch(name) for name in listed), f"case names {listed}")
        self.equal({name.split("/")[0] for name in listed}, set(described), "operations listed")
        self.equal(operations, (pathlib.Path(__file__).parent.parent / "docs/operations.md").read_text(),
                   "docs/operations.md; write it anew with bench --list-operations > docs/operations.md")
        some = self.bench("--list", "--filter", "Flip2D/tbb.*axis:y", "--size", "8x8", "--param", "axis=x,y").stdout.splitlines()
        self.equal(some, ["Flip2D/tbb/8x8/f32/axis:y"], "cases listed")

        devices = self.bench("--devices").stdout
        for text in ("reference\n", "tbb\n", "opencv\n", "opencl:", "driver ", "memory ", "largest allocation ", "compute units",
                     "local memory ", "CPU"):
            self.check(text in devices, f"no '{text}' in\n{devices}")
        name = self.opencl_devices()[0]
        for part in (name.split(":")[1][:5].upper(), name.split(":")[1][:5].lower()):
            found = self.bench("--devices", "--engine", "opencl", "--device", part).stdout
            self.check(name in found, f"--device {part} did not find {name}")
        self.check(re.fullmatch(r"voxelmark \d+\.\d+\.\d+\n", self.bench("--version").stdout), "--version")
        usage = self.bench("--help").stdout
        for option in ("--filter", "--size", "--dtype", "--engine", "--device", "--threads", "--param", "--sigma", "--radius",
                       "--input", "--dataset", "--seed", "--save", "--json", "--check", "--max-time", "--list", "--list-operations",
                       "--devices", "limits", "Exit codes"):
            self.check(option in usage, f"no {option} in --help")

    def test_limits(self):
        run = self.bench("limits", "--json", "limits.json")
        devices = self.load(self.folder / "limits.json")["context"]["voxelmark"]["devices"]
        self.equal({device["id"].split(":")[0] for device in devices}, {"reference", "tbb", "opencv", "opencv-umat", "opencl"}, "engines")
        self.check_table(run.stdout)
        for device in devices:
            self.check(any(line.startswith(device["id"]) for line in run.stdout.splitlines()), f"no line for {device['id']}")
        for name in ("copy GB/s", "launch µs", "push GB/s", "pull GB/s", "pinned push GB/s", "pinned pull GB/s", "GFLOP/s"):
            self.check(re.search(rf"(^|\s){name}(\s|$)", run.stdout), f"no column '{name}' in\n{run.stdout}")

    def test_saved_results_agree(self):
        cases = self.measure("--size", "33x20,33x20x11", "--dtype", "u16,f32", "--radius", "1", "--save", "results/of/all")
        files = {path.name for path in (self.folder / "results/of/all").iterdir()}
        groups = collections.defaultdict(dict)
        for name, case in cases.items():
            file = re.sub("[/:#]", "_", name) + ".tif"
            self.equal(file in files, case.outcome == "done", f"{name}: a file is there")
            if case.outcome == "done":
                operation, _, rest = name.split("/", 2)
                groups[operation, rest][case.details["device_id"]] = case, read_stack(self.folder / "results/of/all" / file)
        self.equal({key[0] for key in groups}, set(OPERATIONS), "operations with results")
        self.equal(len(files), sum(case.outcome == "done" for case in cases.values()), "files")
        for (operation, rest), results in groups.items():
            _, expected = results["reference"]
            x, y, z = results["reference"][0].details["size"]
            self.equal(expected.shape, (1 if operation == "MaximumZProjection" else z, y, x), f"shape of {operation}/{rest}")
            dtype = np.dtype("u1" if operation.startswith("Fixed") else {"u16": "u2", "f32": "f4"}[rest.split("/")[1]])
            self.check(len(results) >= 3, f"{operation}/{rest} has results of {list(results)} only")
            for device, (case, result) in results.items():
                self.equal((result.shape, result.dtype), (expected.shape, dtype), case.name)
                error = np.abs(result.astype(np.float64) - expected.astype(np.float64))
                if device != "reference":
                    self.check(close(error.max(), case.figures["max_abs_error"]), f"{case.name}: error {error.max()}")
                    self.equal(np.count_nonzero(error), case.figures["differing_voxels"], f"voxels that differ in {case.name}")

    def test_input(self):
        pixels = np.random.default_rng(1).integers(0, 60000, (5, 20, 33), np.uint16)
        tifffile.imwrite(self.folder / "stack.tif", pixels, imagej=True, resolution=(4, 2.5),
                         metadata={"axes": "ZYX", "unit": "um", "spacing": 0.7})
        write_stack(self.folder / "slice.tif", pixels[:1])
        cases = self.measure("--engine", "tbb", "--input", "stack.tif", "--save", "out")
        self.equal(sorted(case.details["operation"] for case in cases.values()),
                   sorted([name for name in OPERATIONS if name.endswith("3D")] + ["MaximumZProjection"]), "operations")
        for case in cases.values():
            self.equal((case.details["size"], case.details["dtype"], case.details["input"]), ([33, 20, 5], "u16", "stack.tif"), case.name)
            self.check(case.name.endswith("/input:stack"), case.name)
        with tifffile.TiffFile(self.folder / "out/Flip3D_tbb_33x20x5_u16_axis_x_input_stack.tif") as file:
            self.check(np.array_equal(file.asarray(), pixels[:, :, ::-1]), "the flipped stack")
            self.equal(file.imagej_metadata.get("spacing"), 0.7, "spacing of the result")
        cases = self.measure("--engine", "tbb", "--input", "slice.tif")
        self.check(all(name.split("/")[0].endswith("2D") for name in cases) and len(cases) == 5, f"of a 2D image: {list(cases)}")
        cases = self.measure("--engine", "tbb", "--input", "slice.tif", "--filter", "GaussianBlur3D")
        self.equal(list(cases), ["GaussianBlur3D/tbb/33x20x1/u16/sigma:2/input:slice"], "one slice in 3D")
        cases = self.measure("--engine", "tbb", "--input", "slice.tif", "--filter", "Flip", "--dtype", "u8,f32", "--save", "converted")
        self.equal(len(cases), 2, "cases in two types")
        result = read_stack(self.folder / "converted/Flip2D_tbb_33x20_u8_axis_x_input_slice.tif")
        self.check(np.array_equal(result, np.minimum(pixels[:1, :, ::-1], 255)), "u16 saturates as u8")

    def test_two_files_of_one_name(self):
        for folder in ("a", "b"):
            (self.folder / folder).mkdir()
            write_stack(self.folder / folder / "x.tif", np.zeros((1, 4, 4), np.uint8))
        run = subprocess.run([BENCH, "--list", "--filter", "Flip", "--input", "a/x.tif", "--input", "b/x.tif"], cwd=self.folder,
                             env=ENVIRONMENT, capture_output=True, text=True)
        self.check(run.returncode in (0, 2), run.stderr)
        self.equal(len(run.stdout.splitlines()), len(set(run.stdout.splitlines())), "different case names")

    def test_values_given_twice(self):
        for arguments in (["--sigma", "2,2,2.0,2x2"], ["--dtype", "f32,f32"], ["--size", "8x8,8x8"], ["--engine", "tbb,tbb"],
                          ["--threads", "1,1"], ["--seed", "1,1"], ["--dataset", "noise,noise"]):
            size = [] if arguments[0] == "--size" else ["--size", "8x8"]
            listed = self.bench("--list", "--filter", "GaussianBlur2D/tbb", *size, *arguments).stdout.splitlines()
            self.equal(len(listed), len(set(listed)), f"different names with {arguments}")

    def test_strange_file_names(self):
        pixels = np.arange(64, dtype=np.uint8).reshape(1, 8, 8)
        names = ["long" * 40 + ".tif", "grün µ.tif", "a b;$(c)#%.tif", b"not-utf8-\xff.tif"]
        for name in names:
            name = os.fsdecode(name)
            write_stack(self.folder / name, pixels)
            self.bench("--filter", "Flip2D", "--engine", "tbb", "--input", "./" + name, "--max-time", "0", "--json", "out.json",
                       "--save", "saved")
            self.equal(len(self.cases(self.load(self.folder / "out.json"))), 1, f"cases of {name!r}")
        run = self.bench("--filter", "Flip2D", "--engine", "tbb", "--input", names[0], "--max-time", "0")
        self.check_table(run.stdout)

    def test_threads(self):
        cases = self.measure("--filter", "GaussianBlur3D", "--size", "32x32x8", "--threads", "1,4096")
        for name, case in cases.items():
            threads = int(name.rsplit("threads:")[1])
            self.equal((case.details["threads"], case.outcome), (threads, "done" if threads == 1 else "skipped"), name)
            self.check(threads == 1 or "not 4096" in case.details["reason"], case.details.get("reason"))
        self.equal({case.details["engine"] for case in cases.values()}, {"reference", "tbb", "opencv", "opencl"}, "engines")
        if len(os.sched_getaffinity(0)) > 1:
            cases = self.measure("--filter", "Flip2D", "--engine", "tbb,opencv", "--size", "64x64", "--threads", "1,2")
            self.equal([case.outcome for case in cases.values()], ["done"] * 4, "outcomes")
            self.check_speedups(self.load(self.folder / "out.json"))

    def test_check(self):
        arguments = ["--filter", "GaussianBlur2D", "--engine", "tbb", "--size", "128x100"]
        for check, voxels, words in (("full", 12800, "all 12800 voxels compared"), ("sample", 4096, "a sample of 4096 voxels compared"),
                                     ("none", None, "not compared with the reference")):
            run = self.bench(*arguments, "--check", check, "--max-time", "0", "--json", "out.json")
            results = self.load(self.folder / "out.json")
            for case in self.cases(results).values():
                self.equal(case.details["check"], check, case.name)
                self.equal(case.figures.get("voxels_compared"), voxels, f"voxels of --check {check}")
            self.check(words in run.stdout, f"no '{words}' in\n{run.stdout}")
            self.check_table(run.stdout)
            if check != "none":
                self.check_speedups(results)

    def test_data_sets_and_types(self):
        cases = self.measure("--filter", "GaussianBlur", "--engine", "tbb,opencv", "--size", "24x17,24x17x5", "--dtype", "u8,u16,f32",
                             "--dataset", "noise,nuclei,blobs,spiral,constant", "--seed", "1,7")
        self.equal(len(cases), 2 * 2 * 3 * 5 * 2, "cases")
        for name, case in cases.items():
            self.equal(case.outcome, "done", f"outcome of {name}")
            self.check(name.endswith(f"/{case.details['dataset']}/seed:{case.details['seed']}"), name)

    def test_extreme_values(self):
        """The largest values that --list-operations allows, where float to integer conversions overflow."""
        values = "scalar=2147483520,-3e9,1e30", "threshold=3e9,-1e30"
        cases = self.measure(*NO_REFERENCE, "--filter", "AddScalar2D|FixedThreshold2D", "--size", "9x7", "--dtype", "u8,u16,f32",
                             "--param", values[0], "--param", values[1])
        self.equal({case.outcome for case in cases.values()} - {"skipped"}, {"done"}, "outcomes")

    def test_not_a_number(self):
        """Of filters the result on NaN is unspecified: no row may fail for it, and JSON has no NaN."""
        pixels = np.random.default_rng(1).random((1, 9, 11), np.float32)
        pixels[0, 2, 3], pixels[0, 5, 5], pixels[0, 8, 10] = np.nan, np.inf, -np.inf
        write_stack(self.folder / "nan.tif", pixels)
        write_stack(self.folder / "all_nan.tif", pixels * np.nan)
        cases = self.measure(*NO_REFERENCE, "--input", "nan.tif", "--input", "all_nan.tif")
        self.check({case.outcome for case in cases.values()} <= {"done", "skipped"},
                   f"failed: {[name for name, case in cases.items() if case.outcome == 'failed']}")

    def test_small_tables(self):
        run = self.bench("--filter", "GaussianBlur|Median2D|Flip3D", "--size", "5x3,5x3x2", "--max-time", "0")
        self.check_table(run.stdout)

    def test_default_sizes(self):
        for operation, size in (("Flip2D", [2048, 2048, 1]), ("GaussianBlur3D", [1024, 1024, 32])):
            case, = self.measure("--filter", f"{operation}/tbb", "--check", "none").values()
            self.equal("note" in case.details, case.details["size"] != size, f"a note at {case.details['size']}")
            self.check(case.details["size"][2] == size[2] and case.details["size"][0] >= 64, f"size {case.details['size']}")

    def test_two_devices_of_one_name(self):
        if not any("pthread" in name or "cpu" in name for name in self.opencl_devices()):
            self.skipTest("no PoCL")
        kind = "pthread" if any("pthread" in name for name in self.opencl_devices()) else "cpu"
        cases = self.measure("--engine", "opencl", "--filter", "Flip2D", "--size", "8x8", environment={"POCL_DEVICES": f"{kind} {kind}"})
        self.check(sum("#1/" in name for name in cases) == 1, f"names {list(cases)}")
        self.equal({case.outcome for case in cases.values()}, {"done"}, "outcomes")


class BadInput(BenchTest):
    def refused(self, *arguments, environment=None, leaves=()):
        """One line on standard error, exit status 2, and not a file more than before."""
        before = {path for path in self.folder.rglob("*") if not path.is_dir()}
        run = self.bench(*arguments, status=2, environment=environment)
        what = " ".join(map(repr, arguments))[:300]
        self.equal(run.stdout, "", f"standard output of bench {what}")
        self.check(re.fullmatch(r"bench: [^\n]+\n", run.stderr), f"bench {what} said:\n{run.stderr[:2000]}")
        after = {path for path in self.folder.rglob("*") if not path.is_dir()}
        self.equal(after - before, set(), f"files left by bench {what}")
        return run.stderr

    def test_options(self):
        outputs = ["--json", "out.json", "--save", "saved"]
        blur = ["--filter", "GaussianBlur3D", "--size", "8x8x8"]
        for arguments in [
            ["--filter", "GaussianBlurr3D"], ["--filter", "Flip2D", "--size", "8x8x8"], ["--filter", "("], ["--filter", "[z-a]"],
            ["--filter", "a{99999999}"], ["--filter", "a" * 100000], ["--filter"], ["--engine", "cuda"], ["--engine", ""],
            ["--device", "no such device"], ["--dtype", "f64"], ["--dtype", "f32,i8"], ["--dtype", "u32", *blur], ["--dataset", "moon"],
            *(["--filter", "Flip", "--size", size] for size in
              ("0x5", "3", "axb", "5x5x5x5", "99999999999999999999x5", "9223372036854775807x9223372036854775807", "5x", "x5", "5x-3",
               " 5x5", "5.5x5", "+5x5", "0x10x10", "", "5x5,0x1", "1000000x1000000x1000000")),
            *([*blur, "--sigma", sigma] for sigma in ("-1", "nan", "inf", "-inf", "abc", "1e30", "1001", "", "2,", "2x", "2x2", "2x2x2x2", "2x2xnan")),
            *(["--filter", "Median2D", "--size", "8x8", "--radius", radius] for radius in ("1.5", "-1", "nan", "1e9", "1x")),
            ["--filter", "Flip2D", "--param", "axis=z"], ["--filter", "Median2D", "--param", "window=disk"],
            ["--filter", "AddScalar2D", "--param", "scalar=1e31"], ["--filter", "AddScalar2D", "--param", "scalar=1x1"],
            ["--param", "sigmoid=3"], ["--param", "sigma"], ["--param", "=3"], ["--param", ""], ["--param", "sigma="],
            [*blur, "--sigma", "1", "--sigma", "2"], [*blur, "--sigma", "1", "--param", "sigma=2"],
            ["--threads", "0"], ["--threads", "-1"], ["--threads", "two"], ["--threads", "1.5"], ["--threads", "99999999999999"],
            ["--max-time", "nan"], ["--max-time", "-1"], ["--max-time", "inf"], ["--max-time", "soon"],
            ["--seed", "abc"], ["--seed", "-1", *blur], ["--seed", "99999999999999999999999", *blur], ["--check", "maybe"],
            ["--no-such-option"], ["measure"], ["limits", "now"],
        ]:
            with self.subTest(arguments=arguments):
                self.refused(*arguments, *outputs)

    def test_messages_name_the_fault_and_a_way_out(self):
        for arguments, words in [
            (["--filter", "GaussianBlurr3D"], ["GaussianBlurr3D", "GaussianBlur3D"]),
            (["--engine", "cuda"], ["cuda", "reference, tbb, opencv, opencv-umat, opencl"]),
            (["--dtype", "f64"], ["f64", "u8, u16"]),
            (["--dataset", "moon"], ["moon", "noise, nuclei, blobs, spiral, constant"]),
            (["--size", "0x5"], ["0x5", "2048x2048"]),
            (["--filter", "Gauss", "--size", "8x8", "--sigma", "-1"], ["sigma", "-1", "0 to 1000"]),
            (["--param", "sigmoid=3"], ["sigmoid", "sigma"]),
            (["--device", "no such device"], ["no such device", self.opencl_devices()[0].split(":")[1][:5]]),
        ]:
            line = self.refused(*arguments)
            for word in words:
                self.check(word in line, f"no '{word}' in: {line}")

    def test_files(self):
        pixels = np.random.default_rng(1).integers(0, 255, (4, 32, 32), np.uint8)
        tifffile.imwrite(self.folder / "good.tif", pixels, photometric="minisblack")
        good = (self.folder / "good.tif").read_bytes()
        for percent in (1, 10, 50, 90, 99):
            (self.folder / f"truncated_{percent}.tif").write_bytes(good[: len(good) * percent // 100])
        (self.folder / "empty.tif").write_bytes(b"")
        (self.folder / "garbage.tif").write_bytes(random.Random(1).randbytes(1000))
        (self.folder / "header_only.tif").write_bytes(b"II*\0\x08\0\0\0")
        (self.folder / "garbage_behind_header.tif").write_bytes(good[:8] + random.Random(2).randbytes(5000))
        (self.folder / "text.tif").write_text("no image\n")
        (self.folder / "folder.tif").mkdir()
        os.mkfifo(self.folder / "pipe.tif")
        tifffile.imwrite(self.folder / "rgb.tif", np.zeros((8, 8, 3), np.uint8), photometric="rgb")
        tifffile.imwrite(self.folder / "rgb_planes.tif", np.zeros((3, 8, 8), np.uint8), photometric="rgb", planarconfig="separate")
        for name, dtype in {"f64": np.float64, "i16": np.int16, "complex": np.complex64, "u64": np.uint64}.items():
            tifffile.imwrite(self.folder / f"{name}.tif", np.zeros((8, 8), dtype))
        names = sorted(path.name for path in self.folder.iterdir() if path.name != "good.tif")
        self.check(len(names) == 18, f"files made: {names}")
        for name in [*names, "missing.tif", "missing/folder.tif", "good.tif/x", ""]:
            with self.subTest(file=name):
                line = self.refused("--filter", "Flip", "--input", name, "--json", "out.json", "--save", "saved")
                self.check(name in line, f"no '{name}' in: {line}")
        # A damaged file among good ones stops the run before anything is measured.
        self.refused("--filter", "Flip", "--input", "good.tif", "--input", "truncated_50.tif", "--json", "out.json")
        for arguments in (["--size", "8x8x8"], ["--dataset", "noise"], ["--seed", "1"], ["--channel", "1"], ["--frame", "1"],
                          ["--frame", "-1"], ["--filter", "Flip2D"]):
            self.refused("--input", "good.tif", *arguments, "--json", "out.json")

    def test_no_output_over_an_input(self):
        path = self.folder / "image.tif"
        tifffile.imwrite(path, np.ones((9, 9), np.uint8))
        before = path.read_bytes()
        for option in ("--input", "--second"):
            inputs = ["--input", path, "--second", path] if option == "--second" else ["--input", path]
            line = self.refused("--filter", "AddScalar2D", *map(str, inputs), "--json", str(path))
            self.check("overwritten" in line, line)
        self.equal(path.read_bytes(), before, "the input")

    def test_unwritable_outputs(self):
        (self.folder / "file").write_text("precious")
        (self.folder / "folder").mkdir()
        flip = ["--filter", "Flip2D", "--engine", "tbb", "--size", "8x8", "--max-time", "0"]
        for arguments in [["--json", "missing/out.json"], ["--json", "folder"], ["--json", "file/out.json"], ["--json", "/proc/out.json"],
                          ["--json", ""], ["--save", "file"], ["--save", "file/below"], ["--save", "/proc/results"], ["--save", ""],
                          ["--save", "s" * 300], ["--json", "j" * 300]]:
            with self.subTest(arguments=arguments):
                self.refused(*flip, *arguments)
        self.refused("limits", "--engine", "tbb", "--json", "missing/limits.json")
        self.equal((self.folder / "file").read_text(), "precious", "a file in the way")
        if os.geteuid():
            (self.folder / "folder").chmod(0o555)
            self.refused(*flip, "--json", "folder/out.json")
            self.refused(*flip, "--save", "folder")

    def test_device_files_stay_what_they_are(self):
        # As root a node of our own: a program that renames onto it must not harm the machine's.
        node = self.folder / "null" if os.geteuid() == 0 else pathlib.Path("/dev/null")
        if os.geteuid() == 0:
            try:
                os.mknod(node, stat.S_IFCHR | 0o666, os.makedev(1, 3))
            except PermissionError:
                self.skipTest("no permission to make a device file")
        subprocess.run([BENCH, "--filter", "Flip2D", "--engine", "tbb", "--size", "8x8", "--max-time", "0", "--json", node],
                       capture_output=True, env=ENVIRONMENT)
        self.check(stat.S_ISCHR(os.stat(node).st_mode), "--json replaced a device file by a file")

    def test_full_standard_output(self):
        for arguments in (["--filter", "Flip2D", "--engine", "tbb", "--size", "8x8", "--max-time", "0", "--json", "-"],
                          ["--list", "--size", "8x8"], ["limits", "--engine", "tbb", "--json", "-"]):
            with self.subTest(arguments=arguments), open("/dev/full", "w") as full:
                run = self.bench(*arguments, status=2, stdout=full)
                self.check(run.stderr.rstrip().splitlines()[-1].startswith("bench: "), f"{arguments}: {run.stderr}")

    def test_existing_result_survives_wrong_usage(self):
        (self.folder / "out.json").write_text("old")
        self.refused("--filter", "nothing", "--json", "out.json")
        self.equal((self.folder / "out.json").read_text(), "old", "out.json")


class TooLarge(BenchTest):
    def test_for_the_host(self):
        for size in ("100000x100000x1000", "16000000x16000000", "281474976710656x1"):
            run = self.bench("--filter", "AddScalar", "--engine", "tbb,opencl", "--size", size, "--json", "out.json", status=2)
            for case in self.cases(self.load(self.folder / "out.json")).values():
                self.equal(case.outcome, "skipped", case.name)
                self.check(re.search(r"needs .*\(\d[\d.e+]* bytes\).*\d+(\.\d+)? [MGT]iB", case.details["reason"]), case.details["reason"])
            self.check(run.stderr.splitlines()[-1].startswith("bench: nothing was measured"), run.stderr)
            self.check("skipped: needs" in run.stdout, run.stdout)
            self.check_table(run.stdout)

    def test_for_the_device(self):
        # PoCL takes a limit from outside: 1 GB of memory, of which 256 MiB are its largest allocation.
        environment = {"POCL_MEMORY_LIMIT": "1"}
        devices = self.bench("--devices", "--engine", "opencl", environment=environment).stdout
        if "largest allocation 256 MiB" not in devices:
            self.skipTest("no PoCL whose memory can be limited")
        arguments = ["--filter", "MaximumZProjection", "--size", "512x512x1100", "--dtype", "u8", "--check", "sample"]
        cases = self.measure(*arguments, "--engine", "tbb,opencl", environment=environment)
        reasons = [case.details["reason"] for case in cases.values() if case.outcome == "skipped"]
        self.check(any("288358400 bytes" in reason and "268435456 bytes" in reason for reason in reasons), f"reasons {reasons}")
        self.equal([case.details["engine"] for case in cases.values() if case.outcome == "done" and case.details["engine"] == "tbb"],
                   ["tbb"], "measured")
        # Next to what is too large, the sweep goes on.
        sizes = ["--filter", "MaximumZProjection", "--size", "512x512x1100,16x16x4", "--dtype", "u8", "--check", "none", "--engine", "opencl"]
        cases = self.measure(*sizes, environment=environment)
        self.check({"done", "skipped"} == {case.outcome for case in cases.values()}, f"{[c.outcome for c in cases.values()]}")


class Surroundings(BenchTest):
    blur = ["--filter", "GaussianBlur3D", "--size", "16x12x8", "--engine", "opencl"]

    def test_without_opencl(self):
        (self.folder / "vendors").mkdir()
        (self.folder / "broken").mkdir()
        (self.folder / "broken/missing.icd").write_text("libthis-is-not-there.so\n")
        for vendors, engines in (("vendors", NO_REFERENCE), ("broken", ["--engine", "tbb,opencl"])):
            environment = {"OCL_ICD_VENDORS": str(self.folder / vendors)}
            run = self.bench("--filter", "Flip2D", *engines, "--size", "16x16", "--max-time", "0", "--json", "out.json", environment=environment)
            cases = self.cases(self.load(self.folder / "out.json"))
            self.equal({case.details["engine"]: case.outcome for case in cases.values()},
                       {engine: "skipped" if engine == "opencl" else "done" for engine in engines[1].split(",")}, "outcomes")
            self.check("no OpenCL device" in cases["Flip2D/opencl/16x16/f32/axis:x"].details["reason"], "reason")
            self.check(re.search(r"^opencl +skipped: no OpenCL device", run.stdout, re.M), run.stdout)
            self.check_table(run.stdout)
        self.check("skipped: no OpenCL device" in self.bench("--devices", environment=environment).stdout, "--devices")
        run = self.bench("--filter", "Flip2D", "--engine", "opencl", "--size", "16x16", environment=environment, status=2)
        self.check(run.stderr.splitlines()[-1].startswith("bench: nothing was measured"), run.stderr)

    def measured(self, environment=None, unset=()):
        """Runs a blur on OpenCL; everything has to be measured and to agree."""
        with unittest.mock.patch.dict(ENVIRONMENT):
            for name in unset:
                ENVIRONMENT.pop(name, None)
            cases = self.measure(*self.blur, environment=environment)
        self.equal({case.outcome for case in cases.values()}, {"done"}, f"outcomes with {environment}, without {unset}")

    def test_without_a_cache(self):
        self.measured({"XDG_CACHE_HOME": "/proc/no-cache"})
        self.measured({"XDG_CACHE_HOME": "relative"})
        self.check(not (self.folder / "relative").exists(), "a relative XDG_CACHE_HOME is to be ignored")
        self.measured({"HOME": "/proc/no-home"}, unset=["XDG_CACHE_HOME"])
        self.measured(unset=["XDG_CACHE_HOME", "HOME"])

    def test_damaged_cache(self):
        def flipped(data):
            """Errors in the second half, where the binary lies."""
            data, numbers = bytearray(data), random.Random(1)
            for _ in range(200):
                data[numbers.randrange(len(data) // 2, len(data))] ^= 1 << numbers.randrange(8)
            return bytes(data)

        damages = {"empty": lambda data: b"", "cut": lambda data: data[: len(data) // 2], "flipped bits": flipped,
                   "noise": lambda data: random.Random(3).randbytes(len(data))}
        cache = self.folder / "cache"
        environment = {"XDG_CACHE_HOME": str(cache), "POCL_CACHE_DIR": str(self.folder / "pocl")}
        self.measured(environment)
        programs = {path: path.read_bytes() for path in (cache / "voxelmark").iterdir()}
        self.check(programs, "no program was cached")
        for name, damage in damages.items():
            with self.subTest(damage=name):
                for path, data in programs.items():
                    path.write_bytes(damage(data))
                self.measured(environment)
                for path, data in programs.items():
                    self.check(path.read_bytes() != damage(data), f"{name}: {path.name} was not written anew")
        for path in programs:
            path.unlink()
            path.mkdir()
        self.measured(environment)

    def test_two_processes_share_an_empty_cache(self):
        cache = self.folder / "cache"
        environment = ENVIRONMENT | {"XDG_CACHE_HOME": str(cache), "POCL_CACHE_DIR": str(self.folder / "pocl")}
        runs = [subprocess.Popen([BENCH, *self.blur, "--max-time", "0", "--json", f"{i}.json"], cwd=self.folder, env=environment,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE) for i in range(2)]
        messages = [run.communicate(timeout=120)[1] for run in runs]
        for i, (run, errors) in enumerate(zip(runs, messages)):
            self.equal((run.returncode, errors.count(b"bench: ")), (0, 0), f"status of run {i}: {errors}")
            self.equal({case.outcome for case in self.cases(self.load(self.folder / f"{i}.json")).values()}, {"done"}, "outcomes")
        left = [path.name for path in (cache / "voxelmark").iterdir()]
        self.check(left and all(name.endswith(".program") for name in left), f"the cache holds {left}")
        self.measured(environment)


class Interrupted(BenchTest):
    sweep = [*NO_REFERENCE, "--filter", "GaussianBlur3D|Median3D", "--size", "96x96x16", "--sigma", "1,2,3,4,5", "--radius", "1,2", "--max-time", "2",
             "--json", "out.json", "--save", "saved"]

    def interrupt(self, number, marker, delay):
        """Sends the signal a while after the progress shows the marker; gives status, errors and seconds to the end."""
        with tempfile.TemporaryFile("w+") as errors, tempfile.TemporaryFile("w+") as output:
            run = subprocess.Popen([BENCH, *self.sweep], cwd=self.folder, env=ENVIRONMENT, stdout=output, stderr=errors)
            start = time.monotonic()
            while marker and time.monotonic() - start < 60 and run.poll() is None:
                if marker in os.pread(errors.fileno(), 1 << 16, 0).decode():
                    break
                time.sleep(0.005)
            time.sleep(delay)
            run.send_signal(number)
            sent = time.monotonic()
            try:
                run.wait(60)
            except subprocess.TimeoutExpired:
                run.kill()
                run.wait()
                self.check(False, f"{number.name} {delay} s after '{marker}' did not end the program")
            seconds = time.monotonic() - sent
            output.seek(0)
            errors.seek(0)
            return run.returncode, errors.read() + output.read(), seconds

    def check_interrupted(self, number, marker, delay):
        what = f"{number.name} {delay} s after '{marker}'"
        status, text, seconds = self.interrupt(number, marker, delay)
        self.check(status == 130, f"{what}: exit status {status}: {text}")
        results = self.load(self.folder / "out.json")
        self.equal(results["context"]["voxelmark"]["incomplete"], True, f"{what}: incomplete")
        self.check("incomplete: interrupted" in text, f"{what}: {text}")
        self.check(seconds < 20, f"{what}: took {seconds} s")
        self.check_nothing_half_written(what)
        for path in (self.folder / "saved").glob("*.tif"):
            self.equal(read_stack(path).shape, (16, 96, 96), f"{what}: {path.name}")
        return self.cases(results)

    def test_at_several_moments(self):
        for number, delay in [(signal.SIGINT, 0), (signal.SIGINT, 0.2), (signal.SIGINT, 0.7), (signal.SIGINT, 1.5), (signal.SIGINT, 3),
                              (signal.SIGTERM, 0.4), (signal.SIGTERM, 2.2)]:
            self.check_interrupted(number, "[1/", delay)
            (self.folder / "out.json").unlink()

    def test_what_was_measured_is_kept(self):
        cases = self.check_interrupted(signal.SIGINT, "[2/", 0.3)
        done = [name for name, case in cases.items() if case.outcome == "done" and name.endswith("sigma:1")]
        self.check(len(done) >= 3, f"kept: {done}")

    def test_at_the_start(self):
        """Before there is anything to keep: a program that dies of the signal must leave nothing behind."""
        for delay in (0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.15):
            status, text, _ = self.interrupt(signal.SIGINT, None, delay)
            self.check(status in (130, -signal.SIGINT), f"SIGINT after {delay} s: exit status {status}: {text}")
            self.equal((self.folder / "out.json").exists(), status == 130, f"SIGINT after {delay} s, status {status}: out.json is there")
            self.check_nothing_half_written(f"that got SIGINT after {delay} s")
            for path in (self.folder / "out.json", *(self.folder / "saved").glob("*")):
                path.unlink(missing_ok=True)


if __name__ == "__main__":
    if BENCH is None:
        sys.exit(__doc__)
    sys.exit(run_tests(sys.argv[1 + len(PROGRAMS):]))
