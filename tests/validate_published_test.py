#!/usr/bin/env python3
"""The validate program against published figures.

usage: validate_published_test.py VALIDATE [UNITTEST ARGUMENTS...]

With VOXELMARK_DATA set to a folder of real images, figures held in ../facts beside it are compared too.
"""

import json
import os
import pathlib
import sys

import numpy as np

from checked import run_tests
from validate_program import PEFR, VALIDATE, ValidateTest

DATA = pathlib.Path(os.environ["VOXELMARK_DATA"]) if os.environ.get("VOXELMARK_DATA") else None
FACTS = DATA.parent / "facts" if DATA and (DATA.parent / "facts").is_dir() else None


class HeldAnswers(ValidateTest):
    """Figures that others have published."""

    def test_peak_flow_meters(self):
        table = self.write("pefr.csv", PEFR)
        f = self.figures("measurements", table, "--reference", "mini1", "--test", "wright1", "--reference-again", "mini2",
                         "--test-again", "wright2", "--unit", "subject")
        self.equal(f["n"], 17, "n")
        self.equal(f["unit"], "subject", "unit")
        self.digits(f["bias"], -2.117647, 6, "bias")
        self.digits(f["sd"], 38.765130, 6, "SD")
        self.digits(f["pearson_r"], 0.943279, 6, "r")
        limits = f["limits_of_agreement"]
        self.digits(limits["lower"], -78.0973, 4, "lower limit")
        self.digits(limits["upper"], 73.8620, 4, "upper limit")
        for key, expected in [("exact_lower_ci", (-124.163, -53.096)), ("exact_upper_ci", (48.861, 119.928))]:
            for value, one in zip(limits[key], expected):
                self.digits(value, one, 3, key)
        self.digits(f["repeatability"]["test"], 42.43, 2, "repeatability of the Wright meter")
        self.digits(f["repeatability"]["reference"], 55.19, 2, "repeatability of the mini meter")
        two = self.figures("measurements", table, "--reference", "mini1", "--test", "wright1", "--limits", "2")
        self.digits(two["limits_of_agreement"]["lower"], -79.6479, 4, "lower limit with 2 SD")
        self.digits(two["limits_of_agreement"]["upper"], 75.4126, 4, "upper limit with 2 SD")
        self.undefined(two, "repeatability", "no replicates")
        other = self.figures("measurements", table, "--reference", "wright1", "--test", "mini1")
        self.digits(other["bias"], 2.117647, 6, "bias with the sides exchanged")

    def test_blood_pressure(self):
        if not FACTS:
            self.skipTest("no facts")
        f = self.figures("measurements", FACTS / "bp1983_fig1.csv", "--reference", "a", "--test", "b")
        self.digits(f["pearson_r"], 0.943530, 6, "r")
        self.digits(abs(f["bias"]), 10.72, 2, "bias")
        self.digits(f["sd"], 9.167515, 6, "SD")

    def test_equal_means(self):
        a, b = [1, 9, 7, 1, 2, 8, 9, 2, 1, 7, 8], [4, 5, 5, 7, 4, 5, 4, 6, 6, 5, 4]
        f = self.figures("measurements", self.write("ab.csv", "a,b\n" + "".join(f"{x},{y}\n" for x, y in zip(a, b))),
                         "--reference", "a", "--test", "b")
        self.equal((f["mean_reference"], f["mean_test"], f["bias"]), (5, 5, 0), "means and bias")
        self.check(f["limits_of_agreement"]["lower"] < -5 and f["limits_of_agreement"]["upper"] > 5, "limits that do not agree")
        self.check(f["pearson_r"] < 0, "r")

    def test_concordance(self):
        table = self.write("ccc.csv", "x,y\n3.0,2.5\n-0.5,0.0\n2.0,2.0\n7.0,8.0\n")
        f = self.figures("measurements", table, "--reference", "x", "--test", "y")
        self.digits(f["concordance"], 0.976789, 6, "concordance")
        self.near(f["concordance_precision"] * f["concordance_accuracy"], f["concordance"], what="precision x accuracy")
        f = self.figures("measurements", table, "--reference", "x", "--test", "y", "--sample-ccc")
        self.digits(f["concordance"], 0.977735, 6, "concordance of n - 1")

    def test_spot_counts(self):
        if not FACTS:
            self.skipTest("no facts")
        f = self.figures("measurements", FACTS / "spots_ij_vs_clij_laptop.csv", "--reference", "clij_laptop", "--test", "imagej",
                         "--unit", "time point")
        for value, expected in [(f["pearson_r"], 0.998952), (f["bias"], 22.046667), (f["sd"], 17.199726),
                                (f["limits_of_agreement"]["lower"], -11.664797), (f["limits_of_agreement"]["upper"], 55.758131),
                                (f["mean_abs_relative_difference_percent"], 0.865536),
                                (f["sd_abs_relative_difference_percent"], 0.553752), (f["concordance"], 0.996906)]:
            self.digits(value, expected, 6, "of the spot counts")

    def test_small_masks(self):
        """The overlaps that the lectures of R. Haase draw on squared paper."""
        reference, test = np.zeros(20, np.uint8), np.zeros(20, np.uint8)
        reference[0:9] = 1
        test[5:11] = 1
        f = self.masks(reference.reshape(4, 5), test.reshape(4, 5))
        self.equal((f["tp"], f["fn"], f["fp"]), (4, 5, 2), "TP, FN, FP")
        self.near(f["jaccard"], 4 / 11, what="Jaccard")
        for shift, expected in [(3, 1 / 7), (2, 1 / 3), (4 / 3, 1 / 2)]:
            n = 12 if shift == 4 / 3 else 4
            reference, test = np.zeros((1, 40), np.uint8), np.zeros((1, 40), np.uint8)
            reference[0, 5:5 + n] = 1
            test[0, 5 + round(shift * n / 4):5 + n + round(shift * n / 4)] = 1
            self.near(self.masks(reference, test)["jaccard"], expected, what=f"shifted by {shift}")

    def test_object_wise(self):
        """Three objects found, one missed, two that are none: 3 / 6."""
        reference, test = np.zeros((10, 40), np.uint16), np.zeros((10, 40), np.uint16)
        for i in range(4):
            reference[2:6, 2 + 6 * i:6 + 6 * i] = i + 1
        test[reference > 0] = reference[reference > 0]
        test[reference == 4] = 0
        test[7:9, 30:34] = 5
        test[1:3, 35:38] = 6
        f = self.figures("labels", self.save("r.tif", reference), self.save("t.tif", test))
        self.equal((f["object"]["tp"], f["object"]["fn"], f["object"]["fp"]), (3, 1, 2), "TP, FN, FP")
        self.equal(f["object"]["ap"], 0.5, "TP / (TP + FP + FN)")
        self.equal(f["object"]["unmatched_reference"], [4], "unmatched reference")
        self.equal(f["object"]["unmatched_test"], [5, 6], "unmatched test")

    def test_accuracy_hangs_on_the_background(self):
        """The same masks in a smaller frame: the overlap stays, the accuracy falls."""
        def framed(pixels):
            reference, test = np.zeros(pixels, np.uint8), np.zeros(pixels, np.uint8)
            reference[0:38] = 1
            test[6:44] = 1
            return self.masks(reference.reshape(1, -1), test.reshape(1, -1))
        large, small = framed(440), framed(240)
        self.digits(large["jaccard"], 0.73, 2, "Jaccard")
        self.equal(large["jaccard"], small["jaccard"], "Jaccard")
        self.digits(large["accuracy"], 0.97, 2, "accuracy in the larger frame")
        self.digits(small["accuracy"], 0.95, 2, "accuracy in the smaller frame")

    def test_real_segmentations(self):
        """Every pair in expected.json, which others' programs computed, to its last digit."""
        if not FACTS:
            self.skipTest("no facts")
        pairs = json.loads((FACTS / "expected.json").read_text())["pairs"]
        names = {"precision": "precision", "recall": "sensitivity", "specificity": "specificity", "accuracy": "accuracy",
                 "balanced_accuracy": "balanced_accuracy", "jaccard": "jaccard", "dice": "dice"}
        objects = {"precision": "precision", "recall": "recall", "f1": "f1", "ap_tp_over_all": "ap", "mean_matched_iou": "sq",
                   "panoptic_quality": "pq"}
        compared = 0
        for title, expected in pairs.items():
            image, reference, test = self.parts(title)
            f = self.figures("labels", DATA / f"{image}{reference}.tif", DATA / f"{image}{test}.tif")
            self.equal(f["labels_reference"], expected["n_ref"], f"{title}: labels")
            self.equal(f["labels_test"], expected["n_test"], f"{title}: labels")
            self.near(f["sparse_jaccard"], expected["jaccard_sparse"], 1e-14, f"{title}: sparse Jaccard")
            # Where a number is missing among the labels, that program's mean can count one label more.
            n, theirs = expected["n_ref"], expected["segmentation_game_value"] / f["sparse_jaccard"]
            self.check(abs(theirs - 1) < 1e-14 or not expected["ref_ids_contiguous"] and abs(theirs - n / (n + 1)) < 1e-14,
                       f"{title}: {theirs} of ours")
            for key in ("tp", "fp", "fn", "tn"):
                if key in expected:
                    self.equal(f[key], expected[key], f"{title}: {key}")
            for key, ours in names.items():
                if key in expected:
                    self.near(f[ours], expected[key], 1e-14, f"{title}: {key}")
            if "iou>0.5" in expected:
                theirs = expected["iou>0.5"]
                for key in ("tp", "fp", "fn"):
                    self.equal(f["object"][key], theirs[key], f"{title}: object {key}")
                for key, ours in objects.items():
                    self.near(f["object"][ours], theirs[key], 1e-14, f"{title}: object {key}")
            if "hausdorff_foreground_px" in expected:
                self.near(f["hausdorff"], expected["hausdorff_foreground_px"], 1e-14, f"{title}: Hausdorff")
                directed = f["hausdorff_directed"]
                for value, one in zip((directed["a_to_b"], directed["b_to_a"]), expected["directed_hausdorff_px"]):
                    self.near(value, one, 1e-14, f"{title}: directed Hausdorff")
            compared += 1
        self.equal(compared, len(pairs), "pairs")

    def parts(self, title):
        """"dsb2018/0bda515e gt vs vol" -> its files' common part and endings."""
        image, reference, _, test = title.split(" ")
        return image + ("_" if "/" in image else "/"), reference, test


if __name__ == "__main__":
    if VALIDATE is None:
        sys.exit(__doc__)
    sys.exit(run_tests(sys.argv[2:]))
