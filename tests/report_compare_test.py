#!/usr/bin/env python3
"""report compare: its statistics against SciPy, each verdict, false alarms, outputs, and bad input.

usage: report_compare_test.py REPORT [UNITTEST ARGUMENTS...]
"""

import json
import os
import sys
import xml.etree.ElementTree

import numpy as np
import scipy.stats

import result_files
from checked import run_tests, strict_json
from report_program import REPORT, ReportTest

TIGHT = [1.0, 1.001, 1.002, 1.003, 1.004, 1.005, 1.006, 1.007]
NAMES = [f"Operation{i}" for i in range(40)]


def merged(operation, minima, **more):
    """A case of a file with a run for each of the processes' shortest times; their medians are 1 % longer."""
    minima = [float(v) for v in minima]
    details = {"process_min_ms": minima} | more.pop("details", {})
    return result_files.row(operation, samples=[1.01 * v for v in minima], details=details, **more)


def times(factor, values=TIGHT):
    return [factor * v for v in values]


class CompareTest(ReportTest):
    def results(self, name, rows, **context):
        return super().results(name, rows, **({"runs": 8} | context))

    def run_compare(self, *arguments, **options):
        return self.run_program("compare", *arguments, **options)

    def compare(self, base, new, *arguments, base_context=(), new_context=()):
        """What --json says of two lists of rows; the exit code must agree with it."""
        self.results("base.json", base, **dict(base_context))
        self.results("new.json", new, **dict(new_context))
        return self.figures("base.json", "new.json", *arguments)

    def figures(self, *arguments):
        run = self.run_compare(*arguments, "--json", "-", status=(0, 1))
        found = strict_json(run.stdout)
        self.equal(run.returncode, int(found["alarms"] > 0), "exit code")
        self.equal(found["alarms"], sum(c["alarm"] for c in found["cases"]), "alarms")
        self.equal(sum(found["counts"].values()), len(found["cases"]), "cases counted")
        return found

    def one(self, base, new, *arguments, **options):
        """The verdict on the only case, whether it is an alarm, and its reasons."""
        cases = self.compare(base, new, *arguments, **options)["cases"]
        self.equal(len(cases), 1, "cases")
        return cases[0]["verdict"], cases[0]["alarm"], " ".join(cases[0]["reasons"])


