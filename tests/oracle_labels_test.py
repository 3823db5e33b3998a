#!/usr/bin/env python3
"""Compares the reference engine's labels and maxima with SciPy, scikit-image and NumPy.

usage: oracle_labels_test.py BENCH [UNITTEST ARGUMENTS...]
"""

import sys

import numpy as np
from scipy import ndimage
from skimage import filters, measure, morphology

from oracle import BENCH, DTYPES, SHAPES_3D, SHAPES_ONE_SLICE, Oracle, exactly, noise, per_axis
from checked import run_tests

BOX = np.ones((3, 3, 3), bool)
FACE = ndimage.generate_binary_structure(3, 1)


def few_levels(shape, dtype, seed, levels):
    """Plateaus and ties; 0 is the commonest value."""
    random = np.random.default_rng(seed)
    return np.maximum(random.integers(0, 2 * levels, shape[::-1]) - levels, 0).astype(dtype)


def in_raster_order(labels):
    """The labels renumbered by their first voxel, as u32."""
    values, first = np.unique(labels, return_index=True)
    order = np.argsort(np.where(values == 0, -1, first))
    numbers = np.empty(len(values), np.uint32)
    numbers[order] = np.arange(len(values)) + (0 if values[0] == 0 else 1)
    return numbers[np.searchsorted(values, labels)]


def foreground(pixels):
    return (pixels != 0) & ~np.isnan(pixels) if pixels.dtype == np.float32 else pixels != 0


def components_of(mask, structure=BOX):
    return in_raster_order(ndimage.label(mask, structure)[0])


def connected_components(pixels, parameters):
    return exactly(components_of(foreground(pixels), BOX if parameters["neighbours"] == "box" else FACE))


def connected_components_skimage(pixels, parameters):
    connectivity = 3 if parameters["neighbours"] == "box" else 1
    return exactly(in_raster_order(measure.label(foreground(pixels), connectivity=connectivity)))


def nearest_seeds(seeds, weights, own=None):
    """Label of the nearest seed by whole numbers, of those equally near the lowest; every pair is looked at.
    `own`: components; only seeds of the voxel's own one count."""
    result = np.zeros(seeds.shape, np.uint32)
    positions = np.argwhere(seeds)
    positions = positions[np.argsort(seeds[tuple(positions.T)], kind="stable")]  # the first of equals is the lowest
    if len(positions) == 0:
        return result
    labels = seeds[tuple(positions.T)]
    for voxel in np.ndindex(seeds.shape):
        if own is None:
            squared = (np.square(positions - voxel) * weights).sum(1)
            result[voxel] = labels[np.argmin(squared)]
        elif own[voxel]:
            mine = own[tuple(positions.T)] == own[voxel]
            if mine.any():
                squared = (np.square(positions[mine] - voxel) * weights).sum(1)
                result[voxel] = labels[mine][np.argmin(squared)]
    return result


def voronoi(pixels, parameters, mask):
    spacing = per_axis(parameters["spacing"], parameters["dims"])
    least = min(s for s in spacing if s > 0)
    weights = np.array([np.rint(4096 * (s / least) ** 2) for s in spacing]).astype(np.int64)
    expected = nearest_seeds(pixels, weights)
    written = mask != 0 if parameters["masked"] == "yes" else np.ones(mask.shape, bool)
    # SciPy knows no labels' ties, but the distance; the weights are rounded to about 1e-4.
    distance = ndimage.distance_transform_edt(pixels == 0, [s or 1.0 for s in spacing]) if pixels.any() else None

    def judge(result, expected):
        if not np.array_equal(result, expected):
            return "is not equal"
        for label in np.unique(result[result != 0]):
            own = ndimage.distance_transform_edt(pixels != label, [s or 1.0 for s in spacing])
            here = result == label
            if (own[here] > distance[here] * 1.001 + 1e-9).any():
                return f"has label {label} where SciPy finds a nearer one"
        return ""

    return np.where(written, expected, 0).astype(np.uint32), judge


