#!/usr/bin/env python3
"""bench apply: images that need not fit the memory, against SciPy on the whole image; and what is left when it is killed.

usage: apply_test.py BENCH [UNITTEST ARGUMENTS...]
"""

import itertools
import os
import resource
import signal
import subprocess
import sys
import time

import numpy as np
import tifffile
import zarr
from scipy import ndimage
from skimage import filters

from bench_program import BENCH, BenchTest, ENVIRONMENT
from checked import run_tests, strict_json, write_stack


class ApplyTest(BenchTest):
    def setUp(self):
        super().setUp()
        self.image = np.random.default_rng(1).integers(0, 65536, (40, 150, 180), np.uint16)
        tifffile.imwrite(self.folder / "image.tif", self.image)

    def apply(self, *arguments, input="image.tif", output="out.zarr", status=0, **options):
        run = self.run_program("apply", "--input", input, "--output", output, *arguments, status=status, **options)
        return run

    def pixels(self, folder="out.zarr"):
        return zarr.open(str(self.folder / folder), mode="r")["0"][:]


class Apply(ApplyTest):
    def test_tiles_of_any_size_give_what_scipy_gives(self):
        expected = ndimage.minimum_filter(self.image, (3, 7, 5), mode="nearest")
        for number, tile in enumerate(("64", "180x10x40", "50x150x7", "256x256x64", "33x41x13")):
            self.apply("--filter", "^Minimum3D$", "--param", "window=box", "--radius", "2x3x1", "--tile", tile, output=f"{number}.zarr")
            self.check(np.array_equal(self.pixels(f"{number}.zarr"), expected), f"tiles of {tile}")

    def test_zarr_to_zarr_with_the_tile_left_to_the_program(self):
        self.apply("--filter", "^Maximum3D$", "--param", "window=box", "--radius", "1", output="a.zarr")
        self.apply("--filter", "^GaussianBlur3D$", "--sigma", "1.5", "--json", "found.json", input="a.zarr", output="b.zarr")
        middle = ndimage.maximum_filter(self.image, 3, mode="nearest")
        expected = ndimage.gaussian_filter(middle.astype(float), 1.5, mode="nearest", truncate=4)
        self.check(np.max(np.abs(self.pixels("b.zarr") - expected)) <= 1, "Gaussian of the maxima")
        found = strict_json((self.folder / "found.json").read_text())
        self.equal((found["overlap"], found["needed_overlap"], found["tiles"], found["tiles_done"]), ([6, 6, 6], [6, 6, 6], 1, 1), "tiles")
        self.check(found["peak_memory_bytes"] > self.image.nbytes and found["input_bytes_per_second"] > 0, f"figures {found}")

    def test_engines_share_the_tiles(self):
        self.apply("--filter", "^Median3D$", "--radius", "1", "--engine", "tbb,opencl,reference", "--tile", "60x50x20", "--json", "found.json")
        ball = ndimage.generate_binary_structure(3, 1)
        self.check(np.array_equal(self.pixels(), ndimage.median_filter(self.image, footprint=ball, mode="nearest")), "medians")
        found = strict_json((self.folder / "found.json").read_text())
        self.check(found["lanes"] > 3, "lanes of several engines")
        self.equal(len(found["devices"]), 3, "devices")
        self.equal(sum(device["tiles"] for device in found["devices"]), found["tiles"], "tiles of all devices")

    def test_all_devices_share_the_tiles(self):
        two = {"POCL_DEVICES": "pthread pthread"}  # the CPU, twice
        if self.run_program("--devices", "--engine", "opencl", environment=two).stdout.count("\nopencl:") + 1 < 2:
            self.skipTest("no PoCL that shows a device twice")
        run = self.apply("--filter", "^Minimum3D$", "--param", "window=box", "--radius", "2x3x1", "--engine", "opencl", "--device", "all", "--tile", "40x40x20",
                         "--json", "found.json", environment=two)
        self.check(np.array_equal(self.pixels(), ndimage.minimum_filter(self.image, (3, 7, 5), mode="nearest")), "minima")
        found = strict_json((self.folder / "found.json").read_text())
        self.equal(len({device["id"] for device in found["devices"]}), 2, f"devices {found['devices']}")
        self.check(all(device["tiles"] > 0 for device in found["devices"]), f"{found['devices']}")
        self.check(" ".join(run.stdout.split()).count("; opencl:") == 2, run.stdout)

    def test_time_points_and_results_of_another_shape(self):
        frames = np.stack([self.image[:20], self.image[20:], self.image[10:30]])
        source = zarr.open_group(str(self.folder / "in.zarr"), mode="w")
        source.create_dataset("0", data=frames, chunks=(1, 8, 64, 64), dimension_separator="/")
        source.attrs["multiscales"] = [{"version": "0.4", "axes": [{"name": "t", "type": "time"}] + [
            {"name": n, "type": "space", "unit": "micrometer"} for n in "zyx"], "datasets": [
            {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1, 2, 0.5, 0.5]}]}]}]
        self.apply("--filter", "^MaximumYProjection$", "--tile", "64x7", input="in.zarr")
        self.check(np.array_equal(np.squeeze(self.pixels()), frames.max(axis=2)), "projections of the time points")
        self.apply("--filter", "^MaximumYProjection$", "--frame", "2", input="in.zarr", output="one.zarr")
        self.check(np.array_equal(np.squeeze(self.pixels("one.zarr")), frames[2].max(axis=1)), "projection of one time point")
        for way, lanes in (("each", 1), ("all", 1), ("stream", 2)):
            run = self.apply("--filter", "^MaximumYProjection$", "--tile", "64x7", "--threads", "2", "--time-points", way, "--json", "found.json", input="in.zarr",
                             output=f"{way}.zarr")
            self.check(np.array_equal(np.squeeze(self.pixels(f"{way}.zarr")), frames.max(axis=2)), f"projections, {way}")
            found = strict_json((self.folder / "found.json").read_text())
            self.equal((found["lanes"], found["time_points"], sum(device["tiles"] for device in found["devices"])), (lanes, way, found["tiles"]), way)
        self.apply("--filter", "^Mean3D$", "--threads", "2", "--json", "found.json", input="in.zarr", output="whole.zarr")
        found = strict_json((self.folder / "found.json").read_text())
        self.equal((found["lanes"], found["tiles"]), (2, 3), "lanes of time points that are one tile each")
        run = self.apply("--filter", "^MaximumYProjection$", "--frame", "3", input="in.zarr", output="none.zarr", status=2)
        self.check("no time point 3" in run.stderr, run.stderr)
        run = self.apply("--filter", "^AutoThreshold3D$", input="in.zarr", output="none.zarr", status=2)
        self.check("choose one by --frame" in run.stderr, run.stderr)

    def test_the_threshold_is_the_whole_images(self):
        for dtype, method in ((np.uint16, "otsu"), (np.uint8, "otsu"), (np.float32, "otsu")):
            image = ndimage.gaussian_filter(self.image.astype(np.float32), 3)
            image = ((image - image.min()) / np.ptp(image) * 200).astype(dtype)
            tifffile.imwrite(self.folder / "grey.tif", image)
            name = f"{np.dtype(dtype)}.zarr"
            self.apply("--filter", "^AutoThreshold3D$", "--param", f"method={method}", "--tile", "50x64x16",
                       input="grey.tif", output=name)
            self.check(np.array_equal(self.pixels(name), image > filters.threshold_otsu(image)), f"mask of {dtype} by {method}")
        constant = np.full_like(self.image, 7)
        tifffile.imwrite(self.folder / "constant.tif", constant)
        self.apply("--filter", "^AutoThreshold3D$", input="constant.tif", output="constant.zarr")
        self.equal(np.count_nonzero(self.pixels("constant.zarr")), 0, "foreground of a constant image")

    def test_each_tile_may_have_its_own_threshold(self):
        image = (self.image >> 8).astype(np.uint8)
        tifffile.imwrite(self.folder / "grey.tif", image)
        run = self.apply("--filter", "^AutoThreshold3D$", "--param", "method=otsu", "--tile", "50x64x16", "--per-tile", "alone", input="grey.tif")
        self.check("per-tile:alone" in run.stdout and "less than" not in run.stdout, run.stdout)
        expected = np.zeros_like(image)
        for z, y, x in itertools.product(range(0, 40, 16), range(0, 150, 64), range(0, 180, 50)):
            tile = image[z:z + 16, y:y + 64, x:x + 50]
            expected[z:z + 16, y:y + 64, x:x + 50] = tile > filters.threshold_otsu(tile)
        self.check(np.array_equal(self.pixels(), expected), "masks of tiles")

    def test_a_tile_too_small_for_the_operation_says_so(self):
        run = self.apply("--filter", "^Mean3D$", "--radius", "4", "--tile", "32", "--overlap", "1")
        self.check("less than the operation needs" in " ".join(run.stdout.split()), run.stdout)

    def test_a_killed_run_leaves_a_marked_target_and_resume_ends_it(self):
        image = self.image[:20, :60, :100]
        tifffile.imwrite(self.folder / "image.tif", image)
        arguments = ("--filter", "^Median3D$", "--radius", "3", "--engine", "reference", "--tile", "20x20x10")
        for sent, status in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)):
            output = f"{sent.name}.zarr"
            running = subprocess.Popen([BENCH, "apply", "--input", "image.tif", "--output", output, *arguments], cwd=self.folder,
                                       env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            chunks = self.folder / output / "0"
            while running.poll() is None and sum(len(f) for _, _, f in os.walk(chunks)) < 4:
                time.sleep(0.01)
            running.send_signal(sent)
            self.equal((running.wait(), running.stderr.close())[0], status, f"exit status after {sent.name}")
            run = self.apply("--filter", "^Mean3D$", input=output, output="none.zarr", status=2)
            self.check("--resume" in run.stderr, f"an incomplete input: {run.stderr}")
            run = self.apply(*arguments, output=output, status=2)
            self.check("--resume" in run.stderr, f"a target that is there: {run.stderr}")
            changed = ["2" if value == "3" else value for value in arguments]
            run = self.apply(*changed, "--resume", output=output, status=2)
            self.check("was begun for Median3D/window:sphere/radius:3 of " in run.stderr, f"another radius: {run.stderr}")
            # Another tile, of whole chunks, goes on all the same.
            run = self.apply(*arguments[:-1], "45x20x10", "--resume", "--json", "resumed.json", output=output)
            found = strict_json((self.folder / "resumed.json").read_text())
            self.check(0 < found["tiles_done"] < found["tiles"], f"tiles done again after {sent.name}: {found}")
            self.equal([str(p) for p in (self.folder / output).rglob("*tmp*")], [], "left-overs")
            square = np.arange(-3, 4) ** 2
            ball = square[:, None, None] + square[:, None] + square <= 9
            self.check(np.array_equal(self.pixels(output), ndimage.median_filter(image, footprint=ball, mode="nearest")), "medians")
        run = self.apply("--filter", "^Mean3D$", "--resume", output="SIGINT.zarr", status=2)
        self.check(run.stderr.startswith("bench: "), f"a complete target: {run.stderr}")

    def test_a_target_that_is_being_written_is_not_resumed(self):
        arguments = ("--filter", "^Median3D$", "--radius", "4", "--engine", "reference", "--tile", "20x20x10")
        running = subprocess.Popen([BENCH, "apply", "--input", "image.tif", "--output", "out.zarr", *arguments], cwd=self.folder,
                                   env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while running.poll() is None and not (self.folder / "out.zarr").exists():
                time.sleep(0.01)
            run = self.apply(*arguments, "--resume", status=2)
            self.check("another run is writing it" in run.stderr and running.poll() is None, run.stderr)
        finally:
            running.kill()
            running.wait()

    def test_one_thread_works_in_tiles(self):
        expected = ndimage.median_filter(self.image, footprint=ndimage.generate_binary_structure(3, 1), mode="nearest")
        self.apply("--filter", "^Median3D$", "--radius", "1", "--tile", "32", "--threads", "1")
        self.check(np.array_equal(self.pixels(), expected), "medians on one thread")

    def test_what_is_not_defined_on_nan_says_so(self):
        image = self.image.astype(np.float32)
        image[7, 8, 9] = np.nan
        tifffile.imwrite(self.folder / "nan.tif", image)
        for number, operation in enumerate(("^GaussianBlur3D$", "^AutoThreshold3D$")):
            run = self.apply("--filter", operation, input="nan.tif", output=f"{number}.zarr", status=2)
            self.check("not defined on NaN" in run.stderr and run.stderr.count("\n") == 1, run.stderr)
        self.apply("--filter", "^AddScalar3D$", input="nan.tif", output="sum.zarr")
        self.equal(np.count_nonzero(np.isnan(self.pixels("sum.zarr"))), 1, "NaN where it is defined")

    def test_a_full_disk_ends_it_and_resume_goes_on(self):
        def small_files():
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        arguments = ("--filter", "^Mean3D$", "--tile", "64x64x16")
        run = self.apply(*arguments, status=2, preexec_fn=small_files)
        self.check("out.zarr" in run.stderr and run.stderr.count("\n") == 1, f"one line: {run.stderr}")
        self.apply(*arguments, "--resume")
        self.equal(self.pixels().shape, self.image.shape, "shape")

    def test_a_corrupt_chunk_is_named(self):
        self.apply("--filter", "^Mean3D$", "--tile", "64x64x16", output="a.zarr")
        chunk = self.folder / "a.zarr/0/1/0/2"
        chunk.write_bytes(chunk.read_bytes()[:100])
        run = self.apply("--filter", "^Mean3D$", input="a.zarr", status=2)
        self.check("a.zarr" in run.stderr and "1" in run.stderr and run.stderr.count("\n") == 1, f"one line: {run.stderr}")

    def test_misuse(self):
        write_stack(self.folder / "flat.tif", np.zeros((1, 20, 30), np.uint8))
        for arguments, word in (
                (("--filter", "Minimum|Maximum"), "does one"), (("--filter", "nothing"), "finds no operation for an image of 3 axes"),
                (("--filter", "^Mean3D$", "--tile", "8,16"), "one --tile"), (("--filter", "^Mean3D$", "--threads", "1,2"), "one number"),
                (("--filter", "^Mean3D$", "--tile", "8", "--overlap", "9"), "larger than --tile"), (("--filter", "^Mean3D$", "--json", "out.zarr"), "name one path"), (("--filter", "^Mean3D$", "--tile", "8x8"), "3 axes"),
                (("--filter", "^Mean3D$", "--param", "radius=1,2"), "one value"), (("--filter", "^Mean3D$", "--sigma", "1"), "sigma"),
                (("--filter", "^VoronoiOtsuLabeling3D$"), "not done tile by tile"), (("--filter", "^ConnectedComponents3D$", "--tile", "16", "--overlap", "3"), "no --overlap"), (("--filter", "^AbsoluteDifference3D$"), "two images"),
                (("--filter", "^Mean3D$", "--memory", "2 GiB"), "--memory"), (("--filter", "^Mean3D$", "--max-time", "2"), "--max-time"),
                (("--filter", "^Mean3D$", "--tile", "8", "--per-tile", "alone"), "for AutoThreshold"),
                (("--filter", "^AutoThreshold3D$", "--tile", "8", "--overlap", "2", "--per-tile", "merge"), "does --per-tile alone"),
                (("--filter", "^Mean3D$", "--device", "nope"), "none of the engines chosen has a device"),
                (("--filter", "^Mean3D$", "--engine", "opencl", "--device", "nope"), "no device has 'nope'"),
                (("--filter", "^Mean3D$", "--time-points", "each,all"), "--time-points"),
                (("--filter", "^ConnectedComponents3D$", "--time-points", "each"), "without --time-points"),
                (("--filter", "^Mean3D$", "--resume"), "out.zarr")):
            run = self.apply(*arguments, status=2)
            self.check(word in run.stderr and run.stderr.count("\n") == 1, f"{arguments}: no '{word}' in one line: {run.stderr}")
            self.check(not (self.folder / "out.zarr").exists(), f"{arguments} left a folder")
        run = self.run_program("apply", "--input", "image.tif", "--filter", "^Mean3D$", status=2)
        self.check("--output" in run.stderr, run.stderr)
        run = self.apply("--filter", "^Mean3D$", input="no such.tif", status=2)
        self.check("no such.tif" in run.stderr, run.stderr)


class Components(ApplyTest):
    """Labels that are those of the whole image, to the last voxel."""

    FILTER = ("--filter", "^ConnectedComponents")

    def setUp(self):
        super().setUp()
        self.mask = np.random.default_rng(2).random((40, 75, 90)) < 0.2

    def expected(self, mask, neighbours="box"):
        labels, _ = ndimage.label(mask, ndimage.generate_binary_structure(mask.ndim, mask.ndim if neighbours == "box" else 1))
        # In the order of their first voxels.
        found, first = np.unique(labels, return_index=True)
        order = found[np.argsort(first)]
        number = np.zeros(labels.max() + 1, np.uint32)
        number[order[order > 0]] = np.arange(1, labels.max() + 1)
        return number[labels]

    def write(self, mask, name="mask.tif"):
        tifffile.imwrite(self.folder / name, (mask * 255).astype(np.uint8), photometric="minisblack")

    def spiral(self, extent):
        """One line of one voxel's width, and what it leaves."""
        mask = np.zeros((extent, extent), bool)
        y, x, dy, dx = 0, 0, 0, 1
        while True:
            mask[y, x] = True
            ahead, beyond = (y + dy, x + dx), (y + 2 * dy, x + 2 * dx)
            blocked = not (0 <= ahead[0] < extent and 0 <= ahead[1] < extent)
            if not blocked and 0 <= beyond[0] < extent and 0 <= beyond[1] < extent:
                blocked = mask[beyond]
            if blocked:
                dy, dx = dx, -dy
                ahead, beyond = (y + dy, x + dx), (y + 2 * dy, x + 2 * dx)
                if not (0 <= ahead[0] < extent and 0 <= ahead[1] < extent) or mask[ahead] or mask[beyond]:
                    return mask
            y, x = ahead

    def test_tiles_of_any_size_give_the_whole_images_labels(self):
        self.write(self.mask)
        for neighbours in ("box", "face"):
            expected = self.expected(self.mask, neighbours)
            for number, tile in enumerate(("32", "90x10x40", "25x75x7", "33x41x13")):
                name = f"{neighbours}{number}.zarr"
                self.apply(*self.FILTER, "--param", f"neighbours={neighbours}", "--tile", tile, input="mask.tif", output=name)
                self.check(np.array_equal(self.pixels(name), expected), f"{neighbours}, tiles of {tile}")
        self.equal(zarr.open(str(self.folder / name), mode="r")["0"].dtype, np.uint32, "type of labels")

    def test_spirals_wind_through_all_tiles(self):
        spiral = self.spiral(120)
        for name, mask in (("spiral", spiral), ("between", ~spiral)):
            self.write(mask)
            self.apply(*self.FILTER, "--param", "neighbours=face", "--tile", "17x23", input="mask.tif", output=f"{name}.zarr")
            self.check(np.array_equal(np.squeeze(self.pixels(f"{name}.zarr")), self.expected(mask, "face")), name)
        self.check(np.count_nonzero(spiral) > 6000 and self.expected(spiral, "face").max() == 1, "one long line")

    def test_engines_share_the_tiles(self):
        self.write(self.mask)
        self.apply(*self.FILTER, "--engine", "tbb,opencl,reference", "--tile", "40x30x20", input="mask.tif")
        self.check(np.array_equal(self.pixels(), self.expected(self.mask)), "labels")

    def test_each_time_point_by_itself(self):
        frames = np.stack([self.mask[:20], self.mask[20:], np.zeros_like(self.mask[:20])])
        source = zarr.open_group(str(self.folder / "in.zarr"), mode="w")
        source.create_dataset("0", data=frames.astype(np.uint8), chunks=(1, 8, 64, 64), dimension_separator="/")
        source.attrs["multiscales"] = [{"version": "0.4", "axes": [{"name": "t", "type": "time"}] + [
            {"name": n, "type": "space", "unit": "micrometer"} for n in "zyx"], "datasets": [
            {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1, 2, 0.5, 0.5]}]}]}]
        self.apply(*self.FILTER, "--tile", "32x32x16", input="in.zarr")
        self.check(np.array_equal(self.pixels(), [self.expected(frame) for frame in frames]), "labels of the time points")
        self.apply(*self.FILTER, "--tile", "32x32x16", "--frame", "1", input="in.zarr", output="one.zarr")
        self.check(np.array_equal(np.squeeze(self.pixels("one.zarr")), self.expected(frames[1])), "labels of one time point")

    def test_a_killed_run_leaves_right_labels_only_and_resume_ends_it(self):
        mask = np.random.default_rng(3).random((60, 150, 180)) < 0.1
        self.write(mask)
        expected = self.expected(mask)
        arguments = (*self.FILTER, "--engine", "reference", "--tile", "20x20x10")
        for sent, status, least in ((signal.SIGKILL, -signal.SIGKILL, 0), (signal.SIGKILL, -signal.SIGKILL, 4), (signal.SIGINT, 130, 4)):
            output = f"{sent.name}{least}.zarr"
            running = subprocess.Popen([BENCH, "apply", "--input", "mask.tif", "--output", output, *arguments], cwd=self.folder,
                                       env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            folder = self.folder / output
            while running.poll() is None and not (folder.exists() and len(list(folder.glob("0/*/*/*"))) >= least):
                time.sleep(0.001)
            running.send_signal(sent)
            self.equal((running.wait(), running.stderr.close())[0], status, f"exit status after {sent.name}")
            there = self.pixels(output)
            written = list(folder.glob("0/*/*/[0-9]*"))
            self.check(len(written) < 432, f"{output} was complete")
            self.check(np.all((there == expected) | (there == 0)), f"{output}: a label that is not final")
            run = self.apply(*self.FILTER, input=output, output="none.zarr", status=2)
            self.check("--resume" in run.stderr, f"an incomplete input: {run.stderr}")
            self.apply(*arguments[:-1], "45x20x10", "--resume", "--json", "resumed.json", input="mask.tif", output=output)
            found = strict_json((self.folder / "resumed.json").read_text())
            self.check(0 < found["tiles_done"] <= found["tiles"] and (least == 0 or found["tiles_done"] < found["tiles"]), f"tiles done again: {found}")
            self.check(np.array_equal(self.pixels(output), expected), f"labels after {output}")
            self.equal([str(p) for p in folder.rglob("*tmp*")], [], "left-overs")


class Memory(ApplyTest):
    """Not of a program with sanitizers, which takes much more memory, and time."""

    def test_memory_holds_and_too_little_is_refused(self):
        big = np.zeros((150, 600, 600), np.uint16)
        tifffile.imwrite(self.folder / "big.tif", big)
        self.apply("--filter", "^Mean3D$", "--memory", "200MiB", "--json", "found.json", input="big.tif")
        found = strict_json((self.folder / "found.json").read_text())
        self.check(found["peak_memory_bytes"] < 200 << 20 and found["tiles"] > 1, f"{found['peak_memory_bytes']} bytes of 200 MiB")
        run = self.apply("--filter", "^Mean3D$", "--memory", "1MiB", input="big.tif", output="none.zarr", status=2)
        self.check("--memory" in run.stderr and not (self.folder / "none.zarr").exists(), run.stderr)
        run = self.apply("--filter", "^Mean3D$", "--memory", "100MiB", "--tile", "512", input="big.tif", output="none.zarr", status=2)
        refused = run.stderr
        run = self.apply("--filter", "^Mean3D$", "--memory", "200MiB", "--time-points", "all", input="big.tif", output="none.zarr", status=2)
        self.check("--time-points all needs" in run.stderr and not (self.folder / "none.zarr").exists(), run.stderr)
        self.check("a smaller --tile" in refused and not (self.folder / "none.zarr").exists(), run.stderr)

    def test_beyond_two_billion_voxels(self):
        # Nearly all chunks are missing, which are background.
        shape = (528, 2048, 2048)
        source = zarr.open(str(self.folder / "in.zarr"), mode="w", shape=shape, chunks=(16, 256, 256), dtype=np.uint8, fill_value=0)
        boxes = [np.s_[3:5, 5:9, 2040:2048], np.s_[200:202, 1000:1030, 7], np.s_[350:370, 1500:1503, 1020:1030],
                 np.s_[511:513, 0:2, 0:2], np.s_[519, 1024, 1024], np.s_[520, 1023, 1023], np.s_[527, 2047, 0:2048]]
        for box in boxes:
            source[box] = 1
        self.apply(*Components.FILTER, "--tile", "1024x1024x104", input="in.zarr")
        labels = zarr.open(str(self.folder / "out.zarr"), mode="r")["0"]
        for box, label in zip(boxes, (1, 2, 3, 4, 5, 5, 6)):
            self.check(np.all(labels[box] == label), f"label {label} in {box}")
        self.equal(np.count_nonzero(labels[512:528, :256, :256]), 4, "labels around a component")

    def test_components_have_memory_of_their_own(self):
        mask = np.random.default_rng(4).random((250, 400, 400), np.float32) < 0.2
        tifffile.imwrite(self.folder / "mask.tif", mask.astype(np.uint8), photometric="minisblack")
        arguments = ("--filter", "^ConnectedComponents3D$", "--param", "neighbours=face")
        run = self.apply(*arguments, "--memory", "130MiB", "--tile", "64x64x32", input="mask.tif", status=2)
        self.check("components, which take" in run.stderr and run.stderr.count("\n") == 1, run.stderr)
        self.apply(*arguments, "--memory", "320MiB", "--resume", "--json", "found.json", input="mask.tif")
        found = strict_json((self.folder / "found.json").read_text())
        self.check(found["peak_memory_bytes"] < 320 << 20, f"{found['peak_memory_bytes']} bytes of 320 MiB")
        self.equal(self.pixels().max(), ndimage.label(mask)[1], "components")


if __name__ == "__main__":
    sys.exit(run_tests(sys.argv[2:]))