class Statistics(CompareTest):
    def test_against_scipy(self):
        rng = np.random.default_rng(1)
        base, new, truth = [], [], {}
        for i, name in enumerate(NAMES):
            n, m = rng.integers(4, 13, 2)
            x, y = np.exp(rng.normal(0, 0.1, n)), np.exp(rng.normal(0.1 * (i % 3), 0.1, m))
            if i % 4 == 0:
                x, y = x.round(1), y.round(1)  # ties
            truth[name] = x, y
            base.append(merged(name, x))
            new.append(merged(name, y))
        cases = {c["operation"]: c for c in self.compare(base, new)["cases"]}
        p = {}
        for name, (x, y) in truth.items():
            case = cases[name]
            ties = len(set(x) | set(y)) < len(x) + len(y)
            method = "exact" if not ties and min(len(x), len(y)) <= 8 else "asymptotic"
            p[name] = scipy.stats.mannwhitneyu(x, y, method=method).pvalue
            self.check(abs(case["p"] - p[name]) < 1e-9, f"p {case['p']}, expected {p[name]}")
            rank_x, rank_y = (len(x) + 3) // 4 - 1, (len(y) + 3) // 4 - 1
            self.check(abs(case["ratio"] - np.sort(y)[rank_y] / np.sort(x)[rank_x]) < 1e-12, "ratio of lower quartiles")
            self.check(abs(case["ratio_of_medians"] - np.median(y) / np.median(x)) < 1e-12, "ratio of medians")
            floors = [(np.sort(v)[rank + 1] - min(v)) / min(v) for v, rank in ((x, rank_x), (y, rank_y))]
            self.check(abs(case["noise_floor"] - max(floors)) < 1e-12, "noise floor")
            self.check_interval(rng, case, x, y, rank_x, rank_y)
        self.check_q(cases, p)

    def check_interval(self, rng, case, x, y, rank_x, rank_y):
        """The bootstrap of 20,000 draws puts 5 % of its ratios beyond each end."""
        draws = 20_000
        quartiles = [np.sort(rng.choice(v, (draws, len(v))), 1)[:, rank] for v, rank in ((x, rank_x), (y, rank_y))]
        ratios = quartiles[1] / quartiles[0]
        for end, tail in ((case["ratio_lower"], 0.05), (case["ratio_upper"], 0.95)):
            # Ratios are few and far between: the end is the one at which the sum of chances passes the tail.
            below, up_to = np.mean(ratios < end * (1 - 1e-6)), np.mean(ratios <= end * (1 + 1e-6))
            self.check(below <= tail + 0.008 and up_to >= tail - 0.008, f"{below} {up_to} at {end}, expected {tail}")

    def check_q(self, cases, p):
        names = sorted(p, key=p.get)
        q, least = {}, 1.0
        for rank in range(len(names), 0, -1):
            least = min(least, p[names[rank - 1]] * len(names) / rank)
            q[names[rank - 1]] = least
        for name in names:
            self.check(abs(cases[name]["q"] - q[name]) < 1e-9, f"q of {name}")
            self.check(cases[name]["q"] >= cases[name]["p"] - 1e-12, "q is at least p")

    def test_exact_p_by_hand(self):
        case = self.compare([merged("A", [1, 2, 3, 4])], [merged("A", [5, 6, 7, 8])])["cases"][0]
        self.check(abs(case["p"] - 2 / 70) < 1e-12, "4 against 4, apart: 2 of 70 orders")

    def test_same_again(self):
        rows = [merged(name, times(1 + i / 100)) for i, name in enumerate(NAMES)]
        first = self.compare(rows, rows)
        self.equal(first["counts"]["same"], len(rows), "a file and itself")
        self.equal(self.figures("base.json", "new.json"), first, "a second time")

    def test_false_alarms(self):
        """Identical builds: normal spread of 0.5 to 30 %, and processes that others slow down."""
        rng = np.random.default_rng(2)
        base, new, slowed = [], [], []
        for i in range(4000):
            spread, share = (0.005, 0.02, 0.05, 0.1, 0.3)[i % 5], (0, 0.3, 0.5)[i % 3]
            # Processes whose samples all share what slows the process down.
            x = [np.exp(rng.normal(0, spread, (8, 1)) + abs(rng.normal(0, 0.02, (8, 10)))) for _ in range(2)]
            x = [(v * np.where(rng.random((8, 1)) < share, rng.uniform(1.2, 1.8, (8, 1)), 1)).min(1) for v in x]
            operation = f"Spread{spread}Share{share}Case{i}"
            base.append(merged(operation, x[0]))
            new.append(merged(operation, x[1]))
            slowed.append(merged(operation, 1.1 * x[1]))
        cases = self.compare(base, new)["cases"]
        for verdict in ("slower", "faster"):
            rate = np.mean([c["verdict"] == verdict for c in cases])
            self.check(rate < 0.006, f"{verdict}: {rate}")
        cases = self.compare(base, slowed)["cases"]
        for spread, share, least in (("0.005", "0", 0.99), ("0.02", "0", 0.9), ("0.005", "0.3", 0.7)):
            found = np.mean([c["verdict"] == "slower" for c in cases if f"Spread{spread}Share{share}Case" in c["name"]])
            self.check(found >= least, f"10 % slower, spread {spread}, share {share}: {found} found")
        wide = [c["verdict"] for c in cases if "Spread0.3" in c["name"]]
        self.check(wide.count("same") == 0 and wide.count("noisy") > 0.9 * len(wide), "what cannot be seen is noisy")


