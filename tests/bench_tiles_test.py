#!/usr/bin/env python3
"""bench in tiles, and bench overlap, against SciPy on the same cut image.

usage: bench_tiles_test.py BENCH [UNITTEST ARGUMENTS...]
"""

import base64
import io
import sys

import numpy as np
import PIL.Image
import tifffile
from scipy import ndimage

from bench_program import BenchTest, close
from checked import run_tests, strict_json


def in_tiles(operation, image, tile, overlap):
    """What an operation makes of square tiles with margins, put together; and the voxels read."""
    result, read = None, 0
    for y in range(0, image.shape[0], tile):
        for x in range(0, image.shape[1], tile):
            top, left = max(0, y - overlap), max(0, x - overlap)
            part = operation(image[top:y + tile + overlap, left:x + tile + overlap])
            read += part.size
            if result is None:
                result = np.zeros(image.shape, part.dtype)
            result[y:y + tile, x:x + tile] = part[y - top:, x - left:][:tile, :tile]
    return result, read


def distances_to_seams(shape, tile):
    """Voxels between each voxel and the nearest seam inside the image."""
    along = []
    for extent in shape:
        i, seams = np.arange(extent), np.arange(tile, extent, tile)
        along.append(np.min([np.where(i < s, s - 1 - i, i - s) for s in seams], axis=0))
    return np.minimum(along[0][:, None], along[1][None, :])


