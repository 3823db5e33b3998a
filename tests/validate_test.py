#!/usr/bin/env python3
"""The validate program in a user's hands: folders, tables, outputs, requirements, and what it refuses.

usage: validate_test.py VALIDATE [UNITTEST ARGUMENTS...]
"""

import csv
import io
import math
import re
import resource
import signal
import subprocess
import sys
import time

import numpy as np

from checked import run_tests, strict_json
from validate_program import PEFR, VALIDATE, ValidateTest, random_pair


class Folders(ValidateTest):
    def setUp(self):
        super().setUp()
        rng = np.random.default_rng(11)
        (self.folder / "a").mkdir()
        (self.folder / "b").mkdir()
        for i in range(6):
            reference, test = random_pair(rng, (40, 40))
            self.save(f"a/image{i}.tif", reference.astype(np.uint8))
            self.save(f"b/image{i}.tif", test.astype(np.uint8))
        self.save("a/only_here.tif", np.ones((3, 3), np.uint8))
        self.save("b/only_there.tiff", np.ones((3, 3), np.uint8))

    def test_aggregate(self):
        f = self.figures("masks", "a", "b", "--seed", "3")
        dice = [pair["dice"] for pair in f["pairs"]]
        self.equal([pair["name"] for pair in f["pairs"]], [f"image{i}" for i in range(6)], "pairs")
        a = f["aggregate"]["dice"]
        self.near(a["mean"], np.mean(dice), what="mean")
        self.near(a["sd"], np.std(dice, ddof=1), what="SD")
        self.near(a["median"], np.median(dice), what="median")
        for value, expected in zip(a["iqr"], np.percentile(dice, [25, 75])):
            self.near(value, expected, what="quartile")
        rng = np.random.default_rng(0)
        means = np.array([rng.choice(dice, 6).mean() for _ in range(20000)])
        for value, expected in zip(a["mean_ci"], np.percentile(means, [2.5, 97.5])):
            self.near(value, expected, what="bootstrap", absolute=0.15 * np.std(dice))
        self.equal(self.figures("masks", "a", "b", "--seed", "3")["aggregate"], f["aggregate"], "the same seed")
        self.check(self.figures("masks", "a", "b", "--seed", "4")["aggregate"]["dice"]["mean_ci"] != a["mean_ci"], "another seed")
        self.equal(f["unmatched"]["reference"], {"count": 1, "names": ["only_here.tif"]}, "unmatched")
        self.equal(f["unmatched"]["test"], {"count": 1, "names": ["only_there.tiff"]}, "unmatched")

    def test_a_missed_object_never_improves_a_figure(self):
        before = self.figures("masks", "a", "b")["aggregate"]["hd95"]
        self.save("b/image0.tif", np.zeros((40, 40), np.uint8))
        after = self.figures("masks", "a", "b")
        a = after["aggregate"]["hd95"]
        self.equal((a["n"], a["n_infinite"], a["mean"]), (6, 1, None), "one infinite distance")
        self.check(a["median"] >= before["median"], "the median does not fall")
        self.check("infinite" in after["aggregate"]["reasons"]["hd95.mean"], "the reason")
        for i in range(4):
            self.save(f"b/image{i}.tif", np.zeros((40, 40), np.uint8))
        self.equal(self.figures("masks", "a", "b")["aggregate"]["hd95"]["median"], None, "most are infinite")

    def test_requirements(self):
        run = self.run_program("masks", "a", "b", "--require", "dice>=0.99", status=1)  # every image counts
        self.check(run.stderr.count("is not met") >= 1 and "image" in run.stderr, run.stderr)
        self.run_program("masks", "a", "b", "--require", "dice.mean>0", "--require", "dice.median<=1")
        self.run_program("masks", "a", "b", "--require", "dice.mean>0.999", status=1)

    def test_text_and_csv(self):
        run = self.run_program("masks", "a", "b", "--csv", "out.csv")
        self.check("6 pairs" in run.stdout and "only_here.tif" in run.stdout and "only_there.tiff" in run.stdout, run.stdout)
        for options, length, area in (((), "pixels", "pixels"), (("--spacing", "0.5"), "µm", "µm²")):
            pair = self.run_program("masks", "a/image0.tif", "b/image0.tif", *options).stdout
            for figure, unit in (("hd95", " " + length), ("volume_error", " " + area), ("dice", "")):
                self.check(re.search(rf"^{figure} +[\d.e-]+{unit}$", pair, re.MULTILINE), f"{figure}: {pair}")
        rows = list(csv.DictReader(io.StringIO((self.folder / "out.csv").read_text())))
        self.equal(len(rows), 6, "rows")
        f = self.figures("masks", "a", "b")
        for row, pair in zip(rows, f["pairs"]):
            self.equal((row["name"], float(row["dice"]), row["nsd"]), (pair["name"], pair["dice"], ""), "row")

    def test_nothing_in_common(self):
        (self.folder / "c").mkdir()
        for arguments, words in [(("masks", "a", "c"), ["no TIFF file"]), (("masks", "a", "b/image0.tif"), ["folder"])]:
            self.refused(*arguments, words=words)


