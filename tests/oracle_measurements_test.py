#!/usr/bin/env python3
"""Compares reductions, histograms, thresholds and label measurements of the reference engine with NumPy, SciPy
and scikit-image.

usage: oracle_measurements_test.py BENCH [UNITTEST ARGUMENTS...]
"""

import math
import pathlib
import sys

import numpy as np
from scipy import ndimage
from skimage import filters, measure, segmentation

from checked import read_stack, run_tests
from oracle import BENCH, DATA, DTYPES, SHAPES_3D, SHAPES_ONE_SLICE, Oracle, exactly, noise

SHAPES = {"2D": SHAPES_ONE_SLICE, "3D": SHAPES_3D}


def blobs_like(shape, dtype, seed):
    """Blurred noise: a histogram with a shape."""
    smooth = ndimage.gaussian_filter(np.random.default_rng(seed).normal(0, 1, shape[::-1]), 2)
    smooth = (smooth - smooth.min()) / max(np.ptp(smooth), 1e-9)
    scale = {np.uint8: 255, np.uint16: 60000, np.float32: 17.3}[dtype]
    return (smooth**3 * scale + (0 if dtype != np.float32 else -4)).astype(dtype)


# ---- Thresholds, from the published formulas, on 256 counts.


def default_level(counts):
    """ImageJ's IsoData with the mode limited to 3/2 of the second highest count."""
    counts = counts.astype(np.int64).copy()
    mode = int(np.argmax(counts))
    second = max((int(c) for i, c in enumerate(counts) if i != mode), default=0)
    if second and counts[mode] > 2 * second:
        counts[mode] = int(second * 1.5)
    counts[0] = counts[-1] = 0
    occupied = np.nonzero(counts)[0]
    if len(occupied) < 2:
        return 128
    first, last = occupied[0], occupied[-1]
    bins = np.arange(256.0)
    moving = first
    while True:
        low, high = slice(first, moving + 1), slice(moving + 1, last + 1)
        result = ((bins[low] * counts[low]).sum() / counts[low].sum()
                  + (bins[high] * counts[high]).sum() / counts[high].sum()) / 2
        moving += 1
        if not (moving + 1 <= result and moving < last - 1):
            return math.floor(result + 0.5)


def li_level(counts):
    bins = np.arange(256.0)
    new = (bins * counts).sum() / counts.sum()
    while True:
        old, level = new, int(new + 0.5)
        back, front = counts[:level + 1], counts[level + 1:]
        mean_back = (bins[:level + 1] * back).sum() / back.sum() if back.sum() else 0
        mean_front = (bins[level + 1:] * front).sum() / front.sum() if front.sum() else 0
        degenerate = mean_back == 0 or mean_front == 0
        new = 0 if degenerate else int((mean_back - mean_front) / (math.log(mean_back) - math.log(mean_front)) + 0.5)
        if abs(new - old) <= 0.5:
            return level


def triangle_level(counts):
    counts = counts.astype(float)
    occupied = np.nonzero(counts)[0]
    low, high, peak = max(occupied[0] - 1, 0), min(occupied[-1] + 1, 255), int(np.argmax(counts))
    inverted = peak - low < high - peak
    if inverted:
        counts, low, peak = counts[::-1], 255 - high, 255 - peak
    # Distance from the line between (low, counts[low]) and the peak.
    nx, ny = counts[peak], float(low - peak)
    length = math.sqrt(nx * nx + ny * ny)
    nx, ny = nx / length, ny / length
    line = nx * low + ny * counts[low]
    distances = [nx * i + ny * counts[i] - line for i in range(low + 1, peak + 1)]
    split = low + 1 + int(np.argmax(distances)) if max(distances) > 0 else low
    return 255 - (split - 1) if inverted else max(split - 1, 0)


def mean_level(counts):
    return math.floor((np.arange(256.0) * counts).sum() / counts.sum())


def yen_level(counts):
    """With logarithms, as published; where two splits are equal but for rounding, the first."""
    p = counts / counts.sum()
    P = np.cumsum(counts) / counts.sum()
    S, s = np.cumsum(p * p), np.cumsum((p * p)[::-1])[::-1]
    best, level = -np.inf, 0
    for i in range(255):
        if 0 < counts[:i + 1].sum() < counts.sum():
            criterion = -math.log(S[i] * s[i + 1]) + 2 * math.log(P[i] * (1 - P[i]))
            if criterion > best + 1e-12:
                best, level = criterion, i
    return level


LEVELS = {"default": default_level, "li": li_level, "triangle": triangle_level, "mean": mean_level, "yen": yen_level}