class Tiles(BenchTest):
    def setUp(self):
        super().setUp()
        self.image = np.random.default_rng(1).integers(0, 256, (90, 110), np.uint8)
        tifffile.imwrite(self.folder / "image.tif", self.image)

    def test_errors_at_the_seams_are_those_of_scipy(self):
        def minimum(image):
            return ndimage.minimum_filter(image, 7, mode="nearest")
        cases = self.measure("--filter", "Minimum2D", "--param", "window=box", "--radius", "3", "--input", "image.tif",
                             "--engine", "tbb,opencl", "--tile", "32", "--overlap", "0,2,3,auto")
        self.equal(len(cases), 10, "cases: two engines, uncut and with four overlaps")
        uncut = minimum(self.image)
        distance = distances_to_seams(self.image.shape, 32)
        for name, case in cases.items():
            if "tile:" not in name:
                self.check("tiling" not in case.details, f"tiling of {name}")
                continue
            asked = name.split("overlap:")[1]
            overlap = 3 if asked == "auto" else int(asked.split("x")[0])
            tiled, read = in_tiles(minimum, self.image, 32, overlap)
            difference = np.abs(tiled.astype(int) - uncut)
            found = case.details["tiling"]
            errors = found["errors"]
            self.equal((found["tile"], found["overlap"], found["needed_overlap"], found["tiles"]),
                       ([32, 32, 1], [overlap, overlap, 0], [3, 3, 0], 12), f"tiles of {name}")
            self.check(close(found["read_ratio"], read / self.image.size), f"voxels read of {name}")
            self.check(close(found["inner_read_ratio"], ((32 + 2 * overlap) / 32) ** 2), f"of an inner tile of {name}")
            self.equal((errors["voxels"], errors["differing"], errors.get("sum"), errors.get("largest")),
                       (uncut.size, np.count_nonzero(difference), difference.sum(), difference.max()), f"errors of {name}")
            by_distance = [{"voxels": int(np.count_nonzero(distance == d)),
                            "differing": int(np.count_nonzero(difference[distance == d])),
                            "largest": float(difference[distance == d].max())}
                           for d in range(len(errors["by_distance"]))]
            self.equal(errors["by_distance"], by_distance, f"errors by distance of {name}")
            self.equal(bool(errors["differing"]), overlap < 3, f"artefacts of {name}")
            self.equal("speedup" in case.figures, overlap == 3, f"a speed-up of {name}")

    def test_pictures_show_where_results_differ(self):
        arguments = ("--filter", "Minimum2D", "--param", "window=box", "--radius", "3", "--input", "image.tif", "--engine", "tbb", "--tile", "32", "--overlap",
                     "0,2,auto")
        cases = self.measure(*arguments)
        pictures = strict_json((self.folder / "out.json").read_text())["context"]["voxelmark"]["pictures"]

        def minimum(image):
            return ndimage.minimum_filter(image, 7, mode="nearest")
        uncut = minimum(self.image)
        for overlap in (0, 2):
            case, = (case for name, case in cases.items() if name.endswith(f"overlap:{overlap}x{overlap}"))
            difference = np.abs(in_tiles(minimum, self.image, 32, overlap)[0].astype(int) - uncut)
            shown = dict(case.details["tiling"]["picture"])
            greys = np.array(PIL.Image.open(io.BytesIO(base64.b64decode(pictures[shown.pop("name")]))))
            self.equal(shown, {"slice": 0, "width": 110, "height": 90, "block": 1, "largest": difference.max()}, f"picture of overlap {overlap}")
            self.check(np.array_equal(greys > 0, difference > 0) and np.array_equal(greys == 255, difference > difference.max() * (15 / 16) ** 2),
                       f"greys of overlap {overlap}")
        self.check(all("picture" not in case.details.get("tiling", {}) for name, case in cases.items() if name.endswith("auto") or "tile" not in name),
                   "pictures of what differs nowhere")
        self.run_program(*arguments, "--max-time", "0", "--no-limits", "--no-pictures", "--json", "without.json")
        self.check('"picture"' not in (self.folder / "without.json").read_text(), "--no-pictures")

    def test_the_table_tells_what_tiles_cost_and_harm(self):
        run = self.run_program("--filter", "Mean2D", "--size", "64x64", "--engine", "tbb", "--tile", "32", "--overlap", "0,auto",
                               "--max-time", "0")
        text = " ".join(run.stdout.split())
        for words in ("4 tiles, which read 1.00 times the image", "overlap 0x0 of 2x2 needed", "voxels differ from the uncut result",
                      "overlap 2x2 of 2x2 needed; equal to the uncut result", "3 measured, 0 skipped, 0 failed"):
            self.check(words in text, f"no '{words}' in\n{run.stdout}")

    def test_what_moves_voxels(self):
        cases = self.measure("--filter", "^(Flip.D|Rotate.D|Reslice|MaximumZProjection)", "--size",
                             "50x30x10,50x30", "--engine", "tbb", "--tile", "16", "--param", "turns=1,2,3", "--param", "from=top,left")
        tiled = [case for name, case in cases.items() if "tile:" in name]
        self.check(len(tiled) >= 8, f"cases in tiles: {len(tiled)}")
        for case in tiled:
            self.equal(case.outcome, "done", f"outcome of {case.name}")
            self.equal(case.details["tiling"]["errors"]["differing"], 0, f"differences of {case.name}")

    def test_what_is_not_done_in_tiles_is_skipped(self):
        cases = self.measure("--filter", "(Voronoi2D|DetectMaxima2D|Push2D)/tbb.*tile", "--size", "40x40", "--tile", "16",
                             status=2)
        self.equal({case.outcome for case in cases.values()}, {"skipped"}, "outcomes")
        self.check(all("not done tile by tile" in case.details["reason"] or "all voxels at once" in case.details["reason"] for case in cases.values()), "reasons")

    def test_tiles_on_their_own_are_another_method(self):
        self.run_program("--filter", "^(AutoThreshold2D|VoronoiOtsuLabeling2D)/.*tile", "--dataset", "nuclei", "--size", "128x128", "--engine", "tbb", "--param",
                         "method=otsu", "--tile", "32", "--overlap", "16", "--per-tile", "alone,merge", "--max-time", "0", "--json", "out.json")
        cases = self.cases(strict_json((self.folder / "out.json").read_text(encoding="utf-8")))
        tiled = {name.split("/")[0] + name.split("overlap:16x16")[1]: case for name, case in cases.items() if "tile:" in name}
        self.equal(set(tiled), {"AutoThreshold2D", "AutoThreshold2D/per-tile:alone", "VoronoiOtsuLabeling2D", "VoronoiOtsuLabeling2D/per-tile:alone",
                                "VoronoiOtsuLabeling2D/per-tile:merge"}, "cases in tiles")
        self.equal(tiled["AutoThreshold2D"].details["tiling"]["errors"]["differing"], 0, "the whole image's level")
        self.equal(tiled["VoronoiOtsuLabeling2D"].outcome, "skipped", "not done in tiles as it is defined")
        for name, case in tiled.items():
            if "per-tile" in name:
                self.equal(case.details["tiling"]["per_tile"], name.split(":")[1], "how")
                self.check("speedup" not in case.figures and "another method" in case.details.get("reason", ""), f"{name}: {case.details}")
        self.check(tiled["AutoThreshold2D/per-tile:alone"].details["tiling"]["errors"]["differing"] > 0, "levels of tiles")
        objects = {name.split(":")[1]: case.details["tiling"]["objects"] for name, case in tiled.items() if "Labeling2D/per" in name}
        self.equal(objects["alone"]["uncut"], objects["merge"]["uncut"], "uncut")
        self.check(objects["alone"]["in_tiles"] > objects["merge"]["in_tiles"] > 0, f"{objects}")

    def test_names_choose_tiles(self):
        listed = self.run_program("--list", "--filter", "Mean.D/tbb.*tile:16x16x8", "--size", "40x40,40x40x9", "--tile", "16,16x16x8",
                                  "--overlap", "0,4x4x2,auto").stdout.splitlines()
        self.equal(listed, [f"Mean3D/tbb/40x40x9/f32/window:sphere/radius:2/tile:16x16x8/overlap:{o}" for o in ("0x0x0", "4x4x2", "auto")],
                   "cases listed")