class BadInput(ValidateTest):
    def test_images(self):
        rng = np.random.default_rng(12)
        self.save("u8.tif", rng.integers(0, 9, (5, 6), np.uint8))
        self.save("u16.tif", rng.integers(0, 9, (5, 6), np.uint16))
        self.save("other.tif", rng.integers(0, 9, (6, 5), np.uint8))
        self.write("empty.tif", b"")
        self.write("cut.tif", (self.folder / "u8.tif").read_bytes()[:90])
        for kind in ("images", "masks", "labels"):
            self.refused(kind, "u8.tif", "other.tif", words=["6x5x1", "5x6x1", "shape"])
            self.refused(kind, "u8.tif", "empty.tif", words=["empty.tif"])
            self.refused(kind, "u8.tif", "cut.tif", words=["cut.tif"])
            self.refused(kind, "missing.tif", "u8.tif", words=["missing.tif"])
        self.refused("images", "u8.tif", "u16.tif", words=["u8", "u16", "convert"])
        self.run_program("masks", "u8.tif", "u16.tif")  # masks may be of two types

    def test_labels(self):
        good = np.ones((4, 4), np.uint8)
        self.save("good.tif", good)
        for name, pixels, word in [("half.tif", np.full((4, 4), 1.5, np.float32), "1.5"), ("negative.tif", np.full((4, 4), -1, np.int32), "negative"),
                                   ("minus.tif", np.full((4, 4), -2, np.float32), "-2"), ("large.tif", np.full((4, 4), 2.0 ** 32, np.float32), "4294967295"),
                                   ("nan.tif", np.full((4, 4), np.nan, np.float32), "nan")]:
            self.save(name, pixels)
            self.refused("labels", "good.tif", name, words=[name, word])
            self.refused("measure", name, words=[name, word])
        whole = self.save("whole.tif", np.full((4, 4), 3, np.float32))
        self.equal(self.figures("labels", "good.tif", whole)["partition_equal"], True, "whole numbers in float32 are labels")

    def test_tables(self):
        good = "a,b\n1,2\n2,3\n4,4\n"
        for name, text, words in [
            ("empty.csv", "", ["empty"]), ("header.csv", "a,b\n", ["row"]), ("missing.csv", "a,b\n1,2\n3,\n", ["line 3", "b"]),
            ("short.csv", "a,b\n1,2\n3\n", ["line 3"]), ("one.csv", "a,b\n1,2\n", ["one row"]),
            ("constant.csv", "a,b\n1,2\n1,3\n1,4\n", ["constant", "a"]), ("comma.csv", "a;b\n1,5;2\n2,5;3\n", ["decimal"]),
            ("word.csv", "a,b\n1,2\nx,3\n", ["x", "line 3"]), ("nan.csv", "a,b\n1,2\nnan,3\n", ["nan"]),
            ("inf.csv", "a,b\n1,2\n3,inf\n", ["inf"]), ("vast.csv", "a,b\n1e308,2\n-1e308,3\n", ["1e150"]), ("twice.csv", "a,a,b\n1,2,3\n2,3,4\n", ["a"]),
            ("binary.csv", b"\x00\x01\x02\xff", []), ("quote.csv", 'a,b\n"1,2\n', []),
        ]:
            self.write(name, text)
            self.refused("measurements", name, "--reference", "a", "--test", "b", words=words)
        self.write("good.csv", good)
        self.refused("measurements", "good.csv", "--reference", "a", "--test", "c", words=["'c'", "'a', 'b'"])
        wide = ",".join(f"c{i}" for i in range(5000))
        self.write("wide.csv", wide + "\n" + ",".join("1" * 5000) + "\n" + ",".join("2" * 5000) + "\n")
        line = self.refused("measurements", "wide.csv", "--reference", "a", "--test", "c7", words=["'a'"])
        self.check(len(line) < 500, "thousands of columns are not all listed")
        self.run_program("measurements", "wide.csv", "--reference", "c1", "--test", "c4999")
        self.refused("measurements", "good.csv", "--reference", "a", "--test", "", words=["--test"])
        self.refused("measurements", "good.csv", "good.csv", "--key", "a", "--reference", "", "--test", "b", words=["--reference"])
        self.refused("measurements", "good.csv", "good.csv", "--reference", "a", "--test", "b", words=["--key"])
        self.refused("measurements", "good.csv", "--key", "a", "--reference", "a", "--test", "b", words=["--key"])

    def test_options(self):
        self.save("a.tif", np.eye(12, dtype=np.uint8))
        for arguments, words in [
            ((), ["subcommand"]), (("mask", "a.tif", "a.tif"), ["'mask'", "masks"]), (("masks", "a.tif"), ["--help"]),
            (("masks", "a.tif", "a.tif", "a.tif"), ["--help"]), (("masks", "a.tif", "a.tif", "--spacing", "1,0,1"), ["1,0,1", "above 0"]),
            (("masks", "a.tif", "a.tif", "--spacing", "nan"), ["nan"]), (("masks", "a.tif", "a.tif", "--spacing", "1,2"), ["1,2"]),
            (("masks", "a.tif", "a.tif", "--seed", "-1"), ["seed"]), (("masks", "a.tif", "a.tif", "--json", "a.tif"), ["overwritten"]),
            (("masks", "a.tif", "a.tif", "--csv", "./a.tif"), ["overwritten"]), (("masks", "a.tif", "a.tif", "--csv", "x", "--json", "./x"), ["two outputs"]),
            (("engines", "--filter", "Copy2D", "--input", "a.tif", "--json", "a.tif"), ["overwritten"]), (("masks", "a.tif", "a.tif", "--tau", "-1"), ["tau"]),
            (("masks", "a.tif", "a.tif", "--tau", "nan"), ["tau"]), (("masks", "a.tif", "a.tif", "--require", "dice"), ["dice", "'dice>=0.9'"]),
            (("masks", "a.tif", "a.tif", "--require", "dice>=high"), ["dice>=high"]), (("masks", "a.tif", "a.tif", "--require", "dise>=0.9"), ["dise", "dice"]),
            (("masks", "a.tif", "a.tif", "--require", "unit>=1"), ["unit"]), (("labels", "a.tif", "a.tif", "--iou", "1"), ["iou"]),
            (("images", "a.tif", "a.tif", "--percent", "--ratio"), ["--help"]), (("masks", "a.tif", "a.tif", "--json", ""), ["--json"]),
            (("masks", "a.tif", "a.tif", "--json", "-", "--csv", "-"), ["--json -"]), (("masks", "a.tif", "a.tif", "--json", "no/such/folder/x.json"), ["no/such/folder"]),
            (("masks", "a.tif", "a.tif", "--plot", "a.tif"), ["a.tif"]), (("engines", "--filter", "NoSuch"), ["NoSuch"]),
            (("engines", "--engine", "cuda"), ["cuda"]), (("engines", "--require", "x"), ["x"]),
        ]:
            self.refused(*arguments, words=words)

    def test_full_disk(self):
        self.save("a.tif", np.eye(12, dtype=np.uint8))
        self.refuses_full_output("masks", "a.tif", "a.tif")

        def small_files():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))
        self.refused("masks", "a.tif", "a.tif", "--json", "out.json", preexec_fn=small_files)


