"""CuPy on NVIDIA GPUs: cupyx.scipy.ndimage, and cupy where that has the operation."""
import time
from functools import cache

import cupy
import numpy as np
from cupyx.scipy import ndimage, special

from numpy_operations import footprint as footprint_on_host, numpy_engine
from voxelmark_adapter import Engine, TYPES


def version(number):
    return f"{number // 1000}.{number % 1000 // 10}"


def present():
    try:
        count = cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError:  # no GPU, or no driver
        return []
    cuda = cupy.cuda.runtime
    driver = f"runtime {version(cuda.runtimeGetVersion())}, CUDA {version(cuda.driverGetVersion())}"
    names = [cuda.getDeviceProperties(index)["name"].decode() for index in range(count)]
    return [{"name": name, "type": "GPU", "driver": driver, "transfers": True} for name in names]


class Cupy(Engine):
    def open(self, device):
        footprint.cache_clear()
        cupy.cuda.Device(device).use()

    def to_device(self, pixels):
        array = cupy.asarray(pixels)
        cupy.cuda.get_current_stream().synchronize()
        return array

    def to_host(self, pixels):
        return cupy.asnumpy(pixels)

    def finish(self, result):
        return cupy.ascontiguousarray(result)

    def timed(self, work):
        first, last = cupy.cuda.Event(), cupy.cuda.Event()
        cupy.cuda.get_current_stream().synchronize()
        start = time.perf_counter()
        first.record()
        work()
        last.record()
        cupy.cuda.get_current_stream().synchronize()
        return time.perf_counter() - start, cupy.cuda.get_elapsed_time(first, last) / 1000

    def on_free(self, buffers, plans):
        super().on_free(buffers, plans)
        cupy.get_default_memory_pool().free_all_blocks()  # for other engines on the same GPU


engine = Cupy("cupy", cupy.__version__, present())
for name in ("Copy2D", "Copy3D", "Crop2D", "Crop3D", "Reslice3D"):  # these call the array's own methods alone
    engine.functions[name] = numpy_engine.functions[name]


@cache
def footprint(window, radius):
    return cupy.asarray(footprint_on_host(window, radius))


def table(*columns):
    return cupy.stack([cupy.ravel(cupy.asarray(column)).astype(np.float64) for column in columns], axis=1)


def rounded(values, dtype):
    """Of `values`, which are overwritten: rounded half to even and saturated, where they are to be integers."""
    if dtype.kind == "u" and values.dtype.kind == "f":
        cupy.rint(values, out=values)
        cupy.clip(values, 0, np.iinfo(dtype).max, out=values)
    return values.astype(dtype, copy=False)


@engine.operation("AddImagesWeighted2D", "AddImagesWeighted3D")
def add_images_weighted(a, b, factor1, factor2):
    result = cupy.multiply(a, np.float32(factor1), dtype=np.float32)
    result += cupy.multiply(b, np.float32(factor2), dtype=np.float32)
    return rounded(result, a.dtype)


@engine.operation("AddScalar2D", "AddScalar3D")
def add_scalar(image, scalar):
    return rounded(cupy.add(image, np.float32(scalar), dtype=np.float32), image.dtype)


@engine.operation("MultiplyScalar2D", "MultiplyScalar3D")
def multiply_scalar(image, scalar):
    return rounded(cupy.multiply(image, np.float32(scalar), dtype=np.float32), image.dtype)


@engine.operation("AbsoluteDifference2D", "AbsoluteDifference3D")
def absolute_difference(a, b):
    return cupy.abs(a - b) if a.dtype.kind == "f" else cupy.maximum(a, b) - cupy.minimum(a, b)


@engine.operation("SquaredDifference2D", "SquaredDifference3D")
def squared_difference(a, b):
    return cupy.square(cupy.subtract(a, b, dtype=np.float32))


@engine.operation("BinaryAnd2D", "BinaryAnd3D")
def binary_and(a, b):
    return cupy.logical_and(a, b)


@engine.operation("FixedThreshold2D", "FixedThreshold3D")
def fixed_threshold(image, threshold):
    return image >= np.float32(threshold)


@engine.operation("Convert2D", "Convert3D")
def convert(image, type):
    dtype = TYPES[type]
    if image.dtype.kind == "f" and dtype.kind == "u":
        return rounded(cupy.nan_to_num(image), dtype)
    return cupy.minimum(image, 255).astype(dtype) if type == "u8" else image.astype(dtype)


@engine.operation("Flip2D", "Flip3D")
def flip(image, axis):
    return cupy.flip(image, -1 - "xyz".index(axis))


