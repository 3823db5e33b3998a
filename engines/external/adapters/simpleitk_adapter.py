"""SimpleITK (ITK). Pixels become SimpleITK's images outside the timed run."""
import math

import numpy as np
import SimpleITK as sitk

from voxelmark_adapter import Engine

PIXELS = {"u8": sitk.sitkUInt8, "u16": sitk.sitkUInt16, "f32": sitk.sitkFloat32}
LARGEST = {sitk.sitkUInt8: 2**8 - 1, sitk.sitkUInt16: 2**16 - 1}  # integers only


class SimpleITK(Engine):
    def to_device(self, pixels):
        return sitk.GetImageFromArray(pixels)

    def to_host(self, result):
        return sitk.GetArrayViewFromImage(result) if isinstance(result, sitk.Image) else result

    def finish(self, result):
        return result


engine = SimpleITK("simpleitk", sitk.Version.VersionString(), [{"name": "CPU", "type": "CPU", "transfers": True}])
operation = engine.operation


def in_float32(image):
    return sitk.Cast(image, sitk.sitkFloat32)


def is_integer(image):
    return image.GetPixelID() in LARGEST


def as_type(image, pixels):
    """Rounded half up and saturated, where `pixels` are integers."""
    if image.GetPixelID() == pixels:
        return image
    return sitk.ShiftScale(image, 0.5, 1, pixels) if pixels in LARGEST else sitk.Cast(image, pixels)


def has_nan(image):
    return not is_integer(image) and bool(np.isnan(sitk.GetArrayViewFromImage(image)).any())


def nan_is(text):
    """What differs where the first image has a NaN."""
    return lambda image, *others, **parameters: text if has_nan(image) else None


def joined(*texts):
    return "; ".join(filter(None, texts))


def halves(*images, **parameters):
    if is_integer(images[0]):
        return "integers are rounded half up, not half to even"


@operation("AddImagesWeighted2D", "AddImagesWeighted3D", differs=halves)
def add_images_weighted(a, b, factor1, factor2):
    return as_type(in_float32(a) * factor1 + in_float32(b) * factor2, a.GetPixelID())


@operation("AddScalar2D", "AddScalar3D", differs=halves)
def add_scalar(image, scalar):
    return sitk.ShiftScale(image, scalar + 0.5, 1, image.GetPixelID()) if is_integer(image) else image + scalar


@operation("MultiplyScalar2D", "MultiplyScalar3D", differs=halves)
def multiply_scalar(image, scalar):
    return as_type(in_float32(image) * scalar, image.GetPixelID())


@operation("AbsoluteDifference2D", "AbsoluteDifference3D")
def absolute_difference(a, b):
    return sitk.AbsoluteValueDifference(a, b)


@operation("SquaredDifference2D", "SquaredDifference3D")
def squared_difference(a, b):
    return sitk.SquaredDifference(in_float32(a), in_float32(b))


@operation("BinaryAnd2D", "BinaryAnd3D")
def binary_and(a, b):
    return (a != 0) & (b != 0)


@operation("FixedThreshold2D", "FixedThreshold3D")
def fixed_threshold(image, threshold):
    """Of integer images the constant must be one of their values."""
    level = math.ceil(threshold)
    if is_integer(image) and 0 <= level <= LARGEST[image.GetPixelID()]:
        return image >= level
    return in_float32(image) >= threshold


THRESHOLDS = {"default": sitk.IsoDataThreshold, "otsu": sitk.OtsuThreshold, "li": sitk.LiThreshold,
              "triangle": sitk.TriangleThreshold, "yen": sitk.YenThreshold}


def levels(image, method):
    if method == "default":
        return "ITK's IsoData leaves out ImageJ's treatment of the highest bin and of the first and last"
    if method == "otsu" and image.GetPixelID() != sitk.sitkUInt8:
        return "ITK's Otsu takes 256 bins for any type, and its level is the bin's upper edge"
    if method == "otsu" and np.ptp(sitk.GetArrayViewFromImage(image)) == 0:
        return "of a constant image the level is 0"
    if method != "otsu":
        return "ITK's level is a value that it does not round to a bin, and its bins have a margin above the maximum"


@operation("AutoThreshold2D", "AutoThreshold3D", differs=levels)
def auto_threshold(image, method):
    if method not in THRESHOLDS:
        raise NotImplementedError("SimpleITK has no threshold at the mean")
    return THRESHOLDS[method](image, 0, 1, 256)


