#!/usr/bin/env python3
"""Compares image arithmetic, moves, projections and interpolations with NumPy and SciPy.

usage: oracle_geometry_test.py BENCH [UNITTEST ARGUMENTS...]
"""

import sys

import numpy as np
from scipy import ndimage

from oracle import BENCH, SHAPES_3D, Oracle, exactly, largest_finite, noise, per_axis, rounded, within, with_special_values
from checked import run_tests


# ---- Arithmetic. An engine is allowed 4 ULP of the largest term of float32 values; the reference computes in
# double, as NumPy does here, so exactly the same. Integers are defined by float32 steps. Where no second image
# is given, it is the first one mirrored along x.


def multiply_scalar(pixels, parameters):
    scalar = np.float32(parameters["scalar"])
    if pixels.dtype == np.float32:
        values = pixels.astype(np.float64) * np.float64(scalar)
        return exactly(values.astype(np.float32))
    return exactly(rounded(pixels.astype(np.float32) * scalar, pixels.dtype))


def add_images_weighted(pixels, parameters):
    other = pixels[:, :, ::-1]
    f, g = np.float32(parameters["factor1"]), np.float32(parameters["factor2"])
    if pixels.dtype == np.float32:
        values = pixels.astype(np.float64) * np.float64(f) + other.astype(np.float64) * np.float64(g)
        return exactly(values.astype(np.float32))
    return exactly(rounded(pixels.astype(np.float32) * f + other.astype(np.float32) * g, pixels.dtype))


def absolute_difference(pixels, _):
    difference = pixels.astype(np.float64) - pixels[:, :, ::-1].astype(np.float64)
    return exactly(np.abs(difference).astype(pixels.dtype))


def squared_difference(pixels, _):
    difference = pixels.astype(np.float64) - pixels[:, :, ::-1].astype(np.float64)
    return exactly((difference * difference).astype(np.float32))


def convert(pixels, parameters):
    dtype = {"u8": np.uint8, "u16": np.uint16, "f32": np.float32}[parameters["type"]]
    values = pixels.astype(np.float64)
    if dtype != np.float32:
        values = np.where(np.isnan(values), 0, values)
    return exactly(rounded(values, dtype))


# ---- Moves.


def rotate(pixels, parameters):
    return exactly(np.rot90(pixels, int(parameters["turns"]), axes=(1, 2)))


def reslice(pixels, parameters):
    return exactly(pixels.transpose({"top": (1, 0, 2), "left": (2, 0, 1)}[parameters["from"]]))


