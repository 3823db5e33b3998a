#!/usr/bin/env python3
"""Runs every kernel under Oclgrind, an OpenCL device that watches each access.

usage: kernel_check_test.py KERNEL_CHECK KERNEL_CHECK_WITH_WRONG_KERNELS [UNITTEST ARGUMENTS...]

The second program has a kernel for Flip without a barrier and with writes out of bounds: both must be found.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from checked import CheckedTest, run_tests

PROGRAMS = sys.argv[1:3]


class Kernels(CheckedTest):
    def report(self, program, *arguments):
        """What Oclgrind says of the program's kernels."""
        self.check(shutil.which("oclgrind"), "oclgrind is missing")
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder) / "log"
            run = subprocess.run(
                ["oclgrind", "--data-races", "--uninitialized", "--max-errors", "20", "--num-threads", "1", "--log", log, program,
                 *arguments],
                capture_output=True, text=True, timeout=3000, env=os.environ | {"XDG_CACHE_HOME": folder})
            self.check(run.returncode == 0, f"{program}: {run.returncode}\n{run.stdout[-500:]}\n{run.stderr[-2000:]}")
            self.check("on Oclgrind" in run.stdout, f"not on Oclgrind: {run.stdout[:200]}")
            print(run.stdout.splitlines()[-1])
            return log.read_text() if log.exists() else ""

    def test_kernels(self):
        report = self.report(PROGRAMS[0])
        self.check(not report.strip(), report[:4000])

    def test_wrong_kernels_are_found(self):
        report = self.report(PROGRAMS[1], "Flip3D")
        for fault in ("data race", "Invalid write"):
            self.check(fault in report, f"no {fault} in\n{report[:2000]}")


if __name__ == "__main__":
    if len(PROGRAMS) < 2:
        sys.exit(__doc__)
    sys.exit(run_tests(sys.argv[3:]))
