#!/usr/bin/env python3
"""Compares measure_objects with scikit-image's regionprops, and its calipers in 3D with SciPy's convex hull.

usage: objects_against_skimage.py DUMP_PROGRAM [unittest's arguments]

Lengths agree to a part in 10^9. Of what regionprops does otherwise:

- feret_diameter_max is taken from the pixels whose centres lie in the object's hull (convex_hull_image), not
  from the object's own. Each end of the diameter is the middle of an edge of such a pixel, at most half a pixel
  outside the hull: it exceeds FeretPoints::edges by 0 to 1 pixel, and is the same for the hull's pixels as object.
- An object in one plane of a stack has no hull there; these are passed over.
"""

import csv
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from scipy import ndimage, spatial
from skimage import measure

from checked import CheckedTest, run_tests, write_stack

PROGRAM = sys.argv[1] if len(sys.argv) > 1 else None
SHAPES = [(1, 150, 170), (30, 40, 50)]
SPACINGS = [(1, 1, 1), (0.65, 0.65, 2), (0.21, 0.35, 1.3)]  # x, y, z
TOLERANCE = 1e-9


def random_objects(shape, seed):
    """Labels [z, y, x] of smooth objects of many sizes, with some in pieces and numbers out of order."""
    random = np.random.default_rng(seed)
    labels = np.zeros(shape, np.uint32)
    for sigma, threshold in ((1, 1.2), (2.5, 0.9)):
        field = ndimage.gaussian_filter(random.normal(size=shape), [sigma if n > 1 else 0 for n in shape])
        found, count = ndimage.label(field > threshold * field.std())
        numbers = random.integers(1, 5000, count + 1, np.uint32)
        numbers[0] = 0
        labels = np.where(labels == 0, numbers[found], labels)
    labels.flat[random.integers(0, labels.size, 3)] = labels.max()
    return labels


def measured(labels, intensity=None, points="corners", spacing=(1, 1, 1)):
    """The program's rows by label."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [pathlib.Path(folder) / name for name in ("labels.tif", "intensity.tif", "table.csv")]
        write_stack(paths[0], labels)
        if intensity is not None:
            write_stack(paths[1], intensity)
        arguments = [paths[0], "-" if intensity is None else paths[1], points, *spacing, paths[2]]
        result = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True)
        if result.returncode:
            raise RuntimeError(result.stderr)
        with open(paths[2], newline="") as file:
            rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
    return {int(row["label"]): row for row in rows}


def is_flat(coordinates):
    """Whether the voxels of an object in 3D lie in one plane, which leaves scikit-image without a hull."""
    return np.linalg.matrix_rank(coordinates - coordinates[0]) < 3


def expected_row(region, dims, spacing):
    """What regionprops says, in the program's terms; `region` is of a squeezed image."""
    steps = np.array(spacing[::-1][-dims:])
    coordinates = region.coords * steps
    # Positions in µm by scikit-image's own functions: its regionprops of 0.19 knows no spacing.
    central = measure.moments_coords_central(coordinates, order=2)
    eigenvalues = measure.inertia_tensor_eigvals(region.image, mu=central)
    if dims == 2:
        axes = 4 * np.sqrt(eigenvalues[0]), 4 * np.sqrt(eigenvalues[-1])
    else:
        e1, e2, e3 = eigenvalues
        axes = np.sqrt(10 * (e1 + e2 - e3)), np.sqrt(10 * max(0, -e1 + e2 + e3))
    if spacing == (1, 1, 1) and (dims == 2 or not is_flat(region.coords)):
        axes = region.axis_major_length, region.axis_minor_length
    row = {"label": region.label, "voxels": region.area, "area" if dims == 2 else "volume": region.area * steps.prod()}
    row.update({"centroid_z": 0, "first_z": 0, "last_z": 0})
    for i, name in enumerate("zyx"[-dims:]):
        row[f"centroid_{name}"] = region.centroid[i] * steps[i]
        row[f"first_{name}"] = region.bbox[i]
        row[f"last_{name}"] = region.bbox[i + dims] - 1
    values = region.image_intensity[region.image].astype(np.float64)
    row.update({"mean": values.mean(), "minimum": region.intensity_min, "maximum": region.intensity_max, "sum": values.sum()})
    row.update({"major_axis": axes[0], "minor_axis": axes[1]})
    return row


def differing(row, expected):
    """The columns that differ. Of the minor axis, a root, the squares are compared: it may be 0."""
    names = []
    for name, value in expected.items():
        if name == "minor_axis":
            same = abs(row[name] ** 2 - value**2) <= TOLERANCE * expected["major_axis"] ** 2
        else:
            same = abs(row[name] - value) <= TOLERANCE * abs(value)
        if not same:
            names.append(name)
    return names


def side_by_side(images):
    """One label image of masks {label: mask}, in a row along x."""
    size = np.max([mask.shape for mask in images.values()], axis=0)
    return np.concatenate([np.pad(mask, [(0, n - m) for n, m in zip(size, mask.shape)]) * np.uint32(label) for label, mask in images.items()], axis=-1)


