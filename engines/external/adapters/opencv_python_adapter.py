"""OpenCV's Python package. It filters 2D images: of a stack the slices, and along z the slices laid out as rows."""
import math

import cv2
import numpy as np

from voxelmark_adapter import Engine

engine = Engine("opencv-python", cv2.__version__)
operation = engine.operation
BORDER = cv2.BORDER_REPLICATE
DEPTHS = {np.dtype("u1"): cv2.CV_8U, np.dtype("u2"): cv2.CV_16U, np.dtype("f4"): cv2.CV_32F}
TYPES = {"u8": np.dtype("u1"), "u16": np.dtype("u2"), "f32": np.dtype("f4")}


def rows(image):
    """As 2D: OpenCV takes the last axis of three for channels."""
    return image.reshape(-1, image.shape[-1])


def slices_as_rows(image):
    return image.reshape(image.shape[0], -1)


def of_slices(function, image, *arguments, **options):
    if image.ndim == 2:
        return function(image, *arguments, **options)
    return np.stack([function(s, *arguments, **options) for s in image])


def pointwise(function, *images, **options):
    return function(*map(rows, images), **options).reshape(images[0].shape)


def converted(image, dtype):
    """Rounded half to even and saturated, where dtype is of integers."""
    if image.dtype == dtype:
        return image
    return cv2.add(rows(image), 0, dtype=DEPTHS[dtype]).reshape(image.shape)


def in_float32(image):
    return image.astype(np.float32, copy=False)


@operation("AddImagesWeighted2D", "AddImagesWeighted3D")
def add_images_weighted(a, b, factor1, factor2):
    return pointwise(lambda a, b: cv2.addWeighted(a, factor1, b, factor2, 0), a, b)


def whole(image, scalar):
    if image.dtype.kind == "u" and scalar % 1:
        return "cv2.add rounds the scalar first, for integers"


@operation("AddScalar2D", "AddScalar3D", differs=whole)
def add_scalar(image, scalar):
    return pointwise(lambda image: cv2.add(image, scalar), image)


def in_double(image, scalar):
    if image.dtype.kind == "u" and scalar % 1:
        return "products are rounded once, not to float32 first"


@operation("MultiplyScalar2D", "MultiplyScalar3D", differs=in_double)
def multiply_scalar(image, scalar):
    return pointwise(lambda image: cv2.multiply(image, scalar), image)


@operation("AbsoluteDifference2D", "AbsoluteDifference3D")
def absolute_difference(a, b):
    return pointwise(cv2.absdiff, a, b)


@operation("SquaredDifference2D", "SquaredDifference3D")
def squared_difference(a, b):
    difference = pointwise(cv2.subtract, a, b, dtype=cv2.CV_32F)
    return pointwise(cv2.multiply, difference, difference)


def ones_where(image, value, comparison):
    """OpenCV's masks have 255."""
    return pointwise(lambda image: cv2.min(cv2.compare(image, value, comparison), 1), image)


def foreground(image):
    if image.dtype == np.uint8:
        return pointwise(lambda image: cv2.threshold(image, 0, 1, cv2.THRESH_BINARY)[1], image)
    return ones_where(image, 0, cv2.CMP_NE)


@operation("BinaryAnd2D", "BinaryAnd3D")
def binary_and(a, b):
    return pointwise(cv2.bitwise_and, foreground(a), foreground(b))


@operation("FixedThreshold2D", "FixedThreshold3D")
def fixed_threshold(image, threshold):
    """cv2.threshold compares by >."""
    if image.dtype == np.uint8:
        level = math.ceil(threshold) - 1
        return pointwise(lambda image: cv2.threshold(image, level, 1, cv2.THRESH_BINARY)[1], image)
    return ones_where(image, threshold, cv2.CMP_GE)


@operation("AutoThreshold2D", "AutoThreshold3D")
def auto_threshold(image, method):
    types = {"otsu": cv2.THRESH_OTSU, "triangle": cv2.THRESH_TRIANGLE}
    if method not in types or image.dtype != np.uint8:
        raise NotImplementedError("OpenCV finds thresholds by Otsu's and the triangle method, of u8")
    return pointwise(lambda image: cv2.threshold(image, 0, 1, cv2.THRESH_BINARY | types[method])[1], image)


def kernel_of(window, radius):
    """A window in a slice, decided in integers."""
    ry, rx = radius
    if window == "box":
        return np.ones((2 * ry + 1, 2 * rx + 1), np.uint8)
    y, x = np.ogrid[-ry:ry + 1, -rx:rx + 1]
    yy, xx = max(ry * ry, 1), max(rx * rx, 1)
    return (x * x * yy + y * y * xx <= xx * yy).astype(np.uint8)