def kernel_of(window, radius):
    """ITK's ball is wider than a sphere; its cross is the sphere of radius 1, and along one axis a sphere is a box."""
    if window == "box" or sum(r > 0 for r in radius) <= 1:
        return sitk.sitkBox
    return sitk.sitkCross if max(radius) <= 1 else sitk.sitkBall


def ball(image, window, radius):
    if kernel_of(window, radius) == sitk.sitkBall:
        return "ITK's ball holds the voxels with sum of (d/(r + 1/2))^2 <= 1"


def unset(image, radius):
    size = image.GetSize()[::-1]
    return not any(radius) or min(size) == 1 or any(r > n + 1 for r, n in zip(radius, size))


def windowed(name, function, in_type=lambda image: image, **options):
    @operation(name + "2D", name + "3D", differs=ball)
    def filtered(image, window, radius):
        if name not in ("Erode", "Dilate") and unset(image, radius):
            raise NotImplementedError("ITK's grey-scale morphology gives unset pixels or crashes: the radius is 0 or "
                                      "beyond the image, or the image has one voxel along an axis")
        return function(in_type(image), radius[::-1], kernel_of(window, radius), **options)


windowed("Erode", sitk.BinaryErode, lambda image: image != 0)
windowed("Dilate", sitk.BinaryDilate, lambda image: image != 0)
windowed("Minimum", sitk.GrayscaleErode)
windowed("Maximum", sitk.GrayscaleDilate)
windowed("TopHat", sitk.WhiteTopHat, safeBorder=False)
windowed("BottomHat", sitk.BlackTopHat, safeBorder=False)


def rank(image, window, radius):
    if kernel_of(window, radius) != sitk.sitkBox:
        return joined(ball(image, window, radius), "RankImageFilter leaves out voxels beyond the border")


@operation("Median2D", "Median3D", differs=rank)
def median(image, window, radius):
    if kernel_of(window, radius) == sitk.sitkBox:
        return sitk.Median(image, radius[::-1])
    return sitk.Rank(image, 0.5, radius[::-1], kernel_of(window, radius))


