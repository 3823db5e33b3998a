"""ImageJ, headless, in a Java virtual machine of this process. Pixels become ImageJ's outside the timed run."""
import math
import os

import numpy as np

from voxelmark_adapter import Engine

try:
    import jpype
except ImportError:
    raise ImportError("JPype is missing: pip install jpype1") from None

JAR = "/usr/share/java/ij.jar"
if not os.path.exists(JAR):
    raise FileNotFoundError(f"{JAR} is missing: apt install imagej")
try:
    jpype.startJVM("-Djava.awt.headless=true", "-XX:MaxRAMPercentage=75", classpath=[JAR])
except jpype.JVMNotFoundException:
    raise FileNotFoundError("Java is missing: apt install default-jre-headless") from None

IJ, ImagePlus, ImageStack = (jpype.JClass("ij." + name) for name in ("IJ", "ImagePlus", "ImageStack"))
ImageProcessor, StackProcessor, StackStatistics, ImageConverter, StackConverter, FloatBlitter = (
    jpype.JClass("ij.process." + name) for name in
    ("ImageProcessor", "StackProcessor", "StackStatistics", "ImageConverter", "StackConverter", "FloatBlitter"))
Duplicator, Filters3D, GaussianBlur3D, ImageCalculator, Scaler, Slicer, StackReverser, ZProjector = (
    jpype.JClass("ij.plugin." + name) for name in
    ("Duplicator", "Filters3D", "GaussianBlur3D", "ImageCalculator", "Scaler", "Slicer", "StackReverser", "ZProjector"))
GaussianBlur, MaximumFinder, ParticleAnalyzer, RankFilters = (
    jpype.JClass("ij.plugin.filter." + name) for name in
    ("GaussianBlur", "MaximumFinder", "ParticleAnalyzer", "RankFilters"))

PROCESSORS = {  # and how their pixels are stored
    np.dtype("u1"): (jpype.JClass("ij.process.ByteProcessor"), jpype.JByte, "i1"),
    np.dtype("u2"): (jpype.JClass("ij.process.ShortProcessor"), jpype.JShort, "i2"),
    np.dtype("f4"): (jpype.JClass("ij.process.FloatProcessor"), jpype.JFloat, "f4")}
PIXELS = {8: "u1", 16: "u2", 32: "f4"}
LARGEST = {8: 2**8 - 1, 16: 2**16 - 1, 32: math.inf}


def slices(image):
    stack = image.getStack()
    return [stack.getProcessor(i) for i in range(1, stack.getSize() + 1)]


def image_of(processors):
    stack = ImageStack(processors[0].getWidth(), processors[0].getHeight())
    for processor in processors:
        stack.addSlice("", processor)
    return ImagePlus("", stack)


class Mask:
    """A mask has 255 in ImageJ; where it is a result it becomes a mask of ones when it is fetched."""
    def __init__(self, image):
        self.image = image


class ImageJ(Engine):
    def to_device(self, pixels):
        if pixels.dtype not in PROCESSORS:
            return pixels  # labels: no operation here takes them
        processor, kind, code = PROCESSORS[pixels.dtype]
        planes = pixels.view(code).reshape(-1, *pixels.shape[-2:])
        width, height = pixels.shape[-1], pixels.shape[-2]
        return image_of([processor(width, height, jpype.JArray(kind)(plane.ravel()), None) for plane in planes])

    def to_host(self, result):
        if isinstance(result, np.ndarray):
            return result
        if isinstance(result, Mask):
            return self.to_host(result.image) != 0
        planes = [np.asarray(s.getPixels()).view(PIXELS[result.getBitDepth()]) for s in slices(result)]
        return np.stack(planes).reshape(-1, result.getHeight(), result.getWidth())

    def finish(self, result):
        return result


java = str(jpype.JClass("java.lang.System").getProperty("java.version"))
engine = ImageJ("imagej", str(IJ.getVersion()),
                [{"name": "CPU", "type": "CPU", "driver": "Java " + java, "transfers": True}])
operation = engine.operation
ImageConverter.setDoScaling(False)
FloatBlitter.divideByZeroValue = 0


def is_integer(image):
    return image.getBitDepth() < 32


def converted(image, bits):
    """`image` itself, in another type."""
    if image.getBitDepth() != bits:
        converter = StackConverter(image) if image.getStackSize() > 1 else ImageConverter(image)
        getattr(converter, f"convertToGray{bits}")()
    return image


def in_float32(image):
    return converted(image.duplicate(), 32)


def calculated(what, a, b):
    return ImageCalculator().run(what + " create stack", a, b)


def halves(*images, **parameters):
    if is_integer(images[0]):
        return "integers are rounded half up, not half to even"