def depth_of(window, radius):
    """The radius along z."""
    z = radius[0] if len(radius) == 3 else 0
    if z and window == "sphere" and any(radius[1:]):
        raise NotImplementedError("OpenCV's windows are 2D")
    return z


def extreme(function, image, window, radius):
    z = depth_of(window, radius)
    if any(radius[-2:]):
        image = of_slices(function, image, kernel_of(window, radius[-2:]))
    if z:
        return function(slices_as_rows(image), np.ones((2 * z + 1, 1), np.uint8)).reshape(image.shape)
    return image if any(radius[-2:]) else image.copy()


@operation("Minimum2D", "Minimum3D")
def minimum(image, window, radius):
    return extreme(cv2.erode, image, window, radius)


@operation("Maximum2D", "Maximum3D")
def maximum(image, window, radius):
    return extreme(cv2.dilate, image, window, radius)


@operation("Erode2D", "Erode3D")
def erode(image, window, radius):
    return extreme(cv2.erode, foreground(image), window, radius)


@operation("Dilate2D", "Dilate3D")
def dilate(image, window, radius):
    return extreme(cv2.dilate, foreground(image), window, radius)


for name, shape in (("TopHat", cv2.MORPH_TOPHAT), ("BottomHat", cv2.MORPH_BLACKHAT)):
    @operation(name + "2D", name + "3D")
    def hat(image, window, radius, shape=shape):
        if len(radius) == 3 and radius[0]:
            raise NotImplementedError("cv2.morphologyEx is 2D")
        kernel = kernel_of(window, radius[-2:])
        return of_slices(lambda image: cv2.morphologyEx(image, shape, kernel), image)


@operation("Median2D", "Median3D")
def median(image, window, radius):
    *flat, y, x = radius
    if any(flat) or y != x or (window == "sphere" and x > 0):
        raise NotImplementedError("cv2.medianBlur knows square windows only")
    if x > (127 if image.dtype == np.uint8 else 2):
        raise NotImplementedError("cv2.medianBlur ends at 5x5, and for u8 at 255x255")
    return of_slices(cv2.medianBlur, image, 2 * x + 1)


@operation("Mean2D", "Mean3D")
def mean(image, window, radius):
    z, dtype = depth_of(window, radius), image.dtype
    if z:
        image = in_float32(image)
    if window == "box":
        image = of_slices(cv2.blur, image, (2 * radius[-1] + 1, 2 * radius[-2] + 1), borderType=BORDER)
    else:
        kernel = kernel_of(window, radius[-2:])
        image = of_slices(cv2.filter2D, image, -1, kernel / np.float32(kernel.sum()), borderType=BORDER)
    if z:
        image = cv2.blur(slices_as_rows(image), (1, 2 * z + 1), borderType=BORDER).reshape(image.shape)
    return converted(image, dtype)


def blurred(image, sigma):
    """OpenCV chooses the width by sigma, and for a sigma of 0 the other way round."""
    def blur(image, sigma_y, sigma_x):
        size = (0 if sigma_x > 0 else 1, 0 if sigma_y > 0 else 1)
        return cv2.GaussianBlur(image, size, sigma_x or 1, sigmaY=sigma_y or 1, borderType=BORDER)
    result = of_slices(blur, image, *sigma[-2:])
    return blur(slices_as_rows(result), sigma[0], 0).reshape(image.shape) if len(sigma) == 3 and sigma[0] else result


def widths(image, **sigmas):
    sigma = [s for sigma in sigmas.values() for s in sigma if s > 0]
    if any(round(8 * s + 1) | 1 != 2 * math.floor(4 * s + 0.5) + 1 for s in sigma):
        return "OpenCV's kernel has round(8 sigma + 1) weights, made odd"


def in_fixed_point(image, sigma):
    if len(sigma) == 3 and sigma[0] > 0 or not any(sigma):
        return widths(image, sigma=sigma)
    if image.dtype == np.uint8:
        return "of u8 OpenCV's kernel ends at 3 sigma, and its weights have 8 bits"
    return "of u16 OpenCV's weights have 16 bits" if image.dtype == np.uint16 else widths(image, sigma=sigma)


@operation("GaussianBlur2D", "GaussianBlur3D", differs=in_fixed_point)
def gaussian_blur(image, sigma):
    if len(sigma) == 3 and sigma[0] > 0:
        return converted(blurred(in_float32(image), sigma), image.dtype)
    return blurred(image, sigma)


