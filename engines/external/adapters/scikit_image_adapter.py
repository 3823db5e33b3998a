"""scikit-image, and NumPy where that has the operation."""
from functools import cache

import numpy as np
import skimage
from skimage import exposure, feature, filters, measure, morphology, segmentation, transform

from numpy_operations import footprint, numpy_engine, rounded, table
from voxelmark_adapter import Engine

engine = Engine("scikit-image", skimage.__version__)
engine.functions.update(numpy_engine.functions)
sphere = cache(footprint)


def window_of(window, radius):
    """The documentation takes large rectangles apart."""
    if window == "box":
        return morphology.footprint_rectangle([2 * int(r) + 1 for r in radius], decomposition="separable")
    return sphere(window, radius)


def blurred(image, sigma):
    return filters.gaussian(image, sigma, mode="nearest", truncate=4, preserve_range=True)


def in_float32(image):
    return image.astype(np.float32, copy=False)


@engine.operation("GaussianBlur2D", "GaussianBlur3D")
def gaussian_blur(image, sigma):
    return rounded(blurred(image, sigma), image.dtype)


@engine.operation("DifferenceOfGaussian2D", "DifferenceOfGaussian3D")
def difference_of_gaussian(image, sigma1, sigma2):
    if any(first > second for first, second in zip(sigma1, sigma2)):
        raise NotImplementedError("difference_of_gaussians takes no sigma1 above sigma2")
    return filters.difference_of_gaussians(in_float32(image), sigma1, sigma2, mode="nearest", truncate=4)


@engine.operation("SubtractGaussianBackground2D", "SubtractGaussianBackground3D")
def subtract_gaussian_background(image, sigma):
    background = blurred(in_float32(image), sigma)
    return np.subtract(image, background, out=background)


@engine.operation("DivideByGaussianBackground2D", "DivideByGaussianBackground3D")
def divide_by_gaussian_background(image, sigma):
    background = blurred(in_float32(image), sigma)
    return np.divide(image, background, out=np.zeros_like(background), where=background != 0)


def rank_mean(image, **parameters):
    if image.dtype == np.uint8:
        return "voxels beyond the border are left out of the mean, and its fraction is cut off"


@engine.operation("Mean2D", "Mean3D", differs=rank_mean)
def mean(image, window, radius):
    """Rank filters are for few grey levels: with the 65536 of u16 they take minutes for a megapixel."""
    voxels = sphere(window, radius)
    if image.dtype == np.uint8:
        return filters.rank.mean(image, voxels)
    result = filters.correlate_sparse(image, voxels / np.count_nonzero(voxels), mode="nearest")
    return rounded(result, image.dtype)


@engine.operation("Median2D", "Median3D")
def median(image, window, radius):
    return filters.median(image, sphere(window, radius), mode="nearest")


@engine.operation("Minimum2D", "Minimum3D")
def minimum(image, window, radius):
    return morphology.erosion(image, window_of(window, radius), mode="ignore")


@engine.operation("Maximum2D", "Maximum3D")
def maximum(image, window, radius):
    return morphology.dilation(image, window_of(window, radius), mode="ignore")


@engine.operation("Erode2D", "Erode3D")
def erode(image, window, radius):
    return morphology.erosion(image != 0, window_of(window, radius), mode="ignore")


@engine.operation("Dilate2D", "Dilate3D")
def dilate(image, window, radius):
    return morphology.dilation(image != 0, window_of(window, radius), mode="ignore")


@engine.operation("TopHat2D", "TopHat3D")
def top_hat(image, window, radius):
    return morphology.white_tophat(image, window_of(window, radius), mode="ignore")


@engine.operation("BottomHat2D", "BottomHat3D")
def bottom_hat(image, window, radius):
    return morphology.black_tophat(image, window_of(window, radius), mode="ignore")


EDGES = "threshold_otsu rounds the edges of its bins to float32"
THRESHOLDS = {
    "default": (filters.threshold_isodata, "threshold_isodata takes the histogram as it is, without ImageJ's change of "
                "the highest, first and last bin, gives integers a bin for each grey level, and takes the lowest level "
                "that fits"),
    "otsu": (filters.threshold_otsu, EDGES),
    "li": (filters.threshold_li, "threshold_li iterates on the voxels' values, not on a histogram of 256 bins"),
    "triangle": (filters.threshold_triangle, "threshold_triangle draws its line to the last occupied bin, not to the "
                 "one beyond, takes the bin of the largest distance itself, and gives integers a bin for each level"),
    "mean": (filters.threshold_mean, "threshold_mean compares voxels with their mean, not with the mean bin"),
    "yen": (filters.threshold_yen, "threshold_yen gives u16 a bin for each grey level, and compares voxels of f32 with "
            "the centre of a bin"),
}


def thresholding(image, method):
    same = {"otsu": ("uint8", "uint16"), "mean": ("uint8",), "yen": ("uint8",)}
    return None if image.dtype.name in same.get(method, ()) else THRESHOLDS[method][1]


