#!/usr/bin/env python3
"""The validate program against published figures, against SciPy, scikit-image and NumPy, and in a user's hands.

usage: validate_test.py VALIDATE [UNITTEST ARGUMENTS...]

With VOXELMARK_DATA set to a folder of real images, figures held in ../facts beside it are compared too.
"""

import csv
import io
import json
import math
import os
import pathlib
import resource
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import numpy as np
import scipy.ndimage
import scipy.optimize
import scipy.sparse
import scipy.sparse.csgraph
import scipy.spatial
import scipy.stats
import skimage.metrics
import skimage.morphology
import tifffile

from checked import CheckedTest, run_tests, write_stack

VALIDATE = sys.argv[1] if len(sys.argv) > 1 else None
DATA = pathlib.Path(os.environ["VOXELMARK_DATA"]) if os.environ.get("VOXELMARK_DATA") else None
FACTS = DATA.parent / "facts" if DATA and (DATA.parent / "facts").is_dir() else None

# Bland & Altman, Lancet 1986, table: peak expiratory flow of 17 subjects by two meters, two readings each, l/min.
PEFR = """subject,wright1,wright2,mini1,mini2
1,494,490,512,525
2,395,397,430,415
3,516,512,520,508
4,434,401,428,444
5,476,470,500,500
6,557,611,600,625
7,413,415,364,460
8,442,431,380,390
9,650,638,658,642
10,433,429,445,432
11,417,420,432,420
12,656,633,626,605
13,267,275,260,227
14,478,492,477,467
15,178,165,259,268
16,423,372,350,370
17,427,421,451,443
"""


def refuse(constant):
    raise ValueError(f"{constant} in JSON")


