#!/usr/bin/env python3
"""Compares what open_ome_zarr reads, and what create_ome_zarr writes, with Python's zarr.

usage: zarr_against_python.py DUMP_PROGRAM ZARR_3_PYTHON [FOLDER]

Reads arrays and OME-NGFF groups made here by zarr, and FOLDER/zarr if there is one; and lets zarr read what
the program writes. Under this Python that is Zarr version 2; the script then starts again with
ZARR_3_PYTHON, a Python whose zarr is 3 or later, for version 3, and says so where there is none. Exits with 1
at a difference, or where nothing was compared.
"""

import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

import numcodecs
import numpy as np
import zarr

HAS_VERSION_3 = int(zarr.__version__.split(".")[0]) >= 3
TYPES = {"u8": np.uint8, "u16": np.uint16, "u32": np.uint32, "f32": np.float32}
VERSION_2_COMPRESSORS = {
    "none": None, "zlib": numcodecs.Zlib(5), "gzip": numcodecs.GZip(5), "zstd": numcodecs.Zstd(3),
    **{f"blosc_{name}_{shuffle}": numcodecs.Blosc(name, 5, shuffle)
       for name in ("lz4", "lz4hc", "zstd", "zlib", "blosclz") for shuffle in (0, 1, 2)}}


def dump(program, path, *arguments):
    """Pixels (frame, z, y, x) and spacing (x, y, z) as read by the program."""
    result = subprocess.run([program, path, *map(str, arguments)], capture_output=True)
    if result.returncode:
        raise ValueError(result.stderr.decode().strip() or f"exit status {result.returncode}")
    header, pixels = result.stdout.split(b"\n", 1)
    x, y, z, frames, dtype, *spacing = header.decode().split()
    shape = int(frames), int(z), int(y), int(x)
    return np.frombuffer(pixels, TYPES[dtype]).reshape(shape), [float(s) for s in spacing]


class Comparison:
    def __init__(self, program):
        self.program, self.differences, self.compared = program, [], 0

    def fault(self, path, text):
        self.differences.append(f"{path}: {text}")

    def same(self, path, read, expected):
        """Counts one comparison of arrays of the same four axes; NaN equals NaN."""
        self.compared += 1
        expected = np.asarray(expected)
        if read.shape != expected.shape or read.dtype != expected.dtype.newbyteorder("="):
            self.fault(path, f"{read.shape} {read.dtype}, zarr: {expected.shape} {expected.dtype}")
        elif not np.array_equal(read, expected, equal_nan=read.dtype.kind == "f"):
            self.fault(path, f"{np.count_nonzero(read != expected)} pixels differ")

    def reads(self, path, expected, *arguments, spacing=(1, 1, 1)):
        """Whether the program reads these pixels (frame, z, y, x) from path."""
        try:
            read, read_spacing = dump(self.program, path, *arguments)
        except ValueError as error:
            self.compared += 1
            return self.fault(path, str(error))
        self.same(path, read, expected)
        if not np.allclose(read_spacing, spacing, rtol=1e-12, atol=0):
            self.fault(path, f"spacing {read_spacing}, expected {spacing}")

    def refuses(self, path, part):
        self.compared += 1
        result = subprocess.run([self.program, path], capture_output=True, text=True)
        if result.returncode != 2 or part not in result.stderr or result.stderr.count("\n") != 1:
            self.fault(path, f"status {result.returncode}, {result.stderr!r} instead of a refusal with {part!r}")

    def writes(self, source, expected, spacing):
        """Whether zarr reads from the program's copies of source these pixels (frame, z, y, x)."""
        for version in (2, 3) if HAS_VERSION_3 else (2,):
            for compression, shuffle in (("none", 1), ("lz4", 0), ("lz4", 1), ("zstd", 2)):
                copy = source.parent / f"copy_{source.name}_{version}_{compression}_{shuffle}"
                result = subprocess.run([self.program, "--copy", source, copy, str(version), compression, str(shuffle), "2"],
                                        capture_output=True)
                if result.returncode:
                    self.compared += 1
                    self.fault(copy, result.stderr.decode().strip())
                    continue
                self.is_copy(copy, version, expected, spacing)

    def is_copy(self, copy, version, expected, spacing):
        group = zarr.open_group(str(copy), mode="r")
        attributes = dict(group.attrs)
        ome = attributes if version == 2 else attributes["ome"]
        image = ome["multiscales"][0]
        if (image if version == 2 else ome)["version"] != ("0.4" if version == 2 else "0.5"):
            self.fault(copy, f"OME-NGFF version of {attributes}")
        names = "".join(axis["name"] for axis in image["axes"])
        frames, depth = expected.shape[:2]
        if names != "t" * (frames > 1) + "z" * (depth > 1) + "yx":
            self.fault(copy, f"axes {names}")
        if any(axis.get("unit") != "micrometer" for axis in image["axes"] if axis["type"] == "space"):
            self.fault(copy, f"units of {image['axes']}")
        scale = image["datasets"][0]["coordinateTransformations"][0]["scale"]
        if not np.allclose(scale, ([1] if frames > 1 else []) + [s for s in spacing[::-1]][3 - len(names.strip("t")):]):
            self.fault(copy, f"scale {scale}")
        if len(image["datasets"]) != 3:
            self.fault(copy, f"{len(image['datasets'])} levels")
        level = expected
        for dataset in image["datasets"]:
            array = group[dataset["path"]]
            self.same(copy / dataset["path"], np.asarray(array[...]).reshape(level.shape), level)
            self.reads(copy, level, *(("0", dataset["path"])), spacing=spacing_of(image, dataset))
            level = halved(level)


