#!/usr/bin/env python3
"""Compares what the reference engine computes with SciPy and scikit-image.

usage: oracle_test.py BENCH [UNITTEST ARGUMENTS...]
"""

import sys

import numpy as np
from scipy import ndimage

from oracle import BENCH, Oracle, exactly, footprint, largest_finite, noise, per_axis, rounded, within
from checked import run_tests


def add_scalar(pixels, parameters):
    scalar = np.float32(parameters["scalar"])
    if pixels.dtype == np.float32:
        # SciPy has no such operation: NumPy in double, and a tolerance of 4 ULP of the largest term.
        largest = max(largest_finite(pixels), abs(float(scalar)), 1e-37)
        values = (pixels.astype(np.float64) + np.float64(scalar)).astype(np.float32)
        return within(values, 4 * 2.0 ** (np.floor(np.log2(largest)) - 23))
    # Integers are defined by float32 steps: exact.
    return exactly(rounded(pixels.astype(np.float32) + scalar, pixels.dtype))


def fixed_threshold(pixels, parameters):
    return exactly((pixels.astype(np.float64) >= np.float64(np.float32(parameters["threshold"]))).astype(np.uint8))


def flip(pixels, parameters):
    return exactly(np.flip(pixels, {"x": 2, "y": 1, "z": 0}[parameters["axis"]]))


def maximum_z_projection(pixels, _):
    return exactly(np.fmax.reduce(pixels, axis=0, keepdims=True))  # fmax: NaN loses against a number


def gaussian_blur(pixels, parameters, mode="nearest", truncate=4.0):
    sigma = per_axis(parameters["sigma"], parameters["dims"])
    values = ndimage.gaussian_filter(pixels.astype(np.float64), sigma, mode=mode, truncate=truncate)
    if pixels.dtype == np.float32:
        # The definition allows an engine 1e-5 (max - min) + 2^-17 max|f|. The reference is double precision
        # as SciPy is, so only the last rounding to float32 may differ: 2^-22 max|f|.
        return within(values.astype(np.float32), 2.0**-22 * largest_finite(pixels))

    def judge(result, expected):
        # Here, too, less than allowed: only a value next to a half may round to its other side.
        different = result != expected
        half = np.abs(values - np.floor(values) - 0.5) < 1e-6
        error = np.abs(result.astype(np.int64) - expected.astype(np.int64)).max()
        if (different & ~half).any() or error > 1:
            return f"differs in {np.count_nonzero(different)} voxels, by up to {error}"
        return ""

    return rounded(values, pixels.dtype), judge


def median(pixels, parameters, mode="nearest"):
    window = footprint(parameters["window"], per_axis(parameters["radius"], parameters["dims"]))
    return exactly(ndimage.median_filter(pixels, footprint=window, mode=mode))


class Basics(Oracle):
    def test_add_scalar(self):
        scalars = {"scalar": ["1", "0.5", "-1.75", "300.5", "-70000", "1e9"]}
        self.compare_all("AddScalar", add_scalar, scalars, scalars, special=True)

    def test_fixed_threshold(self):
        thresholds = {"threshold": ["128", "-3", "99.5", "0.1", "65536"]}
        self.compare_all("FixedThreshold", fixed_threshold, thresholds, thresholds, special=True)

    def test_flip(self):
        self.compare_all("Flip", flip, {"axis": ["x", "y"]}, {"axis": ["x", "y", "z"]}, special=True)

    def test_maximum_z_projection(self):
        self.compare_all("MaximumZProjection", maximum_z_projection, None, {}, special=True)

    def test_gaussian_blur(self):
        self.compare_all("GaussianBlur", gaussian_blur, {"sigma": ["0", "0.1", "0.5", "0.7", "2", "5", "2x0", "1x3"]},
                         {"sigma": ["0", "0.5", "2", "5", "2x0x1", "0x0x3"]})

    def test_median(self):
        windows = {"window": ["box", "sphere"]}
        self.compare_all("Median", median, windows | {"radius": ["0", "1", "3", "3x1", "0x2"]},
                         windows | {"radius": ["0", "1", "3", "3x1x2", "0x2x1"]})
        # In floating point a sphere errs at radius 13.
        self.compare("Median2D", median, {"image": noise((33, 20, 1), np.float32, 7)}, windows | {"radius": ["13"]})

    def test_wrong_oracles_are_found(self):
        """What a slip in a definition would look like: none of these may agree."""
        shape = (33, 20, 11)
        image = noise(shape, np.float32, 9)
        everywhere = {"image": image, "grey": noise(shape, np.uint8, 9)}

        def shifted(oracle):
            return lambda pixels, parameters: oracle(np.roll(pixels, 1, axis=2), parameters)

        def transposed(pixels, parameters):
            return flip(pixels, parameters | {"axis": {"x": "z", "y": "x", "z": "y"}[parameters["axis"]]})

        def half_up(pixels, parameters):
            values = np.floor(pixels.astype(np.float64) + float(parameters["scalar"]) + 0.5)
            return exactly(np.clip(values, 0, np.iinfo(pixels.dtype).max).astype(pixels.dtype))

        def above(pixels, parameters):
            return exactly((pixels > float(parameters["threshold"])).astype(np.uint8))

        def other_window(pixels, parameters):
            return median(pixels, parameters | {"window": "box"})

        def xyz_as_zyx(pixels, parameters):
            return gaussian_blur(pixels, parameters | {"sigma": "x".join(reversed(parameters["sigma"].split("x")))})

        wrong = [
            ("AddScalar3D", {"scalar": ["0.5"]}, {"grey": everywhere["grey"]}, [shifted(add_scalar), half_up]),
            ("FixedThreshold3D", {"threshold": ["100"]}, {"grey": everywhere["grey"]}, [shifted(fixed_threshold), above]),
            ("Flip3D", {"axis": ["x", "y", "z"]}, everywhere, [shifted(flip), transposed]),
            ("MaximumZProjection", {}, everywhere, [shifted(maximum_z_projection)]),
            ("GaussianBlur3D", {"sigma": ["2x0.5x1"]}, everywhere,
             [shifted(gaussian_blur), xyz_as_zyx, lambda *a: gaussian_blur(*a, mode="reflect"),
              lambda *a: gaussian_blur(*a, mode="constant"), lambda *a: gaussian_blur(*a, truncate=3.0)]),
            ("Median3D", {"window": ["sphere"], "radius": ["2"]}, everywhere,
             [shifted(median), other_window, lambda *a: median(*a, mode="mirror"), lambda *a: median(*a, mode="constant")]),
        ]
        for operation, parameters, images, oracles in wrong:
            self.disagree(operation, oracles, images, parameters)


if __name__ == "__main__":
    if BENCH is None:
        sys.exit(__doc__)
    sys.exit(run_tests(sys.argv[2:]))
