#!/usr/bin/env python3
"""bench --runs: several fresh processes, and two builds measured alternately.

usage: fresh_processes_test.py BENCH BENCH_WITH_A_WRONG_KERNEL [UNITTEST ARGUMENTS...]
"""

import json
import pathlib
import signal
import statistics
import subprocess
import sys
import time

from bench_program import BENCH, ENVIRONMENT
from checked import run_tests
from checked_program import ProgramTest, program

WRONG_KERNEL_BENCH = program(2)
QUICK = ["--filter", "AddScalar2D", "--size", "64x64", "--max-time", "0"]


class FreshProcesses(ProgramTest):
    PROGRAM, NAME = BENCH, "bench"

    def setUp(self):
        super().setUp()
        self.temporary = self.folder / "tmp"
        self.temporary.mkdir()
        self.ENVIRONMENT = ENVIRONMENT | {"TMPDIR": str(self.temporary)}

    def check_nothing_half_written(self, what, before=frozenset()):
        super().check_nothing_half_written(what, before)
        self.equal([path for path in self.temporary.iterdir() if path.name.startswith("voxelmark")], [], f"temporary files of {what}")

    def script(self, name, text):
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path

    def load(self, name):
        return json.loads((self.folder / name).read_text())

    def test_samples_are_processes(self):
        run = self.run_program(*QUICK, "--engine", "tbb,opencl", "--runs", "3", "--json", "out.json")
        results = self.load("out.json")
        own = results["context"]["voxelmark"]
        self.equal((own["runs"], own["incomplete"]), (3, False), "runs")
        self.equal(own["command"][1:], [*QUICK, "--engine", "tbb,opencl", "--runs", "3", "--json", "out.json"], "command")
        self.check(all("limits" in device for device in own["devices"]), "limits of the first process")
        self.check(own["pictures"], "pictures of the first process")
        for name in {row["run_name"] for row in results["benchmarks"]}:
            rows = [row for row in results["benchmarks"] if row["run_name"] == name]
            times = [row["real_time"] for row in rows if row["run_type"] == "iteration"]
            median = next(row for row in rows if row.get("aggregate_name") == "median")
            self.equal((len(times), len(rows)), (3, 7), f"rows of {name}")
            self.check(len(set(times)) > 1, f"processes took the very same time: {times}")
            self.equal(median["median_ms"], statistics.median(times), f"median of {name}")
            self.equal((median["median_ci_lower_ms"], median["median_ci_upper_ms"]), (min(times), max(times)), "interval")
            self.check(name in run.stdout, f"{name} is not printed")
        self.check("2 measured, 0 skipped, 0 failed in 3 processes" in run.stdout, run.stdout)
        self.google_compare("out.json")

    def test_two_builds_alternate(self):
        base = self.script("base", f'echo base >&2; exec {BENCH} "$@"')
        run = self.run_program(*QUICK, "--no-limits", "--engine=tbb", "--runs=4", "--json=new.json", "--base-program", base, "--base-json", "base.json")
        order = ""
        for line in run.stderr.splitlines():
            order += "A" if line == "base" else "x" if line.startswith("[1/1]") else ""
        self.equal(order.replace("Ax", "A").replace("x", "B"), "ABBAABBA", "order of processes")
        for name in ("new.json", "base.json"):
            self.equal(self.load(name)["context"]["voxelmark"]["runs"], 4, f"runs of {name}")
        self.check(self.load("new.json")["benchmarks"] != self.load("base.json")["benchmarks"], "both sides are one")

    def test_children_start_in_our_environment(self):
        """As it was before a runtime changed it: devices would be hidden from them."""
        base = self.script("base", f'env -0 > environment; exec {BENCH} "$@"')
        given = {"OCL_ICD_FILENAMES": "libnone.so:libnone.so", "VOXELMARK_TEST": "a b"}
        self.run_program(*QUICK, "--no-limits", "--engine", "opencl", "--json", "new.json", "--base-program", base, "--base-json", "base.json",
                         environment=given)
        shells_own = ("_", "PWD", "OLDPWD", "SHLVL")
        entries = (entry.split("=", 1) for entry in (self.folder / "environment").read_text().split("\0") if entry)
        started = {name: value for name, value in entries if name not in shells_own}
        expected = {name: value for name, value in (self.ENVIRONMENT | given).items() if name not in shells_own}
        changed = {name for name in started.keys() | expected.keys() if started.get(name) != expected.get(name)}
        self.equal(changed, set(), "variables that differ")

    def test_a_failing_build(self):
        run = self.run_program(*QUICK, "--no-limits", "--engine", "opencl", "--runs", "2", "--json", "new.json", "--base-program",
                         WRONG_KERNEL_BENCH, "--base-json", "base.json", status=1)
        outcomes = [row["voxelmark"]["outcome"] for name in ("base.json", "new.json")
                    for row in self.load(name)["benchmarks"] if "voxelmark" in row]
        self.equal(outcomes, ["failed", "done"], "outcomes")
        self.check("1 failed in 2 processes" in run.stdout, run.stdout)

    def test_a_program_without_a_result(self):
        for name, text in {"silent": "exit 0", "crashing": "kill -SEGV $$", "failing": "exit 3"}.items():
            base = self.script(name, text)
            self.refused(*QUICK, "--runs", "2", "--json", "new.json", "--base-program", base, "--base-json", "base.json",
                         words=f"{base} ended with exit code", after_progress=True)
        other = self.script("other", 'for last; do :; done; echo "{}" > "$last"')
        self.refused(*QUICK, "--runs", "2", "--json", "new.json", "--base-program", other, "--base-json", "base.json",
                     words="is no bench program", after_progress=True)

    def test_options(self):
        base = self.script("base", "exit 0")
        for arguments, words in [
            (["--runs", "0"], "--runs"), (["--runs", "x"], "--runs"), (["--runs", "1001"], "--runs"),
            (["--base-program", base, "--json", "n.json"], "--base-json"), (["--base-json", "b.json"], "--base-program"),
            (["--base-program", base, "--base-json", "b.json"], "--json"),
            (["--base-program", "none", "--base-json", "b.json", "--json", "n.json"], "none"),
            (["--base-program", base, "--base-json", "n.json", "--json", "n.json"], "n.json"),
            (["--base-program", base, "--base-json", base, "--json", "n.json"], str(base)),
            (["--base-program", base, "--base-json", "", "--json", "n.json"], "--base-json"),
            (["--base-program", "/etc/passwd", "--base-json", "b.json", "--json", "n.json"], "no program"),
            (["--base-program", base, "--base-json", "none/b.json", "--json", "n.json"], "none/b.json"),
        ]:
            self.refused(*QUICK, *arguments, words=words)
        self.ENVIRONMENT["TMPDIR"] = str(self.folder / "missing")
        self.refused(*QUICK, "--runs", "2", words="missing")

    def test_interrupt(self):
        process = subprocess.Popen([BENCH, *QUICK[:-1], "1", "--engine", "tbb", "--runs", "500", "--no-limits", "--json",
                                    "out.json"], cwd=self.folder, env=self.ENVIRONMENT, stderr=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True)
        for line in process.stderr:
            if line.startswith("process 3 "):
                break
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
        self.equal(process.returncode, 130, "exit status")
        own = self.load("out.json")["context"]["voxelmark"]
        self.check(own["incomplete"] and 2 <= own["runs"] <= 3, f"{own['runs']} runs")
        self.check("incomplete: interrupted" in out, out)
        self.equal(list(self.temporary.iterdir()), [], "temporary files")

    def test_a_killed_parent_leaves_no_child(self):
        process = subprocess.Popen([BENCH, *QUICK[:-1], "30", "--engine", "opencl", "--no-limits", "--runs", "9"], cwd=self.folder,
                                   env=self.ENVIRONMENT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        for line in process.stderr:
            if line.startswith("[1/1]"):
                break
        children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        self.equal(len(children), 1, "children")
        process.kill()
        process.communicate(timeout=60)
        for _ in range(100):
            if not pathlib.Path(f"/proc/{children[0]}/exe").exists():
                break
            time.sleep(0.1)
        self.check(not pathlib.Path(f"/proc/{children[0]}/exe").exists(), "the child still runs")


if __name__ == "__main__":
    if WRONG_KERNEL_BENCH is None:
        sys.exit(__doc__)
    sys.exit(run_tests(sys.argv[3:]))
