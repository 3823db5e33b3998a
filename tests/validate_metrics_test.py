#!/usr/bin/env python3
"""The validate program's metrics against SciPy, scikit-image and NumPy, and where they have no value.

usage: validate_metrics_test.py VALIDATE [UNITTEST ARGUMENTS...]
"""

import sys

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

from checked import run_tests
from validate_program import VALIDATE, ValidateTest, random_pair


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
        self.refused("masks", "r.tif", "t.tif", words="--spacing")  # two spacings

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
        self.refused("images", "x.tif", "y.tif", words="2 pixels")
        f = self.figures("images", "x.tif", "y.tif", "--skip-non-finite")
        self.equal((f["n"], f["skipped"], f["bias"], f["max_abs_error"]), (398, 2, 1, 1), "without them")
        self.undefined(f, "ssim", "left out")


if __name__ == "__main__":
    if VALIDATE is None:
        sys.exit(__doc__)
    sys.exit(run_tests(sys.argv[2:]))