def spacing_of(image, dataset):
    """x, y, z in the image's own unit."""
    scale = dict(zip((axis["name"] for axis in image["axes"]), dataset["coordinateTransformations"][0]["scale"]))
    return [scale.get(name, 1) for name in "xyz"]


def halved(pixels):
    """The next level of a pyramid of (frame, z, y, x): means rounded half to even, of labels the first voxel."""
    if pixels.dtype == np.uint32:
        return pixels[:, ::2, ::2, ::2]
    sums, counts = pixels.astype(np.float64), np.ones(pixels.shape)
    for axis in (1, 2, 3):
        starts = np.arange(0, sums.shape[axis], 2)
        sums, counts = np.add.reduceat(sums, starts, axis), np.add.reduceat(counts, starts, axis)
    means = sums / counts
    return (means if pixels.dtype == np.float32 else np.rint(means)).astype(pixels.dtype)


def random_pixels(shape, dtype):
    random = np.random.default_rng(math.prod(shape))
    return (random.random(shape) * 250).astype(dtype)


def make_version_2(path, pixels, chunks, compressor=None, separator=".", fill=0, whole=True, order="C"):
    """An array by itself; unless whole, all but its first chunk is left out."""
    options = {"zarr_format": 2} if HAS_VERSION_3 else {"zarr_version": 2}
    array = zarr.open(str(path), mode="w", shape=pixels.shape, chunks=chunks, dtype=pixels.dtype, compressor=compressor,
                      dimension_separator=separator, fill_value=fill, order=order, **options)
    return store(array, pixels, chunks, fill, whole)


def make_version_3(path, pixels, chunks, shards=None, compressors=None, separator="/", encoding="default", fill=0,
                   whole=True, serializer="auto", attributes=None):
    array = zarr.create_array(str(path), shape=pixels.shape, chunks=chunks, shards=shards, dtype=pixels.dtype,
                              compressors=compressors, fill_value=fill, serializer=serializer, attributes=attributes,
                              chunk_key_encoding={"name": encoding, "separator": separator}, zarr_format=3)
    return store(array, pixels, chunks, fill, whole)


def store(array, pixels, chunks, fill, whole):
    """Gives what the array then holds."""
    if whole:
        array[...] = pixels
        return pixels
    first = tuple(slice(0, chunk) for chunk in chunks)
    array[first] = pixels[first]
    expected = np.full_like(pixels, fill)
    expected[first] = pixels[first]
    return expected


