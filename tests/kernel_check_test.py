#!/usr/bin/env python3
"""Runs every kernel under Oclgrind, an OpenCL device that watches each access.

usage: kernel_check_test.py KERNEL_CHECK KERNEL_CHECK_WITH_WRONG_KERNELS [UNITTEST ARGUMENTS...]

The second program has a kernel for FixedThreshold without a barrier and with writes out of bounds: both must be found.
"""

import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from checked import CheckedTest, run_tests

PROGRAMS = sys.argv[1:3]

# Families whose kernels Oclgrind 21.10 gets wrong when it looks for uninitialised values: it takes what atomic functions
# write for such, loses track of some vectors of doubles and merged loads, and ends at the compiler's `freeze` (built
# without optimisations, which has none, it takes any array for such). In engine_matrix_test all scratch and output are
# poisoned before each run, which shows the same faults by their results.
UNWATCHED = ["AutoThreshold", "BottomHat", "Centroids", "ConnectedComponents", "CountLabels", "DetectMaxima",
             "DifferenceOfGaussian", "Dilate", "DivideByGaussianBackground", "Erode", "ErodedOtsuLabeling",
             "ExcludeLabelsOnEdges", "ExcludeLabelsOutsideMeanRange", "ExcludeLabelsOutsideSizeRange", "FindMaxima",
             "GaussOtsuLabeling", "GaussianBlur", "Histogram", "LabelStatistics", "Maximum", "MaximumOfAllPixels",
             "MaximumXProjection", "Mean", "MeanOfAllPixels", "Median", "Minimum", "MinimumOfAllPixels", "NeighborMesh",
             "Reslice", "Rotate", "StandardDeviationOfAllPixels", "SubtractGaussianBackground", "SumOfAllPixels",
             "TopHat", "Voronoi", "VoronoiOtsuLabeling"]


class Kernels(CheckedTest):
    def report(self, program, mode, *arguments):
        """What Oclgrind says of the program's kernels in one of its modes."""
        self.check(shutil.which("oclgrind"), "oclgrind is missing")
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder) / "log"
            run = subprocess.run(
                ["oclgrind", mode, "--max-errors", "2000", "--num-threads", "1", "--log", log, program, *arguments],
                capture_output=True, text=True, timeout=3000, env=os.environ | {"XDG_CACHE_HOME": folder})
            self.check(run.returncode == 0, f"{program}: {run.returncode}\n{run.stdout[-500:]}\n{run.stderr[-2000:]}")
            self.check("on Oclgrind" in run.stdout, f"not on Oclgrind: {run.stdout[:200]}")
            print(run.stdout.splitlines()[-1])
            return log.read_text() if log.exists() else ""

    def names(self):
        return subprocess.run([PROGRAMS[0], "--names"], capture_output=True, text=True, check=True).stdout.split()

    def reports(self, mode, groups):
        """What Oclgrind, which works on one thread, says of each group of kernels; as many at once as there are CPUs."""
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(pool.map(lambda names: self.report(PROGRAMS[0], mode, "--only", *names), groups))

    def test_races_and_bounds(self):
        names = self.names()
        for report in self.reports("--data-races", [names[i::8] for i in range(8)]):
            self.check(not report.strip(), report[:4000])

    def test_uninitialized_values(self):
        watched = [name for name in self.names() if name.removesuffix("2D").removesuffix("3D") not in UNWATCHED]
        self.check(len(watched) > 40, f"watched: {watched}")
        # A process each: what Oclgrind remembers of memory outlives the memory.
        reports = self.reports("--uninitialized", [[name] for name in watched])
        # It also says that control flow depends on such values, wrongly after an array is cleared as a whole.
        faults = {name: report[:500] for name, report in zip(watched, reports) if "Uninitialized" in report}
        self.check(not faults, f"{list(faults)}\n" + "\n".join(faults.values()))

    def test_wrong_kernels_are_found(self):
        for mode, fault in (("--data-races", "data race"), ("--data-races", "Invalid write"), ("--uninitialized", "Uninitialized value")):
            report = self.report(PROGRAMS[1], mode, "--only", "FixedThreshold3D")
            self.check(fault in report, f"no {fault} in\n{report[:2000]}")


if __name__ == "__main__":
    if len(PROGRAMS) < 2:
        sys.exit(__doc__)
    sys.exit(run_tests(sys.argv[3:]))