def each(image, method, *arguments):
    """Changes `image` slice by slice, as ImageJ's Process > Math does."""
    for processor in slices(image):
        getattr(processor, method)(*arguments)
    return image


def fraction(image, scalar):
    if is_integer(image) and scalar % 1:
        return "ImageJ cuts off the fraction of what it adds to integers"


@operation("AddScalar2D", "AddScalar3D", differs=fraction)
def add_scalar(image, scalar):
    return each(image.duplicate(), "add", jpype.JDouble(scalar))


@operation("MultiplyScalar2D", "MultiplyScalar3D", differs=halves)
def multiply_scalar(image, scalar):
    return each(image.duplicate(), "multiply", scalar)


@operation("AddImagesWeighted2D", "AddImagesWeighted3D", differs=halves)
def add_images_weighted(a, b, factor1, factor2):
    terms = [in_float32(a), in_float32(b)]
    for term, factor in zip(terms, (factor1, factor2)):
        if factor != 1:
            each(term, "multiply", factor)
    return converted(calculated("Add", *terms), a.getBitDepth())


@operation("AbsoluteDifference2D", "AbsoluteDifference3D")
def absolute_difference(a, b):
    return calculated("Difference", a, b)


@operation("SquaredDifference2D", "SquaredDifference3D")
def squared_difference(a, b):
    return each(calculated("Subtract", in_float32(a), in_float32(b)), "sqr")


def masked(image, level):
    """255 where a value is at least `level`."""
    processors = slices(image)
    for processor in processors:
        processor.setThreshold(level, LARGEST[image.getBitDepth()], ImageProcessor.NO_LUT_UPDATE)
    return image_of([processor.createMask() for processor in processors])


def foreground(image):
    if is_integer(image):
        return masked(image, 1)
    return masked(each(image.duplicate(), "abs"), 1e-45)


@operation("BinaryAnd2D", "BinaryAnd3D")
def binary_and(a, b):
    return Mask(calculated("AND", foreground(a), foreground(b)))


@operation("FixedThreshold2D", "FixedThreshold3D")
def fixed_threshold(image, threshold):
    return Mask(masked(image, math.ceil(threshold) if is_integer(image) else threshold))


def scaled(image, method):
    if image.getBitDepth() > 8:
        return "of u16 and f32 ImageJ finds the level in an image scaled to 8 bits, as for display, and scales it back"
    if method == "yen":
        return "ImageJ takes logarithms, so that in an image of two values rounding decides"


@operation("AutoThreshold2D", "AutoThreshold3D", differs=scaled)
def auto_threshold(image, method):
    image = image.duplicate()
    IJ.setAutoThreshold(image, f"{method.capitalize()} dark" + (" stack" if image.getStackSize() > 1 else ""))
    return Mask(masked(image, image.getProcessor().getMinThreshold()))


def ranked(image, type, radius):
    """`radius` as ImageJ counts it."""
    result, filters = image.duplicate(), RankFilters()
    for processor in slices(result):
        filters.rank(processor, radius, type)
    return result


def in_plane(radius):
    """The radius in each slice, where a window is one of RankFilters."""
    *flat, y, x = radius
    if any(flat) or y != x:
        raise NotImplementedError("RankFilters has one radius, in x and y")
    return x


WIDER = "a window of ImageJ's radius r holds the pixels with sum of d^2 <= r^2 + 1"


def windowed(name, type_2d, type_3d):
    def differs(image, window, radius):
        if len(radius) < 3 or radius[0] == 0:
            if window == "sphere" or radius[-1] == 0:
                return WIDER
        elif name in ("Mean", "Median"):
            return "Filters3D leaves out voxels beyond the border"

    @operation(name + "2D", name + "3D", differs=differs)
    def filtered(image, window, radius):
        if window == "box" and (max(radius) > 1 or radius[0] and len(radius) == 3):
            raise NotImplementedError("ImageJ's windows are round")
        if len(radius) < 3 or radius[0] == 0:
            return ranked(image, type_2d, in_plane(radius))
        return ImagePlus("", Filters3D.filter(image.getStack(), type_3d, *radius[::-1]))


windowed("Mean", RankFilters.MEAN, Filters3D.MEAN)
windowed("Median", RankFilters.MEDIAN, Filters3D.MEDIAN)
windowed("Minimum", RankFilters.MIN, Filters3D.MIN)
windowed("Maximum", RankFilters.MAX, Filters3D.MAX)


def morphology(name, type_2d, type_3d):
    """Of masks ImageJ's own has 3 x 3 pixels; the filters have the plus too."""
    @operation(name + "2D", name + "3D")
    def eroded(image, window, radius):
        mask = foreground(image)
        if len(radius) == 3 and radius[0] > 0:
            if window == "box":
                raise NotImplementedError("ImageJ's windows are round")
            return Mask(ImagePlus("", Filters3D.filter(mask.getStack(), type_3d, *radius[::-1])))
        if in_plane(radius) != 1:
            raise NotImplementedError("ImageJ's Erode and Dilate have radius 1")
        return Mask(ranked(mask, type_2d, 0.5 if window == "sphere" else 1))


