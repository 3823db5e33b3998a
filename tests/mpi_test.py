#!/usr/bin/env python3
"""bench under mpirun: two ranks give what one process gives, in one file; and what is left where a rank dies.

usage: mpi_test.py BENCH MPIRUN [UNITTEST ARGUMENTS...]
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest

import jsonschema
import numpy as np
import tifffile
import zarr
from scipy import ndimage

from bench_program import BENCH, BenchTest, ENVIRONMENT
from checked import run_tests, strict_json

MPIRUN = sys.argv[2] if len(sys.argv) > 2 else "mpirun"
# Two ranks on any machine, in a container too; what mpirun has to say of exit codes is left out.
LAUNCH = [MPIRUN, "-q", "--bind-to", "none", "--oversubscribe"]
MPI_ENVIRONMENT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_btl_vader_single_copy_mechanism": "none",
                   "OMPI_MCA_btl": "self,vader", "OMPI_MCA_plm_rsh_agent": "/bin/false"}
SCHEMA = json.loads((pathlib.Path(__file__).parent.parent / "docs" / "result_schema.json").read_text())
# What hangs on no clock: the same however the work was shared.
AGREEMENT = {"max_abs_error", "error_allowed", "bias", "rmse", "differing_voxels", "voxels_compared", "pearson_r", "peak_device_bytes"}
SWEEP = ["--filter", "^(Flip2D|GaussianBlur2D|Mean2D)/", "--engine", "reference,tbb", "--size", "40x30,33x21", "--dtype", "u8,f32", "--check", "full", "--no-limits"]
MANY = ["--filter", "^(Flip2D|Mean2D)/", "--engine", "tbb", "--dtype", "u8", "--size", ",".join(f"{n}x{n}" for n in range(20, 35)), "--no-limits"]


class MpiTest(BenchTest):
    ENVIRONMENT = ENVIRONMENT | MPI_ENVIRONMENT

    def ranks(self, count, *arguments, status=0, **options):
        return self.run_program(*LAUNCH, "-n", count, BENCH, *arguments, status=status, program="/usr/bin/env", timeout=120, **options)

    def sweep(self, count, file, *arguments, status=0):
        self.ranks(count, *SWEEP, "--max-time", "0", "--json", file, *arguments, status=status)
        results = strict_json((self.folder / file).read_text())
        jsonschema.validate(results, SCHEMA)
        return results

    def said(self, run):
        """What bench itself said, without mpirun."""
        return [line for line in run.stderr.splitlines() if line.startswith("bench: ")]

    def parts(self):
        return sorted(path.name for path in self.folder.glob("*.part"))

    def zarr_files(self, name):
        root = self.folder / name
        return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*")
                if path.is_file() and path.name != ".zattrs"}  # which hold the folder's name


class Cases(MpiTest):
    def test_two_ranks_give_the_rows_of_one_process_in_one_file(self):
        alone, shared = self.sweep(1, "alone.json"), self.sweep(2, "shared.json")
        found = [self.cases(results) for results in (alone, shared)]
        self.equal(list(found[1]), list(found[0]), "cases, in order")
        self.check(len(found[0]) >= 12, f"{len(found[0])} cases")
        for name, case in found[0].items():
            other = found[1][name]
            self.equal({k: other.figures[k] for k in AGREEMENT & set(other.figures)}, {k: case.figures[k] for k in AGREEMENT & set(case.figures)}, name)
            self.equal("pictures" in other.details, "pictures" in case.details, f"pictures of {name}")
            self.check("rank" not in case.details and other.details["host"], f"who measured {name}")
        pictures = [results["context"]["voxelmark"]["pictures"] for results in (alone, shared)]
        self.equal(pictures[1], pictures[0], "pictures")
        by_task = {}
        for case in found[1].values():
            by_task.setdefault(case.details["task"], set()).add(case.details["rank"])
        self.check(all(len(ranks) == 1 for ranks in by_task.values()), "engines of a task on one rank")
        self.equal(set().union(*by_task.values()), {0, 1}, "ranks that measured")
        self.equal(self.parts(), [], "parts")
        self.check_speedups(shared)

    def test_the_table_is_printed_once_and_in_order(self):
        tasks = []
        for count in (1, 2):
            run = self.ranks(count, *SWEEP, "--max-time", "0")
            tasks.append([line.split("  (")[0] for line in run.stdout.splitlines() if line[:1].isalpha() and "(reference" in line])
            self.equal(run.stdout.count(" measured, 0 skipped"), 1, f"summaries of {count}")
        self.equal(tasks[1], tasks[0], "tables")
        self.check(tasks[0] and run.stdout.count("measured by rank 1 on ") == len(tasks[0]) // 2, run.stdout)
        self.equal(self.ranks(2, *SWEEP, "--list").stdout, self.ranks(1, *SWEEP, "--list").stdout, "--list")

    def killed(self, *launch):
        """Starts a sweep that takes long, and kills a rank when some rows are there; mpirun ends the others."""
        job = subprocess.Popen([*launch, BENCH, *MANY, "--max-time", "0.4", "--json", "out.json"], cwd=self.folder, env=self.ENVIRONMENT,
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            last = "out.json.rank1.part" if launch else "out.json.rank0.part"
            for _ in range(600):
                path = self.folder / last
                if path.exists() and len(path.read_text().splitlines()) >= 4:
                    break
                time.sleep(0.05)
            victims = [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and self.is_rank(pid)] if launch else [job.pid]
            self.check(victims, "no rank was found")
            os.kill(victims[-1], signal.SIGKILL)
            self.check(job.wait(timeout=60) != 0, "exit status")
        finally:
            job.kill()
            job.wait()
        self.check(not (self.folder / "out.json").exists(), "a result in spite of that")
        return sum(len(path.read_text().splitlines()) - 1 for path in self.folder.glob("*.part"))

    def is_rank(self, pid):
        try:
            return (os.readlink(f"/proc/{pid}/exe") == os.path.realpath(BENCH) and os.readlink(f"/proc/{pid}/cwd") == str(self.folder.resolve()))
        except OSError:
            return False

    def resumed(self, kept, *launch, torn=""):
        """Goes on at once: what was kept is not measured again."""
        before = {}
        for path in self.folder.glob("*.part"):
            for line in path.read_text().splitlines()[1:]:
                for row in json.loads(line)["document"]["benchmarks"]:
                    if row.get("aggregate_name") == "median":
                        before[row["run_name"]] = row["real_time"]
        with (self.folder / "out.json.rank0.part").open("a") as part:
            part.write(torn)
        self.check(len(before) == kept > 0, f"{len(before)} rows of {kept}")
        command = [*launch, BENCH, *MANY, "--max-time", "0.4", "--resume", "out.json"]
        other = [argument if argument != "u8" else "f32" for argument in command]
        run = self.run_program(*other, status=2, program="/usr/bin/env")
        self.check(len(self.said(run)) == 1 and "begun for other cases" in self.said(run)[0], run.stderr)
        run = self.run_program(*command, program="/usr/bin/env")
        self.check("30 measured, 0 skipped, 0 failed" in run.stdout, run.stdout[-300:])
        results = strict_json((self.folder / "out.json").read_text())
        jsonschema.validate(results, SCHEMA)
        medians = {row["run_name"]: row["real_time"] for row in results["benchmarks"] if row.get("aggregate_name") == "median"}
        self.equal(len(medians), 30, "cases")
        self.equal({name: medians[name] for name in before}, before, "rows of the first run")
        self.equal(list(medians), self.run_program(*MANY, "--list").stdout.splitlines(), "order")
        self.equal(self.parts(), [], "parts")

    def test_a_rank_that_is_killed_loses_nothing_that_was_measured(self):
        launch = (*LAUNCH, "-n", "2")
        self.resumed(self.killed(*launch), *launch)

    def test_a_process_by_itself_goes_on_too(self):
        self.resumed(self.killed(), torn='{"group": 7, "torn')

    def test_nothing_to_go_on_with(self):
        for count in (1, 2):
            run = self.ranks(count, *SWEEP, "--resume", "none.json", status=2)
            self.check(len(self.said(run)) == 1 and "nothing to go on with" in self.said(run)[0], run.stderr)
        self.check("--resume FILE" in self.refused(*SWEEP, "--resume"), "no file")
        self.check("another one" in self.refused(*SWEEP, "--json", "a.json", "--resume", "b.json"), "two files")

    def test_wrong_input_is_one_line_on_any_number_of_ranks(self):
        for arguments, words in ((["--size", "12"], "--size"), ([*SWEEP, "--distribute", "tiles"], "--distribute tiles goes with bench apply"),
                                 ([*SWEEP, "--json", "none/out.json"], "none/out.json"), ([*SWEEP, "--runs", "2"], "--runs"),
                                 (["limits"], "bench limits"), (["apply", "--input", "no.tif", "--output", "o.zarr", "--distribute", "cases"], "--distribute cases"),
                                 (["apply", "--input", "no.tif", "--output", "o.zarr", "--filter", "^Mean3D$"], "no.tif")):
            run = self.ranks(2, *arguments, status=2)
            self.equal((run.stdout, len(self.said(run))), ("", 1), f"{arguments}: {run.stderr}")
            self.check(words in self.said(run)[0], run.stderr)
        self.check("--distribute tiles goes" in self.refused(*SWEEP, "--distribute", "tiles"), "by itself")
        self.equal(self.ranks(2, "--version").stdout, self.run_program("--version").stdout, "--version")


class Tiles(MpiTest):
    def setUp(self):
        super().setUp()
        noise = np.random.default_rng(1).integers(0, 65536, (40, 150, 180)).astype(np.float32)
        self.image = ndimage.gaussian_filter(noise, 2).astype(np.uint16)
        tifffile.imwrite(self.folder / "image.tif", self.image)

    def apply(self, count, output, *arguments, **options):
        return self.ranks(count, "apply", "--input", "image.tif", "--output", output, "--memory", "300MB", *arguments, **options)

    def test_two_ranks_write_what_one_process_writes(self):
        for number, operation in enumerate((["--filter", "^GaussianBlur3D$", "--sigma", "2"], ["--filter", "^AutoThreshold3D$"],
                                            ["--filter", "^AutoThreshold3D$", "--param", "method=triangle"], ["--filter", "^MaximumZProjection$"])):
            said = {}
            for count in (1, 2, 3):
                tile = "64x50" if "Projection" in operation[1] else "64x50x16"
                said[count] = self.apply(count, f"{number}-{count}.zarr", *operation, "--tile", tile, "--json", f"{count}.json").stdout
            self.check(len(self.zarr_files(f"{number}-1.zarr")) > 9, "files")
            for count in (2, 3):
                self.check(self.zarr_files(f"{number}-{count}.zarr") == self.zarr_files(f"{number}-1.zarr"), f"{operation} on {count} ranks")
                self.check(f" of {count} ranks" in " ".join(said[count].split()) and said[count].count(" GB/s ") == 1, said[count])
            reports = [strict_json((self.folder / f"{count}.json").read_text()) for count in (1, 2)]
            for key in ("tiles", "tiles_done", "tile", "overlap", "parameters"):
                self.equal(reports[1][key], reports[0][key], key)
            self.equal((reports[1]["ranks"], reports[1]["lanes"], len(reports[1]["devices"])), (2, 2 * reports[0]["lanes"], 2), "ranks, lanes, devices")

    def test_components_of_ranks_are_those_of_the_volume(self):
        mask = (np.random.default_rng(4).random((40, 150, 180)) < 0.3).astype(np.uint8)
        tifffile.imwrite(self.folder / "image.tif", mask, photometric="minisblack")
        for neighbours in ("box", "face"):
            arguments = ("--filter", "^ConnectedComponents3D$", "--param", f"neighbours={neighbours}", "--tile", "33x40x17")
            for count in (1, 2, 3):
                self.apply(count, f"{neighbours}-{count}.zarr", *arguments)
            expected, components = ndimage.label(mask, np.ones((3, 3, 3)) if neighbours == "box" else None)
            labels = zarr.open(str(self.folder / f"{neighbours}-1.zarr"), mode="r")["0"][:]
            self.check(np.array_equal(labels, expected) and components > 1, f"{components} components, {neighbours}")
            for count in (2, 3):
                self.check(self.zarr_files(f"{neighbours}-{count}.zarr") == self.zarr_files(f"{neighbours}-1.zarr"), f"{neighbours} on {count} ranks")

    def test_the_tile_is_one_on_all_ranks(self):
        self.apply(2, "a.zarr", "--filter", "^Mean3D$", "--distribute", "tiles")
        self.apply(1, "b.zarr", "--filter", "^Mean3D$", "--distribute", "tiles", "--tile", "33")
        a, b = ({k: v for k, v in self.zarr_files(name).items()} for name in ("a.zarr", "b.zarr"))
        self.check(a and b and set(a) != set(b), "tiles of two sizes")

    def test_a_rank_that_fails_is_told_by_one_line_and_the_rest_resumed(self):
        self.apply(1, "whole.zarr", "--filter", "^Mean3D$", "--tile", "32")
        self.apply(2, "in.zarr", "--filter", "^AddScalar3D$", "--param", "scalar=0", "--tile", "32")
        chunk = sorted(path for path in (self.folder / "in.zarr" / "0").rglob("*") if path.is_file() and path.name[0] != ".")[-1]
        good = chunk.read_bytes()
        chunk.write_bytes(good[: len(good) // 2])
        arguments = ["apply", "--input", "in.zarr", "--output", "out.zarr", "--filter", "^Mean3D$", "--tile", "32", "--memory", "300MB"]
        run = self.ranks(2, *arguments, status=2)
        self.equal(len(self.said(run)), 1, run.stderr)
        self.check("what was written is kept: --resume goes on" in self.said(run)[0], run.stderr)
        chunk.write_bytes(good)
        self.ranks(2, *arguments, "--resume", "--json", "out.json")
        done = strict_json((self.folder / "out.json").read_text())
        self.check(0 < done["tiles_done"] < done["tiles"], f"tiles {done['tiles_done']} of {done['tiles']}")
        self.check(self.zarr_files("out.zarr") == self.zarr_files("whole.zarr"), "after --resume")
        run = self.ranks(2, *arguments, "--resume", status=2)
        self.check(len(self.said(run)) == 1 and "nothing to go on with" in self.said(run)[0], run.stderr)


if __name__ == "__main__":
    sys.exit(run_tests(sys.argv[3:]))
