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


for name, function, types in (
        ("AddImagesWeighted", cle.add_images_weighted, None), ("AddScalar", cle.add_image_and_scalar, None),
        ("MultiplyScalar", cle.multiply_image_and_scalar, None), ("AbsoluteDifference", cle.absolute_difference, None),
        ("SquaredDifference", cle.squared_difference, np.float32), ("BinaryAnd", cle.binary_and, np.uint8),
        ("Copy", cle.copy, None)):
    def pointwise(*images, function=function, dtype=types, **parameters):
        return function(*images, output(images[0], dtype), **parameters)
    engine.operation(name + "2D", name + "3D")(pointwise)


@engine.operation("FixedThreshold2D", "FixedThreshold3D")
def fixed_threshold(image, threshold):
    return cle.greater_or_equal_constant(image, output(image, np.uint8), scalar=threshold)


@engine.operation("AutoThreshold2D", "AutoThreshold3D")
def auto_threshold(image, method):
    function = getattr(cle, "threshold_" + {"default": "isodata"}.get(method, method))
    return function(image, output(image, np.uint8))


def windowed(name, function, types=None, differs=None):
    def filtered(image, window, radius):
        return function(image, output(image, types), connectivity=window, **xyz("radius", radius))
    engine.operation(name + "2D", name + "3D", differs=differs)(filtered)


windowed("Erode", cle.binary_erode, np.uint8)
windowed("Dilate", cle.binary_dilate, np.uint8)
windowed("Mean", cle.mean_filter)
windowed("Median", cle.median)
windowed("Minimum", cle.minimum_filter)
windowed("Maximum", cle.maximum_filter)
windowed("TopHat", cle.top_hat)
windowed("BottomHat", cle.bottom_hat)


@engine.operation("Flip2D", "Flip3D")
def flip(image, axis):
    return cle.flip(image, output(image), **{f"flip_{a}": a == axis for a in "xyz"})


@engine.operation("Rotate2D", "Rotate3D")
def rotate(image, turns):
    if turns == 2:
        return cle.flip(image, output(image), flip_x=True, flip_y=True, flip_z=False)
    turned = cle.transpose_xy(image)
    return cle.flip(turned, output(turned), flip_x=turns == 3, flip_y=turns == 1, flip_z=False)


@engine.operation("GaussianBlur2D", "GaussianBlur3D")
def gaussian_blur(image, sigma):
    return cle.gaussian_blur(image, output(image), **xyz("sigma", sigma))


@engine.operation("DifferenceOfGaussian2D", "DifferenceOfGaussian3D")
def difference_of_gaussian(image, sigma1, sigma2):
    return cle.difference_of_gaussian(image, output(image, np.float32), **xyz("sigma1", sigma1), **xyz("sigma2", sigma2))


for name, function in (("Subtract", cle.subtract_gaussian_background), ("DivideBy", cle.divide_by_gaussian_background)):
    def background(image, sigma, function=function):
        return function(image, output(image, np.float32), **xyz("sigma", sigma))
    engine.operation(name + "GaussianBackground2D", name + "GaussianBackground3D")(background)


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


@engine.operation("Convert2D", "Convert3D")
def convert(image, type):
    return cle.copy(image, output(image, {"u8": np.uint8, "u16": np.uint16, "f32": np.float32}[type]))


def transform(name, function):
    def transformed(image, interpolation, **parameters):
        return function(image, output(image), interpolation == "linear", **parameters)
    engine.operation(name + "2D", name + "3D")(transformed)


transform("Translate", lambda image, out, linear, distance: cle.translate(
    image, out, interpolate=linear, **xyz("translate", distance)))
transform("Scale", lambda image, out, linear, factor: cle.scale(
    image, out, interpolate=linear, centered=True, **xyz("factor", factor, 1)))
transform("RotateAngle", lambda image, out, linear, angle: cle.rotate(
    image, out, interpolate=linear, centered=True, angle_z=-angle))