morphology("Erode", RankFilters.MIN, Filters3D.MIN)
morphology("Dilate", RankFilters.MAX, Filters3D.MAX)


def flipped(image, axis):
    if axis == "z":
        StackReverser().flipStack(image)
    elif axis == "x":
        StackProcessor(image.getStack()).flipHorizontal()
    else:
        StackProcessor(image.getStack()).flipVertical()
    return image


@operation("Flip2D", "Flip3D")
def flip(image, axis):
    return flipped(image.duplicate(), axis)


@operation("Rotate2D", "Rotate3D")
def rotate(image, turns):
    if turns == 2:
        return flipped(flipped(image.duplicate(), "x"), "y")
    return image_of([s.rotateLeft() if turns == 1 else s.rotateRight() for s in slices(image)])


@operation("Reslice3D")
def reslice(image, **parameters):  # the parameter's name, "from", is a word of the language
    if parameters["from"] != "top":
        raise NotImplementedError("ImageJ's Reslice takes other sides from a dialog, which needs a display")
    return Slicer().reslice(image)


def projection_of(image, method):
    projector = ZProjector(image)
    projector.setMethod(method)
    projector.doProjection()
    return projector.getProjection()


def projected(name, method, differs=None):
    @operation(name + "Projection", differs=differs)
    def project(image):
        return projection_of(image, method)


projected("MaximumZ", ZProjector.MAX_METHOD)
projected("MinimumZ", ZProjector.MIN_METHOD)


@operation("MeanZProjection", differs=lambda image: "the mean of integers is rounded" if is_integer(image) else
           "ImageJ 1.53t leaves the last slice out of the mean of f32")
def mean_z_projection(image):
    return converted(projection_of(image, ZProjector.AVG_METHOD), 32)


@operation("SumZProjection")
def sum_z_projection(image):
    result = projection_of(image, ZProjector.SUM_METHOD)
    return engine.to_host(result).astype(np.uint32) if is_integer(image) else result


@operation("MaximumYProjection")
def maximum_y_projection(image):
    return projection_of(Slicer().reslice(image), ZProjector.MAX_METHOD)


@operation("Crop2D", "Crop3D")
def crop(image, origin, extent):
    part = []
    sizes = (image.getStackSize(), image.getHeight(), image.getWidth())[-len(origin):]
    for n, first, length in zip(sizes, origin, extent):
        length = min(length, n) or (n + 1) // 2
        first = (n - length) // 2 if first < 0 else min(first, n - 1)
        part.append((first, min(length, n - first)))
    (y, height), (x, width) = part[-2:]
    z, depth = part[0] if len(part) == 3 else (0, 1)
    image.setRoi(x, y, width, height)
    result = Duplicator().run(image, z + 1, z + depth)
    image.deleteRoi()
    return result


def halves_to(image, type):
    if not is_integer(image) and type != "f32":
        return "integers are rounded half up, not half to even"


@operation("Convert2D", "Convert3D", differs=halves_to)
def convert(image, type):
    return converted(image.duplicate(), {"u8": 8, "u16": 16, "f32": 32}[type])


@operation("Copy2D", "Copy3D")
def copy(image):
    return image.duplicate()


def blurred(image, sigma):
    """In place."""
    sigma = [float(s) for s in sigma]
    if len(sigma) == 3 and image.getStackSize() > 1:
        GaussianBlur3D.blur(image, *sigma[::-1])
    else:
        blur, accuracy = GaussianBlur(), 0.002 if image.getBitDepth() == 8 else 0.0002  # as ImageJ's menu has it
        blur.showProgress(False)
        for processor in slices(image):
            blur.blurGaussian(processor, sigma[-1], sigma[-2], accuracy)
    return image


def truncated(image, **sigmas):
    if any(s > 0 for sigma in sigmas.values() for s in sigma):
        return ("ImageJ's kernel ends by accuracy (0.002 of u8, 0.0002 otherwise), not at 4 sigma, and smoothly; where "
                "sigma is large it blurs a reduced image")


@operation("GaussianBlur2D", "GaussianBlur3D", differs=truncated)
def gaussian_blur(image, sigma):
    return blurred(image.duplicate(), sigma)


@operation("DifferenceOfGaussian2D", "DifferenceOfGaussian3D", differs=truncated)
def difference_of_gaussian(image, sigma1, sigma2):
    return calculated("Subtract", blurred(in_float32(image), sigma1), blurred(in_float32(image), sigma2))