def crop(pixels, parameters):
    origins = per_axis(parameters["origin"], parameters["dims"])
    extents = per_axis(parameters["extent"], parameters["dims"])
    parts = []
    for n, origin, extent in zip(pixels.shape, origins, extents):
        extent = min(int(extent) or (n + 1) // 2, n)
        first = (n - extent) // 2 if origin < 0 else min(int(origin), n - 1)
        parts.append(slice(first, min(first + extent, n)))
    return exactly(pixels[tuple(parts)])


# ---- Projections. fmax and fmin: NaN loses against a number.


def maximum_x_projection(pixels, _):
    return exactly(np.fmax.reduce(pixels, axis=2).T[np.newaxis])


def maximum_y_projection(pixels, _):
    return exactly(np.fmax.reduce(pixels, axis=1)[np.newaxis])


def minimum_z_projection(pixels, _):
    return exactly(np.fmin.reduce(pixels, axis=0, keepdims=True))


def sum_z_projection(pixels, _):
    if pixels.dtype == np.float32:
        values = pixels.sum(axis=0, keepdims=True, dtype=np.float64)
        return within(values.astype(np.float32), 2.0**-22 * len(pixels) * largest_finite(pixels))
    return exactly(np.minimum(pixels.sum(axis=0, keepdims=True, dtype=np.uint64), 2**32 - 1).astype(np.uint32))


def mean_z_projection(pixels, _):
    # The definition allows 1e-5 (max - min) + 2^-17 max|f|; two double computations differ by less.
    return within(pixels.mean(axis=0, keepdims=True, dtype=np.float64).astype(np.float32), 2.0**-22 * largest_finite(pixels))


# ---- Interpolation. Float32 is compared with SciPy's own functions: both sides compute in double, but only one
# rounds coordinates to 2^-40, which moves values by far less than what is allowed here. Integers are defined by
# integer steps: these are repeated here, and their results must lie as near to SciPy's values as rounding the
# weights to 2^-22 lets them.

ONE = 2**40


def fixed_point(value):
    return np.rint(np.asarray(value, np.float64) * ONE).astype(np.int64)


def fixed_coordinates(matrix, offset, shape):
    """Of the input's z, y and x, for every voxel of an output of this shape."""
    grid = np.indices(shape)
    return [sum(c * i for c, i in zip(row, grid)) + t for row, t in zip(fixed_point(matrix), fixed_point(offset))]


def at(pixels, index, clamps):
    inside = np.all([(i >= 0) & (i < n) for i, n in zip(index, pixels.shape)], axis=0)
    values = pixels[tuple(np.clip(i, 0, n - 1) for i, n in zip(index, pixels.shape))]
    return values if clamps else np.where(inside, values, 0).astype(pixels.dtype)


def interpolated(values, pixels, coordinates, clamps=False):
    if pixels.dtype == np.float32:
        return within(values.astype(np.float32), 2.0**-21 * largest_finite(pixels))
    z, y, x = (c >> 40 for c in coordinates)
    fz, fy, fx = (((c & (ONE - 1)) + 2**17) >> 18 for c in coordinates)

    def between(a, b, f):
        return (a << 22) + (b - a) * f

    def in_slice(z):
        rows = [between(*(at(pixels, (z, y + dy, x + dx), clamps).astype(np.int64) for dx in (0, 1)), fx) for dy in (0, 1)]
        return (between(*rows, fy) + 2**21) >> 22

    total = between(in_slice(z), in_slice(z + 1), fz)
    level, rest, half = total >> 44, total & (2**44 - 1), 2**43
    levels = level + ((rest > half) | ((rest == half) & (level % 2 == 1)))
    error = np.abs(levels - values).max()
    expected, judge = exactly(levels.astype(pixels.dtype))
    if error > 0.5 + 4 * 2.0**-23 * largest_finite(pixels) + 1e-6:
        return expected, lambda result, expected: f"is off from SciPy's values by {error}"
    return expected, judge


def transformed(pixels, parameters, matrix, offset, linear=None, **options):
    """As SciPy's affine_transform or by `linear` values; matrix and offset are for z, y, x."""
    coordinates = fixed_coordinates(matrix, offset, pixels.shape)
    if parameters["interpolation"] == "linear":
        if linear is None:
            options = {"mode": "grid-constant"} | options
            linear = ndimage.affine_transform(pixels.astype(np.float64), matrix, offset, order=1, **options)
        return interpolated(linear, pixels, coordinates)
    # Where SciPy's coordinates are as good as half-way between two voxels they may go to either; the definition
    # sends them up.
    ties = np.any([np.abs((c & (ONE - 1)) - ONE // 2) < 1000 for c in coordinates], axis=0)
    upwards = at(pixels, [(c + ONE // 2) >> 40 for c in coordinates], False)
    return exactly(np.where(ties, upwards, ndimage.affine_transform(pixels, matrix, offset, order=0, mode="grid-constant")))


def affine_transform(pixels, parameters, **options):
    dims = parameters["dims"]
    matrix = np.eye(3)
    for i, axis in enumerate("zyx"):
        if axis != "z" or dims == 3:
            matrix[i] = per_axis(parameters[f"row_{axis}"], dims)
    return transformed(pixels, parameters, matrix, per_axis(parameters["translation"], dims), **options)


def translate(pixels, parameters):
    distance = np.array(per_axis(parameters["distance"], parameters["dims"]))
    linear = ndimage.shift(pixels.astype(np.float64), distance, order=1, mode="grid-constant")
    return transformed(pixels, parameters, np.eye(3), -distance, linear)


def about_centre(pixels, parameters, matrix, linear=None):
    centre = (np.array(pixels.shape) - 1) / 2
    return transformed(pixels, parameters, matrix, centre - matrix @ centre, linear)


def scale(pixels, parameters):
    z, y, x = per_axis(parameters["factor"], parameters["dims"])
    return about_centre(pixels, parameters, np.diag([1 / (z or 1), 1 / y, 1 / x]))


def rotate_angle(pixels, parameters, sign=1):
    angle = sign * np.float64(np.float32(parameters["angle"]))
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    linear = ndimage.rotate(pixels.astype(np.float64), angle, axes=(2, 1), reshape=False, order=1, mode="grid-constant")
    return about_centre(pixels, parameters, np.array([[1, 0, 0], [0, c, s], [0, -s, c]]), linear)


def resample(pixels, parameters, centred=True):
    dims = parameters["dims"]
    steps = [t / f if f else 1.0 for t, f in
             zip(per_axis(parameters["to_spacing"], dims), per_axis(parameters["from_spacing"], dims))]
    shape = [max(1, int(np.floor(n / step + 0.5))) for n, step in zip(pixels.shape, steps)]
    offset = [(step - 1) / 2 if centred else 0 for step in steps]
    values = ndimage.affine_transform(pixels.astype(np.float64), np.diag(steps), offset, shape, order=1, mode="nearest")
    return interpolated(values, pixels, fixed_coordinates(np.diag(steps), offset, shape), clamps=True)


def radial_reslice(pixels, parameters, along_x=np.sin, along_y=np.cos):
    depth, height, width = pixels.shape
    radii = max(1, int(np.sqrt((width // 2) ** 2 + (height // 2) ** 2)))
    angles = np.radians(np.float64(np.float32(parameters["step"])) * np.arange(int(parameters["angles"])))
    angle, z, radius = np.meshgrid(angles, np.arange(depth), np.arange(radii), indexing="ij")
    coordinates = [z * ONE, height // 2 * ONE + radius * fixed_point(along_y(angle)),
                   width // 2 * ONE + radius * fixed_point(along_x(angle))]
    if parameters["mode"] == "clij":
        return exactly(at(pixels, [c >> 40 for c in coordinates], True))
    position = [z, height // 2 + radius * along_y(angle), width // 2 + radius * along_x(angle)]
    values = ndimage.map_coordinates(pixels.astype(np.float64), position, order=1, mode="grid-constant")
    return interpolated(values, pixels, coordinates)


INTERPOLATIONS = {"interpolation": ["linear", "nearest"]}


class Geometry(Oracle):
    def test_multiply_scalar(self):
        scalars = {"scalar": ["2", "0", "0.1", "-1.75", "300.5", "1e9"]}
        self.compare_all("MultiplyScalar", multiply_scalar, scalars, scalars, special=True)

    def test_add_images_weighted(self):
        factors = {"factor1": ["1", "0.1", "-3"], "factor2": ["1", "0.7", "1000"]}
        self.compare_all("AddImagesWeighted", add_images_weighted, factors, factors, special=True)

    def test_transfers(self):
        for family, parameters in (("Push", {"memory": ["pageable", "pinned", "staged"]}), ("Pull", {"memory": ["pageable"]}), ("Copy", {})):
            self.compare_all(family, lambda pixels, _: exactly(pixels), parameters, parameters, special=True)

    def test_absolute_difference(self):
        self.compare_all("AbsoluteDifference", absolute_difference, {}, {}, special=True)

    def test_squared_difference(self):
        self.compare_all("SquaredDifference", squared_difference, {}, {}, special=True)

    def test_second_image(self):
        for number, (dtype, shape) in enumerate([(np.uint8, (33, 20, 11)), (np.uint16, (64, 1, 9)), (np.float32, (7, 5, 3))]):
            first, second = noise(shape, dtype, number), noise(shape, dtype, number + 10)

            def half_sum(pixels, _):
                return exactly(rounded(pixels.astype(np.float64) / 2 + second / np.float64(2), pixels.dtype))

            self.compare("AddImagesWeighted3D", half_sum, {"image": first}, {"factor1": ["0.5"], "factor2": ["0.5"]}, second)

    def test_binary_and(self):
        for dtype in (np.uint8, np.uint16, np.float32):
            shape = (33, 20, 11)
            def mask(seed):
                return (noise(shape, np.uint8, seed) % 3 * (1 if dtype != np.float32 else 0.25)).astype(dtype)
            second = mask(1)
            images = {"mask": mask(2)} | ({"special": with_special_values(shape)} if dtype == np.float32 else {})
            self.compare("BinaryAnd3D", lambda pixels, _: exactly(np.logical_and(pixels, second).astype(np.uint8)), images, {}, second)
            self.compare("BinaryAnd2D", lambda pixels, _: exactly(np.logical_and(pixels, second[:1]).astype(np.uint8)),
                         {"slice": mask(3)[:1]}, {}, second[:1])

    def test_convert(self):
        types = {"type": ["u8", "u16", "f32"]}
        self.compare_all("Convert", convert, types, types, special=True)

    def test_rotate(self):
        turns = {"turns": ["1", "2", "3"]}
        self.compare_all("Rotate", rotate, turns, turns, special=True)

    def test_reslice(self):
        images = {f"{name}_{shape[0]}": noise(shape, dtype, 1) for shape in SHAPES_3D + [(1, 1, 1), (33, 20, 1)]
                  for name, dtype in (("u8", np.uint8), ("u16", np.uint16), ("f32", np.float32))}
        stacks = {name: pixels for name, pixels in images.items() if len(pixels) > 1}
        slices = {name: pixels for name, pixels in images.items() if len(pixels) == 1}
        for group in (stacks | self.real("img3d/blastocyst.tif"), slices):
            self.compare("Reslice3D", reslice, group, {"from": ["top", "left"]})

    def test_crop(self):
        self.compare_all("Crop", crop, {"origin": ["-1", "0", "3x2"], "extent": ["0", "5", "1x1000"]},
                         {"origin": ["-1", "0", "3x2x1", "1000"], "extent": ["0", "5", "1x1000x2"]}, special=True)

    def test_projections(self):
        for family, oracle in [("MaximumXProjection", maximum_x_projection), ("MaximumYProjection", maximum_y_projection),
                               ("MinimumZProjection", minimum_z_projection), ("SumZProjection", sum_z_projection),
                               ("MeanZProjection", mean_z_projection)]:
            self.compare_all(family, oracle, None, {}, special=True)

    def test_affine_transform(self):
        self.compare_all("AffineTransform", affine_transform,
                         INTERPOLATIONS | {"row_x": ["0.9921875x0.125", "0.3x-1.1"], "translation": ["-3.25x2.5", "0.3x100"]},
                         INTERPOLATIONS | {"row_x": ["1x0x0", "0.7x-0.6x0.1"], "row_z": ["0x0x1", "0.01x0.02x1.7"]})

    def test_translate(self):
        self.compare_all("Translate", translate, INTERPOLATIONS | {"distance": ["0", "2.5", "-1.25x3", "0.1x-7.9", "1000"]},
                         INTERPOLATIONS | {"distance": ["2.5", "3x-2x1", "0.3x0x-1.75"]})

    def test_scale(self):
        self.compare_all("Scale", scale, INTERPOLATIONS | {"factor": ["1", "1.5", "0.3", "4x0.9"]},
                         INTERPOLATIONS | {"factor": ["1.5", "0.3", "2x1x0.7"]})

    def test_rotate_angle(self):
        angles = INTERPOLATIONS | {"angle": ["0", "30", "90", "-133.7", "5.25", "180"]}
        self.compare_all("RotateAngle", rotate_angle, angles, angles)

    def test_resample(self):
        self.compare_all("Resample", resample, {"to_spacing": ["1", "0.52", "0.2", "0.26x3", "1000"]},
                         {"to_spacing": ["1", "0.7", "3x0.1x2"], "from_spacing": ["1", "0.52x0.52x2"]})

    def test_radial_reslice(self):
        self.compare_all("RadialReslice", radial_reslice, None,
                         {"mode": ["linear", "clij"], "angles": ["1", "36"], "step": ["1", "10", "-7.3"]})

    def test_wrong_oracles_are_found(self):
        """What a slip in a definition would look like: none of these may agree."""
        cube = {"image": noise((16, 16, 16), np.float32, 9), "grey": noise((16, 16, 16), np.uint8, 9)}
        linear = {"interpolation": ["linear"]}
        wrong = [
            ("MultiplyScalar3D", {"scalar": ["0.5"]}, [lambda p, _: exactly((p // 2).astype(p.dtype))]),
            ("Rotate3D", {"turns": ["1"]}, [lambda p, _: exactly(np.rot90(p, -1, axes=(1, 2))), lambda p, _: exactly(np.rot90(p, 1, axes=(0, 1)))]),
            ("Reslice3D", {"from": ["left"]}, [lambda p, _: exactly(p.transpose(2, 1, 0)), lambda p, _: exactly(p.transpose(2, 0, 1)[::-1])]),
            ("Crop3D", {"origin": ["3x2x1"], "extent": ["4"]}, [lambda p, _: exactly(p[3:7, 2:6, 1:5])]),
            ("MaximumXProjection", {}, [lambda p, _: exactly(np.fmax.reduce(p, axis=2)[np.newaxis])]),
            ("AffineTransform3D", linear | {"row_x": ["0.7x-0.6x0.1"]},
             [lambda p, g: affine_transform(p, g, mode="nearest"), lambda p, g: affine_transform(p, g, mode="constant"),
              lambda p, g: affine_transform(p, g | {"row_x": "-0.6x0.7x0.1"})]),
            ("Translate3D", linear | {"distance": ["0.75x0x0"]}, [lambda p, g: translate(p, g | {"distance": "-0.75x0x0"})]),
            ("RotateAngle3D", linear | {"angle": ["30"]}, [lambda p, g: rotate_angle(p, g, sign=-1)]),
            ("Resample3D", {"from_spacing": ["1"], "to_spacing": ["0.8"]}, [lambda p, g: resample(p, g, centred=False)]),
            ("RadialReslice", {"angles": ["12"], "step": ["30"]}, [lambda p, g: radial_reslice(p, g, np.cos, np.sin)]),
        ]
        for operation, parameters, oracles in wrong:
            self.disagree(operation, oracles, cube, parameters)


if __name__ == "__main__":
    if BENCH is None:
        sys.exit(__doc__)
    np.seterr(invalid="ignore", over="ignore")  # inf - inf is NaN on both sides
    sys.exit(run_tests(sys.argv[2:]))