class ValidateTest(CheckedTest):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_program(self, *arguments, **options):
        return subprocess.run([VALIDATE, *map(str, arguments)], cwd=self.folder, text=True, timeout=600,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    def figures(self, *arguments, code=0):
        """What the program writes with --json -."""
        run = self.run_program(*arguments, "--json", "-")
        self.equal(run.returncode, code, f"exit code of {arguments}: {run.stderr}")
        return json.loads(run.stdout, parse_constant=refuse)

    def save(self, name, pixels):
        path = self.folder / name
        pixels = np.asarray(pixels)
        if pixels.ndim == 3:
            write_stack(path, pixels)
        else:
            tifffile.imwrite(path, pixels, photometric="minisblack")
        return path

    def write(self, name, text):
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def near(self, value, expected, relative=1e-12, what="value", absolute=0.0):
        self.check(value is not None, f"{what} is null")
        self.check(abs(value - expected) <= relative * abs(expected) + absolute, f"{what}: {value!r}, expected {expected!r}")

    def digits(self, value, expected, count, what):
        """`expected` is a figure rounded to `count` decimals."""
        self.check(value is not None and abs(value - expected) <= 0.5000001 * 10 ** -count, f"{what}: {value!r}, expected {expected!r}")

    def undefined(self, figures, key, *words):
        value = figures
        for part in key.split("."):
            value = value[part]
        self.equal(value, None, key)
        for word in words:
            self.check(word in figures["reasons"][key], f"{key}: '{word}' is not in '{figures['reasons'][key]}'")


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

    def masks(self, reference, test, *options):
        return self.figures("masks", self.save("r.tif", reference), self.save("t.tif", test), *options)

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


def random_pair(rng, shape, share=0.3, flips=0.1):
    """Two smooth masks that overlap in part."""
    field = scipy.ndimage.gaussian_filter(rng.normal(size=shape), 1.5)
    reference = field > np.quantile(field, 1 - share)
    other = field + flips * field.std() * 6 * scipy.ndimage.gaussian_filter(rng.normal(size=shape), 1.0)
    return reference, other > np.quantile(other, 1 - share)


def contour(mask, border_is_outside=True):
    """Voxels with a face neighbour outside; one axis of extent 1 is none."""
    cross = scipy.ndimage.generate_binary_structure(mask.ndim, 1)
    return mask & ~scipy.ndimage.binary_erosion(mask, cross, border_value=0 if border_is_outside else 1)


class AgainstOthers(ValidateTest):
    """Random inputs, against SciPy, scikit-image and NumPy."""

    def test_measurements(self):
        rng = np.random.default_rng(1)
        for n, offset, scale in [(5, 0, 1), (30, 100, 5), (400, 1e6, 0.01), (3000, -3, 1e-3)]:
            x = rng.normal(offset, scale, n)
            y = 1.1 * (x - offset) + offset + rng.normal(0.2 * scale, 0.3 * scale, n)
            table = self.write("t.csv", "x,y\n" + "".join(f"{a!r},{b!r}\n" for a, b in zip(x.tolist(), y.tolist())))
            f = self.figures("measurements", table, "--reference", "x", "--test", "y")
            # Where the offset is large, the inputs' own digits end: the differences are known to that.
            loose = 1e-9 if offset == 1e6 else 1e-11
            d, m = y - x, (x + y) / 2
            r = scipy.stats.pearsonr(x, y)
            self.near(f["pearson_r"], r.statistic, loose, "r")
            for value, expected in zip(f["pearson_r_ci"], r.confidence_interval(0.95)):
                self.near(value, expected, loose, "interval of r")
            self.near(f["bias"], d.mean(), loose, "bias")
            self.near(f["sd"], d.std(ddof=1), loose, "SD")
            t = scipy.stats.t.ppf(0.975, n - 1)
            s = d.std(ddof=1)
            for value, expected in zip(f["bias_ci"], d.mean() + np.array([-1, 1]) * t * s / np.sqrt(n)):
                self.near(value, expected, loose, "interval of the bias", 1e-9 * s)
            error = s * np.sqrt(1 / n + 1.96 ** 2 / (2 * (n - 1)))
            for side, sign in (("lower", -1), ("upper", 1)):
                centre = d.mean() + sign * 1.96 * s
                self.near(f["limits_of_agreement"][side], centre, loose, "limit", 1e-9 * s)
                for value, expected in zip(f["limits_of_agreement"][side + "_ci"], centre + np.array([-1, 1]) * t * error):
                    self.near(value, expected, loose, "interval of a limit", 1e-9 * s)
            low, high = scipy.stats.nct.ppf([0.025, 0.975], n - 1, 1.96 * np.sqrt(n)) * s / np.sqrt(n)
            for key, expected in (("exact_lower_ci", (d.mean() - high, d.mean() - low)),
                                  ("exact_upper_ci", (d.mean() + low, d.mean() + high))):
                for value, one in zip(f["limits_of_agreement"][key], expected):
                    self.near(value, one, 1e-7, key, 1e-7 * s)  # SciPy's quantile is iterated to some 1e-8
            line = scipy.stats.linregress(m, d)
            p = f["proportional_bias"]
            self.near(p["slope"], line.slope, 1e-6 if offset == 1e6 else 1e-9, "slope")
            self.near(p["p"], line.pvalue, 1e-6 if offset == 1e6 else 1e-8, "p", 1e-300)
            residuals = np.abs(d - line.intercept - line.slope * m)
            again = scipy.stats.linregress(m, residuals)
            self.near(f["regression_limits"]["residual_slope"], again.slope, 1e-5, "slope of the residuals", 1e-9)
            self.near(f["rmse"], np.sqrt((d ** 2).mean()), loose, "RMSE")

    def test_ratios_and_percent(self):
        rng = np.random.default_rng(2)
        x = rng.uniform(50, 500, 40)
        y = x * rng.normal(1.02, 0.05, 40)
        table = self.write("t.csv", "x;y\n" + "".join(f"{a!r};{b!r}\n" for a, b in zip(x.tolist(), y.tolist())))
        f = self.figures("measurements", table, "--reference", "x", "--test", "y", "--percent")
        d = 100 * (y - x) / ((x + y) / 2)
        self.near(f["bias"], d.mean(), what="bias in percent")
        self.near(f["sd"], d.std(ddof=1), what="SD in percent")
        f = self.figures("measurements", table, "--reference", "x", "--test", "y", "--ratio")
        self.near(f["bias"], (y / x).mean(), what="mean ratio")
        self.near(f["limits_of_agreement"]["upper"], (y / x).mean() + 1.96 * (y / x).std(ddof=1), what="limit of ratios")

    def test_proportional_bias(self):
        """Errors that grow with the size give a slope; equal random errors do not."""
        rng = np.random.default_rng(5)  # one seed in 20 gives a p below 0.05 by chance
        x = rng.uniform(10, 100, 200)
        verdicts = []
        for y in (x * 1.2 + rng.normal(0, 1, 200), x + 5 + rng.normal(0, 1, 200), x + rng.normal(0, 1, 200), x + 0):
            table = self.write("t.csv", "x,y\n" + "".join(f"{a!r},{b!r}\n" for a, b in zip(x.tolist(), y.tolist())))
            f = self.figures("measurements", table, "--reference", "x", "--test", "y")
            verdicts.append(f["proportional_bias"]["verdict"])
        self.check("inseparable without replicates" in verdicts[0] and "relative error" in verdicts[0], verdicts[0])
        tenths = [56.1, 95.5, 23.0, 95.4, 38.1, 48.1, 84.5, 46.8]
        table = self.write("t.csv", "x,y\n" + "".join(f"{a},{a + 5.1:.1f}\n" for a in tenths))
        f = self.figures("measurements", table, "--reference", "x", "--test", "y")
        self.equal(f["proportional_bias"]["verdict"], "constant offset, the same for every pair", "equal but for rounding")
        self.undefined(f, "proportional_bias.p", "nearly")
        self.equal(verdicts[1:], ["constant offset", "random differences only", "no difference"], "verdicts")

    def test_images(self):
        rng = np.random.default_rng(4)
        for shape, dtype in [((40, 50), np.uint8), ((33, 47), np.uint16), ((30, 31), np.float32), ((13, 21, 18), np.uint8),
                             ((12, 15, 40), np.float32)]:
            x = scipy.ndimage.gaussian_filter(rng.normal(size=shape), 1) * 60 + 120
            y = x + rng.normal(0, 3, shape)
            x, y = x.astype(dtype), y.astype(dtype)
            f = self.figures("images", self.save("x.tif", x), self.save("y.tif", y))
            a, b = x.astype(float), y.astype(float)
            span = a.max() - a.min()
            d = b - a
            self.equal(f["n"], x.size, "n")
            self.near(f["pearson_r"], np.corrcoef(a.ravel(), b.ravel())[0, 1], 1e-12, "r")
            self.near(f["bias"], d.mean(), 1e-10, "bias", 1e-13)
            self.near(f["sd"], d.std(ddof=1), 1e-12, "SD")
            self.near(f["max_abs_error"], np.abs(d).max(), what="largest error")
            self.near(f["nrmse"], np.sqrt((d ** 2).mean()) / span, 1e-12, "NRMSE")
            self.near(f["psnr"], skimage.metrics.peak_signal_noise_ratio(a, b, data_range=span), 1e-12, "PSNR")
            self.near(f["ssim"], skimage.metrics.structural_similarity(
                a, b, data_range=span, gaussian_weights=True, sigma=1.5, use_sample_covariance=False), 1e-10, "SSIM")
            self.equal(f["differing"], int((d != 0).sum()), "differing")
            first = np.argwhere(d != 0)[0][::-1].tolist()
            self.equal(f["first_differing"], (first + [0])[:3], "first differing")
            for key in ("bias_ci", "pearson_r_ci", "proportional_bias.p"):
                self.undefined(f, key, "pixel")
            if dtype == np.float32:
                def rank(v):
                    i = v.view(np.int32).astype(np.int64)
                    return np.where(i >= 0, i, -(i & 0x7fffffff))
                self.equal(f["max_ulp"], int(np.abs(rank(x) - rank(y)).max()), "ULP")
            else:
                self.undefined(f, "max_ulp", "float32")

    def test_overlap(self):
        rng = np.random.default_rng(5)
        for shape in [(30, 40), (9, 20, 30)]:
            reference, test = random_pair(rng, shape)
            f = self.figures("masks", self.save("r.tif", reference.astype(np.uint8) * 255), self.save("t.tif", test.astype(np.uint16)))
            tp, fp = int((reference & test).sum()), int((~reference & test).sum())
            fn, tn = int((reference & ~test).sum()), int((~reference & ~test).sum())
            self.equal((f["tp"], f["fp"], f["fn"], f["tn"]), (tp, fp, fn, tn), "counts")
            self.near(f["dice"], 2 * tp / (2 * tp + fp + fn), what="Dice")
            self.near(f["dice"], 1 - scipy.spatial.distance.dice(reference.ravel(), test.ravel()), what="SciPy's Dice")
            self.near(f["jaccard"], 1 - scipy.spatial.distance.jaccard(reference.ravel(), test.ravel()), what="SciPy's Jaccard")
            self.near(f["mcc"], np.corrcoef(reference.ravel(), test.ravel())[0, 1], what="MCC")  # of binary variables, it is Pearson's r
            self.near(f["youden"], tp / (tp + fn) + tn / (tn + fp) - 1, what="Youden")
            self.equal(f["hamming"], fp + fn, "Hamming")
            self.near(f["classification_error"], (fp + fn) / (tp + fn), what="classification error")
            self.equal(f["volume_error"], fp - fn, "volume error")
            self.near(f["volume_sd"], 2 * abs(fp - fn) / (2 * tp + fp + fn), what="volume SD")

    def test_boundaries(self):
        rng = np.random.default_rng(6)
        for shape, spacing in [((40, 50), (1, 1, 1)), ((33, 70), (0.3, 0.5, 1)), ((12, 30, 40), (1, 1, 1)),
                               ((15, 24, 37), (0.2, 0.25, 0.7)), ((1, 200), (1, 1, 1)), ((60, 3, 3), (2, 2, 2)), ((300, 5), (1, 7, 1))]:
            for share in (0.3, 0.02):
                reference, test = random_pair(rng, shape, share, 0.3)
                if not reference.any() or not test.any():
                    continue
                steps = np.array(spacing[:len(shape)])[::-1] if len(shape) == 3 else np.array([spacing[1], spacing[0]])
                for border in ("outside", "inside"):
                    # One slice, in z or of a line in y, that NumPy has as an axis.
                    flat_axes = tuple(i for i, n in enumerate(shape) if n == 1)
                    f = self.figures("masks", self.save("r.tif", reference.astype(np.uint8)), self.save("t.tif", test.astype(np.uint8)),
                                     "--spacing", ",".join(map(str, spacing)), "--tau", "1.5", "--band", "2", "--border", border)
                    a, b = contour(reference, border == "outside"), contour(test, border == "outside")
                    if not a.any() or not b.any():
                        self.undefined(f, "assd", "without a contour")
                        continue
                    to_a = scipy.ndimage.distance_transform_edt(~a, sampling=steps)
                    to_b = scipy.ndimage.distance_transform_edt(~b, sampling=steps)
                    forth, back = to_b[a], to_a[b]
                    self.near(f["contour_distance"]["a_to_b"], forth.mean(), 1e-12, "contour distance")
                    self.near(f["contour_distance"]["b_to_a"], back.mean(), 1e-12, "contour distance")
                    self.near(f["contour_distance"]["bilateral"], (forth.mean() + back.mean()) / 2, 1e-12, "MASD")
                    self.near(f["assd"], np.concatenate([forth, back]).mean(), 1e-12, "ASSD")
                    self.near(f["hausdorff_simplified"], max(forth.max(), back.max()), 1e-12, "simplified Hausdorff")
                    self.near(f["hd95"], max(np.percentile(forth, 95), np.percentile(back, 95)), 1e-12, "HD95")
                    self.near(f["nsd"], ((forth <= 1.5 + 1e-12).sum() + (back <= 1.5 + 1e-12).sum()) / (forth.size + back.size), what="NSD")
                    bands = (reference & (to_a <= 2 + 1e-12)), (test & (to_b <= 2 + 1e-12))
                    self.near(f["boundary_iou"], (bands[0] & bands[1]).sum() / (bands[0] | bands[1]).sum(), what="Boundary IoU")
                    set_a = scipy.ndimage.distance_transform_edt(~reference, sampling=steps)
                    set_b = scipy.ndimage.distance_transform_edt(~test, sampling=steps)
                    self.near(f["hausdorff"], max(set_b[reference].max(), set_a[test].max()), 1e-12, "Hausdorff", 1e-300)
                    if len(set(spacing)) == 1 and not flat_axes:
                        self.near(f["hausdorff"] / spacing[0], skimage.metrics.hausdorff_distance(reference, test), 1e-12,
                                  "scikit-image's Hausdorff, which is that of sets", 1e-300)

    def labels_of(self, rng, shape):
        """Two label images with cells that overlap, are missing, split and merged."""
        n = 25
        points = np.stack([rng.uniform(0, s, n) for s in shape], 1)
        grid = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1).reshape(-1, len(shape))
        moved = points + rng.normal(0, 1.2, points.shape)
        result = []
        for centres in (points, moved[rng.permutation(n)[:n - 3]]):
            distance, nearest = scipy.spatial.cKDTree(centres).query(grid)
            result.append(np.where(distance < 5, nearest + 1, 0).reshape(shape).astype(np.uint16))
        result[1][result[1] == 2] = 3
        return result

    def test_labels(self):
        rng = np.random.default_rng(7)
        for shape in [(60, 70), (14, 30, 34)]:
            reference, test = self.labels_of(rng, shape)
            f = self.figures("labels", self.save("r.tif", reference), self.save("t.tif", test.astype(np.uint32)))
            ids_r, ids_t = np.unique(reference)[1:], np.unique(test)[1:]
            iou = np.array([[((reference == i) & (test == j)).sum() / ((reference == i) | (test == j)).sum() for j in ids_t] for i in ids_r])
            self.near(f["sparse_jaccard"], iou.max(1).mean(), what="sparse Jaccard")
            self.near(f["sparse_jaccard_reverse"], iou.max(0).mean(), what="in reverse")
            covered = np.array([[((reference == i) & (test == j)).sum() / (reference == i).sum() for j in ids_t] for i in ids_r])
            self.near(f["seg"], np.where(covered > 0.5, iou, 0).sum(1).mean(), what="SEG")
            for threshold in (0.5, 0.7, 0.3, 0.1):
                g = f if threshold == 0.5 else self.figures("labels", "r.tif", "t.tif", "--iou", threshold)
                weight = np.where(iou > threshold, iou, 0)
                rows, columns = scipy.optimize.linear_sum_assignment(-weight)
                matched = weight[rows, columns] > 0
                tp, total = int(matched.sum()), weight[rows, columns].sum()
                fp, fn = len(ids_t) - tp, len(ids_r) - tp
                o = g["object"]
                self.equal((o["tp"], o["fp"], o["fn"]), (tp, fp, fn), f"matches above {threshold}")
                self.near(o["sq"], total / tp, what="SQ")
                self.equal(len(o["matches"]), tp, "matches")
                for i, j, value in o["matches"]:
                    self.near(value, iou[list(ids_r).index(i), list(ids_t).index(j)], what="IoU of a match")
                self.near(o["pq"], total / (tp + (fp + fn) / 2), what="PQ")
                self.near(o["pq"], o["sq"] * o["rq"], what="PQ = SQ x RQ")
            for percent in range(50, 100, 5):
                tp = int((iou > percent / 100).sum())
                self.near(f["object"]["ap_at"][str(percent)], tp / (len(ids_r) + len(ids_t) - tp), what=f"AP at {percent}", absolute=1e-300)
            split, merge = skimage.metrics.variation_of_information(reference, test)  # H(test | reference) is its second
            self.near(f["variation_of_information"], split + merge, 1e-11, "variation of information")
            self.near(f["variation_of_information_split"], merge if abs(merge - f["variation_of_information_split"]) < 1e-9 else split,
                      1e-9, "H(test | reference)")
            table = np.array([[((reference == i) & (test == j)).sum() for j in np.unique(test)] for i in np.unique(reference)], float)
            pairs = lambda n: n * (n - 1) / 2
            sums, expected = pairs(table).sum(), pairs(table.sum(1)).sum() * pairs(table.sum(0)).sum() / pairs(table.sum())
            most = (pairs(table.sum(1)).sum() + pairs(table.sum(0)).sum()) / 2
            self.near(f["adjusted_rand"], (sums - expected) / (most - expected), 1e-11, "adjusted Rand")
            self.equal(f["partition_equal"], False, "partition_equal")
            inside = np.array([[((reference == i) & (test == j)).sum() / (test == j).sum() for j in ids_t] for i in ids_r])
            self.equal(f["object"]["splits"], int(((inside > 0.5).sum(1) > 1).sum()), "splits")
            self.equal(f["object"]["merges"], int(((covered > 0.5).sum(0) > 1).sum()), "merges")

    def test_thousands_of_chained_objects(self):
        """Blocks that overlap four others each, and so all hang together."""
        n = 400
        y, x = np.mgrid[0:n, 0:n]
        reference, test = (1 + y // 4 * (n // 4) + x // 4).astype(np.uint16), (1 + (y + 2) // 4 * (n // 4 + 1) + (x + 2) // 4).astype(np.uint16)
        f = self.figures("labels", self.save("r.tif", reference), self.save("t.tif", test), "--iou", "0")
        self.equal(f["object"]["tp"], 10000, "matches")
        pairs, shared = np.unique(np.stack([reference.ravel(), test.ravel()]), axis=1, return_counts=True)
        sizes = np.bincount(reference.ravel()), np.bincount(test.ravel())
        iou = shared / (sizes[0][pairs[0]] + sizes[1][pairs[1]] - shared)
        graph = scipy.sparse.csr_matrix((iou, (pairs[0] - 1, pairs[1] - 1)))
        rows, columns = scipy.sparse.csgraph.min_weight_full_bipartite_matching(graph, maximize=True)
        self.near(f["object"]["sq"], np.asarray(graph[rows, columns]).mean(), what="mean IoU")

    def test_renumbered(self):
        rng = np.random.default_rng(8)
        labels = self.labels_of(rng, (50, 50))[0]
        order = np.concatenate([[0], 1 + rng.permutation(labels.max())]) * 7
        f = self.figures("labels", self.save("r.tif", labels), self.save("t.tif", order[labels].astype(np.uint32)),
                         "--require", "partition_equal==1", "--require", "sparse_jaccard>=1")
        self.equal((f["partition_equal"], f["sparse_jaccard"], f["adjusted_rand"], f["variation_of_information"]), (True, 1, 1, 0), "renumbered")
        # The program that sparse Jaccard comes from divides by the largest label: 0.667 here.
        reference, test = np.array([[1, 1, 0, 3, 3]], np.uint8), np.array([[1, 1, 0, 2, 2]], np.uint8)
        self.equal(self.figures("labels", self.save("r.tif", reference), self.save("t.tif", test))["sparse_jaccard"], 1, "{1,3} and {1,2}")
        touching = self.figures("labels", self.save("r.tif", np.array([[1, 1, 2, 2]], np.uint8)), self.save("t.tif", np.array([[1, 1, 1, 1]], np.uint8)))
        self.equal((touching["partition_equal"], touching["object"]["merges"]), (False, 1), "two in one")

    def test_centre_lines(self):
        """In 3D our skeleton peels in another order than scikit-image's: the overlap is what is compared, to 0.05."""
        rng = np.random.default_rng(9)
        for shape in [(80, 90), (20, 40, 50)]:
            lines = np.zeros(shape, bool)
            for _ in range(6):
                ends = np.stack([rng.uniform(4, s - 5, 2) for s in shape], 1)
                for t in np.linspace(0, 1, 200):
                    lines[tuple(np.round(ends[0] + t * (ends[1] - ends[0])).astype(int))] = True
            reference = scipy.ndimage.binary_dilation(lines, iterations=2)
            test = np.roll(reference, 1, -1) & (rng.uniform(size=shape) > 0.001)
            f = self.figures("masks", self.save("r.tif", reference.astype(np.uint8)), self.save("t.tif", test.astype(np.uint8)), "--cl-dice")
            skeleton = lambda mask: skimage.morphology.skeletonize(mask, **({} if mask.ndim == 2 else {"method": "lee"})) > 0
            a, b = skeleton(reference), skeleton(test)
            precision, recall = (b & reference).sum() / b.sum(), (a & test).sum() / a.sum()
            self.near(f["cl_dice"], 2 * precision * recall / (precision + recall), 0.05, "clDice")
        same = self.figures("masks", "r.tif", "r.tif", "--cl-dice")
        self.equal(same["cl_dice"], 1, "clDice of a mask with itself")


class Conventions(ValidateTest):
    """Empty, identical, disjoint, anisotropic, large offsets."""

    def masks(self, reference, test, *options):
        return self.figures("masks", self.save("r.tif", np.asarray(reference, np.uint8)), self.save("t.tif", np.asarray(test, np.uint8)), *options)

    distances = ("hausdorff", "hausdorff_directed.a_to_b", "hausdorff_directed.b_to_a", "hausdorff_simplified", "hd95",
                 "contour_distance.a_to_b", "contour_distance.b_to_a", "contour_distance.bilateral", "assd")

    def test_both_empty(self):
        empty = np.zeros((6, 7))
        f = self.masks(empty, empty, "--tau", "1", "--cl-dice")
        for key in ("dice", "jaccard", "volume_sd", "nsd", "boundary_iou", "cl_dice", *self.distances):
            self.undefined(f, key, "both sides are empty")
        for key in ("sensitivity", "precision", "mcc", "youden", "balanced_accuracy", "classification_error", "volume_error_relative"):
            self.undefined(f, key)
        self.equal((f["accuracy"], f["specificity"], f["volume_error"]), (1, 1, 0), "what is defined")
        named = self.masks(empty, empty, "--both-empty", "1")
        self.equal((named["dice"], named["jaccard"]), (1, 1), "with a value named")

    def test_one_empty(self):
        empty, full = np.zeros((6, 7)), np.zeros((6, 7))
        full[2:4, 3:6] = 1
        for pair in ((empty, full), (full, empty)):
            f = self.masks(*pair, "--tau", "1", "--cl-dice")
            self.equal((f["dice"], f["jaccard"], f["nsd"], f["boundary_iou"], f["cl_dice"]), (0, 0, 0, 0, 0), "one side empty")
            for key in self.distances:
                self.undefined(f, key, "one side empty")

    def test_identical_and_disjoint(self):
        a, b = np.zeros((9, 20)), np.zeros((9, 20))
        a[2:5, 2:6] = 1
        b[2:5, 12:16] = 1
        f = self.masks(a, a, "--tau", "0")
        self.equal([f[k] for k in ("dice", "jaccard", "mcc", "nsd", "boundary_iou", "hausdorff", "hd95", "assd")], [1, 1, 1, 1, 1, 0, 0, 0], "identical")
        f = self.masks(a, b, "--tau", "9.9")
        self.equal([f[k] for k in ("dice", "jaccard", "hausdorff", "boundary_iou")], [0, 0, 10, 0], "disjoint")
        self.near(f["nsd"], 14 / 20, what="NSD")  # the farthest column of each, 10 away, has 3 of the 10 voxels
        self.check(f["nsd"] < 1, "NSD below the distance")

    def test_tolerance_of_surface_distance(self):
        """Three steps of 0.1 µm are within 0.3 µm, though not in binary numbers."""
        a, b = np.zeros((1, 12)), np.zeros((1, 12))
        a[0, 2:4] = 1
        b[0, 5:7] = 1
        self.equal(self.masks(a, b, "--spacing", "0.1,0.1,0.1", "--tau", "0.3")["nsd"], 1, "NSD at exactly tau")
        self.equal(self.masks(a, b, "--spacing", "0.1,0.1,0.1", "--tau", "0.29")["nsd"], 0.5, "NSD just below")

    def test_spacing(self):
        a, b = np.zeros((3, 5, 8)), np.zeros((3, 5, 8))
        a[0, 2, 2] = b[2, 2, 2] = 1
        for spacing, expected in [("1,1,1", 2), ("0.1,0.1,0.5", 1), ("3", 6)]:
            f = self.masks(a, b, "--spacing", spacing)
            self.near(f["hausdorff"], expected, what=f"along z with {spacing}")
            self.equal(f["spacing_from"], "--spacing", "where the spacing comes from")
        self.check("1, since the files name none" in self.masks(a, b)["spacing_from"], "said to be assumed")
        tifffile.imwrite(self.folder / "r.tif", a.astype(np.uint8), imagej=True, resolution=(4, 4),
                         metadata={"spacing": 2.0, "unit": "um", "axes": "ZYX"})
        f = self.figures("masks", "r.tif", "t.tif")
        self.equal(f["spacing_um"], [0.25, 0.25, 2], "from the file")
        self.near(f["hausdorff"], 4, what="with the file's spacing")
        tifffile.imwrite(self.folder / "t.tif", b.astype(np.uint8), imagej=True, resolution=(2, 2),
                         metadata={"spacing": 2.0, "unit": "um", "axes": "ZYX"})
        run = self.run_program("masks", "r.tif", "t.tif")
        self.equal((run.returncode, "--spacing" in run.stderr), (2, True), "two spacings")

    def test_border(self):
        full = np.ones((6, 7))
        f = self.masks(full, full)
        self.equal((f["border"], f["assd"]), ("outside", 0), "a full image has a contour at its border")
        f = self.masks(full, full, "--border", "inside")
        self.undefined(f, "assd", "without a contour")

    def test_large_offsets(self):
        """What one-pass sums in single precision get wrong."""
        rng = np.random.default_rng(10)
        d = rng.normal(0, 1e-3, 500)
        x = 1e9 + np.arange(500) / 64
        table = self.write("t.csv", "x,y\n" + "".join(f"{a!r},{b!r}\n" for a, b in zip(x.tolist(), (x + d).tolist())))
        f = self.figures("measurements", table, "--reference", "x", "--test", "y")
        exact = np.array(x + d) - np.array(x)
        self.near(f["sd"], exact.std(ddof=1), 1e-12, "SD at 1e9")
        pixels = 30000 + rng.integers(0, 2, (64, 64))
        f = self.figures("images", self.save("x.tif", pixels.astype(np.uint16)), self.save("y.tif", (pixels + rng.integers(0, 2, pixels.shape)).astype(np.uint16)))
        other = tifffile.imread(self.folder / "y.tif").astype(float)
        self.near(f["pearson_r"], np.corrcoef(pixels.ravel(), other.ravel())[0, 1], 1e-12, "r at 30000")
        self.near(f["ssim"], skimage.metrics.structural_similarity(pixels.astype(float), other, data_range=1, gaussian_weights=True,
                                                                   use_sample_covariance=False), 1e-5, "SSIM")
        mask = np.zeros((8, 8), np.float32)
        mask[2:4] = 16777216
        self.equal(self.figures("masks", self.save("m.tif", mask), "m.tif")["dice"], 1, "a large value is foreground")

    def test_constant_images(self):
        x, y = np.full((12, 12), 7, np.uint8), np.full((12, 12), 9, np.uint8)
        f = self.figures("images", self.save("x.tif", x), self.save("y.tif", y))
        for key in ("pearson_r", "ssim", "psnr", "nrmse"):
            self.undefined(f, key, "constant")
        self.equal((f["bias"], f["sd"], f["concordance"]), (2, 0, 0), "what is defined")
        f = self.figures("images", "x.tif", "x.tif")
        self.undefined(f, "concordance", "constant and equal")

    def test_identical_images(self):
        x = np.arange(400, dtype=np.uint16).reshape(20, 20)
        f = self.figures("images", self.save("x.tif", x), "x.tif")
        self.equal((f["pearson_r"], f["ssim"], f["max_abs_error"], f["differing"]), (1, 1, 0, 0), "identical")
        self.undefined(f, "psnr", "infinite")
        self.undefined(f, "first_differing", "equal")

    def test_not_finite(self):
        x = np.arange(400, dtype=np.float32).reshape(20, 20)
        y = x + 1
        y[3, 4], y[5, 6] = np.nan, np.inf
        self.save("x.tif", x)
        self.save("y.tif", y)
        run = self.run_program("images", "x.tif", "y.tif")
        self.equal((run.returncode, "2 pixels" in run.stderr), (2, True), f"refused with their number: {run.stderr}")
        f = self.figures("images", "x.tif", "y.tif", "--skip-non-finite")
        self.equal((f["n"], f["skipped"], f["bias"], f["max_abs_error"]), (398, 2, 1, 1), "without them")
        self.undefined(f, "ssim", "left out")


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
        run = self.run_program("masks", "a", "b", "--require", "dice>=0.99")
        self.equal(run.returncode, 1, "every image counts")
        self.check(run.stderr.count("is not met") >= 1 and "image" in run.stderr, run.stderr)
        self.equal(self.run_program("masks", "a", "b", "--require", "dice.mean>0", "--require", "dice.median<=1").returncode, 0, "of the aggregate")
        self.equal(self.run_program("masks", "a", "b", "--require", "dice.mean>0.999").returncode, 1, "of the aggregate")

    def test_text_and_csv(self):
        run = self.run_program("masks", "a", "b", "--csv", "out.csv")
        self.check("6 pairs" in run.stdout and "only_here.tif" in run.stdout and "only_there.tiff" in run.stdout, run.stdout)
        rows = list(csv.DictReader(io.StringIO((self.folder / "out.csv").read_text())))
        self.equal(len(rows), 6, "rows")
        f = self.figures("masks", "a", "b")
        for row, pair in zip(rows, f["pairs"]):
            self.equal((row["name"], float(row["dice"]), row["nsd"]), (pair["name"], pair["dice"], ""), "row")

    def test_nothing_in_common(self):
        (self.folder / "c").mkdir()
        for arguments, words in [(("masks", "a", "c"), ["no TIFF file"]), (("masks", "a", "b/image0.tif"), ["folder"])]:
            run = self.run_program(*arguments)
            self.equal(run.returncode, 2, "exit code")
            for word in words:
                self.check(word in run.stderr, run.stderr)


class BadInput(ValidateTest):
    def refused(self, *arguments, words=()):
        """Exit code 2, one line, nothing on standard output, no new file."""
        before = sorted(p.name for p in self.folder.rglob("*"))
        run = self.run_program(*arguments)
        self.equal(run.returncode, 2, f"exit code of {arguments}: {run.stderr}")
        self.equal(run.stderr.count("\n"), 1, f"lines of {run.stderr!r}")
        self.check(run.stderr.startswith("validate: "), run.stderr)
        self.equal(run.stdout, "", "standard output")
        for word in words:
            self.check(word in run.stderr, f"no '{word}' in: {run.stderr}")
        self.equal(sorted(p.name for p in self.folder.rglob("*")), before, "files")
        return run.stderr

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
        self.equal(self.run_program("masks", "u8.tif", "u16.tif").returncode, 0, "masks of two types")

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
        self.equal(self.run_program("measurements", "wide.csv", "--reference", "c1", "--test", "c4999").returncode, 0, "thousands of columns")
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
        run = self.run_program("masks", "a.tif", "a.tif", "--json", "-", stdin=subprocess.DEVNULL)
        self.equal(run.returncode, 0, "to a pipe")
        with open("/dev/full", "w") as full:
            run = subprocess.run([VALIDATE, "masks", "a.tif", "a.tif"], cwd=self.folder, stdout=full, stderr=subprocess.PIPE, text=True)
        self.equal((run.returncode, "standard output" in run.stderr), (2, True), "a full standard output")
        def small_files():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))
        run = self.run_program("masks", "a.tif", "a.tif", "--json", "out.json", preexec_fn=small_files)
        self.equal((run.returncode, run.stderr.count("\n"), (self.folder / "out.json").exists()), (2, 1, False), f"a full disk: {run.stderr}")