class Verdicts(CompareTest):
    def test_times(self):
        wide = [1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7]
        for factor, values, verdict in [(1.1, TIGHT, "slower"), (1.06, TIGHT, "slower"), (1.04, TIGHT, "same"), (1, TIGHT, "same"),
                                        (0.96, TIGHT, "same"), (0.9, TIGHT, "faster"), (0.5, TIGHT, "faster"), (1.1, wide, "noisy"),
                                        (1, wide, "noisy"), (3, wide, "slower"), (0.3, wide, "faster")]:
            found = self.one([merged("A", values)], [merged("A", times(factor, values))])
            self.equal(found, (verdict, verdict == "slower", ""), f"{factor} times {values}")

    def test_disturbed_processes(self):
        disturbed = [1.6, 1.7, 1.8, 1.9] + TIGHT[:4]
        self.equal(self.one([merged("A", TIGHT)], [merged("A", disturbed)])[0], "same", "half of the processes disturbed")
        self.equal(self.one([merged("A", TIGHT[:5] + disturbed[:3])], [merged("A", times(1.2))])[0], "slower", "three of the base's")
        self.equal(self.one([merged("A", TIGHT)], [merged("A", TIGHT[:1] + times(1.5)[1:])])[0], "noisy", "one lucky process")

    def test_monotone(self):
        order = {"faster": 0, "same": 1, "noisy": 1, "slower": 2}
        rng = np.random.default_rng(3)
        for spread in (0.002, 0.02, 0.2):
            x, y = np.exp(rng.normal(0, spread, (2, 8)))
            ranks = []
            for factor in np.exp(np.linspace(-1.5, 1.5, 41)):
                ranks.append(order[self.one([merged("A", x)], [merged("A", factor * y)])[0]])
            self.equal(ranks, sorted(ranks), "verdicts as the new times grow")
            self.equal((ranks[0], ranks[-1]), (0, 2), "the ends")
        alarms = [self.one([merged("A", TIGHT)], [merged("A", times(1.2))], "--max-slowdown", limit)[1] for limit in (1.01, 1.1, 1.19, 1.21, 2)]
        self.equal(alarms, [True, True, True, False, False], "alarms as the limit grows")

    def test_mirrored(self):
        rng = np.random.default_rng(4)
        names, mirror = NAMES, {"slower": "faster", "faster": "slower", "same": None, "noisy": None}
        x, y = [[merged(n, np.exp(rng.normal(0.02 * (i % 9), 0.01 * (i % 4 + 1), 8))) for i, n in enumerate(names)] for _ in range(2)]
        there = {c["name"]: c for c in self.compare(x, y)["cases"]}
        back = {c["name"]: c for c in self.compare(y, x)["cases"]}
        for name, case in there.items():
            self.check(abs(case["ratio"] * back[name]["ratio"] - 1) < 1e-12, "ratios")
            self.check(abs(case["ratio_lower"] * back[name]["ratio_upper"] - 1) < 1e-6, "intervals")
            if mirror[case["verdict"]]:
                self.equal(back[name]["verdict"], mirror[case["verdict"]], "verdict")

    def test_unmeasured(self):
        done, skipped = merged("A", TIGHT), result_files.row("A", outcome="skipped", reason="too large")
        failed = result_files.row("A", outcome="failed", reason="out of memory")
        wrong = result_files.row("A", outcome="failed", reason="disagrees with the reference: 9 of 10 voxels differ",
                                 details={"disagrees": True})
        for base, new, expected in [
            (done, failed, ("failed", True, "out of memory")), (failed, failed, ("failed", False, "out of memory")),
            (skipped, failed, ("failed", False, "out of memory")), (done, wrong, ("disagrees", True, wrong["voxelmark"]["reason"])),
            (wrong, wrong, ("disagrees", False, wrong["voxelmark"]["reason"])), (failed, wrong, ("disagrees", True, wrong["voxelmark"]["reason"])),
            (skipped, wrong, ("disagrees", True, wrong["voxelmark"]["reason"])), (done, skipped, ("gone", True, "too large")),
            (failed, skipped, ("skipped", False, "too large")), (skipped, skipped, ("skipped", False, "too large")),
            (skipped, done, ("new", False, "")), (failed, done, ("new", False, "")), (wrong, done, ("new", False, "")),
        ]:
            self.equal(self.one([base], [new]), expected, "verdict")

    def test_gone_and_new(self):
        rows = [merged(n, TIGHT) for n in "ABC"]
        for base, new, options, expected, alarms in [(rows, rows[:2], [], ("C", "gone", True), 1), (rows, rows[:2], ["--allow-gone"], ("C", "gone", False), 0),
                                                     (rows[:2], rows, [], ("C", "new", False), 0)]:
            found = self.compare(base, new, *options)
            self.equal(found["alarms"], alarms, "alarms")
            self.check(expected in [(c["operation"], c["verdict"], c["alarm"]) for c in found["cases"]], str(found))
        gone_failure = self.compare([*rows, result_files.row("D", outcome="failed", reason="x")], rows)
        self.equal((gone_failure["alarms"], gone_failure["counts"]["gone"]), (0, 1), "what failed before and is gone")

    def test_agreement(self):
        for before, after, words in [
            ({}, {}, ""), ({}, {"max_abs_error": 2e-3}, "largest error 0.002, allowed 0.001"), ({}, {"max_abs_error": 1e-3}, ""), ({}, {"max_abs_error": 9e-4}, ""),
            ({"pearson_r": 0.999}, {"pearson_r": 0.99}, "Pearson's r 0.99, was 0.999"), ({"pearson_r": 0.99}, {"pearson_r": 0.999}, ""),
            ({"pearson_r": 1.0}, {"pearson_r": 1 - 1e-9}, ""), ({"pearson_r": 1.0}, {"pearson_r": 1 - 1e-6}, "Pearson's r"),
            ({"dice": 1.0}, {"dice": 0.99995}, ""), ({"dice": 1.0}, {"dice": 0.999}, "Dice index 0.999, was 1"), ({}, {"dice": 0.1}, ""),
            ({"sparse_jaccard": 0.95}, {"sparse_jaccard": 0.9}, "sparse Jaccard index 0.9, was 0.95"), ({"sparse_jaccard": 0.95}, {"sparse_jaccard": 0.9495}, ""),
            ({"sparse_jaccard_reverse": 0.95}, {"sparse_jaccard_reverse": 0.9}, "in reverse"),
            ({"partition_equal": 1}, {"partition_equal": 0}, "partition"), ({"partition_equal": 0}, {"partition_equal": 0}, ""), ({"partition_equal": 0}, {"partition_equal": 1}, ""),
            ({}, {"limit_of_agreement_upper": 1e-4}, "limits of agreement reach 1e-04, was 1e-06"), ({}, {"limit_of_agreement_lower": -1e-4}, "limits of agreement"),
            ({}, {"limit_of_agreement_upper": 5e-6}, ""), ({"limit_of_agreement_upper": 1e-3}, {"limit_of_agreement_upper": 1.05e-3}, ""),
            ({"limit_of_agreement_upper": 1e-3}, {"limit_of_agreement_upper": 1.2e-3}, "limits of agreement"), ({"dice": 0.9}, {"dice": 0.895}, ""), ({"dice": 0.9}, {"dice": 0.88}, "Dice"),
            ({}, {"dice": 0.9, "dice_needed": 0.99, "sparse_jaccard": 1.0, "sparse_jaccard_needed": 0.9}, "Dice index 0.9, needs 0.99"),
            ({}, {"dice": 0.995, "dice_needed": 0.99, "sparse_jaccard": 0.8, "sparse_jaccard_needed": 0.9}, "sparse Jaccard index 0.8, needs 0.9"),
            ({}, {"dice": 0.995, "dice_needed": 0.99, "max_abs_error": 400.0, "error_allowed": 0.0}, ""),
        ]:
            found = self.one([merged("A", TIGHT, **before)], [merged("A", TIGHT, **after)])
            self.equal(found[:2], ("disagrees", True) if words else ("same", False), f"{before} {after}: {found}")
            self.check(words in found[2], found[2])
        self.equal(self.one([result_files.row("A", outcome="skipped", reason="x")], [merged("A", TIGHT, max_abs_error=1.0)])[:2], ("disagrees", True), "new and wrong")
        self.equal(self.one([merged("A", TIGHT)], [merged("A", times(2), max_abs_error=1.0)])[0], "disagrees", "slower and wrong")


