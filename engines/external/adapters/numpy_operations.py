"""What SciPy and scikit-image leave to NumPy: pointwise operations, axes, projections, sums over all voxels."""
import numpy as np

from voxelmark_adapter import Engine, TYPES

numpy_engine = Engine("numpy", np.__version__)
operation = numpy_engine.operation


def rounded(values, dtype):
    """Of `values`, which are overwritten: rounded half to even and saturated, where they are to be integers."""
    if dtype.kind == "u" and values.dtype.kind == "f":
        np.rint(values, out=values)
        np.clip(values, 0, np.iinfo(dtype).max, out=values)
    return values.astype(dtype, copy=False)


def footprint(window, radius):
    """The voxels of a window, decided in integers."""
    r = [int(r) for r in radius]
    squares = [max(r * r, 1) for r in r]
    whole = int(np.prod(squares))
    box = np.ones([2 * r + 1 for r in r], bool)
    if window == "box":
        return box
    offsets = np.ogrid[tuple(slice(-r, r + 1) for r in r)]
    return box & (sum(d * d * (whole // square) for d, square in zip(offsets, squares)) <= whole)


def table(*columns):
    return np.column_stack([np.atleast_1d(column) for column in columns]).astype(np.float64)


@operation("AddImagesWeighted2D", "AddImagesWeighted3D")
def add_images_weighted(a, b, factor1, factor2):
    result = a * np.float32(factor1)
    result += b * np.float32(factor2)
    return rounded(result, a.dtype)


@operation("AddScalar2D", "AddScalar3D")
def add_scalar(image, scalar):
    return rounded(image + np.float32(scalar), image.dtype)


@operation("MultiplyScalar2D", "MultiplyScalar3D")
def multiply_scalar(image, scalar):
    return rounded(image * np.float32(scalar), image.dtype)


@operation("AbsoluteDifference2D", "AbsoluteDifference3D")
def absolute_difference(a, b):
    if a.dtype.kind == "u":
        return np.maximum(a, b) - np.minimum(a, b)
    result = a - b
    return np.abs(result, out=result)


@operation("SquaredDifference2D", "SquaredDifference3D")
def squared_difference(a, b):
    result = np.subtract(a, b, dtype=np.float32)
    return np.square(result, out=result)


@operation("BinaryAnd2D", "BinaryAnd3D")
def binary_and(a, b):
    return np.logical_and(a, b)


@operation("FixedThreshold2D", "FixedThreshold3D")
def fixed_threshold(image, threshold):
    return image >= np.float32(threshold)


@operation("Convert2D", "Convert3D")
def convert(image, type):
    dtype = TYPES[type]
    if image.dtype.kind == "f" and dtype.kind == "u":
        return rounded(np.nan_to_num(image, nan=0), dtype)
    return np.minimum(image, 255).astype(dtype) if type == "u8" else image.astype(dtype)


@operation("Copy2D", "Copy3D")
def copy(image):
    return image.copy()


@operation("Crop2D", "Crop3D")
def crop(image, origin, extent):
    part = []
    for n, first, length in zip(image.shape, map(int, origin), map(int, extent)):
        length = min(length, n) or (n + 1) // 2
        first = (n - length) // 2 if first < 0 else min(first, n - 1)
        part.append(slice(first, first + length))
    return image[tuple(part)].copy()


@operation("Flip2D", "Flip3D")
def flip(image, axis):
    return np.flip(image, -1 - "xyz".index(axis)).copy()


@operation("Rotate2D", "Rotate3D")
def rotate(image, turns):
    return np.rot90(image, int(turns), axes=(-2, -1)).copy()


@operation("Reslice3D")
def reslice(image, **parameters):  # the parameter's name, "from", is a word of the language
    return image.transpose((1, 0, 2) if parameters["from"] == "top" else (2, 0, 1)).copy()


@operation("MaximumXProjection")
def maximum_x_projection(image):
    return np.nanmax(image, axis=2).T


@operation("MaximumYProjection")
def maximum_y_projection(image):
    return np.nanmax(image, axis=1)


@operation("MaximumZProjection")
def maximum_z_projection(image):
    return np.nanmax(image, axis=0)


@operation("MinimumZProjection")
def minimum_z_projection(image):
    return np.nanmin(image, axis=0)


@operation("MeanZProjection")
def mean_z_projection(image):
    return np.mean(image, axis=0, dtype=np.float64).astype(np.float32)


@operation("SumZProjection")
def sum_z_projection(image):
    if image.dtype.kind == "f":
        return np.sum(image, axis=0, dtype=np.float64).astype(np.float32)
    return np.minimum(np.sum(image, axis=0), 2**32 - 1).astype(np.uint32)


@operation("SumOfAllPixels2D", "SumOfAllPixels3D")
def sum_of_all_pixels(image):
    return table(np.sum(image, dtype=np.float64 if image.dtype.kind == "f" else None))


@operation("MinimumOfAllPixels2D", "MinimumOfAllPixels3D")
def minimum_of_all_pixels(image):
    return table(np.nanmin(image))


@operation("MaximumOfAllPixels2D", "MaximumOfAllPixels3D")
def maximum_of_all_pixels(image):
    return table(np.nanmax(image))


@operation("MeanOfAllPixels2D", "MeanOfAllPixels3D")
def mean_of_all_pixels(image):
    return table(np.mean(image, dtype=np.float64))


@operation("StandardDeviationOfAllPixels2D", "StandardDeviationOfAllPixels3D")
def standard_deviation_of_all_pixels(image):
    return table(np.std(image, dtype=np.float64))


@operation("Histogram2D", "Histogram3D", differs="numpy.histogram finds a voxel's bin by the bins' edges, which it "
           "rounds to float32 in f32 images; an image of one value v gets the range v - 1/2 to v + 1/2")
def histogram(image, bins):
    counts, edges = np.histogram(image, int(bins))
    return table(edges[:-1], counts)


@operation("CountLabels2D", "CountLabels3D")
def count_labels(labels):
    return table(np.count_nonzero(np.unique_values(labels)))