for name, what in (("Subtract", "Subtract"), ("DivideBy", "Divide")):
    @operation(name + "GaussianBackground2D", name + "GaussianBackground3D", differs=truncated)
    def background(image, sigma, what=what):
        return calculated(what, in_float32(image), blurred(in_float32(image), sigma))


def top_hat(name, light):
    @operation(name + "2D", name + "3D", differs=WIDER)
    def hat(image, window, radius):
        if window == "box" and max(radius) > 1:
            raise NotImplementedError("ImageJ's windows are round")
        result, filters = image.duplicate(), RankFilters()
        for processor in slices(result):
            filters.rank(processor, in_plane(radius), RankFilters.TOP_HAT, 0, 0, light, False)
        return result


top_hat("TopHat", False)
top_hat("BottomHat", True)


def statistic(name, value, differs=None):
    @operation(name + "OfAllPixels2D", name + "OfAllPixels3D", differs=differs)
    def statistic_of(image):
        return np.array([[value(StackStatistics(image))]])


statistic("Sum", lambda s: s.mean * s.longPixelCount)
statistic("Minimum", lambda s: s.min)
statistic("Maximum", lambda s: s.max)
statistic("Mean", lambda s: s.mean)
statistic("StandardDeviation", lambda s: s.stdDev, "the variance is divided by n - 1")


@operation("FindMaxima2D", differs="of a plateau's pixels equally near to its middle ImageJ takes another")
def find_maxima(image, prominence):
    processor = image.getProcessor()
    maxima = MaximumFinder().findMaxima(processor, prominence, ImageProcessor.NO_THRESHOLD, MaximumFinder.SINGLE_POINTS,
                                        False, False)
    return Mask(ImagePlus("", maxima))


@operation("ConnectedComponents2D", differs=lambda image, neighbours: "ImageJ labels what its outlines enclose, and "
           "outlines of face neighbours may pass through corners" if neighbours == "face" else None)
def connected_components(image, neighbours):
    mask = foreground(image)
    options = ParticleAnalyzer.SHOW_ROI_MASKS | (ParticleAnalyzer.FOUR_CONNECTED if neighbours == "face" else 0)
    analyzer = ParticleAnalyzer(options, 0, None, 0, math.inf)
    analyzer.setHideOutputImage(True)
    mask.getProcessor().setThreshold(255, 255, ImageProcessor.NO_LUT_UPDATE)
    if not analyzer.analyze(mask, mask.getProcessor()):
        raise RuntimeError("ParticleAnalyzer failed")
    result = analyzer.getOutputImage()
    if result.getProcessor().getStats().max == LARGEST[16]:
        raise NotImplementedError("ImageJ labels no more than 65534 particles")
    return result


def interpolated(image, interpolation, work):
    result = image.duplicate()
    for processor in slices(result):
        processor.setInterpolationMethod(ImageProcessor.BILINEAR if interpolation == "linear" else ImageProcessor.NONE)
        processor.setBackgroundValue(0)
        work(processor)
    return result


def outside(image, interpolation, **parameters):
    if interpolation == "linear":
        return "pixels outside take no part in the interpolation: a position outside gives 0"
    return "at halves rounding decides"


@operation("RotateAngle2D", "RotateAngle3D", differs=outside)
def rotate_angle(image, angle, interpolation):
    return interpolated(image, interpolation, lambda processor: processor.rotate(-angle))


@operation("Translate2D", "Translate3D", differs=outside)
def translate(image, distance, interpolation):
    if len(distance) == 3 and distance[0] != 0:
        raise NotImplementedError("ImageJ translates slices in x and y")
    y, x = map(float, distance[-2:])
    return interpolated(image, interpolation, lambda processor: processor.translate(x, y))


@operation("Scale2D", "Scale3D", differs="the centre is (w / 2, h / 2), and what lies outside becomes the least value")
def scale(image, factor, interpolation):
    if len(factor) == 3 and factor[0] != 1:
        raise NotImplementedError("ImageJ scales slices in x and y, or resizes the stack")
    return interpolated(image, interpolation, lambda processor: processor.scale(factor[-1], factor[-2]))


@operation("Resample2D", "Resample3D", differs="the image is stretched to fill the new shape, with other centres")
def resample(image, from_spacing, to_spacing):
    sizes = (image.getStackSize(), image.getHeight(), image.getWidth())[-len(from_spacing):]
    shape = [max(1, math.floor(n * old / new + 0.5)) for n, old, new in zip(sizes, from_spacing, to_spacing)]
    depth = shape[0] if len(shape) == 3 else 1
    return Scaler.resize(image, shape[-1], shape[-2], depth, "bilinear")


if __name__ == "__main__":
    engine.serve()
    os._exit(0)  # ImageJ's own threads would keep the process alive
