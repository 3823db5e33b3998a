#!/usr/bin/env python3
"""Compares what the reference engine computes with SciPy and scikit-image.

usage: oracle_test.py BENCH [UNITTEST ARGUMENTS...]

Writes images with tifffile, lets BENCH --save the reference's results, and compares every voxel, within
the tolerance of each operation's definition. Real images are taken from the folder that VOXELMARK_DATA
names, if it does. After each agreement an error is planted, which has to be found.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from scipy import ndimage
from skimage import morphology

from checked import CheckedTest, read_stack, run_tests, write_stack

BENCH = sys.argv[1] if len(sys.argv) > 1 else None
DATA = os.environ.get("VOXELMARK_DATA")

# Shapes are x, y, z, as everywhere in the program; arrays are [z, y, x].
SHAPES_3D = [(7, 5, 3), (64, 1, 9), (33, 20, 11)]
SHAPES_ONE_SLICE = [(1, 1, 1), (1, 9, 1), (13, 1, 1), (33, 20, 1)]
DTYPES = {"u8": np.uint8, "u16": np.uint16, "f32": np.float32}


def noise(shape, dtype, seed):
    """Values over the whole range of an integer type; for float32 of both signs and several magnitudes."""
    random = np.random.default_rng(seed)
    size = shape[::-1]
    if np.issubdtype(dtype, np.integer):
        return random.integers(0, np.iinfo(dtype).max, size, dtype, endpoint=True)
    return (random.normal(100, 200, size) * 10.0 ** random.integers(-3, 2, size)).astype(np.float32)


def with_special_values(shape):
    """Float32 noise with NaN, infinities and zeros of both signs; the first column along z is all NaN."""
    pixels = noise(shape, np.float32, 5).ravel()
    for i, value in enumerate((np.nan, np.inf, -np.inf, 0.0, -0.0, np.nan, np.nan)):
        pixels[i * 3 + 1 :: 29] = value
    pixels = pixels.reshape(shape[::-1])
    pixels[:, 0, 0] = np.nan
    return pixels


def rounded(values, dtype):
    """As pixels: integers rounded half to even and saturated."""
    if not np.issubdtype(dtype, np.integer):
        return values.astype(dtype)
    limits = np.iinfo(dtype)
    return np.clip(np.rint(values), limits.min, limits.max).astype(dtype)


# ---- Oracles: the result, and what of it may differ (see `disagreement`).


def exactly(values):
    return values, lambda result, values: "" if np.array_equal(result, values, equal_nan=True) else "is not equal"


def within(values, allowed):
    def judge(result, values):
        finite = np.isfinite(values)
        if not np.array_equal(result[~finite], values[~finite], equal_nan=True):
            return "differs in a NaN or infinity"
        error = np.abs(result[finite].astype(np.float64) - values[finite].astype(np.float64))
        return "" if error.size == 0 or error.max() <= allowed else f"is off by {error.max()} (allowed {allowed})"

    return values, judge


def largest_finite(pixels):
    numbers = np.abs(pixels[np.isfinite(pixels)].astype(np.float64))
    return float(numbers.max()) if numbers.size else 0.0


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


def per_axis(text, dims):
    """The value as written for z, y and x; 2D operations leave z alone."""
    parts = [np.float64(np.float32(part)) for part in text.split("x")]
    x, y, z = (parts * 3)[:3] if len(parts) == 1 else (parts + [0.0])[:3]
    return (z if dims == 3 else 0.0), y, x


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


def footprint(window, radii):
    """The window as an array [z, y, x]; scikit-image's ball and disk where it has that shape."""
    radii = [int(r) for r in radii]
    if window == "box":
        return np.ones([2 * r + 1 for r in radii], bool)
    z, y, x = radii
    if x == y == z and x > 0:
        return morphology.ball(x).astype(bool)
    if x == y and z == 0 and x > 0:
        return morphology.disk(x)[np.newaxis].astype(bool)
    # scikit-image decides an ellipsoid in floating point: here in integers, as the definition wants it.
    offsets = np.meshgrid(*(np.arange(-r, r + 1) for r in radii), indexing="ij")
    squares = [r * r if r else 1 for r in radii]
    product = np.prod(squares)
    return sum(d * d * (product // s) for d, s in zip(offsets, squares)) <= product


def median(pixels, parameters, mode="nearest"):
    window = footprint(parameters["window"], per_axis(parameters["radius"], parameters["dims"]))
    return exactly(ndimage.median_filter(pixels, footprint=window, mode=mode))


# ---- Running and comparing.


def plant_error(result, pixels, position):
    """A copy that differs in one voxel, by one grey level or by 1e-5 of the largest values."""
    wrong = result.copy().ravel()
    voxel = position % wrong.size
    if wrong.dtype == np.float32:
        error = 1e-5 * (largest_finite(pixels) + largest_finite(result))
        wrong[voxel] = wrong[voxel] + error if np.isfinite(wrong[voxel]) else 0
    else:
        wrong[voxel] += 1 if wrong[voxel] == 0 else -1
    return wrong.reshape(result.shape)


class Oracle(CheckedTest):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def compute(self, operation, images, parameters):
        """The reference's result of each image under each combination of the parameters' values.

        Yields image, parameters and result. `images` maps names to arrays [z, y, x], all of them stacks or
        none of them.
        """
        saved, out = self.folder / f"results_{operation}", self.folder / "out.json"
        saved.mkdir(exist_ok=True)
        inputs = []
        for name, pixels in images.items():
            path = self.folder / f"{name}.tif"
            write_stack(path, pixels)
            inputs += ["--input", path]
        options = [part for name, values in parameters.items() for part in ("--param", f"{name}={','.join(values)}")]
        run = subprocess.run(
            [BENCH, "--engine", "reference", "--filter", f"^{operation}/", *inputs, *options,
             "--save", saved, "--max-time", "0", "--json", out],
            capture_output=True, text=True)
        self.check(run.returncode == 0, f"{operation}: exit status {run.returncode}: {run.stderr}")
        cases = [row["voxelmark"] | {"name": row["run_name"]}
                 for row in json.loads(out.read_text())["benchmarks"] if "voxelmark" in row]
        combinations = int(np.prod([len(values) for values in parameters.values()]))
        self.equal(len(cases), len(images) * combinations, f"cases of {operation}")
        for case in cases:
            self.equal(case["outcome"], "done", case["name"])
            given = dict(part.split(":") for part in case["parameters"].split("/") if part)
            path = saved / (case["name"].translate(str.maketrans("/:#", "___")) + ".tif")
            result = read_stack(path)
            path.unlink()
            yield images[pathlib.Path(case["input"]).stem], given, result
        self.check(not any(saved.iterdir()), f"{operation}: more results than cases")

    def compare(self, operation, oracle, images, parameters):
        dims = 2 if operation.endswith("2D") else 3
        compared = 0
        for pixels, given, result in self.compute(operation, images, parameters):
            what = f"{operation} {given} on {pixels.shape[::-1]} {pixels.dtype}"
            expected, judge = oracle(pixels, given | {"dims": dims})
            self.equal((result.shape, result.dtype), (expected.shape, expected.dtype), what)
            reason = judge(result, expected)
            self.check(not reason, f"{what} {reason}")
            for position in (0, compared * 7919 + 3):
                self.check(judge(plant_error(result, pixels, position), expected), f"{what}: a planted error was not found")
            compared += 1
        self.check(compared > 0, f"{operation}: nothing was compared")

    def compare_all(self, family, oracle, parameters_2d, parameters_3d, special=False):
        """2D operations on 2D images; 3D ones on stacks, and on single slices, where x, y or z is 1."""
        def images(shapes):
            made = {f"{name}_{'_'.join(map(str, shape))}": noise(shape, dtype, i)
                    for name, dtype in DTYPES.items() for i, shape in enumerate(shapes)}
            if special:
                made["special"] = with_special_values(shapes[-1])
            return made

        if parameters_2d is not None:
            self.compare(f"{family}2D", oracle, images(SHAPES_ONE_SLICE) | self.real("blobs/blobs.tif"), parameters_2d)
        name = family if parameters_2d is None else f"{family}3D"
        self.compare(name, oracle, images(SHAPES_3D) | self.real("img3d/blastocyst.tif"), parameters_3d)
        self.compare(name, oracle, images(SHAPES_ONE_SLICE), parameters_3d)

    def real(self, path):
        """A part of the real image that keeps three of its borders, if there is one."""
        if not DATA:
            return {}
        return {pathlib.Path(path).stem: read_stack(pathlib.Path(DATA) / path)[:7, :45, :39]}

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
            for pixels, given, result in self.compute(operation, images, parameters):
                for number, oracle in enumerate(oracles):
                    expected, judge = oracle(pixels, given | {"dims": 3})
                    self.check(judge(result, expected), f"{operation} {given} {pixels.dtype} agrees with wrong oracle {number}")


if __name__ == "__main__":
    if BENCH is None:
        sys.exit(__doc__)
    sys.exit(run_tests(sys.argv[2:]))