class Program(ValidateTest):
    def test_requirements(self):
        x = np.zeros((20, 20), np.uint8)
        x[3:9, 3:9] = 1
        self.save("a.tif", x)
        self.save("b.tif", np.roll(x, 1, 1))
        for requirement, code in [("dice>=0.8", 0), ("dice>0.9", 1), ("dice<1", 0), ("dice<=0.5", 1), ("tp==30", 0), ("tp==31", 1), ("nsd>=0", 1),
                                  ("contour_distance.a_to_b<=1", 0)]:
            run = self.run_program("masks", "a.tif", "b.tif", "--require", requirement)
            self.equal(run.returncode, code, f"{requirement}: {run.stderr}")
            self.equal(requirement in run.stderr, code == 1, run.stderr)
        f = self.figures("masks", "a.tif", "b.tif", "--require", "dice>0.9", "--require", "dice>0.1", code=1)
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
        run = self.run_program("measure", "i.tif", "l32.tif")
        self.equal((run.returncode, "exchanged" in run.stderr), (2, True), run.stderr)
        self.equal(self.run_program("measure", "l.tif", "--csv", "m.csv").returncode, 0, "to a file")
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
            self.equal(self.run_program(*arguments, "--plot", folder).returncode, 0, "exit code")
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
        run = self.run_program("engines", "--filter", "GaussianBlur2D", "--size", "40x30", "--require", "max_abs_error<0", "--csv", "out.csv")
        self.equal(run.returncode, 1, "a requirement that cannot be met")
        rows = list(csv.DictReader(io.StringIO((self.folder / "out.csv").read_text())))
        self.check(rows and all(row["within_tolerance"] == "true" for row in rows), "CSV")
        run = self.run_program("engines", "--filter", "GaussianBlur2D", "--size", "40x30", "--engine", "reference")
        self.equal((run.returncode, "nothing was compared" in run.stderr), (2, True), "nothing to compare")

    def test_interrupted(self):
        process = subprocess.Popen([VALIDATE, "engines", "--size", "600x500", "--json", "out.json"], cwd=self.folder, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        process.stdout.readline()
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)
        self.equal(process.returncode, 130, "exit code")
        f = json.loads((self.folder / "out.json").read_text(), parse_constant=refuse)
        self.check(f["incomplete"] and f["pairs"], "what was compared is kept")


if __name__ == "__main__":
    if VALIDATE is None:
        sys.exit(__doc__)
    VALIDATE = os.path.abspath(VALIDATE)
    sys.exit(run_tests(sys.argv[2:]))