class Program(ValidateTest):
    def test_requirements(self):
        x = np.zeros((20, 20), np.uint8)
        x[3:9, 3:9] = 1
        self.save("a.tif", x)
        self.save("b.tif", np.roll(x, 1, 1))
        for requirement, code in [("dice>=0.8", 0), ("dice>0.9", 1), ("dice<1", 0), ("dice<=0.5", 1), ("tp==30", 0), ("tp==31", 1), ("nsd>=0", 1),
                                  ("contour_distance.a_to_b<=1", 0)]:
            run = self.run_program("masks", "a.tif", "b.tif", "--require", requirement, status=code)
            self.equal(requirement in run.stderr, code == 1, run.stderr)
        f = self.figures("masks", "a.tif", "b.tif", "--require", "dice>0.9", "--require", "dice>0.1", status=1)
        self.equal((f["requirements"]["asked"], len(f["requirements"]["unmet"])), (["dice>0.9", "dice>0.1"], 1), "in the JSON")

    def test_joined_tables(self):
        self.write("a.csv", "id,area\n1,10\n2,20\n3,30\n9,1\n")
        self.write("b.csv", "name;id;area\nx;3;31\ny;1;11\nz;2;22\nw;7;5\n")
        f = self.figures("measurements", "a.csv", "b.csv", "--key", "id", "--reference", "area", "--test", "area")
        self.equal((f["n"], f["unit"], f["mean_reference"]), (3, "id", 20), "joined")
        self.near(f["bias"], 4 / 3, what="bias")
        self.equal((f["unmatched"]["reference"]["names"], f["unmatched"]["test"]["names"]), (["9"], ["7"]), "unmatched")

    def test_measure(self):
        labels = np.zeros((14, 30), np.uint8)
        labels[2:12, 3:13] = 4
        labels[5, 20] = 9
        self.save("l.tif", labels)
        self.save("i.tif", np.arange(14 * 30, dtype=np.uint16).reshape(14, 30))
        rows = list(csv.DictReader(io.StringIO(self.run_program("measure", "l.tif", "i.tif").stdout)))
        self.equal([float(r["label"]) for r in rows], [4, 9], "labels")
        self.near(float(rows[0]["feret_diameter"]), math.sqrt(200), what="Feret's diameter of 10 x 10")
        self.near(float(rows[0]["min_caliper"]), 10, what="caliper")
        self.equal(float(rows[1]["sum"]), 170, "sum of one pixel")
        for option, expected in [("edges", math.sqrt(181)), ("centers", math.sqrt(162))]:
            rows = list(csv.DictReader(io.StringIO(self.run_program("measure", "l.tif", "--feret", option, "--spacing", "2").stdout)))
            self.near(float(rows[0]["feret_diameter"]), 2 * expected, what=option)
            self.equal(float(rows[0]["area"]), 400, "area")
        self.save("l32.tif", labels.astype(np.uint32))
        self.refused("measure", "i.tif", "l32.tif", words="exchanged")
        self.run_program("measure", "l.tif", "--csv", "m.csv")
        f = self.figures("measurements", "m.csv", "m.csv", "--key", "label", "--reference", "area", "--test", "area", "--plot", "pictures")
        self.equal((f["bias"], f["proportional_bias"]["verdict"]), (0, "no difference"), "measured twice")

    def test_plots(self):
        rng = np.random.default_rng(13)
        a, b = random_pair(rng, (40, 50))
        self.save("a.tif", (a * 100 + rng.integers(0, 9, a.shape)).astype(np.uint8))
        self.save("b.tif", (b * 100 + rng.integers(0, 9, a.shape)).astype(np.uint8))
        self.write("t.csv", PEFR)
        for arguments, files in [(("images", "a.tif", "b.tif"), ["bland_altman.svg", "difference.png", "histogram.svg", "scatter.svg"]),
                                 (("masks", "a.tif", "b.tif"), ["overlay.png"]), (("labels", "a.tif", "b.tif"), ["overlay.png"]),
                                 (("measurements", "t.csv", "--reference", "mini1", "--test", "wright1"), ["bland_altman.svg", "histogram.svg", "scatter.svg"])]:
            folder = self.folder / f"pictures_{arguments[0]}"
            self.run_program(*arguments, "--plot", folder)
            self.equal(sorted(p.name for p in folder.iterdir()), files, "pictures")

    def test_engines(self):
        f = self.figures("engines", "--filter", "^(GaussianBlur|FixedThreshold|ConnectedComponents)2D", "--size", "40x30", "--dtype", "u8,f32",
                         "--require", "max_abs_error<=1")
        names = {(p["operation"], p["dtype"]) for p in f["pairs"]}
        self.equal(len(names), 6, f"cases {names}")
        self.equal(f["pairs_compared"], f["pairs_within_tolerance"], "all agree")
        self.check(any(p["reference"] != "reference" for p in f["pairs"]), "engines against each other")
        masks = [p for p in f["pairs"] if p["operation"] == "FixedThreshold2D"]
        self.check(masks and all(p["dice"] == 1 and p["jaccard"] == 1 for p in masks), "Dice of masks")
        labels = [p for p in f["pairs"] if p["operation"] == "ConnectedComponents2D"]
        self.check(labels and all(p["partition_equal"] and p["sparse_jaccard"] == 1 for p in labels), "partition of labels")
        blurs = [p for p in f["pairs"] if p["operation"] == "GaussianBlur2D"]
        self.check(all(p["limit_of_agreement_lower"] <= p["bias"] <= p["limit_of_agreement_upper"] and p["pearson_r"] > 0.99999 for p in blurs), "images")
        self.run_program("engines", "--filter", "GaussianBlur2D", "--size", "40x30", "--require", "max_abs_error<0", "--csv", "out.csv", status=1)
        rows = list(csv.DictReader(io.StringIO((self.folder / "out.csv").read_text())))
        self.check(rows and all(row["within_tolerance"] == "true" for row in rows), "CSV")
        run = self.run_program("engines", "--filter", "GaussianBlur2D", "--size", "40x30", "--engine", "reference", status=2)
        self.check("nothing was compared" in run.stderr, run.stderr)

    def test_interrupted(self):
        process = subprocess.Popen([VALIDATE, "engines", "--size", "600x500", "--json", "out.json"], cwd=self.folder, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        process.stdout.readline()
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)
        self.equal(process.returncode, 130, "exit code")
        f = strict_json((self.folder / "out.json").read_text())
        self.check(f["incomplete"] and f["pairs"], "what was compared is kept")


if __name__ == "__main__":
    if VALIDATE is None:
        sys.exit(__doc__)
    sys.exit(run_tests(sys.argv[2:]))
