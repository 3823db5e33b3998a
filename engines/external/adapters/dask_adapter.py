"""Dask: the SciPy adapter's functions on the tiles of an image, by dask.array.map_overlap. A device is an overlap."""
import argparse

import dask
import dask.array as da

import scipy_adapter
from voxelmark_adapter import Engine

NEIGHBOURHOOD = ["GaussianBlur", "Mean", "Median", "Minimum", "Maximum", "Erode", "Dilate", "TopHat", "BottomHat",
                 "DifferenceOfGaussian", "SubtractGaussianBackground", "DivideByGaussianBackground"]
POINTWISE = ["AddImagesWeighted", "AddScalar", "MultiplyScalar", "AbsoluteDifference", "SquaredDifference", "BinaryAnd",
             "FixedThreshold", "Convert", "Copy"]


def numbers(separator, least):
    def parse(text):
        values = [int(part) for part in text.split(separator)]
        if min(values) < least:
            raise ValueError
        return values
    parse.__name__ = "list of whole numbers"  # for argparse's message
    return parse


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--tile", type=numbers("x", 1), default=[256], metavar="VOXELS",
                    help="a tile's extent along x and y, z staying whole (default 256); or along each, as 256x256x16")
parser.add_argument("--overlap", type=numbers(",", 0), default=[0, 4, 8, 40], metavar="VOXELS,...",
                    help="how far a tile reaches beyond its sides along tiled axes (default 0,4,8,40)")
options = parser.parse_args()
tile = options.tile * 2 if len(options.tile) == 1 else options.tile
text = "x".join(map(str, options.tile))


class Dask(Engine):
    def open(self, device):
        self.overlap = options.overlap[device]


engine = Dask("dask", dask.__version__, [{"name": f"tiles of {text}, overlap {overlap}", "id": f"overlap_{overlap}",
                                          "type": "CPU"} for overlap in options.overlap])


def tiled(function, reaches):
    def run(*images, **parameters):
        extents = images[0].shape[::-1]
        tiles = [*tile, *extents[len(tile):]][:len(extents)]
        overlaps = [engine.overlap if reaches and extent > n else 0 for extent, n in zip(extents, tiles)]
        if any(overlap > extent for overlap, extent in zip(overlaps, extents)):
            raise NotImplementedError("map_overlap takes no overlap above the image's extent")
        # At the image's border SciPy's functions clamp by themselves. Voxels that Dask adds there (boundary="nearest")
        # would be filtered too, and a top hat's second filter would take them for its own border: another result.
        arrays = [da.from_array(image, tuple(tiles[::-1]), name=False) for image in images]
        result = da.map_overlap(function, *arrays, depth=tuple(overlaps[::-1]), boundary="none", **parameters)
        return result.compute(scheduler="threads")
    return run


for names, reaches in (NEIGHBOURHOOD, True), (POINTWISE, False):
    for name in (name + dims for name in names for dims in ("2D", "3D")):
        engine.operation(name)(tiled(scipy_adapter.engine.functions[name][0], reaches))

if __name__ == "__main__":
    engine.serve()
