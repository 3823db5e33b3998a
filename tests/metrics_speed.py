#!/usr/bin/env python3
"""Times of the metrics on 512 x 512 x 512 voxels with 10,000 objects, beside those of SciPy and scikit-image.

usage: metrics_speed.py METRICS_SPEED [EXTENT]

METRICS_SPEED is the program of that name in build/release/tests. Both sides work on images in memory and take turns.
Prints a Markdown table: the shortest of three times of ours, the shorter of two of theirs, and their ratio. Ends with 1
where the figures differ. Needs some 10 GB of memory.
"""

import pathlib
import resource
import subprocess
import sys
import tempfile
import time

import numpy as np
import scipy.ndimage
import skimage.measure
import skimage.metrics
import tifffile


def balls(extent, objects):
    """Two label images of balls on a jittered grid; those of the second are moved and have other radii."""
    rng = np.random.default_rng(0)
    images = np.zeros((2, extent, extent, extent), np.uint32)
    side = round(objects ** (1 / 3) + 0.5)
    places = np.linspace(12, extent - 13, side)
    for label, centre in enumerate(np.stack(np.meshgrid(places, places, places, indexing="ij"), -1).reshape(-1, 3)[:objects], 1):
        for image, move in zip(images, (0.4, 2.4)):
            c, r = centre + rng.uniform(-move, move, 3), rng.uniform(7, 10)
            low = np.maximum(np.floor(c - r).astype(int), 0)
            high = np.minimum(np.ceil(c + r).astype(int) + 1, extent)
            z, y, x = np.ogrid[tuple(map(slice, low, high))]
            image[tuple(map(slice, low, high))][(z - c[0]) ** 2 + (y - c[1]) ** 2 + (x - c[2]) ** 2 <= r * r] = label
    return images


def overlap(a, b):
    table = skimage.metrics.contingency_table(a, b).tocoo()
    size_a, size_b = np.bincount(a.ravel()), np.bincount(b.ravel())
    inner = (table.row > 0) & (table.col > 0)
    shared = np.rint(table.data[inner])
    iou = shared / (size_a[table.row[inner]] + size_b[table.col[inner]] - shared)
    best = np.zeros(size_a.size)
    np.maximum.at(best, table.row[inner], iou)
    return best[1:][size_a[1:] > 0].mean()


def boundary(a, b):
    cross = scipy.ndimage.generate_binary_structure(3, 1)
    a, b = a > 0, b > 0
    a, b = a & ~scipy.ndimage.binary_erosion(a, cross), b & ~scipy.ndimage.binary_erosion(b, cross)
    forth, back = scipy.ndimage.distance_transform_edt(~b)[a], scipy.ndimage.distance_transform_edt(~a)[b]
    return (forth.sum() + back.sum()) / (forth.size + back.size)


def timed(function, *arguments):
    start = time.monotonic()
    return function(*arguments), time.monotonic() - start


def main():
    extent = int(sys.argv[2]) if len(sys.argv) > 2 else 512
    images = balls(extent, 10000)
    with tempfile.TemporaryDirectory() as folder:
        paths = [pathlib.Path(folder) / f"{i}.tif" for i in range(2)]
        for path, image in zip(paths, images):
            with tifffile.TiffWriter(path) as file:
                for page in image:
                    file.write(page, photometric="minisblack", contiguous=True, metadata=None)
        ours = subprocess.Popen([sys.argv[1], *paths], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ours.stdout.readline()
    print(f"| {extent}³, {int(images[0].max())} objects | ours, s | theirs, s | ratio |\n| --- | ---: | ---: | ---: |")
    status = 0
    for word, theirs, name in [("overlap", overlap, "scikit-image's contingency_table"), ("boundary", boundary, "two of SciPy's distance_transform_edt")]:
        our_times, their_times, figures = [], [], set()
        for turn in range(3):
            ours.stdin.write(word + "\n")
            ours.stdin.flush()
            seconds, figure = map(float, ours.stdout.readline().split())
            our_times.append(seconds)
            if turn < 2:
                expected, seconds = timed(theirs, *images)
                their_times.append(seconds)
                if abs(figure - expected) > 1e-9 * expected:
                    print(f"{word}: {figure}, and theirs is {expected}", file=sys.stderr)
                    status = 1
        print(f"| {word}: {name} | {min(our_times):.3g} | {min(their_times):.3g} | {min(their_times) / min(our_times):.0f} |", flush=True)
    ours.stdin.write("measure\n")
    ours.stdin.flush()
    print(f"| measurements of all objects | {float(ours.stdout.readline().split()[0]):.3g} | | |")
    ours.stdin.close()
    ours.wait()
    print(f"\nMost memory of ours: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20:.2g} GiB, of which the two "
          f"images take {10 * extent**3 / 2**30:.2g} GiB as labels and as masks")
    return status


if __name__ == "__main__":
    sys.exit(main() if len(sys.argv) > 1 else __doc__)
