#!/usr/bin/env python3
"""`report html`: the page says what the result files say, by itself, to anybody, whatever the files hold.

usage: report_html_test.py REPORT BENCH [unittest arguments]

The page is opened in headless Chromium through Selenium; where one of them is missing those tests are skipped, or
fail where the environment variable CI is set.
"""

import csv
import io
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import unittest
from urllib.parse import parse_qs, urlencode

import result_files
from checked import CheckedTest, run_tests

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import Select, WebDriverWait
except ImportError:
    webdriver = None

REPORT, BENCH = map(os.path.abspath, sys.argv[1:3]) if len(sys.argv) > 2 else (None, None)
CHROMIUM = next((p for p in ("/usr/bin/chromium", "/usr/bin/chromium-browser") if os.path.exists(p)), None)
DRIVER = next((p for p in ("/usr/bin/chromedriver",) if os.path.exists(p)), None)
BROWSER_MISSING = None if webdriver and CHROMIUM and DRIVER else "no Chromium, no chromedriver or no Selenium for Python"

GPU = "opencl:Test_GPU"
DEVICES = [result_files.device("reference"), result_files.device("tbb"), result_files.device("opencv"),
           result_files.device(GPU, "Test GPU", "GPU", "580.1")]
CLOCKS = {
    "kernel": lambda f: f["median_ms"],
    "transfers": lambda f: f["push_ms"] + f["median_ms"] + f["pull_ms"],
    "first": lambda f: f["prepare_ms"] + f["push_ms"] + f["median_ms"] + f["pull_ms"],
}


def report(*arguments, **options):
    return subprocess.run([REPORT, *map(str, arguments)], capture_output=True, text=True, **options)


def some_rows():
    """Three operations in two sizes and types on four engines, with a row of every outcome."""
    rows = []
    factors = {"reference": 30.0, "tbb": 1.0, "opencv": 1.7, GPU: 0.04}
    for o, operation in enumerate(["GaussianBlur3D", "Flip3D", "FixedThreshold3D"]):
        for s, size in enumerate([(64, 64, 16), (256, 256, 32)]):
            for dtype in ("u8", "f32"):
                for parameters in (["sigma:2x2x0", "sigma:5"] if o == 0 else [""]):
                    for engine, factor in factors.items():
                        base = (1.3 + o) * (1 if dtype == "u8" else 1.6) * (0.3, 9.0)[s]
                        if engine == "opencv" and o == 1:
                            base /= 4  # the best CPU row is not always the same engine's
                        middle = base * factor + (0.8 if engine == GPU else 0.0)
                        more = {"push_ms": 0.4 * (s * 8 + 1), "pull_ms": 0.2 * (s * 8 + 1)} if engine == GPU else {}
                        outcome = ("failed" if (o, s, dtype, engine) == (1, 0, "u8", "opencv") else
                                   "skipped" if (o, engine) == (2, "opencv") else "done")
                        details = {"check": "none"} if (o, s, dtype, engine) == (2, 0, "u8", GPU) else {}
                        rows.append(result_files.row(
                            operation, engine, size, dtype, parameters, outcome=outcome,
                            samples=[middle * f for f in (0.97, 0.99, 1.0, 1.01, 1.04)],
                            reason=f"{outcome} for a <b>reason</b>", details=details, prepare_ms=11.0 + o, **more,
                            max_abs_error=0.0 if o else 1e-5 * (1 + s), error_allowed=0.0 if o else 1e-4,
                            **({"dice": 1.0, "jaccard": 1.0} if o == 2 else {})))
    return rows


def cases(document):
    """(voxelmark object, figures or None) of every case."""
    return [(entry["voxelmark"], entry if "median_ms" in entry else None)
            for entry in document["benchmarks"] if "voxelmark" in entry]


def is_checked(own, figures):
    return figures is not None and own["check"] != "none"


def by_task(document):
    found = {}
    for own, figures in cases(document):
        found.setdefault(own["task"], []).append((own, figures))
    return found


def cpu_ids(document):
    return {d["id"] for d in document["context"]["voxelmark"]["devices"] if d.get("type") == "CPU"} - {"reference"}


def best_cpu(document, task):
    candidates = [(CLOCKS["transfers"](f), own["device_id"], f) for own, f in task
                  if is_checked(own, f) and own["device_id"] in cpu_ids(document)]
    return min(candidates, default=(0, None, None), key=lambda c: c[0])[2]


def chosen_tasks(document, allowed=lambda own: True):
    """operation -> its task that most engines have a checked result of, then the largest."""
    best = {}
    for name, task in by_task(document).items():
        own = task[0][0]
        if not allowed(own):
            continue
        x, y, z = own["size"]
        rank = (sum(is_checked(o, f) for o, f in task), x * y * z)
        if own["operation"] not in best or rank > best[own["operation"]][0]:
            best[own["operation"]] = (rank, name)
    return {operation: name for operation, (_, name) in best.items()}


def expected_speedups(document, clock, base="best", allowed=lambda own: True):
    """(operation, device id) -> speed-up, for all that have one."""
    tasks, expected = by_task(document), {}
    for operation, name in chosen_tasks(document, allowed).items():
        baseline = best_cpu(document, tasks[name]) if base == "best" else next(
            (f for own, f in tasks[name] if own["device_id"] == base and is_checked(own, f)), None)
        for own, figures in tasks[name]:
            if baseline and is_checked(own, figures):
                expected[operation, own["device_id"]] = CLOCKS[clock](baseline) / CLOCKS[clock](figures)
    return expected


class Page(CheckedTest):
    """Pages in a folder of their own."""

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, rows, name="results.json", **context):
        result_files.write(self.folder / name, rows, **{"devices": DEVICES, **context})
        return self.folder / name

    def page(self, *files, options=()):
        output = self.folder / "report.html"
        done = report("html", *files, "-o", output, *options)
        self.equal((done.returncode, done.stdout, done.stderr), (0, "", ""), "report html")
        return output


def without_transfers(rows):
    """As files are that do not tell transfers from operations."""
    return [{**row, "voxelmark": {key: value for key, value in row["voxelmark"].items() if key != "is_transfer"}} for row in rows]


def findings_of(page):
    text = page.read_text(encoding="utf-8")
    listed = re.search(r'<ul class="findings">(.*?)</ul>', text, re.S).group(1)
    return [item.strip() for item in re.findall(r"<li>(.*?)</li>", listed, re.S)]


def spoken(value):
    """What the page says for a number of two digits, as a number."""
    return float(f"{value:.2g}")