def compare_version_2(comparison, folder):
    for dtype in ("|u1", "<u2", ">u2", "<u4", ">u4", "<f4", ">f4"):
        for separator in "./":
            pixels = random_pixels((5, 33, 47), dtype)
            name = f"{dtype[1:]}_{ord(dtype[0])}_{ord(separator)}"
            expected = make_version_2(folder / name, pixels, (2, 8, 13), VERSION_2_COMPRESSORS["blosc_lz4_1"], separator)
            comparison.reads(folder / name, expected[None])
            comparison.writes(folder / name, expected[None].astype(pixels.dtype.newbyteorder("=")), (1, 1, 1))
    for name, compressor in VERSION_2_COMPRESSORS.items():
        expected = make_version_2(folder / name, random_pixels((3, 40, 30), "<u2"), (2, 17, 30), compressor)
        comparison.reads(folder / name, expected[None])
    for number, (dtype, fill) in enumerate([("|u1", 255), (">u2", 258), ("<u4", 2**32 - 1), ("<f4", math.nan), (">f4", math.inf),
                                            ("<f4", -math.inf), ("<f4", -1.5)]):
        expected = make_version_2(folder / f"fill_{number}", random_pixels((6, 7), dtype), (4, 4), fill=fill, whole=False)
        comparison.reads(folder / f"fill_{number}", expected[None, None])
    make_version_2(folder / "order", random_pixels((6, 7), "<u2"), (4, 4), order="F")
    comparison.refuses(folder / "order", "C order")
    make_version_2(folder / "lz4", random_pixels((6, 7), "<u2"), (4, 4), numcodecs.LZ4())
    comparison.refuses(folder / "lz4", "'lz4', which is not read; those that are: blosc, zlib, gzip, zstd")
    make_version_2(folder / "i2", random_pixels((6, 7), "<i2"), (4, 4))
    comparison.refuses(folder / "i2", "<i2")
    compare_group(comparison, folder / "group.zarr", 2)


def compare_version_3(comparison, folder):
    from zarr.codecs import BloscCodec, BytesCodec, Crc32cCodec, GzipCodec, ShardingCodec, TransposeCodec, ZstdCodec
    pixels = random_pixels((5, 33, 47), np.uint16)
    compressors = {
        "none": None, "gzip": GzipCodec(level=5), "zstd": ZstdCodec(level=3), "zstd_checked": ZstdCodec(level=3, checksum=True),
        "crc32c": Crc32cCodec(), "zstd_crc32c": [ZstdCodec(), Crc32cCodec()],
        **{f"blosc_{name}_{shuffle}": BloscCodec(cname=name, clevel=5, shuffle=shuffle)
           for name in ("lz4", "lz4hc", "zstd", "zlib", "blosclz") for shuffle in ("noshuffle", "shuffle", "bitshuffle")}}
    for name, compressor in compressors.items():
        for shards in (None, (4, 24, 26)):
            path = folder / f"{name}_{shards is not None}"
            comparison.reads(path, make_version_3(path, pixels, (2, 8, 13), shards, compressor)[None])
    for dtype in TYPES.values():
        for endian in ("little", "big"):
            for separator in "./":
                for encoding in ("default", "v2"):
                    path = folder / f"{np.dtype(dtype).name}_{endian}_{ord(separator)}_{encoding}"
                    expected = make_version_3(path, random_pixels((3, 20, 31), dtype), (2, 8, 13), compressors=ZstdCodec(),
                                              separator=separator, encoding=encoding, serializer=BytesCodec(endian=endian))
                    comparison.reads(path, expected[None])
        path = folder / f"copied_{np.dtype(dtype).name}"
        expected = make_version_3(path, random_pixels((5, 33, 47), dtype), (2, 8, 13))
        comparison.writes(path, expected[None], (1, 1, 1))
    for index, location in enumerate(("start", "end")):
        for shape in ((9, 50, 61), (4, 24, 26)):
            path = folder / f"index_{location}_{index}_{shape[0]}"
            sharding = ShardingCodec(chunk_shape=(2, 8, 13), codecs=[BytesCodec(endian="big"), ZstdCodec(), Crc32cCodec()],
                                     index_codecs=[BytesCodec(), Crc32cCodec()], index_location=location)
            expected = make_version_3(path, random_pixels(shape, np.float32), (4, 24, 26), serializer=sharding)
            comparison.reads(path, expected[None])
    for number, (dtype, fill) in enumerate([("u1", 255), ("u2", 258), ("u4", 2**32 - 1), ("f4", math.nan), ("f4", math.inf),
                                            ("f4", -math.inf), ("f4", -1.5)]):
        for shards in (None, (8, 8)):
            path = folder / f"fill_{number}_{shards is not None}"
            expected = make_version_3(path, random_pixels((26, 17), dtype), (4, 4), shards, fill=fill, whole=False)
            comparison.reads(path, expected[None, None])
    zarr.create_array(str(folder / "order"), shape=(6, 7), chunks=(4, 4), dtype="u2", filters=[TransposeCodec(order=(1, 0))], zarr_format=3)
    comparison.refuses(folder / "order", "transpose")
    make_version_3(folder / "f8", random_pixels((6, 7), "f8"), (4, 4))
    comparison.refuses(folder / "f8", "float64")
    compare_group(comparison, folder / "group.zarr", 3)


