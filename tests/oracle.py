"""What the oracle tests share: images, judging, and running the reference engine on files.

The tests write images with tifffile, let BENCH --save the reference's results, and compare every voxel with
SciPy, scikit-image or NumPy, within the tolerance of each operation's definition. Real images are taken from
the folder that VOXELMARK_DATA names, if it does. After each agreement an error is planted, which has to be
found.
"""

import csv
import json
import os
import pathlib

import numpy as np
from skimage import morphology

from checked import read_stack, write_stack
from checked_program import ProgramTest, program

BENCH = program(1)
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


def per_axis(text, dims):
    """The value as written for z, y and x; 2D operations leave z alone."""
    parts = [np.float64(np.float32(part)) for part in text.split("x")]
    x, y, z = (parts * 3)[:3] if len(parts) == 1 else (parts + [0.0])[:3]
    return (z if dims == 3 else 0.0), y, x


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


# ---- Running and comparing.


def read_table(path):
    """A table's columns by name, as arrays of doubles; an empty cell is NaN."""
    with open(path, newline="") as file:
        names, *rows = csv.reader(file)
    values = np.array([[float(cell) if cell else np.nan for cell in row or [""]] for row in rows], np.float64)
    return {name: values[:, i] for i, name in enumerate(names)}


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


class Oracle(ProgramTest):
    PROGRAM, NAME = BENCH, "bench"

    def compute(self, operation, images, parameters, second=None, engine="reference"):
        """The engine's result of each image under each combination of the parameters' values.

        Yields image, parameters and result: an array [z, y, x], or for a table a dictionary of columns.
        `images` maps names to arrays [z, y, x], all of them stacks or none of them; `second` is an array for
        the operation's second input, of the shape of all of them.
        """
        saved, out = self.folder / f"results_{operation}", self.folder / "out.json"
        saved.mkdir(exist_ok=True)
        inputs = []
        for name, pixels in images.items():
            path = self.folder / f"{name}.tif"
            write_stack(path, pixels)
            inputs += ["--input", path]
        if second is not None:
            write_stack(self.folder / "second.tif", second)
            inputs += ["--second", self.folder / "second.tif"]
        options = [part for name, values in parameters.items() for part in ("--param", f"{name}={','.join(values)}")]
        self.run_program("--engine", engine, "--filter", f"^{operation}/", *inputs, *options, "--save", saved, "--max-time", "0",
                         "--json", out)
        cases = [row["voxelmark"] | {"name": row["run_name"]}
                 for row in json.loads(out.read_text())["benchmarks"] if "voxelmark" in row]
        combinations = int(np.prod([len(values) for values in parameters.values()]))
        self.equal(len(cases), len(images) * combinations, f"cases of {operation}")
        for case in cases:
            self.equal(case["outcome"], "done", case["name"])
            given = dict(part.split(":") for part in case["parameters"].split("/") if part)
            path = saved / (case["name"].translate(str.maketrans("/:#", "___")) + ".tif")
            if path.exists():
                result = read_stack(path)
            else:
                path = path.with_name(path.name.removesuffix(".tif") + ".csv")
                result = read_table(path)
            path.unlink()
            yield images[pathlib.Path(case["input"]).stem], given, result
        self.check(not any(saved.iterdir()), f"{operation}: more results than cases")

    def compare(self, operation, oracle, images, parameters, second=None):
        dims = 2 if operation.endswith("2D") else 3
        compared = 0
        for pixels, given, result in self.compute(operation, images, parameters, second):
            what = f"{operation} {given} on {pixels.shape[::-1]} {pixels.dtype}"
            expected, judge = oracle(pixels, given | {"dims": dims})
            self.equal((result.shape, result.dtype), (expected.shape, expected.dtype), what)
            reason = judge(result, expected)
            self.check(not reason, f"{what} {reason}")
            for position in (0, compared * 7919 + 3):
                self.check(judge(plant_error(result, pixels, position), expected), f"{what}: a planted error was not found")
            compared += 1
        self.check(compared > 0, f"{operation}: nothing was compared")

    def disagree(self, operation, wrong_oracles, images, parameters, second=None):
        """What a slip in a definition would look like: none of these may agree."""
        dims = 2 if operation.endswith("2D") else 3
        for pixels, given, result in self.compute(operation, images, parameters, second):
            for number, oracle in enumerate(wrong_oracles):
                expected, judge = oracle(pixels, given | {"dims": dims})
                differs = expected.shape != result.shape or judge(result, expected)
                self.check(differs, f"{operation} {given} {pixels.dtype} agrees with wrong oracle {number}")

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

