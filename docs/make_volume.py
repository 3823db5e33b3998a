#!/usr/bin/env python3
"""Makes an OME-Zarr volume of noisy smooth structures to measure with: make_volume.py FOLDER XxYxZ[xT].

16-bit, in chunks of 128 x 128 x 64 voxels compressed by Blosc with lz4. Each chunk is part of one random
block, begun at another voxel, so that making takes little more than writing. Needs python3-zarr and
python3-scipy.
"""
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy
import zarr
from scipy import ndimage

if len(sys.argv) != 3:
    sys.exit(__doc__)
folder, size = sys.argv[1:]
x, y, z, *frames = map(int, size.split("x"))
shape = (*frames, z, y, x)
chunk = (1,) * len(frames) + (64, 128, 128)
random = numpy.random.default_rng(1)
smooth = ndimage.gaussian_filter(random.standard_normal((128, 256, 256), "f4"), 3, mode="wrap")
block = numpy.tile(numpy.clip(2000 + 600 * smooth / smooth.std() + 40 * random.standard_normal(smooth.shape), 0, 65535)
                   .astype("u2"), (2, 2, 2))

axes = [{"name": "t", "type": "time"}] * len(frames) + [
    {"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"]
group = zarr.open_group(folder, mode="w-")
volume = group.create_dataset("0", shape=shape, chunks=chunk, dtype="u2", dimension_separator="/")
group.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": [
    {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1.0] * len(shape)}]}]}]


def write(number, begin):
    at = numpy.random.default_rng(number).integers(0, (128, 256, 256))
    extent = [min(c, n - b) for b, c, n in zip(begin, chunk, shape)]
    volume[tuple(slice(b, b + e) for b, e in zip(begin, extent))] = block[
        tuple(slice(a, a + e) for a, e in zip(at, extent[-3:]))].reshape(extent)


with ThreadPoolExecutor() as threads:
    begins = product(*(range(0, n, c) for n, c in zip(shape, chunk)))
    for done in [threads.submit(write, *task) for task in enumerate(begins)]:
        done.result()