@operation("DifferenceOfGaussian2D", "DifferenceOfGaussian3D", differs=widths)
def difference_of_gaussian(image, sigma1, sigma2):
    image = in_float32(image)
    return pointwise(cv2.subtract, blurred(image, sigma1), blurred(image, sigma2))


@operation("SubtractGaussianBackground2D", "SubtractGaussianBackground3D", differs=widths)
def subtract_gaussian_background(image, sigma):
    image = in_float32(image)
    return pointwise(cv2.subtract, image, blurred(image, sigma))


@operation("DivideByGaussianBackground2D", "DivideByGaussianBackground3D",
           differs=lambda image, sigma: "; ".join(filter(None, [widths(image, sigma=sigma), "0 / 0 is NaN"])))
def divide_by_gaussian_background(image, sigma):
    image = in_float32(image)
    return pointwise(cv2.divide, image, blurred(image, sigma))


@operation("Flip2D", "Flip3D")
def flip(image, axis):
    if axis == "x":
        return pointwise(lambda image: cv2.flip(image, 1), image)
    if axis == "y":
        return of_slices(cv2.flip, image, 0)
    return cv2.flip(slices_as_rows(image), 0).reshape(image.shape)


@operation("Rotate2D", "Rotate3D")
def rotate(image, turns):
    codes = cv2.ROTATE_90_COUNTERCLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_CLOCKWISE
    return of_slices(cv2.rotate, image, codes[turns - 1])


@operation("Crop2D", "Crop3D")
def crop(image, origin, extent):
    part = []
    for n, first, length in zip(image.shape, origin, extent):
        length = min(length, n) or (n + 1) // 2
        first = (n - length) // 2 if first < 0 else min(first, n - 1)
        part.append(slice(first, first + length))
    return image[tuple(part)].copy()


@operation("Copy2D", "Copy3D")
def copy(image):
    return image.copy()


@operation("Convert2D", "Convert3D")
def convert(image, type):
    return image.copy() if image.dtype == TYPES[type] else converted(image, TYPES[type])


def reduced(image, kind, **options):
    return cv2.reduce(slices_as_rows(image), 0, kind, **options).reshape(image.shape[1:])


@operation("MaximumZProjection")
def maximum_z_projection(image):
    return reduced(image, cv2.REDUCE_MAX)


@operation("MinimumZProjection")
def minimum_z_projection(image):
    return reduced(image, cv2.REDUCE_MIN)


@operation("MeanZProjection")
def mean_z_projection(image):
    return reduced(image, cv2.REDUCE_AVG, dtype=cv2.CV_32F)


@operation("SumZProjection", differs=lambda image: "f32 is summed in float32" if image.dtype == np.float32 else None)
def sum_z_projection(image):
    if image.dtype == np.float32:
        return reduced(image, cv2.REDUCE_SUM)
    return reduced(image, cv2.REDUCE_SUM, dtype=cv2.CV_64F).astype(np.uint32)


@operation("MaximumXProjection")
def maximum_x_projection(image):
    return cv2.transpose(cv2.reduce(rows(image), 1, cv2.REDUCE_MAX).reshape(image.shape[:2]))


@operation("MaximumYProjection")
def maximum_y_projection(image):
    return np.concatenate([cv2.reduce(s, 0, cv2.REDUCE_MAX) for s in image])


@operation("SumOfAllPixels2D", "SumOfAllPixels3D")
def sum_of_all_pixels(image):
    return np.array([[cv2.sumElems(rows(image))[0]]])


@operation("MinimumOfAllPixels2D", "MinimumOfAllPixels3D")
def minimum_of_all_pixels(image):
    return np.array([[cv2.minMaxLoc(rows(image))[0]]])


@operation("MaximumOfAllPixels2D", "MaximumOfAllPixels3D")
def maximum_of_all_pixels(image):
    return np.array([[cv2.minMaxLoc(rows(image))[1]]])


@operation("MeanOfAllPixels2D", "MeanOfAllPixels3D", differs=lambda image: "parts of f32 are summed in float32"
           if image.dtype == np.float32 else None)
def mean_of_all_pixels(image):
    return np.array([[cv2.mean(rows(image))[0]]])


@operation("StandardDeviationOfAllPixels2D", "StandardDeviationOfAllPixels3D")
def standard_deviation_of_all_pixels(image):
    return cv2.meanStdDev(rows(image))[1].reshape(1, 1)


def in_blocks(image, neighbours):
    if neighbours == "box":
        return "labels count in the order of blocks of 2 x 2 pixels"


@operation("ConnectedComponents2D", differs=in_blocks)
def connected_components(image, neighbours):
    return cv2.connectedComponents(foreground(image), connectivity=8 if neighbours == "box" else 4)[1]