def plateau_marks(pixels, is_maximum):
    """The first voxel of each box-connected plateau of equal values all of whose voxels are maxima."""
    marks = np.zeros(pixels.shape, np.uint8)
    for value in np.unique(pixels):
        labels, count = ndimage.label(pixels == value, BOX)
        whole = ndimage.minimum(is_maximum, labels, np.arange(1, count + 1))
        _, first = np.unique(labels, return_index=True)
        first = first[1:] if (labels == 0).any() else first
        marks.ravel()[first[np.asarray(whole, bool)]] = 1
    return marks


def detect_maxima(pixels, parameters):
    size = [2 * int(r) + 1 for r in per_axis(parameters["radius"], parameters["dims"])]
    highest = ndimage.maximum_filter(pixels, size, mode="nearest")
    floor = np.float32(parameters["floor"])
    return exactly(plateau_marks(pixels, (highest == pixels) & (pixels.astype(np.float32) > floor)))


def detect_maxima_skimage(pixels, parameters):
    # Radius 1 alone; and where all is one plateau, scikit-image finds no maximum.
    maxima = np.squeeze(morphology.local_maxima(pixels, connectivity=3)).reshape(pixels.shape).astype(bool)
    if pixels.min() == pixels.max():
        maxima[...] = True
    return exactly(plateau_marks(pixels, maxima))


def find_maxima(pixels, parameters):
    prominence = np.float32(parameters["prominence"])
    values = pixels.astype(np.float32)
    marks = np.zeros(pixels.shape, np.uint8)
    tops = np.zeros(pixels.shape, bool)
    candidates = ndimage.maximum_filter(values, 3, mode="nearest") == values
    if values.min() != values.max():
        for height in np.unique(values[candidates]):
            labels, count = ndimage.label(values >= height - prominence, BOX)
            for hill in np.unique(labels[candidates & (values == height)]):
                if values[labels == hill].max() > height:
                    continue
                top = (labels == hill) & (values == height)
                tops |= top
                positions = np.argwhere(top)[:, ::-1].astype(np.float64)  # x first, as summed
                mean = positions.sum(0) / len(positions)
                squared = (positions[:, 0] - mean[0]) ** 2 + (positions[:, 1] - mean[1]) ** 2
                marks[tuple(np.argwhere(top)[np.argmin(squared)])] = 1

    def judge(result, expected):
        # On integers a maximum that stands out by more than p is an h-maximum of h = p + 1.
        span = int(pixels.max()) - int(pixels.min()) if pixels.dtype != np.float32 else 0
        if prominence == np.rint(prominence) and 0 <= prominence < span - 1 and pixels.shape[1:] > (2, 2):
            h_maxima = morphology.h_maxima(pixels[0].astype(np.int64), int(prominence) + 1, np.ones((3, 3)))
            if not np.array_equal(h_maxima != 0, tops[0]):
                return "marks other hills than scikit-image's h_maxima has"
        return "" if np.array_equal(result, expected) else "is not equal"

    return marks, judge


def blurred(pixels, sigma, dims):
    values = ndimage.gaussian_filter(pixels.astype(np.float64), per_axis(sigma, dims), mode="nearest", truncate=4.0)
    return values.astype(np.float32)


def otsu_mask(pixels, parameters):
    smooth = blurred(pixels, parameters["outline_sigma"], parameters["dims"])
    if smooth.min() == smooth.max():
        return np.zeros(pixels.shape, bool)
    return smooth > filters.threshold_otsu(smooth)


def gauss_otsu(pixels, parameters):
    return exactly(components_of(otsu_mask(pixels, parameters)))


def voronoi_otsu(pixels, parameters):
    mask = otsu_mask(pixels, parameters)
    spots = blurred(pixels, parameters["spot_sigma"], parameters["dims"])
    highest = ndimage.maximum_filter(spots, 3, mode="nearest")
    marks = mask & (plateau_marks(spots, highest == spots) != 0)
    seeds = np.where(marks, np.cumsum(marks).reshape(marks.shape), 0).astype(np.uint32)
    return exactly(nearest_seeds(seeds, 1, ndimage.label(mask, BOX)[0]))


