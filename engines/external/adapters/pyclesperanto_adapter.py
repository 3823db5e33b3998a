"""pyclesperanto, CLIJ's successor, on OpenCL devices."""
import re

import numpy as np
import pyclesperanto as cle

from voxelmark_adapter import Engine


def described(index):
    info = cle.select_device(index).info
    field = lambda name: re.search(rf"{name}:\s*(.*)", info)[1].strip()
    return {"name": cle.get_device().name, "type": "GPU" if "GPU" in field("Device Type") else "CPU",
            "driver": field("Driver Version"), "transfers": True}


class Clesperanto(Engine):
    """An output array is made in a plan's first run and used again in the next ones."""
    output = None

    def open(self, device):
        cle.select_device(device)
        self.last = cle.create((1, 1), np.float32)

    def to_device(self, pixels):
        return cle.push(pixels)

    def to_host(self, pixels):
        return cle.pull(pixels)

    def finish(self, result):
        return result

    def timed(self, work):
        def all_work():
            work()
            cle.wait_for_kernel_to_finish(True)  # of the last kernel alone: the others may queue up
            cle.set(self.last, scalar=0)
            cle.wait_for_kernel_to_finish(False)
        return super().timed(all_work)

    def on_prepare(self, plan, output, **message):
        answer = super().on_prepare(plan, output=output, **message)
        run = self.plans[plan]

        def run_again():
            self.output = self.pixels[output]
            run()
            self.output = None
        self.plans[plan] = run_again
        return answer


devices = [described(index) for index in range(len(cle.list_available_devices()))]
engine = Clesperanto("pyclesperanto", cle.__version__, devices)


def output(like, dtype=None, shape=None):
    shape, dtype = tuple(like.shape if shape is None else shape), np.dtype(dtype or like.dtype)
    old = engine.output
    return old if old is not None and (old.shape, old.dtype) == (shape, dtype) else cle.create(shape, dtype)


def xyz(name, values, absent=0):
    """Keyword arguments name_x, name_y, name_z of values in array order."""
    values = (*values[::-1], absent)[:3]
    return {f"{name}_{axis}": value for axis, value in zip("xyz", values)}


def rounded(function, image, *arguments, **parameters):
    """In integer arrays the filters cut fractions off, between the axes too."""
    if image.dtype == np.float32:
        return function(image, *arguments, output(image), **parameters)
    return cle.round(function(image, *arguments, cle.create(image.shape, np.float32), **parameters), output(image))


@engine.operation("AddImagesWeighted2D", "AddImagesWeighted3D", differs=lambda first, second, factor1, factor2: (
    None if first.dtype == np.float32 or factor1 % 1 == factor2 % 1 == 0 else "halves are rounded away from zero"))
def add_images_weighted(first, second, factor1, factor2):
    return rounded(cle.add_images_weighted, first, second, factor1=factor1, factor2=factor2)


for name, function, types in (
        ("AddScalar", cle.add_image_and_scalar, None),
        ("MultiplyScalar", cle.multiply_image_and_scalar, None), ("AbsoluteDifference", cle.absolute_difference, None),
        ("SquaredDifference", cle.squared_difference, np.float32), ("BinaryAnd", cle.binary_and, np.uint8),
        ("Copy", cle.copy, None)):
    def pointwise(*images, function=function, dtype=types, **parameters):
        return function(*images, output(images[0], dtype), **parameters)
    engine.operation(name + "2D", name + "3D")(pointwise)


@engine.operation("FixedThreshold2D", "FixedThreshold3D")
def fixed_threshold(image, threshold):
    return cle.greater_or_equal_constant(image, output(image, np.uint8), scalar=threshold)


def threshold_differs(image, method):
    if method == "mean":
        return None if image.dtype == np.uint8 else "the level is the mean of the voxels, not of 256 bins"
    if image.dtype == np.uint8:
        return None if method in ("otsu", "yen") else "the level is scikit-image's, not ImageJ's"
    return "256 bins, also of u16, centred on min + i (max - min) / 255" + (
        "" if method in ("otsu", "yen") else "; the level is scikit-image's, not ImageJ's")


@engine.operation("AutoThreshold2D", "AutoThreshold3D", differs=threshold_differs)
def auto_threshold(image, method):
    function = getattr(cle, "threshold_" + {"default": "isodata"}.get(method, method))
    return function(image, output(image, np.uint8))


def flat(image, window, radius):
    if window == "sphere" and any(n == 1 and r > 0 for n, r in zip(image.shape, radius)):
        return "along an axis of one voxel the radius is 0"


def windowed(name, function, types=None, differs=None):
    def filtered(image, window, radius):
        return function(image, output(image, types), connectivity=window, **xyz("radius", radius))
    engine.operation(name + "2D", name + "3D", differs=differs)(filtered)


windowed("Erode", cle.binary_erode, np.uint8)
windowed("Dilate", cle.binary_dilate, np.uint8)
windowed("Median", cle.median, differs=flat)
windowed("Minimum", cle.minimum_filter)
windowed("Maximum", cle.maximum_filter)
windowed("TopHat", cle.top_hat)
windowed("BottomHat", cle.bottom_hat)