class Findings(Page):
    def test_with_gpu(self):
        path = self.write(some_rows())
        first, second, third = findings_of(self.page(path))
        document = json.loads(path.read_text())
        kernel = [v for (o, d), v in expected_speedups(document, "kernel").items() if d == GPU]
        total = [v for (o, d), v in expected_speedups(document, "transfers").items() if d == GPU]
        words = re.fullmatch(r"Of (\d+) operations, (\d+) run faster on Test GPU than on the best CPU engine .* "
                             r"median ([\d.]+)×\.", first)
        self.check(words, first)
        self.equal([float(w) for w in words.groups()],
                   [len(kernel), sum(v > 1 for v in kernel), spoken(statistics.median(kernel))], first)
        faster = 0
        for name in chosen_tasks(document).values():
            checked = {own["device_id"]: f for own, f in by_task(document)[name] if is_checked(own, f) and own["device_id"] != "reference"}
            on_cpu = [f for device, f in checked.items() if device != GPU]
            if GPU in checked and on_cpu:
                base = min(on_cpu, key=CLOCKS["transfers"])
                enough = min(checked[GPU]["samples"], base["samples"]) >= 6
                faster += enough and checked[GPU]["median_ci_upper_ms"] < base["median_ci_lower_ms"]
        self.check(f", {faster} of them beyond both 95 % intervals" in first, first)
        words = re.search(r", (\d+) of (\d+) do, median ([\d.]+)×: transfers are (\d+) % of", second)
        tasks = by_task(document)
        shares = [1 - f["median_ms"] / CLOCKS["transfers"](f) for name in chosen_tasks(document).values()
                  for own, f in tasks[name] if own["device_id"] == GPU]
        self.equal([float(w) for w in words.groups()],
                   [sum(v > 1 for v in total), len(total), spoken(statistics.median(total)),
                    spoken(100 * statistics.median(shares))], second)
        compared = [f for own, f in cases(document) if is_checked(own, f) and own["device_id"] != "reference"]
        exact = sum(f["max_abs_error"] == 0 for f in compared)
        worst = max(f["max_abs_error"] / f["error_allowed"] for f in compared if f["error_allowed"])
        self.check(third.startswith("1 case failed or disagreed with the reference. "
                                    f"Of {len(compared)} compared results, {exact} equal"), third)
        self.check(f"is {100 * worst:.2g} % of its bound" in third and "GaussianBlur3D/256x256x32" in third, third)
        self.check("lowest Dice index is 1." in third, third)

    def test_transfers_are_no_operations(self):
        rows = [result_files.row(operation, device, samples=[time] * 3, prepare_ms=41.0)
                for operation in ("Push2D", "Pull3D", "Flip2D") for device, time in (("tbb", 1.0), (GPU, 0.25))]
        first, second, _ = findings_of(self.page(self.write(rows)))
        self.check(first.startswith("Of 1 operation (Push and Pull left out), 1 run faster") and "median 4" in first, first)
        self.check("takes up to 41 ms (Flip2D)" in second, second)
        first = findings_of(self.page(self.write(without_transfers(rows))))[0]
        self.check(first.startswith("Of 3 operations, 3 run faster"), first)

    def test_each_machine_has_cases_of_its_own(self):
        """A machine that measured more engines, at another size, does not decide for the other."""
        lab = self.write([result_files.row("Flip2D", d, (64, 64, 1), samples=[t] * 7) for d, t in (("tbb", 8.0), (GPU, 2.0))], "lab.json")
        laptop = self.write([result_files.row("Flip2D", d, (32, 32, 1)) for d in ("reference", "tbb", "opencv")], "laptop.json",
                            cpu="Small CPU", devices=DEVICES[:3])
        for files in ((lab, laptop), (laptop, lab)):
            first = findings_of(self.page(*files))[0]
            self.check("1 run faster on Test GPU" in first and "1 of them beyond" in first and "median 4" in first, first)

    def test_few_samples_and_drift_are_told(self):
        rows = [result_files.row("Flip2D", "tbb", samples=[2.0] * 5, clock_drift=-0.3, details={"clock_drifted": True}),
                result_files.row("Flip3D", "tbb", samples=[2.0] * 6)]
        text = self.page(self.write(rows)).read_text()
        self.check("1 result of fewer than six samples" in text, "few samples")
        self.check("at the worst by 30 % (Flip2D" in text, "drift")

    def test_intervals_are_told_by_their_farther_end(self):
        rows = [result_files.row("Flip2D", "tbb", samples=[2.0] * 3, median_ci_lower_ms=1.9, median_ci_upper_ms=2.04),
                result_files.row("Flip3D", "tbb", samples=[2.0] * 3, median_ci_lower_ms=1.96, median_ci_upper_ms=2.02),
                result_files.row("Copy3D", "tbb", samples=[2.0] * 3, median_ci_lower_ms=2.0, median_ci_upper_ms=3.5)]
        text = self.page(self.write(rows)).read_text()
        self.check("reaches 5 % from it in the middle case, and at the worst 75 % (Copy3D" in text.replace("5.0 %", "5 %"), "precision")
        self.check("1 interval beyond 50 %: do not rely" in text, "the warning")
        self.check("do not rely" not in self.page(self.write(rows[:2])).read_text(), "a warning without need")

    def test_two_gpus_speak_for_themselves(self):
        devices = DEVICES + [result_files.device("opencl:Other_GPU", "Other GPU", "GPU")]
        rows = [result_files.row(device_id=d["id"], samples=[t] * 3, details={"device": d["name"]})
                for d, t in zip(devices, (50.0, 8.0, 9.0, 2.0, 16.0))]
        said = findings_of(self.page(self.write(rows, devices=devices)))
        self.check("1 run faster on Test GPU" in said[0] and "median 4×" in said[0].replace("4.0", "4"), said)
        self.check("0 run faster on Other GPU" in said[2] and "median 0.5×" in said[2].replace("0.50", "0.5"), said)

    def test_without_gpu(self):
        rows = [r for r in some_rows() if r["voxelmark"]["device_id"] != GPU]
        path = self.write(rows, devices=DEVICES[:3])
        document = json.loads(path.read_text())
        wins = {}
        for name in chosen_tasks(document).values():
            best = min((CLOCKS["transfers"](f), own["device_id"]) for own, f in by_task(document)[name]
                       if is_checked(own, f) and own["device_id"] != "reference")[1]
            wins[best] = wins.get(best, 0) + 1
        said = findings_of(self.page(path))
        self.check(said[0].startswith("No GPU was measured") and
                   all(f"{engine} in {n}" in said[0] for engine, n in wins.items()), said[0])
        self.check("no transfers to pay for" in said[1], said[1])

    def test_opencl_on_a_cpu_is_no_gpu(self):
        devices = DEVICES[:2] + [result_files.device("opencl:pthread", "pthread", "CPU", "3.1")]
        rows = [result_files.row(device_id="reference"), result_files.row(device_id="tbb", samples=[2.0] * 3),
                result_files.row(device_id="opencl:pthread", samples=[3.0] * 3, push_ms=0.5, pull_ms=0.5)]
        said = findings_of(self.page(self.write(rows, devices=devices)))
        self.check(said[0].startswith("No GPU was measured"), said[0])
        self.check("25 % of the time" in said[1] and "0 of 1 operation run" in said[1] and "0.5×" in said[1].replace("0.50", "0.5"), said[1])

    def test_nothing_checked(self):
        rows = [result_files.row(device_id=d, details={"check": "none"}) for d in ("tbb", GPU)]
        said = findings_of(self.page(self.write(rows)))
        self.check("nothing can be said" in said[0], said)

    def test_failures_only(self):
        rows = [result_files.row(device_id=d, outcome="failed", reason="no") for d in ("tbb", GPU)]
        self.check("2 cases failed" in findings_of(self.page(self.write(rows)))[-1])