class Overlap(BenchTest):
    def search(self, *arguments):
        self.run_program("overlap", *arguments, "--json", "found.json")
        return strict_json((self.folder / "found.json").read_text())["overlaps"]

    def test_what_a_top_hat_needs(self):
        found, = self.search("--filter", "TopHat2D", "--param", "window=box", "--radius", "6", "--dtype", "u8", "--size", "200x150",
                             "--dataset", "noise,blobs,constant")
        self.equal((found["reach"], found["exact"], found["reach_along_axes"]), (12, True, [12, 12, 0]), "reach")
        observed = {image.split()[0]: overlap for image, overlap in found["observed"].items()}
        self.check(observed["noise"] in (11, 12) and observed["blobs"] <= 12, f"observed: {observed}")
        self.equal(observed["constant"], 0, "overlap that a constant image needs")

    def test_a_gaussian_needs_its_reach_or_less_by_the_tolerance(self):
        arguments = "--filter", "GaussianBlur2D", "--sigma", "5", "--size", "256x256", "--engine", "reference"
        exactly, = self.search(*arguments)
        roughly, = self.search(*arguments, "--tolerance", "1")
        self.equal((exactly["reach"], exactly["exact"]), (20, True), "reach")
        needed, enough = (next(iter(found["observed"].values())) for found in (exactly, roughly))
        self.check(17 <= needed <= 20 and 0 < enough < needed, f"observed {needed}, and {enough} within one grey level")

    def test_the_smallest_overlap_is_that_of_scipy(self):
        image = np.random.default_rng(2).integers(0, 65536, (120, 100), np.uint16)
        tifffile.imwrite(self.folder / "image.tif", image)

        def opened(part):
            return ndimage.maximum_filter(ndimage.minimum_filter(part, 5, mode="nearest"), 5, mode="nearest")
        found, = self.search("--filter", "TopHat2D", "--param", "window=box", "--radius", "2", "--input", "image.tif", "--tile", "25")
        whole = opened(image)
        smallest = min(o for o in range(6) if np.array_equal(in_tiles(opened, image, 25, o)[0], whole))
        self.equal(list(found["observed"].values()), [smallest], "observed overlap")

    def test_nothing_to_search(self):
        run = self.run_program("overlap", "--filter", "Voronoi2D", "--size", "20x20", "--json", "none.json", status=2)
        self.check("works in tiles" in run.stderr and not (self.folder / "none.json").exists(), f"what it says: {run.stderr}")


if __name__ == "__main__":
    sys.exit(run_tests(sys.argv[2:]))