@engine.operation("AffineTransform2D", "AffineTransform3D")
def affine_transform(image, interpolation, translation, row_x, row_y, row_z=(1, 0, 0)):
    inverse = np.eye(4)
    n = len(translation)
    for i, row in enumerate((row_x, row_y, row_z)[:n]):
        inverse[i, :n], inverse[i, 3] = row[::-1], translation[::-1][i]
    return cle.affine_transform(image, output(image), transform_matrix=np.linalg.inv(inverse),
                                interpolate=interpolation == "linear")


for name, function in (
        ("Sum", cle.sum_of_all_pixels), ("Minimum", cle.minimum_of_all_pixels), ("Maximum", cle.maximum_of_all_pixels),
        ("Mean", cle.mean_of_all_pixels), ("StandardDeviation", cle.standard_deviation_of_all_pixels)):
    def number(image, function=function):
        return np.array([[function(image)]])
    engine.operation(name + "OfAllPixels2D", name + "OfAllPixels3D")(number)


@engine.operation("Histogram2D", "Histogram3D")
def histogram(image, bins):
    low, high = cle.minimum_of_all_pixels(image), cle.maximum_of_all_pixels(image)
    counts = cle.histogram(image, num_bins=int(bins), minimum_intensity=low, maximum_intensity=high).get()
    return np.stack([low + np.arange(bins) * ((high - low) / bins), counts.ravel()], 1)


@engine.operation("DetectMaxima2D", "DetectMaxima3D")
def detect_maxima(image, radius, floor):
    if floor > -3e38:
        raise NotImplementedError("pyclesperanto's detect_maxima has no floor")
    return cle.detect_maxima(image, output(image, np.uint8), **xyz("radius", radius))


@engine.operation("ConnectedComponents2D", "ConnectedComponents3D")
def connected_components(mask, neighbours):
    return cle.connected_component_labeling(mask, output(mask, np.uint32), {"face": "sphere"}.get(neighbours, "box"))


@engine.operation("Voronoi2D", "Voronoi3D")
def voronoi(labels, mask, spacing, masked):
    if len(set(spacing)) > 1:
        raise NotImplementedError("pyclesperanto's extend_labeling_via_voronoi has no spacing")
    if masked == "no":
        return cle.extend_labeling_via_voronoi(labels, output(labels))
    return cle.mask(cle.extend_labeling_via_voronoi(labels), mask, output(labels))


@engine.operation("VoronoiOtsuLabeling2D", "VoronoiOtsuLabeling3D")
def voronoi_otsu(image, spot_sigma, outline_sigma):
    if len({*spot_sigma}) > 1 or len({*outline_sigma}) > 1:
        raise NotImplementedError("pyclesperanto takes one sigma for all axes")
    return cle.voronoi_otsu_labeling(image, output(image, np.uint32), spot_sigma[0], outline_sigma[0])


@engine.operation("GaussOtsuLabeling2D", "GaussOtsuLabeling3D")
def gauss_otsu(image, outline_sigma):
    if len({*outline_sigma}) > 1:
        raise NotImplementedError("pyclesperanto takes one sigma for all axes")
    return cle.gauss_otsu_labeling(image, output(image, np.uint32), outline_sigma[0])


@engine.operation("ErodedOtsuLabeling2D", "ErodedOtsuLabeling3D")
def eroded_otsu(image, erosions, outline_sigma):
    if len({*outline_sigma}) > 1:
        raise NotImplementedError("pyclesperanto takes one sigma for all axes")
    return cle.eroded_otsu_labeling(image, output(image, np.uint32), erosions, outline_sigma[0])


@engine.operation("ExcludeLabelsOnEdges2D", "ExcludeLabelsOnEdges3D")
def exclude_labels_on_edges(labels):
    return cle.remove_labels_on_edges(labels, output(labels), exclude_z=len(labels.shape) == 3)


@engine.operation("ExcludeLabelsOutsideSizeRange2D", "ExcludeLabelsOutsideSizeRange3D")
def exclude_labels_outside_size_range(labels, minimum_size, maximum_size):
    return cle.filter_label_by_size(labels, output(labels), minimum_size, maximum_size)


@engine.operation("Centroids2D", "Centroids3D")
def centroids(labels):
    points = cle.centroids_of_labels(labels).get()
    return np.column_stack([np.arange(1, points.shape[-1] + 1), points.T])


engine.serve()