@engine.operation("Mean2D", "Mean3D", differs=flat)
def mean(image, window, radius):
    return rounded(cle.mean_filter, image, connectivity=window, **xyz("radius", radius))


@engine.operation("Flip2D", "Flip3D")
def flip(image, axis):
    return cle.flip(image, output(image), **{f"flip_{a}": a == axis for a in "xyz"})


@engine.operation("Rotate2D", "Rotate3D")
def rotate(image, turns):
    if turns == 2:
        return cle.flip(image, output(image), flip_x=True, flip_y=True, flip_z=False)
    turned = cle.transpose_xy(image)
    return cle.flip(turned, output(turned), flip_x=turns == 3, flip_y=turns == 1, flip_z=False)


def gaussian_differs(image, sigma, *more):
    if all(int(8 * s) // 2 == int(4 * s + 0.5) for s in (*sigma, *sum(more, ()))):
        return None
    return "the weights reach to floor(floor(8 sigma) / 2) voxels"


@engine.operation("GaussianBlur2D", "GaussianBlur3D", differs=gaussian_differs)
def gaussian_blur(image, sigma):
    return rounded(cle.gaussian_blur, image, **xyz("sigma", sigma))


@engine.operation("DifferenceOfGaussian2D", "DifferenceOfGaussian3D",
                  differs=lambda image, sigma1, sigma2: gaussian_differs(image, sigma1, sigma2))
def difference_of_gaussian(image, sigma1, sigma2):
    sigmas = {**xyz("sigma1", sigma1), **xyz("sigma2", sigma2)}
    return cle.difference_of_gaussian(image, output(image, np.float32), **sigmas)


for name, function in (("Subtract", cle.subtract_gaussian_background), ("DivideBy", cle.divide_by_gaussian_background)):
    def background(image, sigma, function=function):
        return function(image, output(image, np.float32), **xyz("sigma", sigma))
    names = [name + "GaussianBackground2D", name + "GaussianBackground3D"]
    engine.operation(*names, differs=gaussian_differs)(background)


for name, function, axis, dtype in (
        ("MaximumZ", cle.maximum_z_projection, 0, None), ("MaximumY", cle.maximum_y_projection, 1, None),
        ("MinimumZ", cle.minimum_z_projection, 0, None), ("MeanZ", cle.mean_z_projection, 0, np.float32)):
    def projection(image, function=function, axis=axis, dtype=dtype):
        return function(image, output(image, dtype, np.delete(image.shape, axis)))
    engine.operation(name + "Projection")(projection)


@engine.operation("SumZProjection")
def sum_z_projection(image):
    dtype = np.float32 if image.dtype == np.float32 else np.uint32
    return cle.sum_z_projection(image, output(image, dtype, image.shape[1:]))


@engine.operation("MaximumXProjection")
def maximum_x_projection(image):
    projected = cle.maximum_x_projection(image, cle.create(image.shape[:2], image.dtype))
    return cle.transpose_xy(projected, output(image, None, projected.shape[::-1]))


@engine.operation("Reslice3D")
def reslice(image, **parameters):
    z, y, x = image.shape
    if parameters["from"] == "top":
        return cle.transpose_yz(image, output(image, None, (y, z, x)))
    return cle.transpose_xy(cle.transpose_xz(image), output(image, None, (x, z, y)))


@engine.operation("Crop2D", "Crop3D")
def crop(image, origin, extent):
    first, size = [], []
    for n, o, e in zip(image.shape, origin, extent):
        e = min(int(e), n) or (n + 1) // 2
        o = (n - e) // 2 if o < 0 else min(int(o), n - 1)
        first.append(o)
        size.append(min(e, n - o))
    d, h, w = (1, *size)[-3:]
    return cle.crop(image, output(image, None, size), **xyz("start", first), width=w, height=h, depth=d)


@engine.operation("Convert2D", "Convert3D", differs=lambda image, type: (
    "fractions are cut off" if image.dtype == np.float32 and type != "f32" else None))
def convert(image, type):
    return cle.copy(image, output(image, {"u8": np.uint8, "u16": np.uint16, "f32": np.float32}[type]))


def transform_differs(image, interpolation, **parameters):
    if interpolation == "nearest":
        return "coordinates are float32, which decides where two voxels are equally near"
    if 1 in image.shape:
        return "of an axis of one voxel the edge, or the centre, is not where it is elsewhere"
    if engine.devices[cle.get_device().index]["type"] == "GPU":
        return "interpolates in the GPU's texture unit, with weights of few bits"
    return None if image.dtype == np.float32 else "interpolates in float32 and rounds halves away from zero"


def transform(name, function):
    def transformed(image, interpolation, **parameters):
        if interpolation == "nearest":
            return function(image, output(image), interpolate=False, **parameters)
        return rounded(function, image, interpolate=True, **parameters)
    engine.operation(name + "2D", name + "3D", differs=transform_differs)(transformed)


def affine_transform(image, output_image, interpolate, translation, row_x, row_y, row_z=()):
    n = len(translation)
    inverse, to_corner = np.eye(4), np.eye(4)
    inverse[:n, :n], inverse[:n, 3] = [row[::-1] for row in (row_x, row_y, row_z)[:n]], translation[::-1]
    to_corner[:3, 3] = 0.5  # coordinates count from the first voxel's corner
    matrix = np.linalg.inv(to_corner @ inverse @ np.linalg.inv(to_corner))
    return cle.affine_transform(image, output_image, matrix, interpolate)


transform("Translate", lambda image, output_image, interpolate, distance: cle.translate(
    image, output_image, interpolate=interpolate, **xyz("translate", distance)))
transform("Scale", lambda image, output_image, interpolate, factor: cle.scale(
    image, output_image, interpolate=interpolate, **xyz("factor", factor, 1)))
transform("RotateAngle", lambda image, output_image, interpolate, angle: cle.rotate(
    image, output_image, interpolate=interpolate, angle_z=-angle))
transform("AffineTransform", affine_transform)


for name, function in (
        ("Sum", cle.sum_of_all_pixels), ("Minimum", cle.minimum_of_all_pixels), ("Maximum", cle.maximum_of_all_pixels),
        ("Mean", cle.mean_of_all_pixels), ("StandardDeviation", cle.standard_deviation_of_all_pixels)):
    def number(image, function=function):
        return np.array([[function(image)]])
    names = [name + "OfAllPixels2D", name + "OfAllPixels3D"]
    engine.operation(*names, differs=None if name.startswith("M") and name != "Mean" else "computes in float32")(number)


@engine.operation("Histogram2D", "Histogram3D", differs="bins are centred on lo + i (hi - lo) / (bins - 1)")
def histogram(image, bins):
    low, high = cle.minimum_of_all_pixels(image), cle.maximum_of_all_pixels(image)
    counts = cle.histogram(image, num_bins=int(bins), minimum_intensity=low, maximum_intensity=high).get()
    return np.stack([low + np.arange(bins) * ((high - low) / bins), counts.ravel()], 1)


@engine.operation("DetectMaxima2D", "DetectMaxima3D", differs="a plateau of equal values is no maximum")
def detect_maxima(image, radius, floor):
    if {*radius} != {1} or floor > -3e38:
        raise NotImplementedError("detect_maxima compares with the next neighbours, and has no floor")
    return cle.detect_maxima(image, output(image, np.uint8))  # its radius is that of a mean filter before it


@engine.operation("ConnectedComponents2D", "ConnectedComponents3D")
def connected_components(mask, neighbours):
    return cle.connected_component_labeling(mask, output(mask, np.uint32), {"face": "sphere"}.get(neighbours, "box"))


GROWTH = "labels grow by a box and a diamond in turn, not by distance; where two meet, the higher one wins"


@engine.operation("Voronoi2D", "Voronoi3D", differs=GROWTH)
def voronoi(labels, mask, spacing, masked):
    if len(set(spacing)) > 1:
        raise NotImplementedError("extend_labeling_via_voronoi has no spacing")
    if masked == "no":
        return cle.extend_labeling_via_voronoi(labels, output(labels))
    return cle.mask(cle.extend_labeling_via_voronoi(labels), mask, output(labels))


def otsu_labeling(name, function, differs):
    def labeled(image, **parameters):
        if any(len({*value}) > 1 for value in parameters.values() if isinstance(value, tuple)):
            raise NotImplementedError("one sigma holds for all axes")
        values = {key: value[0] if isinstance(value, tuple) else value for key, value in parameters.items()}
        return function(image, output(image, np.uint32), **values)
    engine.operation(name + "OtsuLabeling2D", name + "OtsuLabeling3D", differs=differs)(labeled)


otsu_labeling("Gauss", cle.gauss_otsu_labeling, "Otsu's bins are centred on min + i (max - min) / 255")
otsu_labeling("Voronoi", cle.voronoi_otsu_labeling, GROWTH)
otsu_labeling("Eroded", lambda image, labels, erosions, outline_sigma: cle.eroded_otsu_labeling(
    image, labels, erosions, outline_sigma), GROWTH)


@engine.operation("ExcludeLabelsOnEdges2D", "ExcludeLabelsOnEdges3D",
                  differs="labels that were missing before leave gaps")
def exclude_labels_on_edges(labels):
    return cle.remove_labels_on_edges(labels, output(labels), exclude_z=len(labels.shape) == 3)


@engine.operation("ExcludeLabelsOutsideSizeRange2D", "ExcludeLabelsOutsideSizeRange3D")
def exclude_labels_outside_size_range(labels, minimum_size, maximum_size):
    return cle.filter_label_by_size(labels, output(labels), minimum_size, maximum_size)


@engine.operation("Centroids2D", "Centroids3D", differs="computes in float32")
def centroids(labels):
    statistics = cle.labels_statistics(labels, labels)
    return np.array([statistics[key] for key in ("label", "centroid_x", "centroid_y", "centroid_z")]).T


engine.serve()