class Processes(CompareTest):
    def single(self, name, samples, **context):
        self.results(name, [result_files.row("A", samples=samples)], runs=1, **context)

    def test_single_process(self):
        for factor, verdict in [(1, "noisy"), (1.5, "noisy"), (1.9, "noisy"), (3, "slower"), (0.6, "noisy"), (0.3, "faster")]:
            self.single("base.json", TIGHT)
            self.single("new.json", times(factor))
            case = self.figures("base.json", "new.json")["cases"][0]
            self.equal((case["verdict"], case["few_processes"], "p" in case), (verdict, True, False), f"{factor} times")
            self.equal((case["base"]["processes"], case["base"]["values_ms"]), (1, TIGHT), "samples stand in")
        run = self.run_compare("base.json", "new.json")
        self.check("1 fresh process" in run.stdout and "--runs 8" in run.stdout, run.stdout)
        self.results("many.json", [merged("A", TIGHT)])
        self.single("new.json", times(1.5))
        self.equal(self.figures("many.json", "new.json")["cases"][0]["verdict"], "noisy", "one process against eight")
        self.single("base.json", [1.0])
        self.equal(self.figures("base.json", "base.json")["cases"][0]["verdict"], "noisy", "one sample")

    def test_files_of_one_process(self):
        """A folder of single processes is what a merged file of them is."""
        rng = np.random.default_rng(5)
        everything = {"base": np.exp(rng.normal(0, 0.02, (8, 7))), "new": np.exp(rng.normal(0.1, 0.02, (8, 7)))}
        for side, processes in everything.items():
            (self.folder / side).mkdir()
            for i, samples in enumerate(processes):
                self.single(f"{side}/{i}.json", [float(v) for v in samples])
            row = result_files.row("A", samples=[float(v) for v in np.median(processes, 1)], details={"process_min_ms": [float(v) for v in processes.min(1)]})
            self.results(f"{side}.json", [row])
        a, b = self.figures("base", "new")["cases"][0], self.figures("base.json", "new.json")["cases"][0]
        self.equal(a, b, "case")
        self.equal((a["base"]["processes"], a["verdict"]), (8, "slower"), "processes")
        files = [[f"{side}/{i}.json" for i in range(8)] for side in ("base", "new")]
        self.equal(self.figures("--base", *files[0], "--new", *files[1])["cases"][0], a, "file by file")
        three = self.figures("--base", *files[0][:3], "--new", *files[1])["cases"][0]
        self.equal((three["verdict"], three["few_processes"]), ("noisy", True), "three processes")

    def test_medians(self):
        """Where a file has no shortest times, medians are compared with medians."""
        case = self.compare([result_files.row("A", samples=TIGHT)], [merged("A", times(1.2))])["cases"][0]
        self.equal((case["of_medians"], case["verdict"]), (True, "slower"), "case")
        self.check(abs(case["ratio"] - 1.2 * 1.01) < 1e-9, f"ratio {case['ratio']}")