@engine.operation("AutoThreshold2D", "AutoThreshold3D", differs=thresholding)
def auto_threshold(image, method):
    return image > THRESHOLDS[method][0](image)


def interpolated(function, image, *arguments, interpolation="linear", mode="constant", **options):
    """Without `clip`, by which zeros from outside would be raised to the image's least value."""
    order = int(interpolation == "linear")
    return rounded(function(image, *arguments, order=order, mode=mode, preserve_range=True, clip=False, **options),
                   image.dtype)


def fractions(image, interpolation="linear", **parameters):
    if interpolation != "linear":
        return "coordinates are of double precision: where one is halfway between two voxels, its last digit decides"
    if image.dtype.kind == "u":
        return "interpolates in double precision: fractions of a voxel are not rounded to 2^-22"


def warping(image, interpolation, **parameters):
    if image.dtype == np.float32:
        return "warp rounds the matrix to the image's type, float32, and with it all coordinates"
    return fractions(image, interpolation)


def warped(image, rows, offset, interpolation):
    """`rows` and `offset` are in the order x, y, as scikit-image's matrices are."""
    matrix = np.vstack([np.column_stack([rows, offset]), [0, 0, 1]])
    return interpolated(transform.warp, image, transform.AffineTransform(matrix), interpolation=interpolation)


@engine.operation("AffineTransform2D", differs=warping)
def affine_transform(image, row_x, row_y, translation, interpolation):
    return warped(image, [row_x[::-1], row_y[::-1]], translation[::-1], interpolation)


@engine.operation("Translate2D", differs=warping)
def translate(image, distance, interpolation):
    return warped(image, np.eye(2), -np.array(distance[::-1]), interpolation)


@engine.operation("Scale2D", differs=warping)
def scale(image, factor, interpolation):
    steps = 1 / np.array(factor[::-1])
    return warped(image, np.diag(steps), (np.array(image.shape[::-1]) - 1) / 2 * (1 - steps), interpolation)


@engine.operation("RotateAngle2D", "RotateAngle3D", differs=warping)
def rotate_angle(image, angle, interpolation):
    """The slices of a stack are turned as the channels of an image."""
    slices = image if image.ndim == 2 else np.moveaxis(image, 0, -1)
    result = interpolated(transform.rotate, slices, angle, interpolation=interpolation)
    return result if image.ndim == 2 else np.moveaxis(result, -1, 0)


def resampled_shape(image, steps):
    return tuple(max(1, int(n / step + 0.5)) for n, step in zip(image.shape, steps))


def resizing(image, from_spacing, to_spacing):
    steps = np.divide(to_spacing, from_spacing)
    if any(n != m * step for n, m, step in zip(image.shape, resampled_shape(image, steps), steps)):
        return "resize stretches the image to fill the new shape, so its step is not to_spacing / from_spacing"
    return fractions(image)


@engine.operation("Resample2D", "Resample3D", differs=resizing)
def resample(image, from_spacing, to_spacing):
    shape = resampled_shape(image, np.divide(to_spacing, from_spacing))
    return interpolated(transform.resize, image, shape, mode="edge", anti_aliasing=False)