class Files(Page):
    def test_bad_input(self):
        good = self.write(some_rows())
        text = good.read_text()
        for name, content, words in [
                ("not.json", "hello", "is not JSON"), ("cut.json", text[:len(text) // 2], "ends too early"),
                ("other.json", '{"benchmarks": []}', "no result file of bench"),
                ("version.json", text.replace('"schema_version": 1', '"schema_version": 99'), "version 99"),
                ("nan.json", re.sub(r'"median_ms": [\d.e+-]+', '"median_ms": NaN', text), "is not JSON"),
                ("empty.json", json.dumps(result_files.document([])), "no rows")]:
            (self.folder / name).write_text(content)
            for files in ([name], [good, name]):
                done = report("html", *files, "-o", "out.html", cwd=self.folder)
                self.equal(done.returncode, 2, name)
                self.check(words in done.stderr and name in done.stderr and done.stderr.count("\n") == 1, done.stderr)
                self.check(not (self.folder / "out.html").exists(), f"{name} left a page")
        (self.folder / "none").mkdir()
        for arguments, words in [
                (["missing.json", "-o", "out.html"], "does not exist"), (["none", "-o", "out.html"], "holds no result file"),
                ([good, "-o", "no/where/out.html"], "cannot write"), ([good, "-o", good], "would be overwritten"),
                ([good, "-o", "none"], "folder"), ([good, "-o", ""], "empty"), ([good], "--output"),
                (["-o", "out.html"], "required"), ([good, "-o", "out.html", "--title", ""], "empty"),
                ([good, "-o", "out.html", "--colour", "red"], "--colour")]:
            done = report("html", *arguments, cwd=self.folder)
            self.equal(done.returncode, 2, str(arguments))
            self.check(words in done.stderr and done.stderr.count("\n") == 1, done.stderr)
        self.equal(json.loads(good.read_text()), json.loads(text), "the input")
        self.equal(sorted(p.name for p in self.folder.glob("*.html*")), [], "left over")

    def test_wrong_types_are_no_crash(self):
        """Any one value of another type: a page, or one line and status 2."""
        whole = result_files.document([result_files.row(), result_files.row(device_id=GPU, details={"note": "n", "pictures": pictured("p1", "p1", "p1")}),
                                       result_files.row("Flip3D", outcome="skipped", reason="r")], devices=DEVICES, pictures={"p1": PNG})

        def places(node, path=()):
            yield path
            for key, inner in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
                yield from places(inner, (*path, key))

        statuses = set()
        for path in [p for p in places(whole) if p and (len(p) < 3 or p[-1] not in ("cpu_time", "real_time"))]:
            for value in (None, "x", []):
                changed = json.loads(json.dumps(whole))
                inner = changed
                for key in path[:-1]:
                    inner = inner[key]
                inner[path[-1]] = value
                (self.folder / "changed.json").write_text(json.dumps(changed))
                done = report("html", "changed.json", "-o", "-", cwd=self.folder)
                statuses.add(done.returncode)
                self.check(done.returncode in (0, 2) and done.stderr.count("\n") == (done.returncode == 2), f"{path} = {value}: {done.returncode} {done.stderr[:300]}")
        self.equal(statuses, {0, 2}, "statuses")

    def test_standard_output_and_title(self):
        done = report("html", self.write(some_rows()), "-o", "-", "--title", "A & B <i>")
        self.equal(done.returncode, 0)
        self.check("<title>A &amp; B &lt;i&gt;</title>" in done.stdout and done.stdout.rstrip().endswith("</html>"), "the page")

    def test_nothing_is_loaded(self):
        text = self.page(self.write(some_rows())).read_text(encoding="utf-8")
        head = text[:text.index("</head>")]
        self.check("default-src 'none'" in head, "no policy")
        self.equal(re.findall(r'<(?:script|img|iframe|link)[^>]*(?:src|href)="(?!data:,")', text), [], "loaded")
        self.check("url(" not in head and "@import" not in head, "the style loads something")

    def test_without_javascript(self):
        path = self.write(some_rows())
        text = self.page(path).read_text(encoding="utf-8")
        table = re.search(r"<noscript>.*?</noscript>", text, re.S).group(0)
        columns = re.findall(r"<th>(.*?)</th>", table)[1:]
        document, found = json.loads(path.read_text()), 0
        expected = [expected_speedups(document, clock) for clock in ("kernel", "transfers")]
        for task, cells in re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', table):
            for column, cell in zip(columns, re.findall(r"<td>(.*?)</td>", cells)):
                key = task.split("&#x2F;")[0].split("/")[0], column
                if "×" in cell:
                    for value, wanted in zip(cell.split(" / "), expected):
                        self.check(abs(number(value) / wanted[key] - 1) < 0.051, f"{key}: {value}")
                        found += 1
        self.equal(found, sum(map(len, expected)), "speed-ups")

    def test_2000_rows_stay_small(self):
        pictures = {f"p{i}": PNG + "A" * 16000 for i in range(300)}
        rows = []
        for i in range(500):
            for engine in ("reference", "tbb", "opencv", GPU):
                shown = {"pictures": pictured(*(f"p{(3 * i + k) % 300}" for k in range(3)))}
                rows.append(result_files.row(f"Operation{i % 50}3D", engine, (64 + i, 64, 16), samples=[1 + i / 7] * 5,
                                             details=shown if engine != "reference" else {}, dice=1 - i / 7e5, jaccard=1 - i / 3e5))
        page = self.page(self.write(rows, pictures=pictures))
        size = page.stat().st_size
        print(f"2000 rows with pictures: {size / 1e6:.2f} MB")
        self.check(size < 3e6, f"{size} bytes")
        exhibits = model_of(page)["exhibits"]
        self.check(len(exhibits["shown"]) > 5 and exhibits["left_out"] > 5, "pictures within the budget, others counted")

    def test_50000_rows(self):
        rows = [result_files.row(f"Operation{i % 100}3D", engine, (64 + i, 64, 16), samples=[1 + i / 7] * 3)
                for i in range(12500) for engine in ("reference", "tbb", "opencv", GPU)]
        path = self.write(rows)
        process = subprocess.Popen([REPORT, "html", path, "-o", self.folder / "report.html"])
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        # Its own processor time: others may be at work on the machine.
        seconds, memory = used.ru_utime + used.ru_stime, used.ru_maxrss / 2**20
        page = self.folder / "report.html"
        print(f"50000 rows, {path.stat().st_size / 1e6:.0f} MB: {seconds:.1f} s, {memory:.2f} GiB, page {page.stat().st_size / 1e6:.0f} MB")
        self.equal((process.returncode, len(model_of(page)["rows"]["task"])), (0, 50000), "status and rows")
        if "release" in REPORT:  # sanitizers take more of both
            self.check(seconds < 10 and memory < 1, "too slow, or too much memory")

    def test_several_files(self):
        one = self.write(some_rows(), "one.json")
        two = self.write(some_rows()[:8], "two.json", cpu="Other CPU", command=["bench", "--filter", "it's; x"])
        text = self.page(one, two).read_text(encoding="utf-8")
        self.check("Other CPU, 4 threads" in text and "&apos;it" in text or "&#39;it" in text or "it&#x27;" in text, "the second file's command")
        labels = [c["label"] for c in model_of(self.folder / "report.html")["columns"]]
        self.equal(len(labels), len(set(labels)), "labels")
        self.check("tbb, Other CPU, 4 threads" in labels and "tbb, Test CPU, 4 threads" in labels, labels)
        again = self.write(some_rows()[:4], "again.json")
        text = self.page(one, again).read_text(encoding="utf-8")
        self.check("4 rows are not shown" in text, "replaced rows are counted")

    def test_the_head_names_devices_and_drivers(self):
        head = lambda path: re.search(r'<ul class="sources">(.*?)</ul>', self.page(path).read_text(), re.S).group(1)
        self.check("<b>Test CPU, 4 threads; Test GPU (driver 580.1)</b>" in head(self.write(some_rows())), "with a GPU")
        self.check("<b>Test CPU, 4 threads</b>" in head(self.write([result_files.row()], devices=DEVICES[:2])), "without")

    def test_pictures_that_are_none(self):
        rows = [result_files.row(device_id="tbb", details={"pictures": pictured("p1", "p2", "p1")})]
        for pictures, says in [({"p1": 'x" onerror="alert(1)', "p2": PNG}, "base64"), ({"p2": PNG}, "not in the file")]:
            done = report("html", self.write(rows, pictures=pictures), "-o", self.folder / "page.html")
            self.check(done.returncode == 2 and says in done.stderr and done.stderr.count("\n") == 1, done.stderr)
            self.check(not (self.folder / "page.html").exists(), "a page all the same")


PNG = "iVBORw0KGgo"


def pictured(of_input, expected, result):
    """What a row says of pictures without a difference."""
    return {"input": of_input, "expected": expected, "result": result, "slice": 0, "x": 0, "y": 0, "width": 8, "height": 8,
            "input_levels": [0, 1], "levels": [0, 1], "difference_scale": 0.0}


def model_of(page):
    text = page.read_text(encoding="utf-8")
    return json.loads(re.search(r'<script type="application/json" id="model">(.*?)</script>', text, re.S).group(1))


def number(text):
    """"24×", "0.05×": the number."""
    return float(text.replace("×", "").replace("~", "").replace("●", ""))


class Browser(Page):
    """One browser for all tests; every page must load nothing and complain about nothing."""

    driver = None

    @classmethod
    def setUpClass(cls):
        if BROWSER_MISSING and not os.environ.get("CI"):
            print(f"skipped: {BROWSER_MISSING}")
            raise unittest.SkipTest(BROWSER_MISSING)
        if BROWSER_MISSING:
            raise RuntimeError(BROWSER_MISSING)
        cls.downloads = tempfile.TemporaryDirectory()
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1440,900"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        cls.driver = webdriver.Chrome(service=Service(DRIVER), options=options)
        cls.driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": cls.downloads.name})

    @classmethod
    def tearDownClass(cls):
        if cls.driver:
            cls.driver.quit()
            cls.downloads.cleanup()

    def setUp(self):
        super().setUp()
        self.resize(1440, 900)

    def tearDown(self):
        messages = [entry["message"] for entry in self.driver.get_log("browser")]
        self.equal(messages, [], "console")
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        urls = {e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"}
        self.check(any(url.startswith("file:") for url in urls), "no request was seen at all")
        others = {url for url in urls if not url.startswith(("data:", "blob:")) and not re.match(r"file://.*/report\.html", url)}
        self.equal(others, set(), "requests")

    def resize(self, width, height):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})

    def open(self, *files, fragment="", **options):
        self.driver.get("about:blank")
        self.driver.get(f"file://{self.page(*files, **options)}{fragment}")

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def click(self, selector):
        element = self.find(selector)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def run_script(self, code, *arguments):
        return self.driver.execute_script(code, *arguments)

    def table(self):
        """(operation, column's label) -> (text, exact value or None) of the speed-up table, and its columns."""
        return self.run_script("""
            const columns = [...document.querySelectorAll('.speedups thead button')].map((b) => b.textContent);
            const rows = [...document.querySelectorAll('.speedups tbody tr')].map((tr) => [tr.querySelector('button').textContent,
              [...tr.querySelectorAll('td')].map((td) => [td.querySelector('.value').textContent, td.dataset.value, td.className, td.textContent])]);
            return {columns, rows};""")

    def cells(self):
        table = self.table()
        return {(operation, column): cell for operation, found in table["rows"] for column, cell in zip(table["columns"], found)}

    def compare(self, expected, what):
        """The table's values against values computed here, both as shown and as compared."""
        cells = self.cells()
        shown = {key: cell for key, cell in cells.items() if cell[1]}
        self.equal(set(shown), set(expected), f"cells with a speed-up, {what}")
        for key, value in expected.items():
            text, exact = shown[key][:2]
            self.check(abs(float(exact) / value - 1) < 5e-4, f"{what} {key}: {exact}, expected {value}")
            self.check(abs(number(text) / value - 1) < 0.051, f"{what} {key}: {text}, expected {value}")

    def hash(self):
        return parse_qs(self.run_script("return location.hash.slice(1)"))


class Switches(Browser):
    def setUp(self):
        super().setUp()
        self.path = self.write(some_rows())
        self.document = json.loads(self.path.read_text())

    def test_every_clock_and_baseline(self):
        self.open(self.path)
        for clock in CLOCKS:
            self.click(f"label:has(#clock-{clock})")
            for option in [o.get_attribute("value") for o in Select(self.find("#base")).options]:
                Select(self.find("#base")).select_by_value(option)
                label = Select(self.find("#base")).first_selected_option.text
                base = {"best CPU row": "best", "double-precision reference": "reference"}.get(label, label)
                self.compare(expected_speedups(self.document, clock, base), f"{clock} against {label}")
                self.check(self.hash().get("clock", ["kernel"]) == [clock] and self.hash().get("base", ["best"]) == [option], self.hash())
        self.equal([o.text for o in Select(self.find("#base")).options],
                   ["best CPU row", "tbb", "opencv", "double-precision reference"], "baselines")

    def test_cells_say_what_else_there_is(self):
        self.open(self.path, fragment="#type=u8&size=64x64x16".replace("x", "%C3%97"))
        cells = self.cells()
        self.check("skipped" in cells["FixedThreshold3D", "opencv"][0] and "for a <b>reason</b>" in cells["FixedThreshold3D", "opencv"][3], cells)
        self.check("failed" in cells["Flip3D", "opencv"][0] and "failed" in cells["Flip3D", "opencv"][2], cells)
        self.check("not compared" in cells["FixedThreshold3D", GPU][3] and not cells["FixedThreshold3D", GPU][1], cells)
        self.check("± 1e-5 of 1e-4" in cells["GaussianBlur3D", "tbb"][3] and "exact" in cells["Flip3D", "tbb"][3], cells)

    def test_every_filter_alone_and_after_a_reload(self):
        self.open(self.path)
        tasks = {own["task"]: own for own, _ in cases(self.document)}
        size = lambda own: "×".join(map(str, own["size"]))
        for key, value_of in [("type", lambda own: own["dtype"]), ("size", size)]:
            for value in {value_of(own) for own in tasks.values()}:
                self.click(f"#filter-{key}-summary")
                self.click(f"#filter-{key} input[value='{value}']")
                expected = expected_speedups(self.document, "kernel", allowed=lambda own: value_of(own) == value)
                self.compare(expected, f"{key} {value}")
                rows = sum(value_of(own) == value for own, _ in cases(self.document))
                self.equal(self.find("#raw-count").text, f"{rows} rows", key)
                self.equal(self.hash(), {key: [value]}, "hash")
                self.driver.refresh()
                self.compare(expected, f"{key} {value} after a reload")
                self.check(self.run_script("return document.querySelector(arguments[0]).checked", f"#filter-{key} input[value='{value}']"))
                self.click("#clear")
                self.equal(self.hash(), {}, "cleared")
        for key, value_of in [("engine", lambda own: own["engine"]), ("device", lambda own: own["device"])]:
            for value in {value_of(own) for own, _ in cases(self.document)}:
                self.click(f"#filter-{key}-summary")
                self.click(f"#filter-{key} input[value='{value}']")
                shown = {own["device_id"] for own, _ in cases(self.document) if value_of(own) == value}
                self.compare({k: v for k, v in expected_speedups(self.document, "kernel").items() if k[1] in shown}, f"{key} {value}")
                self.equal(set(self.table()["columns"]), shown, key)
                self.equal(self.hash(), {key: [value]}, "hash")
                self.click("#clear")
        self.find("#find").send_keys("flip, thresh")
        self.compare({k: v for k, v in expected_speedups(self.document, "kernel").items() if "Gauss" not in k[0]}, "operation")
        self.equal(self.hash(), {"find": ["flip, thresh"]}, "hash")
        self.driver.refresh()
        self.equal((self.find("#find").get_attribute("value"), len(self.table()["rows"])), ("flip, thresh", 2), "after a reload")
        self.find("#find").send_keys(" nothing such")
        self.find("#find").clear()
        self.find("#find").send_keys("zzz")
        self.check("No row passes" in self.find("#speed-up-table").text and "No operation passes" in self.find("#operation-body").text)
        self.click("#clear")
        self.equal(len(self.table()["rows"]), 3, "all again")

    def test_all_of_the_hash_after_a_reload(self):
        wanted = {"clock": "first", "base": "1", "op": "GaussianBlur3D", "task": "GaussianBlur3D/64x64x16/u8/sigma:5", "engine": ["tbb", "opencl"], "type": "u8"}
        self.open(self.path, fragment="#" + urlencode(wanted, doseq=True))
        for _ in range(2):
            self.compare({k: v for k, v in expected_speedups(self.document, "first", "tbb", lambda own: own["dtype"] == "u8").items()
                          if k[1] in ("tbb", GPU)}, "all of it")
            self.equal(Select(self.find("#task-select")).first_selected_option.get_attribute("value"), wanted["task"], "task")
            self.check(self.find("#clock-first").is_selected())
            self.driver.refresh()
        self.open(self.path, fragment="#clock=none&base=99&engine=none&op=none&task=%FF&look=<x>&size=%")
        self.compare(expected_speedups(self.document, "kernel"), "a hash that makes no sense")

    def test_order_by_a_column(self):
        self.open(self.path)
        place = self.table()["columns"].index(GPU)
        values = lambda: [float(cells[place][1]) for _, cells in self.table()["rows"]]
        before = values()
        self.click(f".speedups thead th:nth-child({place + 2}) button")
        self.equal(values(), sorted(before, reverse=True), "descending")
        self.click(f".speedups thead th:nth-child({place + 2}) button")
        self.equal(values(), sorted(before), "ascending")
        self.check(self.run_script("return document.activeElement.dataset.column") is not None, "the focus is lost")
        self.click(f".speedups thead th:nth-child({place + 2}) button")
        self.equal(values(), before, "as before")

    def test_summary(self):
        self.open(self.path)
        values = [v for (_, d), v in expected_speedups(self.document, "kernel").items() if d == GPU]
        text = self.find(f".speedups tfoot td:nth-child({self.table()['columns'].index(GPU) + 2})").text
        self.check(abs(number(text.split()[0]) / statistics.median(values) - 1) < 0.051, text)
        self.check(f"faster in {sum(v > 1 for v in values)} of {len(values)}" in text, text)

    def test_the_foot_leaves_transfers_out(self):
        rows = [result_files.row(operation, device, samples=[time] * 3) for operation in ("Push2D", "Pull3D", "Flip2D")
                for device, time in (("tbb", 1.0), (GPU, 0.25 if operation == "Flip2D" else 4.0))]
        self.open(self.write(rows))
        text = self.find(f".speedups tfoot td:nth-child({self.table()['columns'].index(GPU) + 2})").text
        self.check("faster in 1 of 1" in text and number(text.split()[0]) == 4, text)
        self.check("Push and Pull left out" in self.find(".speedups tfoot").text, "the foot does not say so")
        self.open(self.write(without_transfers(rows)))
        text = self.find(".speedups tfoot").text
        self.check("faster in 1 of 3" in text and "left out" not in text, text)


class Operations(Browser):
    def setUp(self):
        super().setUp()
        self.path = self.write(some_rows())
        self.document = json.loads(self.path.read_text())

    def chart(self, name):
        return self.run_script("""const chart = alive.get(arguments[0]);
            return chart && chart.data.datasets.map((d) => ({label: d.label, data: d.data, labels: chart.data.labels}));""", name)

    def test_previous_next_and_the_table_lead_here(self):
        self.open(self.path)
        names = [o.text for o in Select(self.find("#operation-select")).options]
        seen = [Select(self.find("#operation-select")).first_selected_option.text]
        while self.find("#next").is_enabled():
            self.click("#next")
            seen.append(Select(self.find("#operation-select")).first_selected_option.text)
            self.equal(self.hash()["op"], seen[-1:], "hash")
        self.equal(seen, names, "operations")
        self.click("#previous")
        self.equal(Select(self.find("#operation-select")).first_selected_option.text, names[-2], "previous")
        self.click("[data-operation='GaussianBlur3D']")
        self.check("GaussianBlur3D/" in self.find("#operation-body").text)
        Select(self.find("#operation-select")).select_by_visible_text("Flip3D")
        self.check("Flip3D/" in self.find("#operation-body").text)

    def test_times_bars_and_errors(self):
        self.open(self.path, fragment="#op=GaussianBlur3D&clock=transfers")
        task = next(name for name in self.find("#operation-body code").text.split() if name)
        rows = {own["device_id"]: (own, f) for own, f in by_task(self.document)[task]}
        dtype, parameters = rows["tbb"][0]["dtype"], rows["tbb"][0]["parameters"]
        lines = {d["label"]: d["data"] for d in self.chart("size-chart") if not d["label"].startswith("_")}
        for engine in rows:
            expected = sorted((own["size"][0] * own["size"][1] * own["size"][2], CLOCKS["transfers"](f)) for own, f in cases(self.document)
                              if own["operation"] == "GaussianBlur3D" and (own["dtype"], own["parameters"], own["device_id"]) == (dtype, parameters, engine))
            self.equal(len(lines[engine]), 2, engine)
            for point, (x, y) in zip(lines[engine], expected):
                self.check(point["x"] == x and abs(point["y"] / y - 1) < 1e-4 and point["lower"] < point["y"] < point["upper"], point)
        by_sigma = {d["label"]: [p["x"] for p in d["data"]] for d in self.chart("parameter-chart") if not d["label"].startswith("_")}
        self.check(all(xs == [2, 5] or xs == [5] or xs == [2] for xs in by_sigma.values()) and [2, 5] in by_sigma.values(), by_sigma)
        bars = self.chart("first-chart")
        self.equal([b["label"] for b in bars], ["preparation (compile)", "push", "compute", "pull"], "bars")
        for key, bar in zip(("prepare_ms", "push_ms", "median_ms", "pull_ms"), bars):
            for label, value in zip(bar["labels"], bar["data"]):
                self.check(abs(value - rows[label][1][key]) <= 1e-4 * max(1e-9, abs(rows[label][1][key])), f"{key} {label}: {value}")
        largest = self.chart("error-chart")[0]
        self.equal([round(v, 12) for v in largest["data"]], [rows[label][1]["max_abs_error"] for label in largest["labels"]], "errors")
        roof = [d for d in self.chart("roof-chart") if d["label"] == GPU][0]["data"][0]
        figures = rows[GPU][1]
        self.check(abs(roof["y"] / figures["flops_per_second"] - 1) < 1e-4 and
                   abs(roof["x"] / (figures["flops_per_second"] / figures["effective_bytes_per_second"]) - 1) < 1e-4, roof)

    def test_cross_over(self):
        rows = []
        for n, cpu, gpu in ((16, 0.1, 1.0), (64, 6.4, 1.6), (128, 51.2, 8.0)):
            for engine, middle in (("tbb", cpu), (GPU, gpu)):
                rows.append(result_files.row(device_id=engine, size=(n, n, n), samples=[middle] * 3))
        self.open(self.write(rows))
        # log-log between (16^3, 1/0.1 = 10) and (64^3, 1.6/6.4 = 0.25)
        expected = 16**3 * (64**3 / 16**3) ** (1 / (1 + 0.602059991 / 1))
        at = self.run_script("return alive.get('size-chart').options.plugins.verticalLines.at.map((l) => l.x)")
        self.check(len(at) == 1 and abs(at[0] / expected - 1) < 1e-3, f"{at}, expected {expected}")
        self.check(re.search(r"cross at about 54.9 k voxels", self.find("#cross").text), self.find("#cross").text)
        self.open(self.write(rows[2:]))
        self.check("the GPU is faster at every size" in self.find("#cross").text, self.find("#cross").text)
        self.open(self.write([r for r in rows if r["voxelmark"]["device_id"] != GPU]))
        self.check("No GPU" in self.find("#cross").text, self.find("#cross").text)

    def test_pictures_and_plots(self):
        png = ("iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAAAAABX3VL4AAAADklEQVR4nGNgYGBgaAAAAIUAgYvfWY0AAAAASUVORK5CYII=")
        pairs = {"n": 6, "columns": 4, "rows": 3, "reference": [0, 8], "result": [0, 8], "mean": [0, 8], "difference": [-2e-6, 2e-6],
                 "scatter": [0, 3, 11, 1], "bland_altman": [4, 3, 7, 1]}
        shown = {"input": "p1", "expected": "p1", "result": "p2", "difference": "p3", "slice": 3, "x": 5, "y": 6, "width": 2, "height": 2,
                 "input_levels": [0, 255], "levels": [10, 20], "difference_scale": 1e-5}
        equal = {key: value for key, value in shown.items() if key != "difference"} | {"difference_scale": 0.0}
        rows = [result_files.row(device_id="reference"), result_files.row(device_id="tbb", details={"pictures": equal}),
                result_files.row(device_id=GPU, details={"pictures": shown, "pairs": pairs}), result_files.row("Flip3D", "tbb")]
        self.open(self.write(rows, "pictures.json", pictures={"p1": png, "p2": png, "p3": png}))
        self.equal(Select(self.find("#look")).first_selected_option.text, GPU, "the GPU's come first")
        self.equal(len(self.all("#exhibits img")), 4, "pictures")
        self.check(all(i.get_attribute("src").startswith("data:image/png;base64,iVBOR") for i in self.all("#exhibits img")), "sources")
        self.equal((len(self.all("#scatter rect:not(.frame)")), len(self.all("#bland-altman rect:not(.frame)"))), (2, 2), "cells")
        self.equal(len(self.all("#bland-altman .limit")), 3, "bias and limits")
        self.check("slice 3, 2×2 voxels from (5, 6)" in self.find("#exhibits").text, self.find("#exhibits").text)
        cut = lambda: self.run_script("return getComputedStyle(document.querySelector('#curtain-box .over')).clipPath")
        before = cut()
        self.find("#curtain").send_keys(Keys.ARROW_RIGHT)
        self.check(before != cut() and "51%" in cut(), cut())
        Select(self.find("#look")).select_by_visible_text("tbb")
        self.check("no difference" in self.find("#exhibits").text and "No scatter plot" in self.find("#exhibits").text)
        self.check(self.hash()["look"], "hash")
        Select(self.find("#operation-select")).select_by_visible_text("Flip3D")
        self.check("No pictures of this operation" in self.find("#exhibits").text)
        self.open(self.path)
        self.check("No pictures in these result files" in self.find("#exhibits").text)

    def test_an_exact_result_lies_on_the_line(self):
        pairs = {"n": 20, "columns": 4, "rows": 6, "reference": [0, 9], "result": [0, 9], "mean": [0, 9], "difference": [0, 0],
                 "scatter": [0, 10, 23, 10], "bland_altman": [12, 10, 15, 10]}  # row 3 of 6: the middle
        exact = {"bias": 0.0, "limit_of_agreement_lower": 0.0, "limit_of_agreement_upper": 0.0, "max_abs_error": 0.0}
        self.open(self.write([result_files.row(device_id="tbb"), result_files.row(device_id=GPU, details={"pairs": pairs}, **exact)]))
        cell = self.find("#bland-altman rect:not(.frame)")
        top, height = (float(cell.get_attribute(key)) for key in ("y", "height"))
        lines = [float(line.get_attribute("y1")) for line in self.all("#bland-altman line.limit")]
        self.equal(len(lines), 1, "lines")
        self.check(abs(top + height / 2 - lines[0]) < 1, f"cell from {top}, {height} high; line at {lines[0]}")


class Machines(Browser):
    def test_a_column_for_each_machine(self):
        names = {"tbb": 8.0, "opencv": 4.0, GPU: 1.0}
        laptop = self.write([result_files.row(device_id=d, samples=[t] * 3) for d, t in names.items()], "laptop.json")
        server = self.write([result_files.row(device_id=d, samples=[t / 8] * 3) for d, t in names.items()], "server.json", cpu="Big CPU", cpu_threads=64)
        self.open(laptop, server)
        at = lambda device, machine: ("GaussianBlur3D", f"{device}, {machine} threads")
        cells = self.cells()
        self.equal(len(cells), 6, "columns")
        for machine in ("Test CPU, 4", "Big CPU, 64"):
            self.equal([number(cells[at(d, machine)][0]) for d in names], [0.5, 1.0, 4.0], machine)
        Select(self.find("#base")).select_by_visible_text("tbb, Test CPU, 4 threads")
        cells = self.cells()
        self.equal([number(cells[at(d, "Big CPU, 64")][0]) for d in names], [8.0, 16.0, 64.0], "against the other machine")
        said = findings_of(self.folder / "report.html")
        self.check("in Test CPU, 4 threads" in said[0] and "in Big CPU, 64 threads" in said[2], said)

    def test_thread_counts(self):
        devices = [result_files.device("tbb") | {"threads": n} for n in (1, 4)]
        rows = []
        for n in (1, 4):
            rows.append(result_files.row(samples=[8.0 / n] * 3, threads=n))
            rows[-1]["name"] += f"/threads:{n}"
        self.open(self.write(rows, devices=devices))
        self.equal({c: number(cell[0]) for (_, c), cell in self.cells().items()}, {"tbb, 1 thread": 0.25, "tbb, 4 threads": 1.0}, "by threads")


class Raw(Browser):
    def setUp(self):
        super().setUp()
        self.path = self.write(some_rows())
        self.document = json.loads(self.path.read_text())

    def column(self, key):
        return self.run_script("""const at = [...document.querySelectorAll('.raw thead button')].findIndex((b) => b.dataset.sort === arguments[0]);
            return [...document.querySelectorAll('.raw tbody tr')].map((tr) => tr.cells[at].textContent)""", key)

    def test_search_sort_pages(self):
        rows = [result_files.row(f"Operation{i}3D", "tbb", samples=[1 + i] * 3) for i in range(230)]
        self.open(self.write(rows))
        self.equal((len(self.all(".raw tbody tr")), "page 1 of 3" in self.find("#raw-table").text), (100, True), "first page")
        self.click("#page-on")
        self.click("#page-on")
        self.equal((len(self.all(".raw tbody tr")), self.find("#page-on").is_enabled()), (30, False), "last page")
        self.click("#page-back")
        self.check("page 2 of 3" in self.find("#raw-table").text)
        self.click("#sort-kernel_ms")
        self.equal(self.column("kernel_ms")[:2], ["1", "2"], "ascending")
        self.click("#sort-kernel_ms")
        self.equal(self.column("kernel_ms")[:2], ["230", "229"], "descending")
        self.click("#sort-operation")
        self.equal(self.column("operation")[:3], ["Operation03D", "Operation13D", "Operation23D"], "numbers in names")
        self.find("#raw-search").send_keys("operation22 f32")
        self.equal(self.find("#raw-count").text, "11 rows", "found")
        self.find("#raw-search").send_keys(" none")
        self.equal(self.find("#raw-count").text, "0 rows", "found")

    def test_figures(self):
        self.open(self.path)
        self.equal(self.find("#raw-count").text, f"{len(cases(self.document))} rows", "rows")
        expected = {own["task"]: f for own, f in cases(self.document) if own["device_id"] == GPU and own["dtype"] == "f32" and f}
        self.find("#raw-search").send_keys("f32 " + GPU)
        shown = zip(*(self.column(key) for key in ("operation", "size", "parameters", "kernel_ms", "with_transfers_ms", "first_call_ms")))
        count = 0
        for operation, size, parameters, *times in shown:
            task = "/".join(p for p in (operation, size.replace("×", "x"), "f32", parameters) if p)
            for clock, text in zip(CLOCKS, times):
                self.check(abs(float(text) / CLOCKS[clock](expected[task]) - 1) < 1e-3, f"{task} {clock}: {text}")
                count += 1
        self.equal(count, 3 * len(expected), "figures")

    def downloaded(self, name):
        path = pathlib.Path(self.downloads.name, name)
        WebDriverWait(self.driver, 20).until(lambda _: path.exists())
        text = path.read_text(encoding="utf-8")
        path.unlink()
        return text

    def test_downloads(self):
        rows = some_rows() + [result_files.row("=1+1", "tbb", dtype="f32", parameters='text:"a,b"')]
        path = self.write(rows)
        document = json.loads(path.read_text())
        self.open(path)
        self.click("#csv")
        found = list(csv.DictReader(io.StringIO(self.downloaded("voxelmark.csv"), newline="")))
        self.equal(len(found), len(rows), "CSV")
        for line, (own, figures) in zip(sorted(found, key=lambda r: (r["operation"].lstrip("'"), r["size"], r["type"], r["parameters"], r["column"])),
                                        sorted(cases(document), key=lambda c: (c[0]["operation"], "×".join(map(str, c[0]["size"])), c[0]["dtype"], c[0]["parameters"], c[0]["device_id"]))):
            self.equal((line["column"], line["type"], line["parameters"], line["outcome"]), (own["device_id"], own["dtype"], own["parameters"], own["outcome"]), "line")
            if figures:
                self.check(abs(float(line["with_transfers_ms"]) / CLOCKS["transfers"](figures) - 1) < 1e-4, line)
            else:
                self.equal((line["kernel_ms"], line["note"]), ("", own["reason"]), "line")
        self.check(any(line["operation"] == "'=1+1" for line in found), "a formula")
        self.find("#raw-search").send_keys("flip3d u8")
        self.click("#json")
        found = json.loads(self.downloaded("voxelmark.json"))
        expected = [(own, f) for own, f in cases(document) if own["operation"] == "Flip3D" and own["dtype"] == "u8"]
        self.equal(len(found), len(expected), "JSON")
        for row in found:
            figures = next(f for own, f in expected if (own["task"], own["device_id"]) == (row["task"], row["device_id"]))
            if figures:
                self.check(abs(row["first_call_ms"] / CLOCKS["first"](figures) - 1) < 1e-4 and abs(row["rmse"] - figures["rmse"]) < 1e-10, row)


class Anything(Browser):
    def test_markup_in_names_stays_text(self):
        evil = "<script>alert(1)</script>"
        worse = "</script x><!--<script ></script><img src=x onerror=alert(1)>{{title}}{{{model}}}"
        rows = [result_files.row(f"{evil}3D", "tbb", parameters=f"{worse}:2"), result_files.row(f"{evil}3D", f"opencl:{worse}", details={"device": evil, "engine": evil}),
                result_files.row("Flip3D", "tbb", outcome="failed", reason=worse), result_files.row("Flip3D", GPU, outcome="skipped", reason=evil),
                result_files.row("Plan", "tbb", details={"kind": evil})]
        devices = DEVICES + [result_files.device(f"opencl:{worse}", evil, "GPU", worse)]
        self.open(self.write(rows, devices=devices, cpu=evil, compiler=worse, command=["bench", worse, evil], git_revision=evil), options=("--title", worse))
        for _ in range(2):
            self.equal(self.run_script("return [document.querySelectorAll('img:not([data-picture])').length, document.title]"), [0, worse], "elements")
            self.check(f"{evil}3D" in self.find(".speedups").text and worse in self.find("#without-result").text, "the names")
            self.check(worse in self.find("#method").text and evil in self.find("#findings").text and evil in self.find("#other-kinds").text)
            self.click("#next") if self.find("#next").is_enabled() else None
            self.click("#filter-device-summary")
            self.click("#filter-device label:last-of-type")
            self.click("#clear")
        hash_with_markup = "#op=" + urlencode({"": evil})[1:] + "&find=" + urlencode({"": worse})[1:]
        self.open(self.folder / "results.json", fragment=hash_with_markup)
        self.equal(self.find("#find").get_attribute("value"), worse, "the filter")

    def test_other_kinds(self):
        rows = some_rows() + [result_files.row("Plan", engine, details={"kind": "tiling"}, tiles=float(n)) for n, engine in enumerate(("tbb", GPU))]
        self.open(self.write(rows))
        text = self.find("#other-kinds").text
        self.check("tiling" in text.lower() and "tiles" in text and "Plan/" in text, text)
        self.check(all("Plan" != row[0] for row in self.table()["rows"]), "no operation")
        only = [result_files.row("Plan", "tbb", details={"kind": "advice"})]
        self.open(self.write(only))
        self.check("advice" in self.find("#other-kinds").text.lower() and "No row passes" in self.find("#speed-up-table").text)

    def test_narrow_wide_dark(self):
        path = self.write(some_rows() + [result_files.row("AVeryLongNameOfAnOperationThatDoesNotEndSoon" * 2, "tbb", parameters="p:" + "x" * 90)],
                          command=["bench", "x" * 300], flags="-" + "f" * 300)
        for width in (390, 1440):
            self.resize(width, 844)
            self.open(path)
            for dark in range(2):
                self.check(self.run_script("return document.documentElement.scrollWidth") <= width, f"wider than {width}")
                worst = self.run_script(CONTRAST)
                self.check(worst[0] >= 4.5, f"contrast {worst} at {width}, dark {dark}")
                self.click("#theme")
            self.equal(self.run_script("return document.documentElement.dataset.theme"), "light", "twice is as before")
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]})
        self.open(path)
        self.equal(self.run_script("return document.documentElement.dataset.theme"), "dark", "as the system")
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})

    def test_keyboard(self):
        self.open(self.write(some_rows()))
        body = self.find("body")
        reached = []
        for _ in range(60):
            self.driver.switch_to.active_element.send_keys(Keys.TAB)
            reached.append(self.run_script("const e = document.activeElement; return e.id || e.className || e.tagName"))
        for name in ("skip", "theme", "find", "filter-engine-summary", "filter-size-summary", "clock-kernel", "base", "operation-select", "next", "task-select"):
            self.check(name in reached, f"{name} is not among {reached}")
        self.find("#clock-kernel").send_keys(Keys.ARROW_RIGHT)
        self.equal((self.hash(), self.run_script("return document.activeElement.id")), ({"clock": ["transfers"]}, "clock-transfers"), "arrow")
        self.find("#filter-type-summary").send_keys(Keys.ENTER)
        self.find("#filter-type input").send_keys(Keys.SPACE)
        self.equal((self.hash()["type"], self.run_script("return document.activeElement.name")), (["u8"], "type"), "space")
        unnamed = self.run_script("""return [...document.querySelectorAll('canvas, input, select, button')].filter((e) =>
            !(e.ariaLabel || e.getAttribute('aria-label') || e.labels?.length || e.textContent.trim())).map((e) => e.outerHTML)""")
        self.equal(unnamed, [], "without a name")
        self.check(body is not None)

    def test_print(self):
        self.open(self.write(some_rows()))
        pdf = self.driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})["data"]
        self.check(len(pdf) > 20000, "printed")


