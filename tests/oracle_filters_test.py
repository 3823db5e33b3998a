#!/usr/bin/env python3
"""Compares the window filters and Gaussian compositions of the reference engine with SciPy and scikit-image.

usage: oracle_filters_test.py BENCH [UNITTEST ARGUMENTS...]
"""

import sys

import numpy as np
from scipy import ndimage
from skimage import morphology

from oracle import BENCH, Oracle, exactly, footprint, largest_finite, noise, per_axis, rounded, within
from checked import run_tests


def window_of(parameters):
    return footprint(parameters["window"], per_axis(parameters["radius"], parameters["dims"]))


def minimum(pixels, parameters, mode="nearest"):
    return exactly(ndimage.minimum_filter(pixels, footprint=window_of(parameters), mode=mode))


def maximum(pixels, parameters, mode="nearest"):
    return exactly(ndimage.maximum_filter(pixels, footprint=window_of(parameters), mode=mode))


def padded(function):
    """SciPy's binary morphology takes what lies outside for one value: here it is the nearest voxel inside."""
    def oracle(pixels, parameters):
        window = window_of(parameters)
        widths = [(size // 2, size // 2) for size in window.shape]
        mask = np.pad(pixels != 0, widths, mode="edge")
        inside = tuple(slice(low, low + size) for (low, _), size in zip(widths, pixels.shape))
        return exactly(function(mask, structure=window)[inside].astype(np.uint8))

    return oracle


erode, dilate = padded(ndimage.binary_erosion), padded(ndimage.binary_dilation)


def means_within(values, pixels):
    """As the definition's bound would be for a result in double: only the last rounding may differ."""
    if pixels.dtype == np.float32:
        return within(values.astype(np.float32), 2.0**-22 * largest_finite(pixels))
    # A window has an odd number of voxels, so no mean of integers is a tie, and none is nearer than 1 / 2N to one.
    return exactly(rounded(values, pixels.dtype))


def mean(pixels, parameters, mode="nearest"):
    window = window_of(parameters)
    if parameters["window"] == "box":
        # SciPy's running sums lose a little more than sums in double.
        return means_within(ndimage.uniform_filter(pixels.astype(np.float64), window.shape, mode=mode), pixels)
    values = ndimage.convolve(pixels.astype(np.float64), window.astype(np.float64), mode=mode)
    return means_within(values / np.count_nonzero(window), pixels)


def top_hat(pixels, parameters, mode="nearest"):
    window = window_of(parameters)
    if mode == "nearest" and parameters["window"] == "sphere":
        # SciPy's own; of float32 it subtracts in float32, as the definition wants it.
        return exactly(ndimage.white_tophat(pixels, footprint=window, mode=mode))
    opened = ndimage.grey_opening(pixels, footprint=window, mode=mode)
    return exactly(pixels - opened)


def bottom_hat(pixels, parameters, mode="nearest"):
    return exactly(ndimage.black_tophat(pixels, footprint=window_of(parameters), mode=mode))


def blurred(pixels, sigma, parameters, mode="nearest"):
    return ndimage.gaussian_filter(pixels.astype(np.float64), per_axis(sigma, parameters["dims"]), mode=mode)


def largest(pixels):
    return largest_finite(pixels.astype(np.float64))


def difference_of_gaussian(pixels, parameters, mode="nearest"):
    first, second = (blurred(pixels, parameters[name], parameters, mode) for name in ("sigma1", "sigma2"))
    return within((first - second).astype(np.float32), 2.0**-22 * largest(pixels))


def subtract_background(pixels, parameters, mode="nearest"):
    values = pixels.astype(np.float64) - blurred(pixels, parameters["sigma"], parameters, mode)
    return within(values.astype(np.float32), 2.0**-22 * largest(pixels))


def divide_by_background(pixels, parameters, mode="nearest"):
    background = blurred(pixels, parameters["sigma"], parameters, mode)
    values = np.divide(pixels.astype(np.float64), background, out=np.zeros(pixels.shape), where=background != 0)

    def judge(result, expected):
        # Both are double precision up to the last rounding, except where values of both signs cancel in the blur:
        # its error of some 1e-15 max|f| then is one of the quotient.
        scale = np.where(background != 0, np.abs(background), 1)
        allowed = np.abs(expected) * (2.0**-22 + 1e-13 * largest(pixels) / scale) + 1e-37
        error = np.abs(result.astype(np.float64) - expected.astype(np.float64))
        return "" if (error <= allowed).all() else f"is off by {error.max()}"

    return values.astype(np.float32), judge


WINDOWS = {"window": ["box", "sphere"]}
RADII_2D = WINDOWS | {"radius": ["0", "2", "3x1"]}
RADII_3D = WINDOWS | {"radius": ["0", "2", "3x1x2", "0x2x1"]}
# Of what the engine computes by the same code as the minimum.
FEW_2D, FEW_3D = WINDOWS | {"radius": ["3x1"]}, WINDOWS | {"radius": ["3x1x2"]}


def masks(images):
    return {name: (pixels > np.median(pixels)).astype(pixels.dtype) for name, pixels in images.items()}


class WindowFilters(Oracle):
    def test_minimum(self):
        self.compare_all("Minimum", minimum, RADII_2D, RADII_3D)

    def test_maximum(self):
        self.compare_all("Maximum", maximum, FEW_2D, FEW_3D)

    def test_scikit_image_agrees(self):
        """Its grey-level morphology takes what lies outside for the weakest value, which comes to the same."""
        def of(function):
            return lambda pixels, parameters: exactly(function(pixels, window_of(parameters)))

        images = {"image": noise((33, 20, 11), np.float32, 3), "grey": noise((33, 20, 11), np.uint8, 3)}
        for family, function in (("Minimum3D", morphology.erosion), ("Maximum3D", morphology.dilation)):
            self.compare(family, of(function), images, WINDOWS | {"radius": ["1", "4"]})

    def test_large_radii(self):
        """In floating point a sphere errs at radius 13; and radii beyond the extents."""
        images = {"image": noise((33, 20, 1), np.float32, 7), "grey": noise((33, 20, 1), np.uint16, 7)}
        for family, oracle in (("Minimum2D", minimum), ("Maximum2D", maximum), ("Mean2D", mean)):
            self.compare(family, oracle, images, WINDOWS | {"radius": ["13", "40x3"]})

    def test_erode_and_dilate(self):
        shape = (33, 20, 11)
        images = masks({name: noise(shape, dtype, 4) for name, dtype in
                        (("u8", np.uint8), ("u16", np.uint16), ("f32", np.float32))})
        # Any number but 0 is foreground.
        images["numbers"] = np.where(images["f32"] > 0, noise(shape, np.float32, 5), 0).astype(np.float32)
        flat = masks({"flat": noise((40, 31, 1), np.uint8, 6)} | self.real("blobs/blobs.tif"))
        for family, oracle in (("Erode", erode), ("Dilate", dilate)):
            self.compare(f"{family}3D", oracle, images, RADII_3D)
            self.compare(f"{family}2D", oracle, flat, RADII_2D)

    def test_mean(self):
        self.compare_all("Mean", mean, RADII_2D, RADII_3D)

    def test_top_hat(self):
        self.compare_all("TopHat", top_hat, FEW_2D, FEW_3D)

    def test_bottom_hat(self):
        self.compare_all("BottomHat", bottom_hat, FEW_2D, FEW_3D)


class Backgrounds(Oracle):
    def test_difference_of_gaussian(self):
        self.compare_all("DifferenceOfGaussian", difference_of_gaussian,
                         {"sigma1": ["0", "2x0"], "sigma2": ["6"]},
                         {"sigma1": ["2", "2x2x0"], "sigma2": ["6", "6x6x0"]})

    def test_subtract_background(self):
        self.compare_all("SubtractGaussianBackground", subtract_background,
                         {"sigma": ["10", "1x3"]}, {"sigma": ["10", "2x0x1"]})

    def test_divide_by_background(self):
        self.compare_all("DivideByGaussianBackground", divide_by_background,
                         {"sigma": ["10", "1x3"]}, {"sigma": ["10", "2x0x1"]})
        zero = {"zero": np.zeros((3, 9, 12), np.uint8), "dark": np.pad(noise((9, 9, 3), np.uint8, 1), ((0, 0), (9, 9), (90, 90)))}
        for pixels, given, result in self.compute("DivideByGaussianBackground3D", zero, {"sigma": ["1"]}):
            self.check(np.array_equal(result[pixels == 0], np.zeros(np.count_nonzero(pixels == 0))), f"{given}: 0 / b is not 0")

    def test_wrong_oracles_are_found(self):
        """What a slip in a definition would look like: none of these may agree."""
        shape = (33, 20, 11)
        image, grey = noise(shape, np.float32, 9), noise(shape, np.uint8, 9)
        both = {"image": image, "grey": grey}
        mask = masks({"mask": grey})

        def shifted(oracle):
            return lambda pixels, parameters: oracle(np.roll(pixels, 1, axis=2), parameters)

        def with_window(oracle, window):
            return lambda pixels, parameters: oracle(pixels, parameters | {"window": window})

        def swapped(oracle):
            return lambda pixels, parameters: oracle(pixels, parameters | {"radius": "x".join(reversed(parameters["radius"].split("x")))})

        def unpadded(pixels, parameters):
            return exactly(ndimage.binary_erosion(pixels != 0, window_of(parameters)).astype(np.uint8))

        def truncated(pixels, parameters):
            return exactly(mean(pixels.astype(np.float64), parameters)[0].astype(pixels.dtype))

        def through_integers(pixels, parameters):
            first, second = (np.rint(blurred(pixels, parameters[name], parameters)) for name in ("sigma1", "sigma2"))
            return within((first - second).astype(np.float32), 2.0**-22 * largest(pixels))

        def reflecting(oracle):
            return lambda pixels, parameters: oracle(pixels, parameters, mode="constant")

        anisotropic = {"window": ["sphere"], "radius": ["3x1x2"]}
        wrong = [
            ("Minimum3D", anisotropic, both, [maximum, shifted(minimum), swapped(minimum), with_window(minimum, "box"), reflecting(minimum)]),
            ("Maximum3D", anisotropic, {"grey": grey}, [minimum, shifted(maximum), swapped(maximum), with_window(maximum, "box")]),
            ("Erode3D", {"window": ["sphere"], "radius": ["1"]}, mask, [dilate, shifted(erode), with_window(erode, "box"), unpadded]),
            ("Mean3D", anisotropic, both, [shifted(mean), swapped(mean), with_window(mean, "box"), reflecting(mean)]),
            ("Mean3D", anisotropic, {"grey": grey}, [truncated]),
            ("TopHat3D", {"window": ["box"], "radius": ["1"]}, both, [bottom_hat, shifted(top_hat), with_window(top_hat, "sphere")]),
            ("BottomHat3D", {"window": ["box"], "radius": ["1"]}, both, [top_hat, shifted(bottom_hat), with_window(bottom_hat, "sphere")]),
            ("DifferenceOfGaussian3D", {"sigma1": ["1"], "sigma2": ["2"]}, {"grey": grey},
             [shifted(difference_of_gaussian), reflecting(difference_of_gaussian), through_integers]),
            ("SubtractGaussianBackground3D", {"sigma": ["2"]}, both,
             [shifted(subtract_background), reflecting(subtract_background), divide_by_background]),
            ("DivideByGaussianBackground3D", {"sigma": ["2"]}, {"grey": grey},
             [shifted(divide_by_background), reflecting(divide_by_background), subtract_background]),
        ]
        for operation, parameters, images, oracles in wrong:
            self.disagree(operation, oracles, images, parameters)


if __name__ == "__main__":
    if BENCH is None:
        sys.exit(__doc__)
    sys.exit(run_tests(sys.argv[2:]))
