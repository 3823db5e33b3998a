#!/usr/bin/env python3
"""What the bench program measures, checks, writes to result files and saves.

usage: bench_results_test.py BENCH [BENCH_WITH_A_WRONG_KERNEL] [UNITTEST ARGUMENTS...]

The second program is BENCH with a wrong kernel for AddScalar.
"""

import collections
import json
import os
import re
import sys
import unittest

import numpy as np
import tifffile

from bench_program import BENCH, BenchTest, ENGINES, NO_REFERENCE, OPERATIONS, close
from checked import read_stack, run_tests, write_stack
from checked_program import program

WRONG_KERNEL_BENCH = program(2)


class Results(BenchTest):
    def test_main_job(self):
        arguments = ["--filter", "GaussianBlur3D", "--size", "64x48x20", "--sigma", "2,5", "--max-time", "0.2", "--json", "out.json",
                     *ENGINES]
        run = self.run_program(*arguments)
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
        self.compare_with_itself("out.json")

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
        self.compare_with_itself("out.json")

    def test_fields_of_google_benchmark(self):
        """None holds what happened to lie in memory."""
        self.measure("--filter", "Flip2D", "--engine", "tbb,opencv", "--size", "32x32", "--threads", "1,4096")
        for row in self.load(self.folder / "out.json")["benchmarks"]:
            for key in ("repetitions", "repetition_index", "family_index", "per_family_instance_index", "threads", "iterations"):
                self.check(-1 <= row.get(key, 0) <= 10**6, f"{row['name']}: {key} is {row.get(key)}")

    @unittest.skipUnless(WRONG_KERNEL_BENCH, "no program with a wrong kernel was given")
    def test_wrong_kernel(self):
        arguments = ["--filter", "AddScalar2D", "--engine", "opencl,tbb", "--size", "64x64", "--max-time", "0"]
        run = self.run_program(*arguments, "--json", "out.json", status=1, program=WRONG_KERNEL_BENCH)
        outcomes = collections.Counter()
        results = self.load(self.folder / "out.json")
        for case in self.cases(results).values():
            outcomes[case.details["engine"], case.outcome] += 1
            if case.outcome == "failed":
                self.check("disagrees with the reference" in case.details["reason"], case.details["reason"])
                self.check(case.details["disagrees"], "not said apart")
                self.check("1 of 4096 voxels" in case.details["reason"], case.details["reason"])
                self.check(not case.figures and not case.aggregates, f"{case.name} was timed")
        devices = len(self.opencl_devices())
        self.equal(outcomes, {("opencl", "failed"): devices, ("tbb", "done"): 1}, "outcomes")
        self.equal(len(re.findall(r"FAILED: disagrees", run.stdout)), devices, "rows FAILED")
        self.check(f"1 measured, 0 skipped, {devices} failed" in run.stdout, run.stdout)
        self.check_table(run.stdout)
        self.compare_with_itself("out.json")
        self.run_program(*arguments, "--check", "none", program=WRONG_KERNEL_BENCH)

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

    def test_cold_caches(self):
        arguments = ["--filter", "AddScalar2D", "--engine", "reference,tbb,opencl", "--size", "64x48", "--max-time", "0.05"]
        run = self.run_program(*arguments, "--flush", "--json", "out.json")
        self.check_table(run.stdout)
        self.check(re.search(r" cold ms ", run.stdout) and " joules" not in run.stdout, run.stdout)
        for case in self.cases(self.load(self.folder / "out.json")).values():
            figures = case.figures
            self.check(0 < figures["cold_ci_lower_ms"] <= figures["cold_ms"] <= figures["cold_ci_upper_ms"], case.name)
            self.equal("cold_device_ms" in figures, case.on_device(), case.name)
            self.check(figures.get("cold_device_ms", 1) > 0, case.name)
        run = self.run_program(*arguments, "--json", "out.json")
        self.check("cold ms" not in run.stdout, run.stdout)
        for case in self.cases(self.load(self.folder / "out.json")).values():
            self.check(not any(key.startswith("cold") for key in case.figures), case.name)

    def test_check(self):
        arguments = ["--filter", "GaussianBlur2D", "--engine", "tbb", "--size", "128x100"]
        for check, voxels, words in (("full", 12800, "all 12800 voxels compared"), ("sample", 4096, "a sample of 4096 voxels compared"),
                                     ("none", None, "not compared with the reference")):
            run = self.run_program(*arguments, "--check", check, "--max-time", "0", "--json", "out.json")
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

    def test_two_devices_of_one_name(self):
        if not any("pthread" in name or "cpu" in name for name in self.opencl_devices()):
            self.skipTest("no PoCL")
        kind = "pthread" if any("pthread" in name for name in self.opencl_devices()) else "cpu"
        cases = self.measure("--engine", "opencl", "--filter", "Flip2D", "--size", "8x8", environment={"POCL_DEVICES": f"{kind} {kind}"})
        self.check(sum("#1/" in name for name in cases) == 1, f"names {list(cases)}")
        self.equal({case.outcome for case in cases.values()}, {"done"}, "outcomes")


if __name__ == "__main__":
    if BENCH is None:
        sys.exit(__doc__)
    sys.exit(run_tests(sys.argv[2 + (WRONG_KERNEL_BENCH is not None):]))
