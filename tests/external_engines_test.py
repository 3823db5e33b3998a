#!/usr/bin/env python3
"""Engines that are other processes: the protocol, an adapter that misbehaves in every way, and a user's own function.

usage: external_engines_test.py BENCH VALIDATE [UNITTEST ARGUMENTS...]
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

from bench_program import BENCH, BenchTest, ENVIRONMENT
from checked import run_tests, strict_json
from checked_program import program

VALIDATE = program(2)
BAD = pathlib.Path(__file__).resolve().with_name("bad_adapter.py")
FILTER = ["--filter", "(AddScalar|MultiplyScalar)2D", "--size", "33x17", "--max-time", "0", "--no-limits"]


def command(way):
    return f"'{sys.executable}' '{BAD}' {way}"


def running(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"
    except FileNotFoundError:
        return False


class ExternalTest(BenchTest):
    def setUp(self):
        super().setUp()
        self.environment = {"XDG_CONFIG_HOME": str(self.folder / "config")}

    def tearDown(self):
        """No adapter of this test, nor what it started, is left."""
        left = []
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if b"bad_adapter.py" in (folder / "cmdline").read_bytes() and (folder / "cwd").resolve() == self.folder.resolve():
                    left.append(folder.name)
            except OSError:
                pass
        self.equal(left, [], "processes left behind")
        super().tearDown()

    def results(self, *arguments, status=0):
        """The cases of the operations asked for, by name, and what bench printed."""
        run = self.run_program(*FILTER, *arguments, "--json", "out.json", status=status, environment=self.environment)
        self.check_table(run.stdout)
        return self.cases(strict_json((self.folder / "out.json").read_text(encoding="utf-8")))

    def outcomes(self, way, *arguments, status=(0, 1, 2)):
        """AddScalar and MultiplyScalar on the adapter. Other engines are not disturbed."""
        cases = self.results("--engine", "tbb,bad", "--engine-command", command(way), *arguments, status=status)
        for case in cases.values():
            if case.details["engine"] == "tbb":
                self.equal(case.outcome, "done", f"tbb beside {way}")
        return [cases[f"{name}Scalar2D/bad/33x17/f32/scalar:{value}"] for name, value in (("Add", 1), ("Multiply", 2))]


class Protocol(ExternalTest):
    def test_good(self):
        for case in self.outcomes("good", status=0):
            self.equal((case.outcome, case.details["check"]), ("done", "full"), case.name)
            self.equal(case.figures["max_abs_error"], 0, "error")
            self.check("disagrees" not in case.details and "difference" not in case.details, case.details)
            self.check(0 < case.figures["protocol_ms"] < case.figures["round_trip_ms"], case.figures)
            self.check(case.figures["speedup"] > 0 and "share_of_copy_bandwidth" not in case.figures and "peak_device_bytes" not in case.figures, case.figures)

    def test_wrong_results_are_measured_and_said(self):
        add, multiply = self.outcomes("wrong", status=1)
        self.equal((add.outcome, add.details["disagrees"]), ("done", True), "outcome")
        self.equal((add.details["difference"], add.figures["max_abs_error"]), ("adds twice as much", 1), "difference")
        self.check("disagrees with the reference: 561 of 561 voxels" in add.details["reason"], add.details["reason"])
        self.check(add.figures["median_ms"] > 0 and "speedup" not in add.figures, add.figures)
        self.check("disagrees" not in multiply.details, multiply.details)
        printed = self.run_program(*FILTER, "--engine", "tbb,bad", "--engine-command", command("wrong"), status=1, environment=self.environment).stdout
        for words in ("    disagrees with the reference: 561 of 561", "its definition: adds twice as much", "4 measured, 1 of them disagree, 0 skipped, 0 failed",
                      "the protocol's own cost a call"):
            self.check(words in printed, f"no '{words}' in {printed}")

    def test_no_cold_figure(self):
        cases = self.results("--engine", "tbb,bad", "--engine-command", command("good"), "--flush")
        for case in cases.values():
            self.equal(("cold_ms" in case.figures, "no_cold" in case.details), (True, False) if case.details["engine"] == "tbb" else (False, True), case.name)

    def test_devices_of_one_name(self):
        cases = self.results("--engine", "bad", "--engine-command", command("twins"))
        self.equal({case.details["device_id"] for case in cases.values()}, {"bad:My_GPU", "bad:My_GPU#1"}, "devices")
        for case in cases.values():
            self.check(case.outcome == "done" and case.figures["push_ms"] > 0 and case.figures["pull_ms"] > 0, case.details)

    def test_fresh_processes(self):
        add = self.results("--engine", "bad", "--engine-command", command("wrong"), "--runs", "2", status=1)["AddScalar2D/bad/33x17/f32/scalar:1"]
        self.equal((len(add.samples), add.details["disagrees"]), (2, True), "runs")

    def test_threads(self):
        more = os.cpu_count() + 1
        cases = self.results("--engine", "bad", "--engine-command", command("good"), "--threads", f"1,{more}")
        self.equal({case.outcome for name, case in cases.items() if name.endswith("threads:1")}, {"done"}, "one thread")
        self.equal({case.outcome for name, case in cases.items() if name.endswith(f":{more}")}, {"skipped"}, "more than there are")


class Misbehaviour(ExternalTest):
    def failed(self, way, *words, then="done", outcome="failed", options=()):
        """AddScalar must fail with these words; then MultiplyScalar, on a new process where that ended, comes out as it should."""
        add, multiply = self.outcomes(way, *options, status=(0, 1))
        self.equal((add.outcome, multiply.outcome), (outcome, then), way)
        for word in words:
            self.check(word in add.details["reason"], f"{way}: no '{word}' in {add.details['reason']}")
        self.check("\n" not in add.details["reason"], add.details["reason"])

    def test_crash(self):
        self.failed("crash", "ended with signal 11 (Segmentation fault)", "last words: about to crash")

    def test_exit(self):
        self.failed("exit", "ended with exit code 7 before it answered")

    def test_hang(self):
        start = time.monotonic()
        self.failed("hang", "did not answer within 2 s", options=("--engine-timeout", "2"))
        self.check(time.monotonic() - start < 60, "the limit does not hold")

    def test_children_end_too(self):
        self.outcomes("children", status=0)
        self.check(not running(int((self.folder / "child.pid").read_text())), "the adapter's child is left")

    def test_lies(self):
        for way, words in (("lying-shape", ["[4,4,1]", "not", "[33,17,1]"]), ("lying-type", ['"f64"', 'not "f32"']), ("no-shape", ["null"])):
            self.failed(way, *words, then="failed")
        self.failed("other-shape", "[32,17,1]", "[33,17,1]")
        self.failed("other-type", '"f64"', '"f32"')

    def test_times_that_are_none(self):
        for way in ("no-seconds", "not-a-number", "negative", "text"):
            self.failed(way, '"seconds"' if way != "not-a-number" else "is no JSON", then="failed")

    def test_wrong_stream(self):
        self.failed("wrong-stream", "50 %")
        self.failed("two-lines", "more than one line")
        self.failed("endless-line", "does not end")

    def test_what_a_library_prints_does_no_harm(self):
        for way in ("stdout", "chatty"):
            for case in self.outcomes(way, status=0):
                self.equal(case.outcome, "done", way)

    def test_errors_are_told(self):
        self.failed("raises", "the adapter's error: ValueError: no such kernel")
        self.failed("out-of-memory", "MemoryError: cannot have 9 TB")
        self.failed("skips", "no images of this size", outcome="skipped")


class Start(ExternalTest):
    def start_refused(self, way, *words):
        self.refused(*FILTER, "--engine-command", way if " " in way else command(way), "--engine-timeout", "2", words=("--engine-command", *words),
                     environment=self.environment)

    def test_what_does_not_start(self):
        self.start_refused("missing-package", "ModuleNotFoundError: No module named 'voxelmark_no_such_package'")
        self.start_refused("silent", "ended with exit code 3")
        self.start_refused("mute", "did not answer within 2 s")
        self.start_refused("words", "Hello, this is my engine!")
        self.start_refused("/no/such/program at all", "not found")
        self.start_refused("wrong-protocol", "protocol 2, not 1")
        self.start_refused("no-device", "found no device")
        self.start_refused("wrong-name", "'../x' is not")
        self.start_refused("wrong-type", "'TPU' is not")
        self.start_refused("no-operations", "not as documented")
        self.start_refused("typo", "'GausianBlur2D', which is no operation")
        self.start_refused("declines", "needs a licence")
        self.refused(*FILTER, "--engine-command", command("built-in-name"), words="two engines are called 'tbb'", environment=self.environment)
        self.refused(*FILTER, "--engine-command", command("good"), "--engine-command", command("good"), words="two engines are called 'bad'",
                     environment=self.environment)
        self.refused(*FILTER, "--engine-command", "", words="--engine-command", environment=self.environment)
        self.refused(*FILTER, "--engine-timeout", "0", words="--engine-timeout", environment=self.environment)

    def manifest(self, folder, name="bad", **more):
        path = self.folder / folder
        path.mkdir(parents=True, exist_ok=True)
        (path / f"{name}.json").write_text(json.dumps({"name": name, "command": [sys.executable, str(BAD), "good"]} | more))

    def test_manifests(self):
        self.manifest("engines")
        with_folder = self.results("--engines-dir", "engines")
        self.check("AddScalar2D/bad/33x17/f32/scalar:1" in with_folder, "a folder's engines take part by default")
        for given in (["--engines-dir", "engines"], ["--engine-command", command("good")]):
            self.check("AddScalar2D/bad/33x17/f32/scalar:1" in self.results("--engine", "tbb", *given), "and beside others that are named")
        self.manifest("config/voxelmark/engines")
        self.check(not any("/bad/" in name for name in self.results()), "the user's take part when named")
        for names in ("bad", "all"):
            run = self.run_program(*FILTER, "--engine", names, "--list", environment=self.environment)
            self.check("AddScalar2D/bad/33x17/f32/scalar:1" in run.stdout, run.stdout)
        listed = self.run_program("--engine", "bad", "--devices", environment=self.environment).stdout
        self.check("bad 1.0" in listed, listed)

    def test_manifests_of_what_is_missing_are_skipped(self):
        self.manifest("engines", command=[sys.executable, str(BAD), "missing-package"], set_up="./run engines bad")
        self.manifest("engines", "gone", command=["/no/such/program"])
        self.manifest("engines", "other")
        cases = self.results("--engine", "tbb,bad,gone,other", "--engines-dir", "engines")
        reasons = {case.details["engine"]: case.details["reason"] for case in cases.values() if case.outcome == "skipped"}
        self.check("No module named 'voxelmark_no_such_package'" in reasons["bad"] and "set up by ./run engines bad" in reasons["bad"], reasons)
        self.check("cannot start /no/such/program" in reasons["gone"], reasons)
        self.check("calls itself 'bad'" in reasons["other"], reasons)

    def test_damaged_manifests(self):
        (self.folder / "engines").mkdir()
        for text, word in (("{", "no JSON object"), ("[]", "no JSON object"), ("{}", "has \"name\""), ('{"name": "x", "command": "python3"}', "has \"name\""),
                           ('{"name": "X Y", "command": ["python3"]}', "letters a-z"), ('{"name": "x", "command": []}', "names no program"),
                           ('{"name": "x", "command": ["x"], "setup": "y"}', 'no "setup"')):
            (self.folder / "engines/x.json").write_text(text)
            self.refused(*FILTER, "--engines-dir", "engines", words=("x.json", word), environment=self.environment)
        self.refused(*FILTER, "--engines-dir", "none", words="is no folder", environment=self.environment)
        self.manifest("config/voxelmark/engines", command=[])
        self.check(self.results("--engine", "tbb"), "a damaged manifest of the user's is nobody's business")
        case = self.results("--engine", "tbb,bad")["AddScalar2D/bad/33x17/f32/scalar:1"]
        self.check(case.outcome == "skipped" and "names no program" in case.details["reason"], case.details)
        self.refused(*FILTER, "--engine", "nonsense", words=("'nonsense' is unknown", "tbb"), environment=self.environment)


class Interrupted(ExternalTest):
    def started(self, way):
        process = subprocess.Popen([BENCH, *FILTER, "--engine", "tbb,bad", "--engine-command", command(way), "--json", "out.json"], cwd=self.folder,
                                   env=ENVIRONMENT | self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(3)
        return process

    def test_ctrl_c_and_a_closed_terminal_while_an_adapter_hangs(self):
        for number in (signal.SIGINT, signal.SIGHUP):
            process = self.started("hang")
            process.send_signal(number)
            out, errors = process.communicate(timeout=60)
            self.equal(process.returncode, 130, f"exit status; {out} {errors}")

    def test_killed(self):
        process = self.started("hang")
        process.kill()
        process.communicate(timeout=60)
        time.sleep(1)  # what tearDown looks for ends by itself


class UsersOwn(ExternalTest):
    def test_validate_engines(self):
        for way, status, word in (("good", 0, "1 of 1 pairs agree"), ("wrong", 1, "DISAGREE")):
            run = self.run_program("engines", "--filter", "AddScalar2D", "--size", "33x17", "--engine", "reference,bad",
                                   "--engine-command", command(way), status=status, program=VALIDATE, environment=self.environment)
            self.check(word in run.stdout, run.stdout)


if __name__ == "__main__":
    if BENCH is None or VALIDATE is None:
        sys.exit(__doc__)
    sys.exit(run_tests(sys.argv[3:]))
