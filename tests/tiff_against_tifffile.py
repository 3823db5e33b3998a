#!/usr/bin/env python3
"""Compares what read_tiff reads, and what write_tiff writes, with what tifffile reads.

usage: tiff_against_tifffile.py DUMP_PROGRAM [FOLDER]

Reads files made here by tifffile, and every .tif below FOLDER if there is one. Of a hyperstack each
channel and frame is compared. Exits with 1 at a difference, or where nothing was compared.
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import tifffile

TYPES = {"u8": np.uint8, "u16": np.uint16, "u32": np.uint32, "f32": np.float32}
MICROMETRES = {"micron": 1, "um": 1, "µm": 1, "\\u00B5m": 1, "nm": 1e-3, "mm": 1e3, "cm": 1e4, "inch": 25400}


def dump(program, path, selection=()):
    """Pixels (z, y, x) and spacing (x, y, z) as read by the program."""
    result = subprocess.run([program, path, *map(str, selection)], capture_output=True)
    if result.returncode:
        raise ValueError(result.stderr.decode().strip() or f"exit status {result.returncode}")
    header, pixels = result.stdout.split(b"\n", 1)
    x, y, z, dtype, *spacing = header.decode().split()
    return np.frombuffer(pixels, TYPES[dtype]).reshape(int(z), int(y), int(x)), [float(s) for s in spacing]


def expected_spacing(file):
    metadata = file.imagej_metadata or {}
    scale = MICROMETRES.get(metadata.get("unit"))
    if scale is None:
        return [1, 1, 1]
    tags = file.pages[0].tags
    spacing = [1, 1, metadata.get("spacing", 1)]
    for axis, name in enumerate(("XResolution", "YResolution")):
        if name in tags:
            pixels, units = tags[name].value
            spacing[axis] = units / pixels
    return [scale * s for s in spacing]


def expected(path):
    """Selections of the file with their pixels, and its spacing."""
    with tifffile.TiffFile(path) as file:
        series = file.series[0]
        pixels, spacing = series.asarray(), expected_spacing(file)
        metadata = file.imagej_metadata
    if pixels.dtype == np.int32:
        pixels = pixels.astype(np.uint32)
    if not metadata:
        return [((), pixels.reshape(-1, *pixels.shape[-2:]))], spacing
    channels, frames = metadata.get("channels", 1), metadata.get("frames", 1)
    pixels = pixels.reshape(frames, -1, channels, *pixels.shape[-2:])
    if channels == frames == 1:
        return [((), pixels[0, :, 0])], spacing
    return [((c, t), pixels[t, :, c]) for c in range(channels) for t in range(frames)], spacing


def compare(program, path):
    """What differs, one line each; and the number of images compared."""
    try:
        images, spacing = expected(path)
    except ValueError as error:  # without the package imagecodecs, tifffile has no LZW
        print(f"passed over {path}: tifffile cannot read it: {error}")
        return [], 0
    differences = []
    for selection, pixels in images:
        try:
            read, read_spacing = dump(program, path, selection)
        except ValueError as error:
            differences.append(f"{path} {selection}: {error}")
            continue
        if read.shape != pixels.shape or read.dtype != pixels.dtype.newbyteorder("="):
            differences.append(f"{path} {selection}: {read.shape} {read.dtype}, tifffile: {pixels.shape} {pixels.dtype}")
        elif not np.array_equal(read, pixels):
            differences.append(f"{path} {selection}: {np.count_nonzero(read != pixels)} pixels differ")
        elif not np.allclose(read_spacing, spacing, rtol=1e-6, atol=0):
            differences.append(f"{path} {selection}: spacing {read_spacing}, tifffile: {spacing}")
    if len(images) == 1 and not differences:
        differences += compare_copy(program, path, images[0][1], spacing)
    return differences, len(images)


def compare_copy(program, path, pixels, spacing):
    """What tifffile reads otherwise from the program's copy of a file than from the file."""
    with tempfile.TemporaryDirectory() as folder:
        copy = pathlib.Path(folder) / "copy.tif"
        result = subprocess.run([program, "--copy", path, copy], capture_output=True)
        if result.returncode:
            return [f"copy of {path}: {result.stderr.decode().strip()}"]
        with tifffile.TiffFile(copy) as file:
            read, read_spacing, is_imagej = file.asarray(), expected_spacing(file), file.is_imagej
    if is_imagej == (pixels.dtype == np.uint32):
        return [f"copy of {path}: ImageJ: {is_imagej}"]
    if not np.array_equal(read.reshape(pixels.shape), pixels) or read.dtype != pixels.dtype.newbyteorder("="):
        return [f"copy of {path}: pixels differ"]
    if is_imagej and not np.allclose(read_spacing, spacing, rtol=1e-6, atol=0):
        return [f"copy of {path}: spacing {read_spacing}, original: {spacing}"]
    return []