def sphere(radius):
    """The voxels of a sphere, decided in integers."""
    squares = [max(r * r, 1) for r in radius]
    offsets = np.ogrid[tuple(slice(-r, r + 1) for r in radius)]
    return sum(d * d * (math.prod(squares) // s) for d, s in zip(offsets, squares)) <= math.prod(squares)


@operation("Mean2D", "Mean3D")
def mean(image, window, radius):
    if window == "box":
        result = sitk.Mean(in_float32(image), radius[::-1])
    else:
        kernel = sitk.GetImageFromArray(sphere(radius).astype(np.float32))
        result = sitk.Convolution(in_float32(image), kernel, normalize=True)
    return as_type(result, image.GetPixelID())


@operation("Flip2D", "Flip3D")
def flip(image, axis):
    return sitk.Flip(image, [a == axis for a in "xyz"[:image.GetDimension()]])


@operation("Rotate2D", "Rotate3D")
def rotate(image, turns):
    if turns != 2:
        image = sitk.PermuteAxes(image, [1, 0, 2][:image.GetDimension()])
    return sitk.Flip(image, [turns > 1, turns < 3, False][:image.GetDimension()])


@operation("Reslice3D")
def reslice(image, **parameters):  # the parameter's name, "from", is a word of the language
    return sitk.PermuteAxes(image, [0, 2, 1] if parameters["from"] == "top" else [1, 2, 0])


@operation("Crop2D", "Crop3D")
def crop(image, origin, extent):
    size, index = [], []
    for n, first, length in zip(image.GetSize(), origin[::-1], extent[::-1]):
        length = min(length, n) or (n + 1) // 2
        index.append((n - length) // 2 if first < 0 else min(first, n - 1))
        size.append(min(length, n - index[-1]))
    return sitk.RegionOfInterest(image, size, index)


@operation("Convert2D", "Convert3D", differs=lambda image, type: halves(image) if PIXELS[type] in LARGEST else None)
def convert(image, type):
    if is_integer(image):
        return sitk.Clamp(image, PIXELS[type])
    return as_type(image, PIXELS[type]) if type != "f32" else copy(image)


@operation("Copy2D", "Copy3D")
def copy(image):
    """Images share their pixels until one of them is changed."""
    result = sitk.Image(image)
    result.MakeUnique()
    return result


def blurred(image, sigma):
    """float32, whatever the image is."""
    if any(s > 0 and n < 4 for s, n in zip(sigma[::-1], image.GetSize())):
        raise NotImplementedError("ITK's recursive Gaussian needs 4 voxels along each axis")
    if all(s > 0 for s in sigma):
        return sitk.SmoothingRecursiveGaussian(image, sigma[::-1])
    result = in_float32(image)
    for axis, s in enumerate(sigma[::-1]):
        if s > 0:
            result = sitk.RecursiveGaussian(result, s, direction=axis)
    return result


def recursive(image, **sigmas):
    if any(s > 0 for sigma in sigmas.values() for s in sigma):
        return "SmoothingRecursiveGaussian approximates the Gaussian by a recursive filter and does not truncate it"


@operation("GaussianBlur2D", "GaussianBlur3D", differs=recursive)
def gaussian_blur(image, sigma):
    return as_type(blurred(image, sigma), image.GetPixelID())


@operation("DifferenceOfGaussian2D", "DifferenceOfGaussian3D", differs=recursive)
def difference_of_gaussian(image, sigma1, sigma2):
    return blurred(image, sigma1) - blurred(image, sigma2)


@operation("SubtractGaussianBackground2D", "SubtractGaussianBackground3D", differs=recursive)
def subtract_gaussian_background(image, sigma):
    return in_float32(image) - blurred(image, sigma)


@operation("DivideByGaussianBackground2D", "DivideByGaussianBackground3D",
           differs=lambda image, sigma: joined(recursive(image, sigma=sigma), "a / 0 is not 0"))
def divide_by_gaussian_background(image, sigma):
    return sitk.Divide(in_float32(image), blurred(image, sigma))


def projection(name, function, axis, order, pixels=None):
    @operation(name + "Projection")
    def project(image):
        index = [slice(None)] * 3
        index[axis] = 0
        result = function(image, axis)[tuple(index)]
        return sitk.Cast(sitk.PermuteAxes(result, order) if order else result, pixels or image.GetPixelID())


projection("MaximumX", sitk.MaximumProjection, 0, [1, 0])
projection("MaximumY", sitk.MaximumProjection, 1, None)
projection("MaximumZ", sitk.MaximumProjection, 2, None)
projection("MinimumZ", sitk.MinimumProjection, 2, None)
projection("MeanZ", sitk.MeanProjection, 2, None, sitk.sitkFloat32)


@operation("SumZProjection")
def sum_z_projection(image):
    result = sitk.SumProjection(image, 2)[:, :, 0]
    return sitk.Clamp(result, sitk.sitkUInt32) if is_integer(image) else in_float32(result)


def statistic(name, value, filter=sitk.StatisticsImageFilter, differs=None):
    @operation(name + "OfAllPixels2D", name + "OfAllPixels3D", differs=differs)
    def statistic_of(image):
        statistics = filter()
        statistics.Execute(image)
        return np.array([[value(statistics)]], np.float64)


statistic("Sum", lambda statistics: statistics.GetSum())
statistic("Minimum", lambda statistics: statistics.GetMinimum(), sitk.MinimumMaximumImageFilter)
statistic("Maximum", lambda statistics: statistics.GetMaximum(), sitk.MinimumMaximumImageFilter)
statistic("Mean", lambda statistics: statistics.GetMean())
statistic("StandardDeviation", lambda statistics: statistics.GetSigma(), differs="the variance is divided by n - 1")


def warped(image, transform, interpolation):
    """`transform` leads from the output to the input, in voxels."""
    if interpolation == "nearest":
        return sitk.Resample(image, image, transform, sitk.sitkNearestNeighbor)
    result = sitk.Resample(image, image, transform, sitk.sitkLinear, 0, sitk.sitkFloat32)
    return as_type(result, image.GetPixelID())


def outside(image, interpolation, **parameters):
    if interpolation == "nearest":
        return "ITK interpolates coordinates along each row, so that at halves rounding decides"
    return "up to half a voxel outside the image the nearest voxel counts, and what lies farther out is 0"


def centre_of(image):
    return [(n - 1) / 2 for n in image.GetSize()]


@operation("AffineTransform2D", "AffineTransform3D", differs=outside)
def affine_transform(image, translation, interpolation, **rows):
    matrix = [rows["row_" + axis][::-1] for axis in "xyz"[:image.GetDimension()]]
    return warped(image, sitk.AffineTransform(np.ravel(matrix).tolist(), translation[::-1]), interpolation)


@operation("Translate2D", "Translate3D", differs=outside)
def translate(image, distance, interpolation):
    offset = [-d for d in distance[::-1]]
    return warped(image, sitk.TranslationTransform(image.GetDimension(), offset), interpolation)


@operation("Scale2D", "Scale3D", differs=outside)
def scale(image, factor, interpolation):
    transform = sitk.ScaleTransform(image.GetDimension(), [1 / f for f in factor[::-1]])
    transform.SetCenter(centre_of(image))
    return warped(image, transform, interpolation)


@operation("RotateAngle2D", "RotateAngle3D", differs=outside)
def rotate_angle(image, angle, interpolation):
    if image.GetDimension() == 2:
        return warped(image, sitk.Euler2DTransform(centre_of(image), math.radians(angle)), interpolation)
    transform = sitk.Euler3DTransform(centre_of(image), 0, 0, math.radians(angle))
    return warped(image, transform, interpolation)


@operation("Resample2D", "Resample3D", differs=halves)
def resample(image, from_spacing, to_spacing):
    steps = [new / old for new, old in zip(to_spacing[::-1], from_spacing[::-1])]
    result = sitk.Resample(
        image, [max(1, math.floor(n / step + 0.5)) for n, step in zip(image.GetSize(), steps)], sitk.Transform(),
        sitk.sitkLinear, [step / 2 - 0.5 for step in steps], steps, image.GetDirection(), 0, sitk.sitkFloat32, True)
    return as_type(result, image.GetPixelID())


@operation("ConnectedComponents2D", "ConnectedComponents3D", differs=nan_is("NaN is foreground"))
def connected_components(image, neighbours):
    return sitk.ConnectedComponent(image != 0, neighbours == "box")


@operation("Voronoi2D", "Voronoi3D", differs="Danielsson's distances are approximate, and of several labels equally "
           "near it takes any")
def voronoi(labels, mask, spacing, masked):
    labels = sitk.Image(labels)
    labels.SetSpacing(spacing[::-1])
    distances = sitk.DanielssonDistanceMapImageFilter()
    distances.UseImageSpacingOn()
    distances.Execute(labels)
    result = distances.GetVoronoiMap()
    if masked == "no":
        return result
    result.SetSpacing([1] * len(spacing))
    return sitk.Mask(result, mask)


def otsu_mask(image, sigma):
    return sitk.OtsuThreshold(blurred(image, sigma), 0, 1, 256)


@operation("GaussOtsuLabeling2D", "GaussOtsuLabeling3D",
           differs="a recursive filter approximates the Gaussian, and Otsu's level is the bin's upper edge")
def gauss_otsu_labeling(image, outline_sigma):
    return sitk.ConnectedComponent(otsu_mask(image, outline_sigma), True)


@operation("DetectMaxima2D", "DetectMaxima3D", differs="RegionalMaxima marks every voxel of a plateau")
def detect_maxima(image, radius, floor):
    if max(radius) > 1 or floor > -3e38:
        raise NotImplementedError("RegionalMaxima compares neighbours alone and has no floor")
    return sitk.Cast(sitk.RegionalMaxima(image, fullyConnected=True), sitk.sitkUInt8)


@operation("FindMaxima2D", differs="HMaxima and RegionalMaxima mark every voxel of a maximum's plateau")
def find_maxima(image, prominence):
    return sitk.Cast(sitk.RegionalMaxima(sitk.HMaxima(image, prominence), fullyConnected=True), sitk.sitkUInt8)


@operation("ExcludeLabelsOutsideSizeRange2D", "ExcludeLabelsOutsideSizeRange3D")
def exclude_labels_outside_size_range(labels, minimum_size, maximum_size):
    if maximum_size < labels.GetNumberOfPixels():
        raise NotImplementedError("RelabelComponent removes small objects, not large ones")
    return sitk.RelabelComponent(labels, minimum_size, sortByObjectSize=False)


@operation("CountLabels2D", "CountLabels3D")
def count_labels(labels):
    statistics = sitk.LabelShapeStatisticsImageFilter()
    statistics.Execute(labels)
    return np.array([[statistics.GetNumberOfLabels()]], np.float64)


if __name__ == "__main__":
    engine.serve()