@operation("Voronoi2D", differs="distances are approximate, summed over steps of 5 x 5 pixels; of labels equally near "
           "it takes any")
def voronoi(labels, mask, spacing, masked):
    if spacing[0] != spacing[1]:
        raise NotImplementedError("cv2.distanceTransformWithLabels has no spacing")
    seeds = labels != 0
    if not seeds.any():
        return labels.copy()
    background = (~seeds).astype(np.uint8)
    nearest = cv2.distanceTransformWithLabels(background, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)[1]
    result = np.concatenate([[0], labels[seeds]]).astype(np.uint32)[nearest]
    return np.where(mask, result, np.uint32(0)) if masked == "yes" else result


def fractions(image, interpolation="linear", **parameters):
    if interpolation == "nearest":
        return "of two pixels equally near it takes another"
    if cv2.__version__ < "5":
        return "OpenCV 4 rounds coordinates to 1/32 of a pixel"
    return "coordinates and interpolation are float32" if image.dtype.kind == "u" else None


def warped(image, matrix, interpolation):
    """`matrix` leads from the output's x, y to the input's."""
    flags = (cv2.INTER_LINEAR if interpolation == "linear" else cv2.INTER_NEAREST) | cv2.WARP_INVERSE_MAP
    size = image.shape[-1], image.shape[-2]
    return of_slices(cv2.warpAffine, image, np.array(matrix, np.float64), size, flags=flags)


@operation("AffineTransform2D", differs=fractions)
def affine_transform(image, row_x, row_y, translation, interpolation):
    return warped(image, [[*row_x[::-1], translation[1]], [*row_y[::-1], translation[0]]], interpolation)


def in_slices(values, same):
    if len(values) == 3 and values[0] != same:
        raise NotImplementedError("cv2.warpAffine is 2D")
    return values[-1], values[-2]


@operation("Translate2D", "Translate3D", differs=fractions)
def translate(image, distance, interpolation):
    x, y = in_slices(distance, 0)
    return warped(image, [[1, 0, -x], [0, 1, -y]], interpolation)


def about_centre(image, matrix, interpolation):
    centre = (np.array(image.shape[:-3:-1]) - 1) / 2
    return warped(image, np.column_stack([matrix, centre - np.array(matrix) @ centre]), interpolation)


@operation("Scale2D", "Scale3D", differs=fractions)
def scale(image, factor, interpolation):
    x, y = in_slices(factor, 1)
    return about_centre(image, [[1 / x, 0], [0, 1 / y]], interpolation)


@operation("RotateAngle2D", "RotateAngle3D", differs=fractions)
def rotate_angle(image, angle, interpolation):
    sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    return about_centre(image, [[cosine, -sine], [sine, cosine]], interpolation)


@operation("Resample2D", "Resample3D", differs=lambda image, **_: "of integers OpenCV's weights have "
           "fewer bits" if image.dtype.kind == "u" else None)
def resample(image, from_spacing, to_spacing):
    steps = [new / old for new, old in zip(to_spacing, from_spacing)]
    if len(steps) == 3 and steps[0] != 1:
        raise NotImplementedError("cv2.resize is 2D")
    return of_slices(cv2.resize, image, None, fx=1 / steps[-1], fy=1 / steps[-2], interpolation=cv2.INTER_LINEAR)


@operation("RadialReslice", differs=fractions)
def radial_reslice(image, angles, step, mode):
    """cv2.warpPolar begins at x, and turns towards y; the slices are exchanged before it."""
    if mode != "linear" or angles * step != 360:
        raise NotImplementedError("cv2.warpPolar interpolates, and its angles span the full circle")
    depth, height, width = image.shape
    radii = max(1, math.isqrt((width // 2)**2 + (height // 2)**2))
    flags = cv2.INTER_LINEAR | cv2.WARP_FILL_OUTLIERS
    planes = [cv2.warpPolar(cv2.transpose(s), (radii, angles), (height // 2, width // 2), radii, flags) for s in image]
    return np.stack(planes, axis=1)


@operation("Histogram2D", "Histogram3D", differs="cv2.calcHist finds a voxel's bin in double precision")
def histogram(image, bins):
    least, greatest = cv2.minMaxLoc(rows(image))[:2]
    width = (greatest - least) / bins
    end = np.nextafter(np.float32(greatest), np.float32(np.inf)) if image.dtype == np.float32 else greatest + 1e-9
    counts = cv2.calcHist([rows(image)], [0], None, [bins], [least, float(end)])
    return np.column_stack([least + np.arange(bins) * width, counts.ravel()]).astype(np.float64)


if __name__ == "__main__":
    engine.serve()