def float_bins(pixels, bins):
    """Histogram's float32 steps."""
    low, high = pixels.min(), pixels.max()
    scale = np.float32(min(bins / (float(high) - float(low)), np.finfo(np.float32).max)) if high > low else np.float32(0)
    position = (pixels.astype(np.float32) - np.float32(low)) * scale
    return np.where(position < bins, np.minimum(position, bins - 1).astype(np.int64), bins - 1)


def auto_threshold(pixels, parameters, levels=LEVELS):
    method = parameters["method"]
    if method == "otsu":
        # On float32, scikit-image would compute the edges in float32: the definition says double.
        values = pixels if pixels.dtype != np.float32 else pixels.astype(np.float64)
        return exactly((values > filters.threshold_otsu(values.ravel())).astype(np.uint8))
    bins = pixels.astype(np.int64) if pixels.dtype == np.uint8 else float_bins(pixels, 256)
    counts = np.bincount(bins.ravel(), minlength=256)
    level = levels[method](counts) if np.count_nonzero(counts) > 1 else 255
    return exactly((bins > level).astype(np.uint8))


def summed(pixels):
    if pixels.dtype != np.float32:
        return float(int(pixels.astype(np.uint64).sum()))
    return math.fsum(pixels.astype(np.float64).ravel())


def standard_deviation(pixels):
    values = pixels.astype(np.longdouble)
    return float(np.sqrt(np.mean((values - values.mean()) ** 2)))


NUMBERS = {
    "SumOfAllPixels": ("sum", summed, 1e-12),
    "MeanOfAllPixels": ("mean", lambda pixels: summed(pixels) / pixels.size, 1e-12),
    "StandardDeviationOfAllPixels": ("standard deviation", standard_deviation, 1e-12),
    "MinimumOfAllPixels": ("minimum", lambda pixels: float(np.fmin.reduce(pixels, None)), 0),
    "MaximumOfAllPixels": ("maximum", lambda pixels: float(np.fmax.reduce(pixels, None)), 0),
}


# ---- Labels.


def some_labels(shape, seed, step=3):
    """Blocks and ragged regions, some of one voxel, with numbers that leave gaps."""
    random = np.random.default_rng(seed)
    size = shape[::-1]
    regions = measure.label(ndimage.gaussian_filter(random.normal(0, 1, size), 1.2) > 0.1, connectivity=1)
    numbers = random.permutation(np.arange(1, regions.max() + 1)) * step
    labels = np.concatenate([[0], numbers])[regions]
    labels.flat[random.integers(0, labels.size, 3)] = labels.max() + 5  # one label in scattered voxels
    return labels.astype(np.uint32)


def label_images(dims):
    shapes = [(41, 33, 1), (1, 9, 1), (13, 7, 1)] if dims == 2 else [(33, 20, 11), (7, 5, 3), (64, 2, 9)]
    images = {f"labels{i}": some_labels(shape, i) for i, shape in enumerate(shapes)}
    images["none"] = np.zeros(shapes[0][::-1], np.uint32)
    images["all"] = np.full(shapes[0][::-1], 4, np.uint32)
    return images


def regions_of(labels, dims, image=None):
    flat = (lambda a: a[0]) if dims == 2 else (lambda a: a)
    return {r.label: r for r in measure.regionprops(flat(labels).astype(np.int64),
                                                    None if image is None else flat(image).astype(np.float64))}


def place(values, dims):
    """(y, x) or (z, y, x) as x, y, z."""
    return [*reversed(values)] + ([0.0] if dims == 2 else [])


def axis_lengths(region, dims):
    """scikit-image's formulas; its own property raises where rounding makes a root's argument negative."""
    values = np.clip(region.inertia_tensor_eigvals, 0, None)
    if dims == 2:
        return 4 * math.sqrt(values[0]), 4 * math.sqrt(values[-1])
    return (math.sqrt(max(0, 10 * (values[0] + values[1] - values[2]))),
            math.sqrt(max(0, 10 * (-values[0] + values[1] + values[2]))))


def touching(labels):
    pairs = set()
    for axis in range(3):
        a = np.moveaxis(labels, axis, 0)[:-1].ravel()
        b = np.moveaxis(labels, axis, 0)[1:].ravel()
        both = (a != b) & (a > 0) & (b > 0)
        pairs |= set(zip(a[both].tolist(), b[both].tolist())) | set(zip(b[both].tolist(), a[both].tolist()))
    return pairs