class RealSweep(Browser):
    def test_sweep(self):
        path = self.folder / "sweep.json"
        done = subprocess.run([BENCH, "--filter", "GaussianBlur3D|Flip2D|FixedThreshold2D|ConnectedComponents2D", "--size", "64x64x8,64x64", "--dtype", "u8,f32",
                               "--max-time", "0.02", "--json", path], capture_output=True, text=True)
        self.equal(done.returncode, 0, done.stderr)
        document = json.loads(path.read_text())
        self.open(path)
        for clock in CLOCKS:
            self.click(f"label:has(#clock-{clock})")
            self.compare(expected_speedups(document, clock), clock)
        while self.find("#next").is_enabled():
            self.click("#next")
        self.check("--filter" in self.find("#method .command").text and str(path) in self.find("#method .command").text, "the command")
        context = document["context"]["voxelmark"]
        self.check(context["git_revision"] in self.find("header").text and context["compiler"] in self.find("header").text, "revision, compiler")


# The least contrast of a text with what is behind it, with that text.
CONTRAST = """
const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
const rgba = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); return canvas.getImageData(0, 0, 1, 1).data; };
const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4).reduce((s, c, i) => s + c * [0.2126, 0.7152, 0.0722][i], 0);
const behind = (e) => { for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); if (c[3] === 255) return c; } return [255, 255, 255]; };
let worst = [99, ''];
for (const e of document.querySelectorAll('main *, header *')) {
  if (![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) || !e.checkVisibility() || e.closest('svg, option, :disabled')) continue;
  const a = light(rgba(getComputedStyle(e).color)), b = light(behind(e)), ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < worst[0]) worst = [ratio, e.outerHTML.slice(0, 200)];
}
return worst;
"""

if __name__ == "__main__":
    if not REPORT:
        sys.exit(__doc__)
    sys.exit(run_tests(sys.argv[3:]))