class Machines(CompareTest):
    def test_differences(self):
        rows = [merged("A", TIGHT)]
        gpu, cpu = result_files.DEVICES[2], result_files.DEVICES[1]
        for context, words in [({"cpu": "Other CPU"}, ["CPU", "Test CPU", "Other CPU"]), ({"cpu_threads": 8}, ["threads", "'4'", "'8'"]),
                               ({"devices": [cpu, gpu | {"driver": "581.2"}]}, ["580.1", "581.2"]),
                               ({"devices": [cpu, gpu | {"id": "opencl:Other_GPU", "name": "Other GPU"}]}, ["Test GPU", "Other GPU"])]:
            self.results("base.json", rows)
            self.results("new.json", rows, **context)
            self.refused("compare", "base.json", "new.json", words=[*words, "--across-machines", "base.json", "new.json"])
            self.equal(self.figures("base.json", "new.json", "--across-machines")["counts"]["same"], 1, "all the same")
        self.equal(self.one(rows, rows, new_context={"devices": [cpu]})[0], "same", "engines that one side lacks")
        self.results("other.json", rows, cpu="Other CPU")
        self.refused("compare", "--base", "base.json", "other.json", "--new", "base.json")  # within a side


class Outputs(CompareTest):
    SPECIAL = '<script>alert("1")</script>|`b`*c*_d_[e](f)&amp;@team\\ \x07\x1b[31m\ufffe\u00e9\n#1'

    def write_special(self):
        wrong = result_files.row(self.SPECIAL, outcome="failed", reason=f"disagrees with the reference: {self.SPECIAL}", details={"disagrees": True})
        rows = [merged("A", TIGHT), merged("B", TIGHT), merged("N", [1, 1.2, 1.4, 1.6, 1.8, 2, 2.2, 2.4])]
        self.results("base.json", [*rows, merged(self.SPECIAL, TIGHT), merged("G", TIGHT)], revision="111aaa", date="2026-01-01T10:00:00+00:00")
        self.results("new.json", [merged("A", times(1.2)), *rows[1:], wrong, merged("Z", TIGHT)], revision="<222bbb>", date="2026-02-02T10:00:00+00:00")

    def test_all(self):
        self.write_special()
        run = self.run_compare("base.json", "new.json", "--markdown", "c.md", "--json", "c.json", "--junit", "c.xml", status=1)
        self.equal(run.stderr, "", "standard error")
        texts = [run.stdout] + [(self.folder / name).read_text() for name in ("c.md", "c.json", "c.xml")]
        for text in texts:
            for word in ("111aaa", "222bbb", "2026-01-01", "2026-02-02", "Test CPU", "slower", "gone", "disagrees", "noisy"):
                self.check(word in text, f"no {word} in {text}")
        self.check(not any(ord(c) < 32 and c != "\n" for text in texts for c in text), "no control characters")
        self.check("6 cases" in run.stdout and "3 alarms" in run.stdout, run.stdout)
        lines = [line.split()[0] for line in run.stdout.splitlines() if line.startswith("  ") and not line.startswith("   ")]
        self.equal(lines, ["verdict", "slower", "disagrees", "gone", "noisy", "new"], "alarms come first")

    def test_markdown(self):
        self.write_special()
        text = self.run_compare("base.json", "new.json", "--markdown", "-", status=1).stdout
        self.check("<script" not in text and "@team" not in text and "`" not in text, text)
        self.check("&#60;script&#62;alert&#40;" in text or "&#60;script&#62;alert(" in text, text)
        tables = [line for line in text.splitlines() if line.startswith("|")]
        self.equal({line.count("|") for line in tables}, {6}, "cells")
        self.equal(sum("**" in line for line in tables), 3, "alarms are bold")
        self.check(text.index("**slower**") < text.index("<details>") < text.index("| same |"), "the rest is folded")
        many = [merged(f"<{'&' * 40}{i}>", TIGHT) for i in range(3000)]
        text = self.markdown_of(many, [merged(row["voxelmark"]["operation"], times(1 + i % 2)) for i, row in enumerate(many)])
        self.check(len(text.encode()) < 65536 and "more" in text and text.count("<details>") == text.count("</details>") == 1, f"{len(text)} characters")

    def markdown_of(self, base, new):
        self.results("base.json", base)
        self.results("new.json", new)
        return self.run_compare("base.json", "new.json", "--markdown", "-", status=1).stdout

    def test_junit(self):
        self.write_special()
        root = xml.etree.ElementTree.fromstring(self.run_compare("base.json", "new.json", "--junit", "-", status=1).stdout)
        suite = root.find("testsuite")
        cases = {c.get("name").split("/")[0][:3]: c for c in suite.iter("testcase")}
        kind = {name: next(iter(c)).tag for name, c in cases.items()}
        self.equal(kind, {"A": "failure", "B": "system-out", "N": "skipped", "<sc": "failure", "G": "failure", "Z": "skipped"}, "results")
        self.equal([suite.get(k) for k in ("tests", "failures", "errors", "skipped")], ["6", "3", "0", "2"], "counts")
        self.equal(cases["A"].find("failure").get("type"), "slower", "type")
        self.check("alert(\"1\")" in cases["<sc"].get("name"), "the name survives")
        self.equal([p.get("name") for p in suite.iter("property")], ["base", "new", "base_machine", "new_machine", "max_slowdown"], "properties")

    def test_json(self):
        self.write_special()
        found = self.figures("base.json", "new.json", "--max-slowdown", "1.1")
        self.equal((found["schema_version"], found["max_slowdown"], found["allow_gone"], found["across_machines"]), (1, 1.1, False, False), "head")
        self.equal(found["base"]["revisions"] + found["new"]["revisions"], ["111aaa", "<222bbb>"], "revisions")
        self.equal((found["new"]["fewest_processes"], found["new"]["most_processes"], found["new"]["incomplete"]), (8, 8, False), "new")
        names = {c["operation"] for c in found["cases"]}
        self.check(self.SPECIAL in names, f"names are as they were: {names}")
        case = next(c for c in found["cases"] if c["operation"] == "A")
        self.equal((case["verdict"], case["base"]["processes"], len(case["new"]["values_ms"])), ("slower", 8, 8), "case")

    def test_interrupted(self):
        self.results("base.json", [merged("A", TIGHT)])
        self.results("new.json", [merged("A", TIGHT)], incomplete=True)
        self.check("interrupted" in self.run_compare("base.json", "new.json").stdout, "said so")


