#!/usr/bin/env python3
"""The bench program as its user meets it: options, lists, tables, exit codes, and what it refuses.

usage: bench_cli_test.py BENCH [UNITTEST ARGUMENTS...]
"""

import os
import pathlib
import random
import re
import stat
import sys

import numpy as np
import tifffile

from bench_program import BENCH, BenchTest, CASE_NAME, OPERATIONS
from checked import run_tests, write_stack


class GoodRuns(BenchTest):
    def test_json_on_standard_output(self):
        run = self.run_program("--filter", "Flip2D", "--size", "16x16", "--engine", "tbb", "--max-time", "0", "--json", "-")
        self.equal(len(self.cases(self.load(run.stdout))), 1, "cases")
        self.check("speed-up" in run.stderr and "1 measured" in run.stderr, f"no table on standard error: {run.stderr}")
        run = self.run_program("limits", "--engine", "tbb", "--json", "-")
        self.equal(self.load(run.stdout)["context"]["voxelmark"]["devices"][0]["id"], "tbb", "device")
        self.check("GFLOP/s" in run.stderr, f"no table on standard error: {run.stderr}")
        self.equal(list(self.folder.iterdir()), [], "files")

    def test_lists(self):
        operations = self.run_program("--list-operations").stdout
        described = [name for line in operations.splitlines() if line.startswith("## ") for name in line[3:].split(", ")]
        self.check(set(OPERATIONS) < set(described) and len(described) == len(set(described)), f"operations described: {described}")
        for text in ("sigma = 2 (0 to 1000)", "axis = x (x, y, z)", "(box, sphere)", "tolerance: exact", "R = floor(4 sigma + 1/2)",
                     "kind: reach: depends on 8, 8 voxels", "cost: ", "takes: image and image"):
            self.check(text in " ".join(operations.split()), f"no '{text}' in\n{operations}")
        self.check_table(operations)

        listed = self.run_program("--list", "--size", "8x8,8x8x8", "--dtype", "u8,f32").stdout.splitlines()
        self.equal(len(listed), len(set(listed)), "different names")
        self.check(all(CASE_NAME.fullmatch(name) for name in listed), f"case names {listed}")
        self.equal({name.split("/")[0] for name in listed}, set(described), "operations listed")
        self.equal(operations, (pathlib.Path(__file__).parent.parent / "docs/operations.md").read_text(),
                   "docs/operations.md; write it anew with bench --list-operations > docs/operations.md")
        some = self.run_program("--list", "--filter", "Flip2D/tbb.*axis:y", "--size", "8x8", "--param", "axis=x,y").stdout.splitlines()
        self.equal(some, ["Flip2D/tbb/8x8/f32/axis:y"], "cases listed")

        devices = self.run_program("--devices").stdout
        for text in ("reference\n", "tbb\n", "opencv\n", "opencl:", "driver ", "memory ", "largest allocation ", "compute units",
                     "local memory ", "CPU"):
            self.check(text in devices, f"no '{text}' in\n{devices}")
        name = self.opencl_devices()[0]
        for part in (name.split(":")[1][:5].upper(), name.split(":")[1][:5].lower()):
            found = self.run_program("--devices", "--engine", "opencl", "--device", part).stdout
            self.check(name in found, f"--device {part} did not find {name}")
        self.check(re.fullmatch(r"voxelmark \d+\.\d+\.\d+\n", self.run_program("--version").stdout), "--version")
        usage = self.run_program("--help").stdout
        for option in ("--filter", "--size", "--dtype", "--engine", "--device", "--threads", "--param", "--sigma", "--radius",
                       "--input", "--dataset", "--seed", "--save", "--json", "--check", "--max-time", "--list", "--list-operations",
                       "--devices", "limits", "Exit codes"):
            self.check(option in usage, f"no {option} in --help")

    def test_limits(self):
        run = self.run_program("limits", "--json", "limits.json")
        devices = self.load(self.folder / "limits.json")["context"]["voxelmark"]["devices"]
        self.equal({device["id"].split(":")[0] for device in devices}, {"reference", "tbb", "opencv", "opencv-umat", "opencl"}, "engines")
        self.check_table(run.stdout)
        self.check(re.search(r"A plan that does nothing reads [0-9.]+ µs; [0-9.]+ µs of each sample lie outside", run.stdout), run.stdout)
        for device in devices:
            self.check(any(line.startswith(device["id"]) for line in run.stdout.splitlines()), f"no line for {device['id']}")
        for name in ("copy GB/s", "launch µs", "push GB/s", "pull GB/s", "pinned push GB/s", "pinned pull GB/s", "GFLOP/s"):
            self.check(re.search(rf"(^|\s){name}(\s|$)", run.stdout), f"no column '{name}' in\n{run.stdout}")

    def test_two_files_of_one_name(self):
        for folder in ("a", "b"):
            (self.folder / folder).mkdir()
            write_stack(self.folder / folder / "x.tif", np.zeros((1, 4, 4), np.uint8))
        run = self.run_program("--list", "--filter", "Flip", "--input", "a/x.tif", "--input", "b/x.tif", status=(0, 2))
        self.equal(len(run.stdout.splitlines()), len(set(run.stdout.splitlines())), "different case names")

    def test_values_given_twice(self):
        for arguments in (["--sigma", "2,2,2.0,2x2"], ["--dtype", "f32,f32"], ["--size", "8x8,8x8"], ["--engine", "tbb,tbb"],
                          ["--threads", "1,1"], ["--seed", "1,1"], ["--dataset", "noise,noise"]):
            size = [] if arguments[0] == "--size" else ["--size", "8x8"]
            listed = self.run_program("--list", "--filter", "GaussianBlur2D/tbb", *size, *arguments).stdout.splitlines()
            self.equal(len(listed), len(set(listed)), f"different names with {arguments}")

    def test_strange_file_names(self):
        pixels = np.arange(64, dtype=np.uint8).reshape(1, 8, 8)
        names = ["long" * 40 + ".tif", "grün µ.tif", "a b;$(c)#%.tif", b"not-utf8-\xff.tif"]
        for name in names:
            name = os.fsdecode(name)
            write_stack(self.folder / name, pixels)
            self.run_program("--filter", "Flip2D", "--engine", "tbb", "--input", "./" + name, "--max-time", "0", "--json", "out.json",
                       "--save", "saved")
            self.equal(len(self.cases(self.load(self.folder / "out.json"))), 1, f"cases of {name!r}")
        run = self.run_program("--filter", "Flip2D", "--engine", "tbb", "--input", names[0], "--max-time", "0")
        self.check_table(run.stdout)

    def test_small_tables(self):
        run = self.run_program("--filter", "GaussianBlur|Median2D|Flip3D", "--size", "5x3,5x3x2", "--max-time", "0")
        self.check_table(run.stdout)

    def test_default_sizes(self):
        for operation, size in (("Flip2D", [2048, 2048, 1]), ("GaussianBlur3D", [1024, 1024, 32])):
            case, = self.measure("--filter", f"{operation}/tbb", "--check", "none").values()
            self.equal("note" in case.details, case.details["size"] != size, f"a note at {case.details['size']}")
            self.check(case.details["size"][2] == size[2] and case.details["size"][0] >= 64, f"size {case.details['size']}")