@engine.operation("RadialReslice", differs=fractions)
def radial_reslice(image, angles, step, mode):
    if mode != "linear" or angles * step != 360:
        raise NotImplementedError("warp_polar interpolates, and its angles span the full circle")
    depth, height, width = image.shape
    radii = max(1, int(np.hypot(height // 2, width // 2)))
    polar = interpolated(transform.warp_polar, image.T, center=(width // 2, height // 2), radius=radii,
                         output_shape=(int(angles), radii), channel_axis=-1)
    return np.moveaxis(polar, -1, 1)


@engine.operation("Histogram2D", "Histogram3D", differs="exposure.histogram finds a voxel's bin by the bins' edges, "
                  "which it rounds to float32; an image of one value v gets the range v - 1/2 to v + 1/2")
def histogram(image, bins):
    if image.dtype.kind == "u":
        raise NotImplementedError("exposure.histogram gives integers a bin for each grey level")
    counts, centres = exposure.histogram(image, int(bins))
    return table(centres - (centres[-1] - centres[0]) / (bins - 1) / 2 if bins > 1 else np.nanmin(image), counts)


@engine.operation("DetectMaxima2D", "DetectMaxima3D", differs="peak_local_max compares voxels, not plateaus: it may "
                  "mark one beside a higher voxel, any voxel of one, or several; an image of one value has none")
def detect_maxima(image, radius, floor):
    if len(set(radius)) > 1:
        raise NotImplementedError("peak_local_max takes one radius for all axes")
    peaks = feature.peak_local_max(image, min_distance=int(radius[0]), threshold_abs=floor, exclude_border=False)
    result = np.zeros(image.shape, bool)
    result[tuple(peaks.T)] = True
    return result


@engine.operation("FindMaxima2D", differs="h_maxima marks every voxel of a maximum's plateau, and maxima that stand "
                  "out by exactly the prominence too")
def find_maxima(image, prominence):
    return morphology.h_maxima(image, prominence)


def nan_is_foreground(image, **parameters):
    if image.dtype.kind == "f" and np.isnan(image).any():
        return "NaN is foreground"


@engine.operation("ConnectedComponents2D", "ConnectedComponents3D", differs=nan_is_foreground)
def connected_components(image, neighbours):
    return measure.label(image != 0, connectivity=image.ndim if neighbours == "box" else 1)


@engine.operation("Voronoi2D", "Voronoi3D", differs="of several labels equally near expand_labels takes any")
def voronoi(labels, mask, spacing, masked):
    result = segmentation.expand_labels(labels, np.inf, spacing=spacing)
    return np.where(mask, result, 0) if masked == "yes" else result


FLOODING = "watershed grows seeds inside the mask by steps to box neighbours, not by Euclidean distance"


def otsu_mask(image, sigma):
    outline = blurred(image, sigma)
    return outline > filters.threshold_otsu(outline)


@engine.operation("VoronoiOtsuLabeling2D", "VoronoiOtsuLabeling3D", differs=FLOODING)
def voronoi_otsu_labeling(image, spot_sigma, outline_sigma):
    image = in_float32(image)
    mask = otsu_mask(image, outline_sigma)
    seeds = measure.label(morphology.local_maxima(blurred(image, spot_sigma), connectivity=image.ndim) & mask)
    return segmentation.watershed(mask, seeds, connectivity=mask.ndim, mask=mask)


@engine.operation("ErodedOtsuLabeling2D", "ErodedOtsuLabeling3D", differs=FLOODING)
def eroded_otsu_labeling(image, erosions, outline_sigma):
    mask = otsu_mask(in_float32(image), outline_sigma)
    face_neighbours = morphology.footprints.octahedron(1) if image.ndim == 3 else morphology.disk(1)
    seeds = measure.label(morphology.erosion(mask, [(face_neighbours, int(erosions))], mode="ignore"))
    return segmentation.watershed(mask, seeds, connectivity=mask.ndim, mask=mask)


@engine.operation("GaussOtsuLabeling2D", "GaussOtsuLabeling3D", differs=EDGES)
def gauss_otsu_labeling(image, outline_sigma):
    return measure.label(otsu_mask(in_float32(image), outline_sigma))


@engine.operation("ExcludeLabelsOnEdges2D", "ExcludeLabelsOnEdges3D", differs="clear_border clears the connected parts "
                  "that touch the border, and keeps a label's other parts")
def exclude_labels_on_edges(labels):
    return segmentation.relabel_sequential(segmentation.clear_border(labels))[0]


@engine.operation("ExcludeLabelsOutsideSizeRange2D", "ExcludeLabelsOutsideSizeRange3D")
def exclude_labels_outside_size_range(labels, minimum_size, maximum_size):
    if maximum_size < labels.size:
        raise NotImplementedError("scikit-image removes small objects, not large ones")
    return segmentation.relabel_sequential(morphology.remove_small_objects(labels, max_size=minimum_size - 1))[0]


def region_table(labels, image, properties):
    """regionprops leaves out numbers that no voxel has."""
    regions = measure.regionprops_table(labels, image, properties=["label", *properties])
    rows = np.full((max(1, labels.max()), len(regions)), np.nan)
    rows[:, 0] = np.arange(1, len(rows) + 1)
    rows[regions["label"] - 1] = table(*regions.values())
    return rows


@engine.operation("Centroids2D", "Centroids3D")
def centroids(labels):
    rows = region_table(labels, None, ["centroid"])
    zeros = np.where(np.isnan(rows[:, 1]), np.nan, 0)
    return table(rows[:, 0], *rows[:, :0:-1].T, *[zeros] * (3 - labels.ndim))


def eigenvalues(image, labels):
    if labels.ndim == 3:
        return "the minor axis is the root of a difference of moments: about 1e-7, not 0, where a label is flat"


@engine.operation("LabelStatistics2D", "LabelStatistics3D", differs=eigenvalues)
def label_statistics(image, labels):
    properties = ["num_pixels", "intensity_mean", "intensity_min", "intensity_max", "axis_major_length",
                  "axis_minor_length", "centroid", "bbox"]
    rows = region_table(labels, image.astype(np.float64), properties)
    rows[np.isnan(rows[:, 1]), 1] = 0
    label, voxels, mean, least, greatest, major, minor, *rest = rows.T
    n = labels.ndim
    flat = [np.where(voxels > 0, 0, np.nan)] * (3 - n)
    centre, first, last = rest[:n], rest[n:2 * n], [end - 1 for end in rest[2 * n:]]
    places = [column for place in (centre, first, last) for column in (*place[::-1], *flat)]
    return table(label, voxels, *places, mean, least, greatest, voxels * mean, major, minor)


if __name__ == "__main__":
    engine.serve()