def make_files(folder):
    random = np.random.default_rng(1)

    def save(name, shape, dtype, **options):
        pixels = (random.random(shape) * 250).astype(dtype)
        tifffile.imwrite(folder / f"{name}.tif", pixels, **options)

    for dtype in (np.uint8, np.uint16, np.float32):
        name = np.dtype(dtype).name
        save(f"imagej_{name}", (5, 33, 47), dtype, imagej=True, resolution=(4, 2.5), metadata={"axes": "ZYX", "unit": "um", "spacing": 0.7})
        save(f"imagej_little_{name}", (5, 33, 47), dtype, imagej=True, byteorder="<", metadata={"axes": "ZYX"})
        save(f"hyperstack_{name}", (3, 4, 2, 33, 47), dtype, imagej=True, resolution=(10, 10), metadata={"axes": "TZCYX", "unit": "nm", "spacing": 250})
        save(f"frames_{name}", (3, 33, 47), dtype, imagej=True, metadata={"axes": "TYX"})
        for order in "<>":
            save(f"truncated_{ord(order)}_{name}", (2, 4, 3, 33, 47), dtype, imagej=True, truncate=True, byteorder=order, metadata={"axes": "TZCYX", "unit": "\\u00B5m", "spacing": 2})
    for dtype in (np.uint8, np.uint16, np.uint32, np.int32, np.float32):
        name = np.dtype(dtype).name
        for order in "<>":
            for big in (False, True):
                layout = f"{ord(order)}_{big}_{name}"
                options = {"byteorder": order, "bigtiff": big, "photometric": "minisblack"}
                save(f"strips_{layout}", (3, 33, 47), dtype, rowsperstrip=7, **options)
                save(f"tiles_{layout}", (3, 33, 47), dtype, tile=(16, 32), **options)
                save(f"zlib_{layout}", (3, 33, 47), dtype, compression="zlib", **options)
                save(f"zlib_tiles_{layout}", (3, 33, 47), dtype, compression="zlib", tile=(16, 16), **options)
                if dtype != np.float32:
                    save(f"predictor_{layout}", (3, 33, 47), dtype, compression="zlib", predictor=True, **options)
    save("one_voxel", (1, 1), np.uint8)
    save("dpi", (33, 47), np.uint8, resolution=(72, 72), resolutionunit="INCH")
    save("white_is_zero", (33, 47), np.uint8, photometric="miniswhite")
    save("palette", (33, 47), np.uint8, photometric="palette", colormap=np.zeros((3, 256), np.uint16))


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    program = sys.argv[1]
    differences, compared = [], 0
    with tempfile.TemporaryDirectory() as made:
        make_files(pathlib.Path(made))
        folders = [pathlib.Path(made), *map(pathlib.Path, sys.argv[2:])]
        for folder in folders:
            count = 0
            for path in sorted(folder.rglob("*.tif")):
                found, images = compare(program, path)
                differences += found
                count += images
            print(f"{count} images compared below {folder}")
            if count == 0 and folder.is_dir():
                differences.append(f"nothing to compare below {folder}")
            compared += count
    for line in differences:
        print(line)
    print(f"{compared} images compared, {len(differences)} differ")
    return 1 if differences or not compared else 0


if __name__ == "__main__":
    sys.exit(main())