class BadInput(CompareTest):
    def test_files(self):
        self.results("good.json", [merged("A", TIGHT)])
        text = (self.folder / "good.json").read_text()
        document = json.loads(text)
        nan = text.replace("1.0100", "NaN", 1) if "1.0100" in text else text.replace("1.01", "NaN", 1)
        old, zero, wild = (json.loads(text) for _ in range(3))
        old["context"]["voxelmark"]["schema_version"] = 99
        next(e for e in zero["benchmarks"] if "voxelmark" in e)["voxelmark"]["process_min_ms"][3] = 0
        next(e for e in wild["benchmarks"] if "voxelmark" in e)["voxelmark"]["process_min_ms"] = "quick"
        for name, content, words in [
            ("text.json", "not JSON", ["not JSON"]), ("empty.json", "", ["ends too early"]), ("cut.json", text[: len(text) // 2], ["ends too early"]),
            ("google.json", json.dumps({"context": {}, "benchmarks": []}), ["bench --json"]), ("list.json", "[1, 2]", ["bench --json"]),
            ("rows.json", json.dumps(document | {"benchmarks": []}), ["no rows"]), ("nan.json", nan, ["not JSON"]),
            ("old.json", json.dumps(old), ["version 99", "version 1"]), ("zero.json", json.dumps(zero), ["above 0 ms"]), ("wild.json", json.dumps(wild), ["process_min_ms"]),
        ]:
            self.write(name, content)
            self.refused("compare", "good.json", name, "--json", "out.json", "--markdown", "out.md", words=[*words, name] if name not in ("zero.json", "wild.json") else words)
            self.refused("compare", name, "good.json", words=words)
        self.results("else.json", [merged("B", TIGHT)])
        self.refused("compare", "good.json", "else.json", words=["no case is in both"])
        (self.folder / "none").mkdir()
        self.refused("compare", "good.json", "none", words=["none", "no result file"])
        self.refused("compare", "good.json", "missing.json", words=["missing.json", "does not exist"])

    def test_options(self):
        self.results("a.json", [merged("A", TIGHT)])
        self.results("b.json", [merged("A", TIGHT)])
        for arguments, words in [
            ((), ["BASE NEW"]), (("a.json",), ["--help"]), (("a.json", "b.json", "b.json"), ["--help"]), (("a.json", ""), ["must not be empty"]),
            (("--base", "a.json"), ["BASE NEW"]), (("a.json", "b.json", "--base", "a.json"), ["either"]), (("--base", "a.json", "./a.json", "--new", "b.json"), ["twice"]),
            (("a.json", "b.json", "--max-slowdown", "1"), ["above 1"]), (("a.json", "b.json", "--max-slowdown", "nan"), ["above 1"]),
            (("a.json", "b.json", "--max-slowdown", "inf"), ["above 1"]), (("a.json", "b.json", "--max-slowdown", "5%"), ["above 1"]),
            (("a.json", "b.json", "--json", ""), ["--json"]), (("a.json", "b.json", "--markdown", ""), ["--markdown"]), (("a.json", "b.json", "--junit", ""), ["--junit"]),
            (("a.json", "b.json", "--json", "-", "--junit", "-"), ["standard output"]), (("a.json", "b.json", "--json", "x", "--junit", "./x"), ["two outputs"]),
            (("a.json", "b.json", "--json", "a.json"), ["overwritten"]), (("a.json", "b.json", "--markdown", "no/folder/c.md"), ["no/folder"]),
            (("a.json", "b.json", "--unknown"), ["--unknown"]),
        ]:
            self.refused("compare", *arguments, words=words)
        (self.folder / "runs").mkdir()
        self.results("runs/a.json", [merged("A", TIGHT)])
        self.refused("compare", "runs", "b.json", "--json", "runs/a.json", words=["overwritten"])
        self.refuses_full_output("compare", "a.json", "b.json")

    def test_fifty_thousand_rows(self):
        bounded = "/release/" in REPORT  # sanitizers take many times the time and memory
        count = 50_000 if bounded else 1_000
        rng = np.random.default_rng(6)
        rows = [merged(f"Operation{i}", np.exp(rng.normal(0, 0.02, 4)).round(6)) for i in range(count)]
        self.results("base.json", rows)
        self.results("new.json", rows[:-1] + [merged(f"Operation{count - 1}", times(3))])
        self.check(os.path.getsize(self.folder / "new.json") > 2e3 * count, "the files are large")
        seconds, cpu, peak = self.cost_of("compare", "base.json", "new.json", "--json", "c.json", "--markdown", "c.md", "--junit", "c.xml", status=1)
        peak /= 2**20
        print(f"{count} rows a side: {seconds:.1f} s, {cpu:.1f} s of CPU, {peak:.0f} MiB")
        # Two threads read: where other programs keep the cores busy, the CPU time is told from the wall's.
        self.check(not bounded or min(seconds, cpu / 1.5) < 10 and peak < 1024, f"{seconds:.1f} s, {cpu:.1f} s of CPU, {peak:.0f} MiB")
        self.equal(json.loads((self.folder / "c.json").read_text())["counts"]["slower"], 1, "slower")


if __name__ == "__main__":
    if REPORT is None:
        sys.exit(__doc__)
    sys.exit(run_tests(sys.argv[2:]))