def narrowest(points):
    """The least distance of parallel planes about a convex hull: over its faces, and all pairs of its edges."""
    hull = spatial.ConvexHull(points)
    corners = points[hull.vertices]
    edges = {tuple(sorted(pair)) for face in hull.simplices for pair in (face[[0, 1]], face[[0, 2]], face[[1, 2]])}
    vectors = np.array([points[b] - points[a] for a, b in edges])
    a, b = np.triu_indices(len(vectors), 1)
    normals = np.cross(vectors[a], vectors[b])
    lengths = np.linalg.norm(normals, axis=1)
    normals = normals[lengths > 1e-9 * lengths.max()]
    normals = np.concatenate([normals / np.linalg.norm(normals, axis=1)[:, None], hull.equations[:, :3]])
    return min(np.ptp(part @ corners.T, axis=1).min() for part in np.array_split(normals, len(normals) // 10000 + 1))


class Objects(CheckedTest):
    def test_regionprops(self):
        for seed, (shape, spacing, dtype) in enumerate((s, p, d) for s in SHAPES for p in SPACINGS for d in (np.uint8, np.uint16, np.float32)):
            random = np.random.default_rng(100 + seed)
            labels = random_objects(shape, seed)
            intensity = (random.random(shape) * 250).astype(dtype)
            if dtype == np.float32:
                intensity += 1e6
            regions = measure.regionprops(labels.squeeze().astype(np.int64), intensity.squeeze())
            rows = measured(labels, intensity, "corners", spacing)
            self.equal(list(rows), sorted(region.label for region in regions), "labels")
            for region in regions:
                row, expected = rows[region.label], expected_row(region, labels.squeeze().ndim, spacing)
                self.equal(differing(row, expected), [], f"{shape} {spacing} label {region.label}: columns that differ")
            for name in expected:  # an error in each has to be found
                wrong = row | {name: row[name] + 1e-5 * max(1, row[name], row["major_axis"])}
                self.equal(differing(wrong, expected), [name], "columns with a planted error")

    def test_feret_diameter(self):
        for seed, shape in enumerate(SHAPES):
            labels = random_objects(shape, 50 + seed)
            regions = [r for r in measure.regionprops(labels.squeeze().astype(np.int64)) if r.image.ndim == 2 or not is_flat(r.coords)]
            hulls = side_by_side({region.label: region.image_convex for region in regions})
            rows, of_hulls = measured(labels, points="edges"), measured(hulls.reshape(-1, *hulls.shape[-2:]), points="edges")
            equal = wider = 0
            for region in regions:
                theirs, own, of_hull = region.feret_diameter_max, *(r[region.label]["feret_diameter"] for r in (rows, of_hulls))
                what = f"{shape} label {region.label}: scikit-image {theirs}"
                self.check(own <= theirs * (1 + 1e-12) <= own + 1, f"{what}, of the object {own}")
                self.check(abs(of_hull - theirs) <= 1e-12 * theirs, f"{what}, of the hull's pixels {of_hull}")
                wider += theirs > own * (1 + 1e-12)
                equal += theirs <= own * (1 + 1e-12)
            print(f"{shape}: {equal} diameters as scikit-image's, {wider} less")
            self.check(equal > 0, f"{shape}: no diameter as scikit-image's")

    def test_calipers(self):
        offsets = {
            "corners": [(a, b, c) for a in (-0.5, 0.5) for b in (-0.5, 0.5) for c in (-0.5, 0.5)],
            "edges": [(-0.5, 0, 0), (0.5, 0, 0), (0, -0.5, 0), (0, 0.5, 0), (0, 0, -0.5), (0, 0, 0.5)],
            "centers": [(0, 0, 0)],
        }
        for seed, (points, spacing) in enumerate((p, s) for p in offsets for s in SPACINGS):
            labels = random_objects(SHAPES[1], 80 + seed)
            rows = measured(labels, points=points, spacing=spacing)
            for region in measure.regionprops(labels.astype(np.int64)):
                row, what = rows[region.label], f"{points} {spacing} label {region.label}"
                if points == "centers" and is_flat(region.coords):
                    self.equal(row["min_caliper"], 0, what)
                    continue
                cloud = (region.coords[:, None, :] + np.array(offsets[points])).reshape(-1, 3) * spacing[::-1]
                cloud = np.unique(cloud, axis=0)
                cloud = cloud[spatial.ConvexHull(cloud).vertices]
                feret, caliper = spatial.distance.pdist(cloud).max(), narrowest(cloud)
                self.check(abs(row["feret_diameter"] - feret) <= TOLERANCE * feret, f"{what}: {row['feret_diameter']}, hull {feret}")
                self.check(abs(row["min_caliper"] - caliper) <= TOLERANCE * caliper, f"{what}: {row['min_caliper']}, hull {caliper}")


if __name__ == "__main__":
    if PROGRAM is None:
        sys.exit(__doc__)
    sys.exit(run_tests(sys.argv[2:]))