@engine.operation("Rotate2D", "Rotate3D")
def rotate(image, turns):
    return cupy.rot90(image, int(turns), axes=(-2, -1))


def greatest(image, axis=None):
    return cupy.nanmax(image, axis=axis) if image.dtype.kind == "f" else cupy.max(image, axis=axis)


def least(image, axis=None):
    return cupy.nanmin(image, axis=axis) if image.dtype.kind == "f" else cupy.min(image, axis=axis)


@engine.operation("MaximumXProjection")
def maximum_x_projection(image):
    return greatest(image, 2).T


@engine.operation("MaximumYProjection")
def maximum_y_projection(image):
    return greatest(image, 1)


@engine.operation("MaximumZProjection")
def maximum_z_projection(image):
    return greatest(image, 0)


@engine.operation("MinimumZProjection")
def minimum_z_projection(image):
    return least(image, 0)


@engine.operation("MeanZProjection")
def mean_z_projection(image):
    return cupy.mean(image, axis=0, dtype=np.float64).astype(np.float32)


@engine.operation("SumZProjection")
def sum_z_projection(image):
    if image.dtype.kind == "f":
        return cupy.sum(image, axis=0, dtype=np.float64).astype(np.float32)
    return cupy.minimum(cupy.sum(image, axis=0, dtype=np.uint64), 2**32 - 1).astype(np.uint32)


@engine.operation("SumOfAllPixels2D", "SumOfAllPixels3D")
def sum_of_all_pixels(image):
    return table(cupy.sum(image, dtype=np.float64 if image.dtype.kind == "f" else np.uint64))


@engine.operation("MinimumOfAllPixels2D", "MinimumOfAllPixels3D")
def minimum_of_all_pixels(image):
    return table(least(image))


@engine.operation("MaximumOfAllPixels2D", "MaximumOfAllPixels3D")
def maximum_of_all_pixels(image):
    return table(greatest(image))


@engine.operation("MeanOfAllPixels2D", "MeanOfAllPixels3D")
def mean_of_all_pixels(image):
    return table(cupy.mean(image, dtype=np.float64))


@engine.operation("StandardDeviationOfAllPixels2D", "StandardDeviationOfAllPixels3D")
def standard_deviation_of_all_pixels(image):
    return table(cupy.std(image, dtype=np.float64))


@engine.operation("Histogram2D", "Histogram3D", differs="cupy.histogram finds a voxel's bin by the bins' edges, which "
                  "it rounds to float32 in f32 images; an image of one value v gets the range v - 1/2 to v + 1/2")
def histogram(image, bins):
    counts, edges = cupy.histogram(image, int(bins))
    return table(edges[:-1], counts)


@engine.operation("CountLabels2D", "CountLabels3D")
def count_labels(labels):
    return table(cupy.count_nonzero(cupy.unique(labels)))


def blurred(image, sigma):
    """In float32: ndimage keeps what lies between the axes in the output's type."""
    return ndimage.gaussian_filter(image, sigma, mode="nearest", truncate=4, output=np.float32)


@engine.operation("GaussianBlur2D", "GaussianBlur3D")
def gaussian_blur(image, sigma):
    return rounded(blurred(image, sigma), image.dtype)


@engine.operation("DifferenceOfGaussian2D", "DifferenceOfGaussian3D")
def difference_of_gaussian(image, sigma1, sigma2):
    return blurred(image, sigma1) - blurred(image, sigma2)


@engine.operation("SubtractGaussianBackground2D", "SubtractGaussianBackground3D")
def subtract_gaussian_background(image, sigma):
    return cupy.subtract(image, blurred(image, sigma), dtype=np.float32)


@engine.operation("DivideByGaussianBackground2D", "DivideByGaussianBackground3D")
def divide_by_gaussian_background(image, sigma):
    background = blurred(image, sigma)
    return cupy.where(background == 0, np.float32(0), cupy.divide(image, background, dtype=np.float32))


def size(radius):
    return tuple(2 * int(r) + 1 for r in radius)


@engine.operation("Mean2D", "Mean3D")
def mean(image, window, radius):
    if window == "box":
        result = ndimage.uniform_filter(image, size(radius), mode="nearest", output=np.float32)
    else:
        weights = footprint(window, radius) / int(footprint_on_host(window, radius).sum())
        result = ndimage.correlate(image, weights, mode="nearest", output=np.float32)
    return rounded(result, image.dtype)