def renumbered(labels, stays):
    kept = [label for label in np.unique(labels) if label and stays(label)]
    table = np.zeros(int(labels.max()) + 1, np.uint32)
    table[kept] = np.arange(1, len(kept) + 1)
    return table[labels]


class Measurements(Oracle):
    def images(self, dims, make=noise):
        made = {f"{name}_{'_'.join(map(str, shape))}": make(shape, dtype, i)
                for name, dtype in DTYPES.items() for i, shape in enumerate(SHAPES[dims])}
        return made | self.real("blobs/blobs.tif" if dims == "2D" else "img3d/blastocyst.tif")

    def both(self, family, make=noise):
        for dims in ("2D", "3D"):
            yield family + dims, self.images(dims, make)

    @staticmethod
    def as_stacks(images, operation):
        """Single slices doubled for 3D: files are all stacks or none."""
        stacks = operation.endswith("3D")
        return {name: np.repeat(pixels, 2, axis=0) if stacks and len(pixels) == 1 else pixels
                for name, pixels in images.items()}

    def test_numbers(self):
        for family, (column, oracle, tolerance) in NUMBERS.items():
            for operation, images in self.both(family):
                if tolerance == 0:
                    images["special"] = np.array([[[np.nan, -3, np.inf, 2, np.nan]] * 2], np.float32)
                    images["nothing"] = np.full((1, 3, 2), np.nan, np.float32)
                images["constant"] = np.full((1, 50, 41), 30000.1, np.float32)
                for pixels, _, result in self.compute(operation, self.as_stacks(images, operation), {}):
                    self.equal(list(result), [column], operation)
                    self.equal(len(result[column]), 1, operation)
                    value, expected = result[column][0], oracle(pixels)
                    what = f"{operation} on {pixels.shape[::-1]} {pixels.dtype}: {value!r}, expected {expected!r}"
                    allowed = tolerance * max(1, abs(expected))
                    self.check(value == expected or abs(value - expected) <= allowed
                               or (np.isnan(value) and np.isnan(expected)), what)
                    # What one changed voxel does to the number is seen.
                    if pixels.size > 1 and tolerance > 0:
                        wrong = pixels.copy()
                        wrong.flat[0] += 1
                        self.check(abs(value - oracle(wrong)) > allowed, what + " (planted)")

    def test_wrong_numbers_are_found(self):
        image = {"image": noise((33, 20, 11), np.uint8, 1)}
        for pixels, _, result in self.compute("StandardDeviationOfAllPixels3D", image, {}):
            value = result["standard deviation"][0]
            self.check(abs(value - pixels.std(ddof=1)) > 1e-9 * value, "ddof 1")

    def test_histogram(self):
        for operation, images in self.both("Histogram"):
            images["constant"] = np.full((1, 5, 4), 7, np.uint16)
            for pixels, given, result in self.compute(operation, self.as_stacks(images, operation), {"bins": ["256", "1", "10", "5000"]}):
                bins = int(given["bins"])
                what = f"{operation} {given} on {pixels.shape[::-1]} {pixels.dtype}"
                counts = np.bincount(float_bins(pixels, bins).ravel(), minlength=bins)
                self.check(np.array_equal(result["count"], counts), what)
                low, high = float(pixels.min()), float(pixels.max())
                self.check(np.array_equal(result["lower"], low + np.arange(bins) * ((high - low) / bins)), what)
                if high > low:
                    # NumPy decides by edges: a voxel within rounding of one may change sides.
                    values = pixels.astype(np.float64)
                    position = (values - low) / (high - low) * bins
                    near = np.count_nonzero(np.abs(position - np.rint(position)) < 1e-6 * bins)
                    numpy = np.histogram(values, bins)[0]
                    self.check(np.abs(result["count"] - numpy).sum() <= 2 * near, what + ", NumPy")

    def test_auto_threshold(self):
        methods = {"method": ["default", "otsu", "li", "triangle", "mean", "yen"]}
        for make in (noise, blobs_like):
            for operation, images in self.both("AutoThreshold", make):
                if make is noise and operation.endswith("2D"):
                    continue
                images["constant"] = np.full((1, 5, 4), 7, np.uint16)
                two = np.full((1, 9, 8), 50, np.uint8)
                two[0, :, 5:] = 90
                images["two"] = two
                for pixels, given, result in self.compute(operation, self.as_stacks(images, operation), methods):
                    expected, judge = auto_threshold(pixels, given)
                    what = f"{operation} {given} on {pixels.shape[::-1]} {pixels.dtype}"
                    self.check(result.dtype == np.uint8 and result.shape == expected.shape, what)
                    self.check(not judge(result, expected),
                               f"{what}: {np.count_nonzero(result)} above, expected {np.count_nonzero(expected)}")
                    wrong = result.copy()
                    wrong.flat[0] ^= 1
                    self.check(judge(wrong, expected), what + " (planted)")

    def test_wrong_levels_are_found(self):
        """Of each method the level beside the right one gives another mask."""
        image = {"image": noise((33, 20, 11), np.uint8, 2)}
        shifted = {name: lambda counts, level=level: level(counts) + 1 for name, level in LEVELS.items()}
        for pixels, given, result in self.compute("AutoThreshold3D", image, {"method": list(LEVELS)}):
            expected, judge = auto_threshold(pixels, given, shifted)
            self.check(judge(result, expected), f"{given} agrees with a wrong level")

    def test_blobs(self):
        if not DATA:
            self.skipTest("VOXELMARK_DATA is not set")
        image = {"blobs": read_stack(pathlib.Path(DATA) / "blobs/blobs.tif")}
        for _, given, result in self.compute("AutoThreshold2D", image, {"method": ["otsu", "default"]}):
            objects = ndimage.label(result[0], np.ones((3, 3)))[1]
            self.equal(objects, 64, f"blobs by {given['method']}")

    def test_label_tables(self):
        for dims in (2, 3):
            images = label_images(dims)
            for labels, _, result in self.compute(f"CountLabels{dims}D", images, {}):
                self.equal(result["count"].tolist(), [np.count_nonzero(np.unique(labels))], f"CountLabels{dims}D")
            for labels, _, result in self.compute(f"Centroids{dims}D", images, {}):
                regions = regions_of(labels, dims)
                rows = max(1, int(labels.max()))
                self.check(np.array_equal(result["label"], np.arange(1, rows + 1)), "Centroids: label")
                for label in range(1, rows + 1):
                    row = [result[axis][label - 1] for axis in "xyz"]
                    if label in regions:
                        self.check(np.allclose(row, place(regions[label].centroid, dims), 1e-12, 1e-12), f"{label}: {row}")
                        self.check(not np.allclose(row, np.add(place(regions[label].centroid, dims), 1e-6), 1e-12, 1e-9), "planted")
                    else:
                        self.check(np.isnan(row).all(), f"absent label {label}: {row}")

    def test_label_statistics(self):
        for dims in (2, 3):
            labels = label_images(dims)["labels0"]
            for name, dtype in DTYPES.items():
                image = noise(labels.shape[::-1], dtype, 5)
                if dims == 3:
                    labels[3, 4:9, 5:17] = 1  # flat, and one voxel thin
                    labels[:, 0, 0] = 2
                for _, _, result in self.compute(f"LabelStatistics{dims}D", {"image": image}, {}, second=labels):
                    regions = regions_of(labels, dims, image)
                    self.equal(len(result["label"]), int(labels.max()), "rows")
                    for label in range(1, int(labels.max()) + 1):
                        row = {column: values[label - 1] for column, values in result.items()}
                        what = f"LabelStatistics{dims}D {name} label {label}: {row}"
                        if label not in regions:
                            self.check(row["voxels"] == 0 and all(np.isnan(value) for column, value in row.items()
                                                                  if column not in ("label", "voxels")), what)
                            continue
                        region = regions[label]
                        box = region.bbox
                        greys = image[labels == label].astype(np.float64)
                        exact = [label, region.area, *place(box[:len(box) // 2], dims),
                                 *place([v - 1 for v in box[len(box) // 2:]], dims), greys.min(), greys.max()]
                        columns = ["label", "voxels", "first x", "first y", "first z", "last x", "last y", "last z",
                                   "minimum", "maximum"]
                        self.check([row[column] for column in columns] == exact, f"{what}, expected {exact}")
                        near = [*place(region.centroid, dims), math.fsum(greys) / len(greys), math.fsum(greys)]
                        self.check(np.allclose([row[c] for c in ("x", "y", "z", "mean", "sum")], near, 1e-12, 1e-9), what)
                        # Of flat labels the root magnifies rounding.
                        axes = axis_lengths(region, dims)
                        self.check(np.allclose([row["major axis"], row["minor axis"]], axes, 1e-9, 3e-6), f"{what} {axes}")
                        self.check(region.area < 2 or not np.allclose(row["major axis"], axes[0] * 1.0001, 1e-9, 1e-6), "planted")

    def test_exclusion(self):
        for dims in (2, 3):
            images = label_images(dims)
            for labels, _, result in self.compute(f"ExcludeLabelsOnEdges{dims}D", images, {}):
                # scikit-image's clear_border takes a label's separate parts for labels of their own.
                inner = (slice(None) if dims == 2 else slice(1, -1), slice(1, -1), slice(1, -1))
                border = np.ones(labels.shape, bool)
                border[inner] = False
                on_edge = set(np.unique(labels[border]))
                expected = renumbered(labels, lambda label: label not in on_edge)
                joined = measure.label(labels, background=0, connectivity=1).max() > np.count_nonzero(np.unique(labels))
                if not joined:
                    cleared = segmentation.clear_border(labels[0] if dims == 2 else labels)
                    self.check(np.array_equal(expected > 0, cleared.reshape(labels.shape) > 0), "clear_border")
                self.check(np.array_equal(result, expected), f"ExcludeLabelsOnEdges{dims}D")
            sizes = {"minimum_size": ["0", "4"], "maximum_size": ["1e9", "20"]}
            for labels, given, result in self.compute(f"ExcludeLabelsOutsideSizeRange{dims}D", images, sizes):
                counts = np.bincount(labels.ravel())
                low, high = float(given["minimum_size"]), float(given["maximum_size"])
                expected = renumbered(labels, lambda label: low <= counts[label] <= high)
                self.check(np.array_equal(result, expected), f"ExcludeLabelsOutsideSizeRange{dims}D {given}")
                wrong = renumbered(labels, lambda label: low < counts[label] < high)
                self.check(np.array_equal(wrong, expected) or not np.array_equal(result, wrong), "planted")
            labels = images["labels0"]
            for dtype in DTYPES.values():
                image = noise(labels.shape[::-1], dtype, 9)
                low, high = np.percentile(image, (45, 55))
                ranges = {"minimum": ["-1e30", f"{low:g}"], "maximum": ["1e30", f"{high:g}"]}
                name = f"ExcludeLabelsOutsideMeanRange{dims}D"
                for _, given, result in self.compute(name, {"image": image}, ranges, second=labels):
                    means = dict(zip(range(1, int(labels.max()) + 1),
                                     ndimage.mean(image.astype(np.float64), labels, range(1, int(labels.max()) + 1))))
                    low, high = np.float32(given["minimum"]), np.float32(given["maximum"])
                    expected = renumbered(labels, lambda label: low <= means[label] <= high)
                    self.check(np.array_equal(result, expected), f"{name} {given}")

    def test_neighbor_mesh(self):
        for dims in (2, 3):
            images = {"voronoi": segmentation.watershed(np.random.default_rng(3).random((1 if dims == 2 else 9, 30, 40)),
                                                        markers=25).astype(np.uint32) * 2}
            images |= {"none": np.zeros_like(images["voronoi"])}
            values = {"spacing": ["1", "0.5x2" if dims == 2 else "0.5x2x3"], "angle": ["30", "5", "80"]}
            for labels, given, result in self.compute(f"NeighborMesh{dims}D", images, values):
                spacing = np.array((given["spacing"].split("x") * 3)[:3] if "x" not in given["spacing"]
                                   else given["spacing"].split("x") + ["0"] * (dims == 2), float)
                if dims == 2:
                    spacing[2] = 0
                nodes = {label: np.array(place(region.centroid, dims)) * spacing
                         for label, region in regions_of(labels, dims).items()}
                middle = np.mean(list(nodes.values()), axis=0) if nodes else None
                pairs = touching(labels)
                for label in range(1, len(result["label"]) + 1):
                    row = [result[c][label - 1] for c in ("label", "neighbors", "mean distance", "surface")]
                    what = f"NeighborMesh{dims}D {given}: {row}"
                    if label not in nodes:
                        self.check(row[:2] == [label, 0] and np.isnan(row[2:]).all(), what)
                        continue
                    near = [b for a, b in pairs if a == label]
                    distances = [np.linalg.norm(nodes[b] - nodes[label]) for b in near]
                    ray = nodes[label] - middle
                    angles = [math.degrees(math.acos(np.clip(np.dot(node - nodes[label], ray) / np.linalg.norm(ray)
                                                             / np.linalg.norm(node - nodes[label]), -1, 1)))
                              for other, node in nodes.items() if other != label]
                    surface = float(min(angles) > float(given["angle"]))
                    self.check(row[:2] == [label, len(near)] and row[3] == surface, f"{what}, expected {len(near)}, {surface}")
                    self.check(np.isclose(row[2], np.mean(distances), 1e-12) if near else np.isnan(row[2]), what)


if __name__ == "__main__":
    if BENCH is None:
        sys.exit(__doc__)
    sys.exit(run_tests(sys.argv[2:]))