class BadInput(BenchTest):
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
            [*blur, "--sigma", "1", "--param", "sigma=2"], ["--filter", "Flip2D", "--size", "8x8", "--sigma", "2"],
            ["limits", "--sigma", "2"],
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
            self.refused(*arguments, words=words)

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
                self.refused("--filter", "Flip", "--input", name, "--json", "out.json", "--save", "saved", words=name)
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
            self.refused("--filter", "AddImagesWeighted2D", *inputs, "--json", path, words="overwritten")
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
        self.run_program("--filter", "Flip2D", "--engine", "tbb", "--size", "8x8", "--max-time", "0", "--json", node, status=(0, 2))
        self.check(stat.S_ISCHR(os.stat(node).st_mode), "--json replaced a device file by a file")

    def test_full_standard_output(self):
        for arguments in (["--filter", "Flip2D", "--engine", "tbb", "--size", "8x8", "--max-time", "0", "--json", "-"],
                          ["--list", "--size", "8x8"], ["limits", "--engine", "tbb", "--json", "-"]):
            with self.subTest(arguments=arguments):
                self.refuses_full_output(*arguments)

    def test_existing_result_survives_wrong_usage(self):
        (self.folder / "out.json").write_text("old")
        self.refused("--filter", "nothing", "--json", "out.json")
        self.equal((self.folder / "out.json").read_text(), "old", "out.json")


class TooLarge(BenchTest):
    def test_for_the_host(self):
        for size in ("100000x100000x1000", "16000000x16000000", "281474976710656x1"):
            run = self.run_program("--filter", "AddScalar", "--engine", "tbb,opencl", "--size", size, "--json", "out.json", status=2)
            for case in self.cases(self.load(self.folder / "out.json")).values():
                self.equal(case.outcome, "skipped", case.name)
                self.check(re.search(r"needs .*\(\d[\d.e+]* bytes\).*\d+(\.\d+)? [MGT]iB", case.details["reason"]), case.details["reason"])
            self.check(run.stderr.splitlines()[-1].startswith("bench: nothing was measured"), run.stderr)
            self.check("skipped: needs" in run.stdout, run.stdout)
            self.check_table(run.stdout)

    def test_for_the_device(self):
        # PoCL takes a limit from outside: 1 GB of memory, of which 256 MiB are its largest allocation.
        environment = {"POCL_MEMORY_LIMIT": "1"}
        devices = self.run_program("--devices", "--engine", "opencl", environment=environment).stdout
        if "largest allocation 256 MiB" not in devices:
            self.skipTest("no PoCL whose memory can be limited")
        arguments = ["--filter", "MaximumZProjection", "--size", "512x512x1100", "--dtype", "u8", "--check", "sample"]
        cases = self.measure(*arguments, "--engine", "tbb,opencl", environment=environment)
        self.equal([case.outcome for case in cases.values()], ["done", "done"], f"{list(cases)}")
        tilings = {case.details["engine"]: case.details.get("tiling") for case in cases.values()}
        self.equal(tilings.pop("tbb"), None, "tiles of what fits")
        # Cut by itself, which its row says and not its name.
        (tiling,) = tilings.values()
        self.check("288358400 bytes" in tiling["reason"] and "268435456 bytes" in tiling["reason"], f"{tiling}")
        self.check(tiling["tiles"] > 1 and tiling["read_ratio"] == 1 and "errors" not in tiling, f"{tiling}")
        self.check("tile:" not in "".join(cases), f"{list(cases)}")
        self.check(all(case.figures["differing_voxels"] == 0 for case in cases.values()), "differences")
        # Next to what is too large also for tiles, the sweep goes on.
        sizes = ["--filter", "^Translate3D", "--size", "512x512x1100,16x16x4", "--dtype", "u8", "--check", "none", "--engine", "opencl"]
        cases = self.measure(*sizes, environment=environment)
        self.equal({case.details["size"][2]: case.outcome for case in cases.values()}, {1100: "skipped", 4: "done"}, "outcomes")
        self.check("288358400 bytes" in next(c.details["reason"] for c in cases.values() if c.outcome == "skipped"), "reason")


if __name__ == "__main__":
    if BENCH is None:
        sys.exit(__doc__)
    sys.exit(run_tests(sys.argv[2:]))