def compare_group(comparison, path, version):
    """An OME-NGFF group with time points, channels and two levels, in nanometers and millimeters."""
    pixels = random_pixels((3, 2, 4, 30, 40), np.uint16)
    axes = [{"name": "t", "type": "time", "unit": "second"}, {"name": "c", "type": "channel"},
            *({"name": name, "type": "space", "unit": unit} for name, unit in (("z", "millimeter"), ("y", "nanometer"), ("x", "micrometer")))]
    datasets = [{"path": name, "coordinateTransformations": [{"type": "scale", "scale": [1, 1, 0.002, 500 * factor, 0.25 * factor]}]}
                for name, factor in (("a/full", 1), ("a/half", 2))]
    image = {"axes": axes, "datasets": datasets, "name": "made"}
    levels = [pixels, pixels[..., ::2, ::2]]
    attributes = {"multiscales": [{**image, "version": "0.4"}]} if version == 2 else {"ome": {"version": "0.5", "multiscales": [image]}}
    options = {"zarr_format": version} if HAS_VERSION_3 else {"zarr_version": version}
    zarr.open_group(str(path), mode="w", **options).attrs.update(attributes)
    for dataset, level in zip(datasets, levels):
        chunks = (2, 2, 3, 16, 16)
        if version == 2:
            make_version_2(path / dataset["path"], level, chunks, numcodecs.Blosc(), "/")
        else:
            make_version_3(path / dataset["path"], level, chunks, (2, 2, 6, 32, 32))
    for channel in (0, 1):
        for number, level in enumerate(levels):
            comparison.reads(path, level[:, channel], channel, number, spacing=(0.25 * 2**number, 0.5 * 2**number, 2))
    comparison.refuses(path, "holds 2 channels")


def compare_real(comparison, folder):
    """All levels of the groups below a folder, whose spacing is in micrometers."""
    count = comparison.compared
    for file in sorted(folder.rglob(".zattrs")):
        for image in json.loads(file.read_text()).get("multiscales", []):
            names = [axis["name"] for axis in image["axes"]]
            for number, dataset in enumerate(image["datasets"]):
                pixels = zarr.open(str(file.parent / dataset["path"]), mode="r")[...]
                expected = pixels.reshape([pixels.shape[names.index(name)] if name in names else 1 for name in "tczyx"])
                for channel in range(expected.shape[1]):
                    comparison.reads(file.parent, expected[:, channel], channel, number, spacing=spacing_of(image, dataset))
    print(f"{comparison.compared - count} images compared below {folder}")
    if comparison.compared == count:
        comparison.fault(folder, "nothing to compare")


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    program, zarr3 = sys.argv[1:3]
    comparison = Comparison(program)
    with tempfile.TemporaryDirectory() as folder:
        (compare_version_3 if HAS_VERSION_3 else compare_version_2)(comparison, pathlib.Path(folder))
    if len(sys.argv) == 4 and (pathlib.Path(sys.argv[3]) / "zarr").is_dir():
        compare_real(comparison, pathlib.Path(sys.argv[3]) / "zarr")
    else:
        print("no real images: VOXELMARK_DATA was not set, or has no folder zarr")
    for line in comparison.differences:
        print(line)
    print(f"zarr {zarr.__version__}: {comparison.compared} images compared, {len(comparison.differences)} differ", flush=True)
    if HAS_VERSION_3:
        return 1 if comparison.differences or not comparison.compared else 0
    status = 1 if comparison.differences or not comparison.compared else 0
    if not os.access(zarr3, os.X_OK):
        print(f"NOT COMPARED: Zarr version 3, for which {zarr3} would have to be a Python with zarr 3 (.ci/run makes it)")
        return status
    return subprocess.run([zarr3, "-B", __file__, *sys.argv[1:]]).returncode or status


if __name__ == "__main__":
    sys.exit(main())
