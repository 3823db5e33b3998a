"""What tests of a program share: running it in a folder of the test's own, and seeing it refuse what is wrong."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

from checked import CheckedTest

GOOGLE_COMPARE = "/usr/share/benchmark/compare.py"


def program(index):
    """The path that is the script's argument of this number, or None where there is none."""
    argument = sys.argv[index] if len(sys.argv) > index else "-"
    return None if argument.startswith("-") else os.path.abspath(argument)


class ProgramTest(CheckedTest):
    PROGRAM = None  # the path of the program under test
    NAME = None  # what its messages begin with
    ENVIRONMENT = dict(os.environ)

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_program(self, *arguments, status=0, program=None, environment=(), timeout=600, **options):
        """Runs the program in the test's folder; it has to end with this status, or one of these."""
        given = {"cwd": self.folder, "env": self.ENVIRONMENT | dict(environment), "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
                 "stderr": subprocess.PIPE} | options
        before = self.half_written()  # by a run that was killed
        run = subprocess.run([program or self.PROGRAM, *map(str, arguments)], timeout=timeout, **given)
        run.stdout, run.stderr = (run.stdout or b"").decode("utf-8"), run.stderr.decode("utf-8", "replace")
        what = f"{self.NAME} {' '.join(map(str, arguments))[:300]}"
        self.check(run.returncode in (status if isinstance(status, tuple) else (status,)),
                   f"{what}: exit status {run.returncode}, expected {status}\n{run.stderr[:2000]}")
        self.check_nothing_half_written(what, before)
        return run

    def half_written(self):
        return {str(path) for path in self.folder.rglob("*") if ".tmp" in path.name}

    def check_nothing_half_written(self, what, before=frozenset()):
        left = sorted(self.half_written() - before)
        self.check(not left, f"{what} left {left}")

    def files(self):
        """All files below the test's folder, with the time that each was last written."""
        return {str(path): path.lstat().st_mtime_ns for path in self.folder.rglob("*") if path.is_symlink() or not path.is_dir()}

    def refused(self, *arguments, words=(), after_progress=False, **options):
        """The message with which unusable input is refused: exit status 2, that one line, and nothing written.

        The words stand in it. After progress, other lines may come before it.
        """
        before = self.files()
        run = self.run_program(*arguments, status=2, **options)
        what = f"{self.NAME} {' '.join(map(repr, arguments))[:300]}"
        self.equal(run.stdout, "", f"standard output of {what}")
        message = "".join(line for line in run.stderr.splitlines(True) if line.startswith(f"{self.NAME}: ")) if after_progress else run.stderr
        self.check(re.fullmatch(rf"{self.NAME}: [^\n]+\n", message), f"{what} said:\n{run.stderr[:2000]}")
        for word in [words] if isinstance(words, str) else words:
            self.check(word in message, f"no '{word}' in {message[:2000]}")
        self.equal(self.files(), before, f"files after {what}")
        return message

    def refuses_full_output(self, *arguments):
        """A full standard output is an error, told at the end."""
        with open("/dev/full", "w") as full:
            run = self.run_program(*arguments, status=2, stdout=full)
        last = run.stderr.splitlines(True)[-1]
        self.check(last.startswith(f"{self.NAME}: ") and "standard output" in last, f"{arguments}: {run.stderr}")

    def cost_of(self, *arguments, status=0):
        """Seconds by the clock, seconds of processor time, and bytes of memory that a run takes."""
        start = time.monotonic()
        process = subprocess.Popen([self.PROGRAM, *map(str, arguments)], cwd=self.folder, env=self.ENVIRONMENT,
                                   stdout=subprocess.DEVNULL)
        _, ended, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(ended)
        self.equal(process.returncode, status, f"exit status of {arguments}")
        return time.monotonic() - start, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024

    def google_compare(self, path):
        """What Google Benchmark's own tool says of a result file and itself; it has to take it."""
        self.check(pathlib.Path(GOOGLE_COMPARE).exists(), f"{GOOGLE_COMPARE} is missing; install libbenchmark-tools")
        run = subprocess.run([sys.executable, GOOGLE_COMPARE, "benchmarks", path, path], cwd=self.folder, capture_output=True,
                             text=True, timeout=120)
        self.check(run.returncode == 0 and "Traceback" not in run.stderr, f"compare.py: {run.stderr}")
        return run.stdout

    def write(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path
