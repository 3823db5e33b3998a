#!/usr/bin/env python3
"""The adapters that come with Voxelmark, run for real: what each covers, and that every disagreement is a declared one.

usage: external_adapters_test.py BENCH [UNITTEST ARGUMENTS...]

Those that are not set up (./run engines NAME) are skipped, or where CI is set, which sets up REQUIRED, fail.
"""

import os
import sys
import unittest

import numpy as np
import tifffile

from bench_program import BENCH, BenchTest
from checked import run_tests, strict_json

REQUIRED = ["scipy", "scikit-image", "simpleitk", "pyclesperanto"]
TABLE = ("^((AddImagesWeighted|AddScalar|MultiplyScalar|BinaryAnd|FixedThreshold|AutoThreshold|Erode|Flip|GaussianBlur|Mean|Median|Minimum|Rotate)[23]D"
         "|MaximumZProjection|RadialReslice)/")
# Of the table's 28, the fewest that each adapter measures.
COVERED = {"scipy": 26, "scikit-image": 28, "simpleitk": 27, "pyclesperanto": 27, "opencv-python": 21, "imagej": 27, "dask": 20, "cupy": 26}
# What no library may have another opinion of.
EXACT = ("AddScalar", "FixedThreshold", "BinaryAnd", "Flip", "Rotate", "MaximumZProjection")


class Adapters(BenchTest):
    def cases_of(self, engine, *arguments):
        """Of the adapter, in a sweep beside the reference; its environment is the user's own."""
        run = self.run_program("--engine", f"reference,{engine}", *arguments, "--max-time", "0", "--no-limits", "--no-pictures", "--json", "out.json",
                               status=(0, 1, 2))
        if "is unknown" in run.stderr or "nothing was measured" in run.stderr:
            raise unittest.SkipTest(run.stderr.splitlines()[-1])
        cases = self.cases(strict_json((self.folder / "out.json").read_text(encoding="utf-8")))
        found = [case for case in cases.values() if case.details["engine"] == engine]
        if all("set up by" in case.details.get("reason", "") for case in found):
            self.check(engine not in REQUIRED or not os.environ.get("CI"), f"{engine} is not set up: {found[0].details['reason']}")
            print(f"skipped: {engine}: {found[0].details['reason']}")
            raise unittest.SkipTest(engine)
        return found

    def table(self, engine):
        done = set()
        for case in self.cases_of(engine, "--filter", TABLE, "--size", "67x33,33x17x9", "--dtype", "u8,u16,f32"):
            operation = case.details["operation"]
            self.check(case.outcome != "failed", f"{case.name}: {case.details.get('reason')}")
            if case.outcome == "skipped":
                self.check(case.details["reason"], f"{case.name} is skipped without a reason")
                continue
            done.add(operation)
            if case.details.get("disagrees"):
                self.check(case.details.get("difference"), f"{case.name} disagrees, and its adapter does not say why: {case.details['reason']}")
                self.check(not operation.startswith(EXACT), f"{case.name}: {case.details['reason']}")
        self.check(len(done) >= COVERED[engine], f"{engine} has {len(done)} of the table: {sorted(done)}")

    def test_scipy(self):
        self.table("scipy")

    def test_scikit_image(self):
        self.table("scikit-image")

    def test_simpleitk(self):
        self.table("simpleitk")

    def test_pyclesperanto(self):
        self.table("pyclesperanto")

    def test_opencv_python(self):
        self.table("opencv-python")

    def test_imagej(self):
        self.table("imagej")

    def test_cupy(self):
        self.table("cupy")

    def disagreeing(self, engine, operation, image, *parameters):
        """Whether the engine's result of this small image is another one."""
        tifffile.imwrite(self.folder / "small.tif", image)
        cases = self.cases_of(engine, "--filter", f"^{operation}/", "--input", "small.tif", *(p for given in parameters for p in ("--param", given)))
        self.equal(len(cases), 1, f"cases of {operation}")
        self.equal(cases[0].outcome, "done", f"{cases[0].name}: {cases[0].details.get('reason')}")
        return cases[0].details.get("disagrees", False)

    def test_known_differences_at_their_smallest(self):
        """docs/differences.md has these."""
        plateau, step = np.array([[5, 5, 9]], np.uint8), np.array([[0, 255]], np.uint8)
        spot = np.zeros((5, 5), np.float32)
        spot[0, 1] = 1
        for engine, operation, image, parameters, differs in (
                ("scipy", "Mean2D", step, ["window=box", "radius=1x0"], False),
                ("scikit-image", "Mean2D", step, ["window=box", "radius=1x0"], True),
                ("scikit-image", "DetectMaxima2D", plateau, [], True),
                ("simpleitk", "GaussianBlur2D", spot, ["sigma=1"], True),
                ("simpleitk", "Maximum2D", spot, ["radius=2"], True),
                ("pyclesperanto", "Convert2D", np.array([[1.5, 2.5]], np.float32), ["type=u8"], True),
                ("pyclesperanto", "Median2D", spot, ["radius=1"], False)):
            with self.subTest(f"{engine} {operation}"):
                self.equal(self.disagreeing(engine, operation, image, *parameters), differs, f"{engine} {operation} of {image.tolist()}")

    def test_components_beyond_the_integers_of_float32(self):
        """Versions of pyclesperanto up to 0.24.0 find 10510 components here, those after it all 21000."""
        mask = np.zeros((4200, 4200), np.uint8)
        mask[-21:-1:2, ::2] = 1
        self.check(not self.disagreeing("pyclesperanto", "ConnectedComponents2D", mask), "components are lost")

    def test_dask_is_exact_once_the_overlap_is_the_reach(self):
        for case in self.cases_of("dask", "--filter", "^GaussianBlur2D/", "--size", "513x260", "--sigma", "2"):
            overlap = int(case.details["device_id"].split("_")[-1])
            self.equal(case.details.get("disagrees", False), overlap < 8, case.name)


if __name__ == "__main__":
    if BENCH is None:
        sys.exit(__doc__)
    sys.exit(run_tests(sys.argv[2:]))
