#!/usr/bin/env python3
"""The bench program in damaged surroundings, beside another of its kind, and interrupted.

usage: bench_surroundings_test.py BENCH [UNITTEST ARGUMENTS...]
"""

import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest.mock

from bench_program import BENCH, BenchTest, ENVIRONMENT, NO_REFERENCE
from checked import read_stack, run_tests


class Surroundings(BenchTest):
    blur = ["--filter", "GaussianBlur3D", "--size", "16x12x8", "--engine", "opencl"]

    def test_without_opencl(self):
        (self.folder / "vendors").mkdir()
        (self.folder / "broken").mkdir()
        (self.folder / "broken/missing.icd").write_text("libthis-is-not-there.so\n")
        for vendors, engines in (("vendors", NO_REFERENCE), ("broken", ["--engine", "tbb,opencl"])):
            environment = {"OCL_ICD_VENDORS": str(self.folder / vendors)}
            run = self.run_program("--filter", "Flip2D", *engines, "--size", "16x16", "--max-time", "0", "--json", "out.json", environment=environment)
            cases = self.cases(self.load(self.folder / "out.json"))
            self.equal({case.details["engine"]: case.outcome for case in cases.values()},
                       {engine: "skipped" if engine == "opencl" else "done" for engine in engines[1].split(",")}, "outcomes")
            self.check("no OpenCL device" in cases["Flip2D/opencl/16x16/f32/axis:x"].details["reason"], "reason")
            self.check(re.search(r"^opencl +skipped: no OpenCL device", run.stdout, re.M), run.stdout)
            self.check_table(run.stdout)
        self.check("skipped: no OpenCL device" in self.run_program("--devices", environment=environment).stdout, "--devices")
        run = self.run_program("--filter", "Flip2D", "--engine", "opencl", "--size", "16x16", environment=environment, status=2)
        self.check(run.stderr.splitlines()[-1].startswith("bench: nothing was measured"), run.stderr)

    def measured(self, environment=(), unset=()):
        """Runs a blur on OpenCL; everything has to be measured and to agree."""
        with unittest.mock.patch.dict(ENVIRONMENT):
            for name in unset:
                ENVIRONMENT.pop(name, None)
            cases = self.measure(*self.blur, environment=environment)
        self.equal({case.outcome for case in cases.values()}, {"done"}, f"outcomes with {environment}, without {unset}")

    def test_background_load_is_marked(self):
        busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * (os.cpu_count() or 1))]
        try:
            run = self.run_program("--filter", "Flip2D", "--engine", "tbb", "--size", "64x64", "--max-time", "0.5", "--json", "out.json")
        finally:
            for process in busy:
                process.kill()
                process.wait()
        case = next(iter(self.cases(self.load(self.folder / "out.json")).values()))
        self.check(case.details["background_load"] and case.figures["others_cpu_share"] > 0.05, case.figures)
        self.check(re.search(r"note: while measuring, tbb: [^;]*other programs took [0-9.]+\s%", " ".join(run.stdout.split())), run.stdout)

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
    sys.exit(run_tests(sys.argv[2:]))
