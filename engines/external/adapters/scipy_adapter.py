"""SciPy's ndimage, and NumPy where that has the operation."""
from functools import cache

import numpy as np
import scipy
from scipy import ndimage, special

from numpy_operations import footprint, numpy_engine, rounded, table
from voxelmark_adapter import Engine

engine = Engine("scipy", scipy.__version__)
engine.functions.update(numpy_engine.functions)
footprint = cache(footprint)


def blurred(image, sigma):
    """In float32: ndimage keeps what lies between the axes in the output's type."""
    return ndimage.gaussian_filter(image, sigma, mode="nearest", truncate=4, output=np.float32)


def neighbours_in(window, radius):
    """As arguments: SciPy's filters take a box by its size, axis by axis."""
    if window == "box":
        return {"size": tuple(2 * int(r) + 1 for r in radius), "mode": "nearest"}
    return {"footprint": footprint(window, radius), "mode": "nearest"}


@engine.operation("GaussianBlur2D", "GaussianBlur3D")
def gaussian_blur(image, sigma):
    return rounded(blurred(image, sigma), image.dtype)


@engine.operation("DifferenceOfGaussian2D", "DifferenceOfGaussian3D")
def difference_of_gaussian(image, sigma1, sigma2):
    result = blurred(image, sigma1)
    result -= blurred(image, sigma2)
    return result


@engine.operation("SubtractGaussianBackground2D", "SubtractGaussianBackground3D")
def subtract_gaussian_background(image, sigma):
    background = blurred(image, sigma)
    return np.subtract(image, background, out=background)


@engine.operation("DivideByGaussianBackground2D", "DivideByGaussianBackground3D")
def divide_by_gaussian_background(image, sigma):
    background = blurred(image, sigma)
    return np.divide(image, background, out=np.zeros_like(background), where=background != 0)


@engine.operation("Mean2D", "Mean3D")
def mean(image, window, radius):
    if window == "box":
        result = ndimage.uniform_filter(image, **neighbours_in(window, radius), output=np.float32)
    else:
        weights = footprint(window, radius) / np.count_nonzero(footprint(window, radius))
        result = ndimage.correlate(image, weights, mode="nearest", output=np.float32)
    return rounded(result, image.dtype)


@engine.operation("Median2D", "Median3D")
def median(image, window, radius):
    return ndimage.median_filter(image, **neighbours_in(window, radius))


@engine.operation("Minimum2D", "Minimum3D")
def minimum(image, window, radius):
    return ndimage.minimum_filter(image, **neighbours_in(window, radius))


@engine.operation("Maximum2D", "Maximum3D")
def maximum(image, window, radius):
    return ndimage.maximum_filter(image, **neighbours_in(window, radius))


@engine.operation("TopHat2D", "TopHat3D")
def top_hat(image, window, radius):
    return ndimage.white_tophat(image, **neighbours_in(window, radius))


@engine.operation("BottomHat2D", "BottomHat3D")
def bottom_hat(image, window, radius):
    return ndimage.black_tophat(image, **neighbours_in(window, radius))


@engine.operation("Erode2D", "Erode3D")
def erode(image, window, radius):
    return ndimage.binary_erosion(image, footprint(window, radius), border_value=1)


@engine.operation("Dilate2D", "Dilate3D")
def dilate(image, window, radius):
    return ndimage.binary_dilation(image, footprint(window, radius), border_value=0)


def interpolated(function, image, *arguments, interpolation="linear", mode="grid-constant", **options):
    """Integers by way of double precision, as SciPy by itself rounds them half up."""
    linear = interpolation == "linear"
    output = np.float64 if linear and image.dtype.kind == "u" else image.dtype
    result = function(image, *arguments, order=int(linear), mode=mode, output=output, **options)
    return rounded(result, image.dtype)


def fractions(image, interpolation="linear", mode="linear", **parameters):
    if not "linear" == interpolation == mode:
        return "coordinates are of double precision: where one is halfway between two voxels, its last digit decides"
    if image.dtype.kind == "u":
        return "interpolates in double precision: fractions of a voxel are not rounded to 2^-22"


@engine.operation("AffineTransform2D", "AffineTransform3D", differs=fractions)
def affine_transform(image, row_x, row_y, translation, interpolation, row_z=None):
    rows = [row for row in (row_z, row_y, row_x) if row is not None]
    return interpolated(ndimage.affine_transform, image, rows, translation, interpolation=interpolation)


@engine.operation("Translate2D", "Translate3D", differs=fractions)
def translate(image, distance, interpolation):
    return interpolated(ndimage.shift, image, distance, interpolation=interpolation)


@engine.operation("Scale2D", "Scale3D", differs=fractions)
def scale(image, factor, interpolation):
    steps = 1 / np.array(factor)
    offset = (np.array(image.shape) - 1) / 2 * (1 - steps)
    return interpolated(ndimage.affine_transform, image, steps, offset, interpolation=interpolation)


@engine.operation("RotateAngle2D", "RotateAngle3D", differs=fractions)
def rotate_angle(image, angle, interpolation):
    return interpolated(ndimage.rotate, image, angle, (-1, -2), reshape=False, interpolation=interpolation)


@engine.operation("Resample2D", "Resample3D", differs=fractions)
def resample(image, from_spacing, to_spacing):
    steps = np.divide(to_spacing, from_spacing)
    shape = tuple(max(1, int(n / step + 0.5)) for n, step in zip(image.shape, steps))
    return interpolated(ndimage.affine_transform, image, steps, (steps - 1) / 2, shape, mode="nearest")


@engine.operation("RadialReslice", differs=fractions)
def radial_reslice(image, angles, step, mode):
    depth, height, width = image.shape
    radii = np.arange(max(1, int(np.hypot(height // 2, width // 2))))
    angle = (np.arange(angles) * step)[:, None]
    points = np.array([height // 2 + radii * special.cosdg(angle), width // 2 + radii * special.sindg(angle)])
    result = np.empty((int(angles), depth, len(radii)), image.dtype)
    for z in range(depth):
        if mode == "linear":
            result[:, z] = interpolated(ndimage.map_coordinates, image[z], points)
        else:
            result[:, z] = ndimage.map_coordinates(image[z], np.trunc(points), order=0, mode="nearest")
    return result


def nan_is_foreground(image, **parameters):
    if image.dtype.kind == "f" and np.isnan(image).any():
        return "NaN is foreground"


@engine.operation("ConnectedComponents2D", "ConnectedComponents3D", differs=nan_is_foreground)
def connected_components(image, neighbours):
    structure = ndimage.generate_binary_structure(image.ndim, image.ndim if neighbours == "box" else 1)
    return ndimage.label(image, structure)[0]


@engine.operation("Voronoi2D", "Voronoi3D", differs="of several labels equally near the transform takes any")
def voronoi(labels, mask, spacing, masked):
    nearest = ndimage.distance_transform_edt(labels == 0, spacing, return_distances=False, return_indices=True)
    result = labels[tuple(nearest)]
    return np.where(mask, result, 0) if masked == "yes" else result


@engine.operation("Centroids2D", "Centroids3D")
def centroids(labels):
    numbers = np.arange(1, max(1, labels.max()) + 1)
    positions = np.array(ndimage.center_of_mass(labels, labels, numbers))[:, ::-1]
    return table(numbers, positions, *[0 * positions[:, 0]] * (3 - labels.ndim))


if __name__ == "__main__":
    engine.serve()