def eroded_otsu(pixels, parameters, structure=FACE):
    mask = otsu_mask(pixels, parameters)
    eroded = mask
    for _ in range(int(parameters["erosions"])):
        # A border erodes nothing. 2D images have one slice.
        eroded = ndimage.binary_erosion(eroded, structure, border_value=1)
    return exactly(nearest_seeds(components_of(eroded), 1, ndimage.label(mask, BOX)[0]))


class Labels(Oracle):
    def masks(self, shapes):
        """Foregrounds of several densities; of float32 also with NaN."""
        images = {}
        for name, dtype in DTYPES.items():
            for number, shape in enumerate(shapes):
                pixels = noise(shape, dtype, number)
                density = (0.15, 0.4, 0.6)[number % 3]
                pixels[np.random.default_rng(number).random(pixels.shape) > density] = 0
                if dtype == np.float32:
                    pixels.ravel()[2::7] = np.nan
                images[f"{name}_{'_'.join(map(str, shape))}"] = pixels
        return images

    def levels(self, shapes):
        images = {}
        for name, dtype in DTYPES.items():
            for number, shape in enumerate(shapes):
                images[f"few_{name}_{number}"] = few_levels(shape, dtype, number, 3)
                images[f"many_{name}_{number}"] = noise(shape, dtype, number)
        return images

    def test_connected_components(self):
        parameters = {"neighbours": ["box", "face"]}
        for oracle in (connected_components, connected_components_skimage):
            self.compare("ConnectedComponents2D", oracle, self.masks(SHAPES_ONE_SLICE), parameters)
            self.compare("ConnectedComponents3D", oracle, self.masks(SHAPES_3D), parameters)

    def test_voronoi(self):
        for dims, shape, spacings in ((2, (33, 20, 1), ["1", "0.5x2", "1x0.3"]),
                                      (3, (17, 12, 9), ["1", "1x1.5x3", "0.3x1x2.5"])):
            random = np.random.default_rng(dims)
            for count in (0, 1, 7, 60):
                seeds = np.zeros(shape[::-1], np.uint32)
                seeds.ravel()[random.choice(seeds.size, count, replace=False)] = random.integers(1, 9, count)
                mask = random.integers(0, 2, seeds.shape).astype(np.uint8)
                self.compare(f"Voronoi{dims}D", lambda *given: voronoi(*given, mask), {"seeds": seeds},
                             {"spacing": spacings, "masked": ["no", "yes"]}, second=mask)

    def test_detect_maxima(self):
        self.compare("DetectMaxima2D", detect_maxima, self.levels([(33, 20, 1), (13, 1, 1), (1, 1, 1)]),
                     {"radius": ["0", "1", "2x1", "0x3"], "floor": ["-3.4e38", "1"]})
        self.compare("DetectMaxima3D", detect_maxima, self.levels([(17, 12, 9), (7, 5, 3)]),
                     {"radius": ["0", "1", "3x1x2"], "floor": ["-3.4e38", "1"]})
        self.compare("DetectMaxima3D", detect_maxima_skimage, self.levels([(17, 12, 9)]),
                     {"radius": ["1"], "floor": ["-3.4e38"]})
        self.compare("DetectMaxima2D", detect_maxima_skimage,
                     self.levels([(33, 20, 1)]) | self.real("blobs/blobs.tif"), {"radius": ["1"], "floor": ["-3.4e38"]})

    def test_find_maxima(self):
        self.compare("FindMaxima2D", find_maxima,
                     self.levels([(33, 20, 1), (13, 1, 1), (1, 9, 1), (1, 1, 1)]) | self.real("blobs/blobs.tif"),
                     {"prominence": ["0", "1", "2", "5", "40.5", "100"]})

    # napari-segment-blobs-and-things-with-membranes ends with scikit-image's watershed, which floods along the grey
    # levels' or the mask's ways: NumPy by every pair here, as the definition is by Euclidean distance.
    def test_otsu_labeling(self):
        grey = {"blobs": self.levels([(33, 20, 1)]) | self.real("blobs/blobs.tif")}
        deep = {"noise": noise((17, 12, 9), np.uint8, 4), "float": noise((12, 9, 7), np.float32, 5)}
        for dims, images in ((2, grey["blobs"]), (3, deep)):
            self.compare(f"GaussOtsuLabeling{dims}D", gauss_otsu, images, {"outline_sigma": ["0", "1", "2"]})
            self.compare(f"VoronoiOtsuLabeling{dims}D", voronoi_otsu, images,
                         {"spot_sigma": ["0", "1", "2"], "outline_sigma": ["0.5", "2"]})
            self.compare(f"ErodedOtsuLabeling{dims}D", eroded_otsu, images,
                         {"erosions": ["0", "1", "2"], "outline_sigma": ["1"]})

    def test_wrong_oracles_are_found(self):
        """What a slip in a definition would look like: none of these may agree."""
        mask = self.masks([(17, 12, 9)])["u8_17_12_9"]
        mask[np.random.default_rng(1).random(mask.shape) > 0.3] = 0
        few = few_levels((33, 20, 1), np.uint8, 3, 4)
        seeds = np.where(few == 3, np.arange(few.size).reshape(few.shape), 0).astype(np.uint32)
        everywhere = np.ones(few.shape, np.uint8)

        def swapped(pixels, parameters):
            return connected_components(pixels, {"neighbours": {"box": "face", "face": "box"}[parameters["neighbours"]]})

        def from_behind(pixels, parameters):
            labels = connected_components(np.flip(pixels), parameters)[0]
            return exactly(np.flip(labels))

        def higher_of_equals(pixels, parameters):
            flipped = np.where(pixels, pixels.max() + 1 - pixels, 0)
            nearest = nearest_seeds(flipped, 1)
            return exactly(np.where(nearest, pixels.max() + 1 - nearest, 0).astype(np.uint32))

        def every_candidate(pixels, _):
            return exactly((ndimage.maximum_filter(pixels, 3, mode="nearest") == pixels).astype(np.uint8))

        def last_of_plateau(pixels, parameters):
            return exactly(np.flip(detect_maxima(np.flip(pixels), parameters)[0]))

        def not_below(pixels, parameters):
            return find_maxima(pixels, parameters | {"prominence": str(float(parameters["prominence"]) - 1)})

        def without_components(pixels, parameters):
            mask = otsu_mask(pixels, parameters)
            spots = blurred(pixels, parameters["spot_sigma"], 2)
            marks = mask & (plateau_marks(spots, ndimage.maximum_filter(spots, 3, mode="nearest") == spots) != 0)
            numbers = np.where(marks, np.cumsum(marks).reshape(marks.shape), 0).astype(np.uint32)
            return exactly(np.where(mask, nearest_seeds(numbers, 1), 0).astype(np.uint32))

        wrong = [
            ("ConnectedComponents3D", {"neighbours": ["box", "face"]}, mask, None, [swapped, from_behind]),
            ("Voronoi2D", {"spacing": ["1"], "masked": ["no"]}, seeds, everywhere, [higher_of_equals]),
            ("DetectMaxima2D", {"radius": ["1"], "floor": ["-3.4e38"]}, few, None, [every_candidate, last_of_plateau]),
            ("FindMaxima2D", {"prominence": ["2"]}, few, None, [not_below]),
            ("VoronoiOtsuLabeling2D", {"spot_sigma": ["0"], "outline_sigma": ["0"]}, few, None, [without_components]),
            ("ErodedOtsuLabeling2D", {"erosions": ["1"], "outline_sigma": ["1"]}, few, None,
             [lambda *given: eroded_otsu(*given, structure=BOX)]),
        ]
        for operation, parameters, pixels, second, oracles in wrong:
            self.disagree(operation, oracles, {"image": pixels}, parameters, second)


if __name__ == "__main__":
    if BENCH is None:
        sys.exit(__doc__)
    sys.exit(run_tests(sys.argv[2:]))
