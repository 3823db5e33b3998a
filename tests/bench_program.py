"""What tests of the bench program share: running it, and all that holds for any of its result files."""

import collections
import os
import re
import statistics
import tempfile

import numpy as np

from checked import strict_json
from checked_program import ProgramTest, program

BENCH = program(1)
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

    def times_ms(self):
        return [row["real_time"] for row in self.samples]

    def on_device(self):
        return self.details["engine"] == "opencl" and "tiling" not in self.details  # tiles are taken from host memory

    def total_ms(self):
        return self.figures["median_ms"] + self.figures["push_ms"] + self.figures["pull_ms"]


class BenchTest(ProgramTest):
    PROGRAM, NAME, ENVIRONMENT = BENCH, "bench", ENVIRONMENT

    def measure(self, *arguments, **options):
        """Runs the program as quickly as it can, and gives the cases of its result file by name."""
        if "--filter" not in arguments:
            arguments = *arguments, *BASIC_FILTER
        if "--engine" not in arguments:
            arguments = *arguments, *ENGINES
        self.run_program("--max-time", "0", *arguments, "--json", "out.json", **options)
        return self.cases(self.load(self.folder / "out.json"))

    def load(self, path_or_text):
        """A result file, with all that holds for any of them checked."""
        text = path_or_text if isinstance(path_or_text, str) else path_or_text.read_text(encoding="utf-8")
        results = strict_json(text)
        for key in ("date", "host_name", "executable", "num_cpus", "mhz_per_cpu", "caches", "load_avg", "library_build_type"):
            self.check(key in results["context"], f"context has no {key}")
        context = results["context"]["voxelmark"]
        for key, kind in {"version": str, "git_revision": str, "compiler": str, "flags": str, "command": list, "kernel": str,
                          "incomplete": bool, "cpu": str, "cpu_threads": int, "cpu_smt": bool, "cgroup_cpu_quota": str,
                          "cpu_steal_fraction": float | int, "devices": list}.items():
            self.check(isinstance(context.get(key), kind), f"context.voxelmark.{key}: {context.get(key)!r}")
        self.check(0 <= context["no_op_seconds"] < 1e-3 and 0 < context["harness_seconds_per_sample"] < 1e-3, "the harness's cost")
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
            self.check_unmeasured(case)
            return
        device = next(d for d in context["devices"] if d["id"] == case.details["device_id"] and "skipped" not in d
                      and d.get("threads", case.details["threads"]) == case.details["threads"])
        self.check_rows(case, context)
        self.check_times(case)
        out_voxels = self.check_sizes(case, device)
        self.check_device(case, context, device)
        self.check_agreement(case, out_voxels)

    def check_unmeasured(self, case):
        self.equal((len(case.samples), case.aggregates), (1, {}), f"rows of {case.name}")
        row = case.samples[0]
        self.check(case.outcome in ("skipped", "failed") and case.details["reason"], f"outcome of {case.name}")
        self.check(row.get("error_occurred") or row.get("skipped"), f"{case.name} is not marked: {row}")
        self.equal(row["real_time"], 0, f"time of {case.name}")

    def check_rows(self, case, context):
        """What Google Benchmark's own tools read: a row a sample, and its aggregates."""
        times, name = case.times_ms(), case.name
        n = len(times)
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

    def check_times(self, case):
        times, figures, name = case.times_ms(), case.figures, case.name
        self.check(close(figures["median_ms"], statistics.median(times)), f"median_ms of {name}")
        for key, q in {"p5_ms": 0.05, "p95_ms": 0.95}.items():
            self.check(close(figures[key], np.quantile(times, q)), f"{key} of {name}")
        for key in ("median_ci_lower_ms", "median_ci_upper_ms"):
            self.check(any(close(figures[key], value) for value in times), f"{key} of {name} is no sample")
        self.check(figures["median_ci_lower_ms"] <= figures["median_ms"] <= figures["median_ci_upper_ms"], f"interval of {name}")
        self.equal(figures["samples"], len(times), f"samples of {name}")

    def check_sizes(self, case, device):
        """Bytes that are moved and held, and what is computed of them. Gives the voxels of the result."""
        figures, name = case.figures, case.name
        for key in ("throughput_ms", "prepare_ms", "effective_bytes_per_second", "share_of_copy_bandwidth", "peak_device_bytes"):
            self.check(figures[key] > 0, f"{key} of {name}: {figures[key]}")
        self.check(0 < figures["harness_share"] < 1 and 0 <= figures["others_cpu_share"] <= 1, f"shares of {name}")
        self.check(figures["flops_per_second"] >= 0 and "clock_drift" in figures, f"figures of {name}")
        self.check(close(figures["share_of_copy_bandwidth"],
                         figures["effective_bytes_per_second"] / device["limits"]["copy_bytes_per_second"]), f"share of {name}")
        x, y, z = case.details["size"]
        item = {"u8": 1, "u16": 2, "f32": 4}[case.details["dtype"]]
        out_item = 1 if case.details["operation"].startswith("FixedThreshold") else item
        out_voxels = x * y * (1 if case.details["operation"] == "MaximumZProjection" else z)
        self.check(close(figures["effective_bytes_per_second"] * figures["median_ms"] * 1e-3,
                         x * y * z * item + out_voxels * out_item), f"bytes of {name}")
        self.check("tiling" in case.details or figures["peak_device_bytes"] >= out_voxels * out_item + case.on_device() * x * y * z * item, f"memory of {name}")
        return out_voxels

    def check_device(self, case, context, device):
        """What only a device with memory and a clock of its own has."""
        figures, name = case.figures, case.name
        self.check((figures["push_ms"] > 0 and figures["pull_ms"] > 0) == case.on_device(), f"transfers of {name}")
        timed = bool(case.details["device_ms"])
        # An interrupted run may have ended before its first sample of the device's clock.
        self.check(timed == ("device_ms" in figures) and (timed == case.on_device() or context["incomplete"]), f"device time of {name}")
        if timed:
            self.check(close(figures["device_ms"], statistics.median(case.details["device_ms"])), f"device_ms of {name}")
        if case.on_device():
            self.check({"push_bytes_per_second", "pull_bytes_per_second", "pinned_push_bytes_per_second",
                        "pinned_pull_bytes_per_second"} <= set(device["limits"]), f"transfer limits of {device['id']}")

    def check_agreement(self, case, out_voxels):
        figures, name = case.figures, case.name
        self.equal(case.details["is_reference"], case.details["engine"] == "reference", name)
        if case.details["check"] == "none":
            unchecked = {"speedup", "speedup_with_transfers", "max_abs_error", "voxels_compared", "pearson_r"} & set(figures)
            self.check(not unchecked, f"{name} was not checked, and has {unchecked}")
        elif not case.details["is_reference"]:
            tiling = case.details.get("tiling", {"overlap": [0], "needed_overlap": [0]})
            artefacts = "per_tile" in tiling or any(o < n for o, n in zip(tiling["overlap"], tiling["needed_overlap"]))
            self.check("error_allowed" not in figures if artefacts else figures["max_abs_error"] <= figures["error_allowed"], f"error of {name}")
            self.check(0 <= figures["differing_voxels"] <= figures["voxels_compared"] <= out_voxels, f"voxels of {name}")
            self.check(case.details["check"] != "full" or figures["voxels_compared"] == out_voxels, f"full check of {name}")
            # A correlation is undefined where all voxels are equal.
            self.check(artefacts or figures.get("pearson_r", 1) > 0.99, f"pearson_r of {name}")

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
        more = 0  # columns that only some tables have
        for line in text.splitlines():
            if line.lstrip().startswith("engine:device"):
                more = ("cold ms" in line) + ("joules" in line)
            self.check(len(line) <= WIDTH, f"{len(line)} columns: {line}")
            if "±" in line:
                cells = line.replace("is ref.", "ref.").split()
                interval = next((i for i, cell in enumerate(cells) if cell.startswith("±")), 0)
                self.check(interval and len(cells) - interval in (7 + more, 9 + more), f"cells run together: {line}")

    def opencl_devices(self):
        """Names as in case names."""
        return [line for line in self.run_program("--devices", "--engine", "opencl").stdout.splitlines() if line.startswith("opencl:")]

    def compare_with_itself(self, path):
        """Google Benchmark's own tool has to accept a result file."""
        self.check("_median" in self.google_compare(path), "compare.py compared nothing")