for name, function in (
        ("Median", ndimage.median_filter), ("Minimum", ndimage.minimum_filter), ("Maximum", ndimage.maximum_filter),
        ("TopHat", ndimage.white_tophat), ("BottomHat", ndimage.black_tophat)):
    def filtered(image, window, radius, function=function):
        if window == "box":
            return function(image, size=size(radius), mode="nearest")
        return function(image, footprint=footprint(window, radius), mode="nearest")
    engine.operation(name + "2D", name + "3D")(filtered)


def structure(window, radius):
    return size(radius) if window == "box" else footprint(window, radius)


@engine.operation("Erode2D", "Erode3D")
def erode(image, window, radius):
    return ndimage.binary_erosion(image, structure(window, radius), border_value=1)


@engine.operation("Dilate2D", "Dilate3D")
def dilate(image, window, radius):
    return ndimage.binary_dilation(image, structure(window, radius), border_value=0)


def float64_coordinates(image, interpolation="linear", mode="linear", **parameters):
    if not "linear" == interpolation == mode:
        return "coordinates are of double precision: where one is halfway between two voxels, its last digit decides"
    if image.dtype.kind == "u":
        return "interpolates in double precision: fractions of a voxel are not rounded to 2^-22"


def affine(image, matrix, offset, interpolation="linear", mode="grid-constant", **parameters):
    matrix = cupy.asarray(matrix, np.float64)
    order = int(interpolation == "linear")
    return ndimage.affine_transform(image, matrix, offset, order=order, mode=mode, float64_coords=True, **parameters)


@engine.operation("AffineTransform2D", "AffineTransform3D", differs=float64_coordinates)
def affine_transform(image, row_x, row_y, translation, interpolation, row_z=None):
    return affine(image, [row for row in (row_z, row_y, row_x) if row is not None], translation, interpolation)


@engine.operation("Scale2D", "Scale3D", differs=float64_coordinates)
def scale(image, factor, interpolation):
    steps = 1 / np.array(factor)
    return affine(image, steps, (np.array(image.shape) - 1) / 2 * (1 - steps), interpolation)


@engine.operation("Resample2D", "Resample3D", differs=float64_coordinates)
def resample(image, from_spacing, to_spacing):
    steps = np.divide(to_spacing, from_spacing)
    shape = tuple(max(1, int(n / step + 0.5)) for n, step in zip(image.shape, steps))
    return affine(image, steps, (steps - 1) / 2, mode="nearest", output_shape=shape)


@engine.operation("Translate2D", "Translate3D", differs="coordinates are float32")
def translate(image, distance, interpolation):
    return ndimage.shift(image, distance, order=int(interpolation == "linear"), mode="grid-constant")


@engine.operation("RotateAngle2D", "RotateAngle3D", differs="coordinates are float32")
def rotate_angle(image, angle, interpolation):
    order = int(interpolation == "linear")
    return ndimage.rotate(image, angle, (-1, -2), reshape=False, order=order, mode="grid-constant")


@engine.operation("RadialReslice", differs=float64_coordinates)
def radial_reslice(image, angles, step, mode):
    depth, height, width = image.shape
    radii = cupy.arange(max(1, int(np.hypot(height // 2, width // 2))))
    angle = (cupy.arange(int(angles)) * step)[:, None]
    points = cupy.stack([height // 2 + radii * special.cosdg(angle), width // 2 + radii * special.sindg(angle)])
    options = {"order": 1, "mode": "grid-constant"} if mode == "linear" else {"order": 0, "mode": "nearest"}
    if mode != "linear":
        points = cupy.trunc(points)
    return cupy.stack([ndimage.map_coordinates(image[z], points, **options) for z in range(depth)], axis=1)


def nan_is_foreground(image, **parameters):
    if image.dtype.kind == "f" and bool(cupy.isnan(image).any()):
        return "NaN is foreground"


@engine.operation("ConnectedComponents2D", "ConnectedComponents3D", differs=nan_is_foreground)
def connected_components(image, neighbours):
    neighborhood = ndimage.generate_binary_structure(image.ndim, image.ndim if neighbours == "box" else 1)
    return ndimage.label(image, neighborhood)[0]


@engine.operation("Voronoi2D", "Voronoi3D", differs="of several labels equally near the transform takes any")
def voronoi(labels, mask, spacing, masked):
    nearest = ndimage.distance_transform_edt(labels == 0, spacing, return_distances=False, return_indices=True)
    result = labels[tuple(nearest)]
    return cupy.where(mask, result, 0) if masked == "yes" else result


if __name__ == "__main__":
    engine.serve()
