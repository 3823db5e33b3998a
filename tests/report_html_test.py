#!/usr/bin/env python3
"""`report html`: the page's text says what the result files say, by itself, without a browser.

usage: report_html_test.py REPORT [UNITTEST ARGUMENTS...]

The page in a browser: report_html_browser_test.py. What is refused: report_html_misuse_test.py.
"""

import html
import json
import re
import statistics
import sys

import result_files
from checked import run_tests
from report_html_page import (CLOCKS, DEVICES, GPU, PNG, PageTest, by_task, cases, chosen_tasks, expected_speedups, findings_of, is_checked,
                              model_of, number, pictured, rows_in_tiles, SEAMS, some_rows, tiled, without_transfers)
from report_program import REPORT


def spoken(value):
    """What the page says for a number of two digits, as a number."""
    return float(f"{value:.2g}")


class Findings(PageTest):
    def test_with_gpu(self):
        path = self.made(some_rows())
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
        first, second, _ = findings_of(self.page(self.made(rows)))
        self.check(first.startswith("Of 1 operation (Push and Pull left out), 1 run faster") and "median 4" in first, first)
        self.check("takes up to 41 ms (Flip2D)" in second, second)
        first = findings_of(self.page(self.made(without_transfers(rows))))[0]
        self.check(first.startswith("Of 3 operations, 3 run faster"), first)

    def test_each_machine_has_cases_of_its_own(self):
        """A machine that measured more engines, at another size, does not decide for the other."""
        lab = self.made([result_files.row("Flip2D", d, (64, 64, 1), samples=[t] * 7) for d, t in (("tbb", 8.0), (GPU, 2.0))], "lab.json")
        laptop = self.made([result_files.row("Flip2D", d, (32, 32, 1)) for d in ("reference", "tbb", "opencv")], "laptop.json",
                            cpu="Small CPU", devices=DEVICES[:3])
        for files in ((lab, laptop), (laptop, lab)):
            first = findings_of(self.page(*files))[0]
            self.check("1 run faster on Test GPU" in first and "1 of them beyond" in first and "median 4" in first, first)

    def test_one_curve_holds_values_of_one_shape(self):
        texts = {"sigma:2": [2, ""], "sigma:2/window:box": [2, "window:box"], "sigma:2x2x0": [2, "sigma=n,n,0"],
                 "sigma:5x5x0": [5, "sigma=n,n,0"], "sigma:2x3x0": None, "window:box": None}
        page = self.page(self.made([result_files.row(parameters=text) for text in texts]))
        found = {task["parameters"]: task.get("varied", [None])[1:] or None for task in model_of(page)["tasks"]}
        self.equal(found, texts, "what a curve runs over")

    def test_few_samples_and_drift_are_told(self):
        rows = [result_files.row("Flip2D", "tbb", samples=[2.0] * 5, clock_drift=-0.3, details={"clock_drifted": True}),
                result_files.row("Flip3D", "tbb", samples=[2.0] * 6)]
        text = self.page(self.made(rows)).read_text()
        self.check("1 result of fewer than six samples" in text, "few samples")
        self.check("at the worst by 30 % (Flip2D" in text, "drift")

    def test_what_disturbed_a_row_is_told(self):
        rows = [result_files.row("Flip2D", "tbb", others_cpu_share=0.31, details={"background_load": True}),
                result_files.row("Flip2D", GPU, others_gpu_share=0.2, details={"background_load": True, "throttled": ["power cap"]}),
                result_files.row("Flip3D", "tbb", others_cpu_share=0.02, details={"background_load": False})]
        path = self.page(self.made(rows))
        text, model = html.unescape(path.read_text()), model_of(path)
        self.check("In 2 of 3 results other programs took more than 5 %" in text and "at the worst 31 % of the CPUs' (Flip2D" in text, "load")
        self.check("In 1 of 3 results something held the GPU's clocks down (marked ~): power cap." in text, "throttling")
        said = {(model["tasks"][task]["operation"], model["columns"][column]["label"]): model["rows"]["reasons"][reason]
                for task, column, reason in zip(*(model["rows"][key] for key in ("task", "column", "disturbed")))}
        self.equal(said, {("Flip2D", "tbb"): "other programs took 31 % of the CPUs' time", ("Flip3D", "tbb"): "",
                          ("Flip2D", GPU): "other programs took 20 % of the GPU's time; the GPU's clocks were held down (power cap)"}, "marks")

    def test_intervals_are_told_by_their_farther_end(self):
        rows = [result_files.row("Flip2D", "tbb", samples=[2.0] * 3, median_ci_lower_ms=1.9, median_ci_upper_ms=2.04),
                result_files.row("Flip3D", "tbb", samples=[2.0] * 3, median_ci_lower_ms=1.96, median_ci_upper_ms=2.02),
                result_files.row("Copy3D", "tbb", samples=[2.0] * 3, median_ci_lower_ms=2.0, median_ci_upper_ms=3.5)]
        text = self.page(self.made(rows)).read_text()
        self.check("reaches 5 % from it in the middle case, and at the worst 75 % (Copy3D" in text.replace("5.0 %", "5 %"), "precision")
        self.check("1 interval beyond 50 %: do not rely" in text, "the warning")
        self.check("do not rely" not in self.page(self.made(rows[:2])).read_text(), "a warning without need")

    def test_two_gpus_speak_for_themselves(self):
        devices = DEVICES + [result_files.device("opencl:Other_GPU", "Other GPU", "GPU")]
        rows = [result_files.row(device_id=d["id"], samples=[t] * 3, details={"device": d["name"]})
                for d, t in zip(devices, (50.0, 8.0, 9.0, 2.0, 16.0))]
        said = findings_of(self.page(self.made(rows, devices=devices)))
        self.check("1 run faster on Test GPU" in said[0] and "median 4×" in said[0].replace("4.0", "4"), said)
        self.check("0 run faster on Other GPU" in said[2] and "median 0.5×" in said[2].replace("0.50", "0.5"), said)

    def test_without_gpu(self):
        rows = [r for r in some_rows() if r["voxelmark"]["device_id"] != GPU]
        path = self.made(rows, devices=DEVICES[:3])
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
        said = findings_of(self.page(self.made(rows, devices=devices)))
        self.check(said[0].startswith("No GPU was measured"), said[0])
        self.check("25 % of the time" in said[1] and "0 of 1 operation run" in said[1] and "0.5×" in said[1].replace("0.50", "0.5"), said[1])

    def test_nothing_checked(self):
        rows = [result_files.row(device_id=d, details={"check": "none"}) for d in ("tbb", GPU)]
        said = findings_of(self.page(self.made(rows)))
        self.check("nothing can be said" in said[0], said)

    def test_failures_only(self):
        rows = [result_files.row(device_id=d, outcome="failed", reason="no") for d in ("tbb", GPU)]
        self.check("2 cases failed" in findings_of(self.page(self.made(rows)))[-1])


class Tiles(PageTest):
    def section(self, *files, options=()):
        """The section as a reader without JavaScript has it, and the page's model of it."""
        page = self.page(*files, options=options)
        found = re.search(r'<section id="tiles".*?</section>', page.read_text(encoding="utf-8"), re.S)
        return html.unescape(found.group(0)) if found else "", model_of(page)["tiles"]

    def table(self, text):
        rows = re.findall(r"<tr><th scope=\"row\">(.*?)</tr>", text, re.S)
        return [[re.sub(r"<[^>]*>", " ", cell).strip() for cell in re.split(r"</t[hd]><td[^>]*>", row)] for row in rows]

    def test_only_where_there_are_tiles(self):
        self.equal(self.section(self.made(some_rows())), ("", []), "without tiles")
        failed = result_files.row(outcome="failed", reason="no", details=tiled(16, 0, 8, [1.0]))
        self.equal(self.section(self.made([failed])), ("", []), "without a result")
        text, charts = self.section(self.made(rows_in_tiles(), pictures={"p1": PNG}))
        self.equal((text.count("<details"), len(charts)), (1, 1), "groups")

    def test_figures_are_those_of_the_file(self):
        path = self.made(rows_in_tiles(), pictures={"p1": PNG})
        text, (chart,) = self.section(path)
        rows = [(own["tiling"], figures) for own, figures in cases(json.loads(path.read_text())) if "tiling" in own]
        rows.sort(key=lambda r: (r[0]["tile"], r[0]["overlap"]))
        found = self.table(text)
        self.equal(len(found), len(SEAMS), "rows")
        for cells, (tiling, figures) in zip(found, rows):
            tile, overlap, tiles, differing, largest, total, farthest, read, inner, ms, relative = cells
            errors, side = tiling["errors"], tiling["overlap"][0]
            self.equal((tile, overlap.split()[0], int(tiles)), ("×".join(map(str, tiling["tile"][:2])), f"{side}×{side}", tiling["tiles"]), "the case")
            self.equal("its reach or more" in overlap, side >= 8, f"reach of {cells}")
            self.equal(differing.split()[0], str(errors["differing"]) if errors["differing"] else "none:", f"voxels that differ: {cells}")
            for shown, exact in ((largest, errors["largest"]), (total, errors["sum"]), (number(read), tiling["read_ratio"]),
                                 (number(inner), tiling["inner_read_ratio"]), (ms.removesuffix(" ms"), figures["median_ms"]),
                                 (number(relative), figures["median_ms"] / 2.0)):
                self.check(abs(float(shown) - exact) <= 5e-3 * abs(exact), f"{shown} of {exact} in {cells}")
            self.equal(farthest, str(len(errors["by_distance"]) - 1) if errors["by_distance"] else "–", f"distance in {cells}")
        self.check("reach 8×8 voxels; exact in this run from an overlap of 8×8 on" in text and "this takes 2 ms" in text.replace("2.00", "2"), "in words")
        self.equal((chart["reach"], [line["tile"] for line in chart["lines"]]), (8, ["16×16", "32×32"]), "lines")
        for line, tile in zip(chart["lines"], (16, 32)):
            self.equal([(p["overlap"], p["largest"]) for p in line["points"]], [(o, max(SEAMS[tile, o], default=0)) for o in (0, 4, 8)], "points")
            self.equal([p["distance"] for p in line["points"]], [[*SEAMS[tile, o], *([0] if SEAMS[tile, o] else [])] for o in (0, 4, 8)], "distances")

    def test_exact_from_where(self):
        """A larger overlap that differs again is no place to begin at."""
        def rows(*overlaps):
            return [result_files.row("GaussianBlur2D", "tbb", (64, 64, 1), parameters=f"tile:16x16/overlap:{o}", details=tiled(16, o, 8, errors))
                    for o, errors in overlaps]
        for given, says in ((((0, []), (4, [1.0]), (8, [])), "overlap of 8×8 on"), (((0, []), (4, []), (8, [])), "overlap of 0×0 on"),
                            (((0, []), (8, [1.5])), "no overlap of this run was exact, with the reach or more differences of up to 1.5"), (((0, None), (8, None)), "no overlap of this run")):
            self.check(says in self.section(self.made(rows(*given)))[0], f"{given}: {says}")
        text, (chart,) = self.section(self.made(rows((8, None))))
        self.check("not compared" in text and "uncut image was not measured" in text, text)
        self.check("time" not in chart["lines"][0]["points"][0] and "largest" not in chart["lines"][0]["points"][0], chart)

    def test_engines_and_types_are_groups_of_their_own(self):
        text, charts = self.section(self.made(rows_in_tiles("reference", dtype="f32") + rows_in_tiles() + rows_in_tiles(GPU, 1.0) + rows_in_tiles(dtype="f32"),
                                              pictures={"p1": PNG}))
        self.equal((len(charts), len(re.findall("<details[^>]* open>", text))), (4, 1), "groups, and open ones")
        self.equal(re.findall(r"<b>(GaussianBlur2D.*?)</b> on (.*?):", text),
                   [(f"GaussianBlur2D 64x64 {dtype} sigma:2", engine) for dtype, engine in (("f32", "tbb"), ("u8", "tbb"), ("u8", "opencl"), ("f32", "reference"))], "groups, the reference last")

    def test_automatic_overlap_beside_the_same_by_hand(self):
        rows = [result_files.row("GaussianBlur2D", "tbb", (64, 64, 1), parameters=f"tile:16x16/overlap:{o}", details=tiled(16, 8, 8, []))
                for o in ("8x8", "auto")]
        text, (chart,) = self.section(self.made(rows))
        self.equal([cells[1].split(maxsplit=1)[1] for cells in self.table(text)], ["its reach or more", "auto: its reach"], "rows")
        self.equal(len(chart["lines"][0]["points"]), 1, "points")

    def test_pictures_with_seams(self):
        path = self.made(rows_in_tiles(), pictures={"p1": PNG})
        text, _ = self.section(path)
        pictures = re.findall(r'<svg class="seam-picture" viewBox="0 0 64 64" role="img" aria-label="(.*?)">.*?href="data:image/png;base64,(.*?)"/>'
                              r'<path class="seams" d="(.*?)"/>', text)
        self.equal([png for _, png, _ in pictures], [PNG] * 4, "pictures where results differ")
        self.check("tiles of 16×16 voxels that overlap by 4×4" in pictures[1][0] and "largest is 2.5 grey levels" in pictures[1][0].replace("2.50", "2.5"), pictures[1])
        self.equal(pictures[0][2], "".join(f"M{x} 0V64" for x in (16, 32, 48)) + "".join(f"M0 {y}H64" for y in (16, 32, 48)), "seams")
        row = result_files.row(details=tiled(16, 0, 8, [1.0], "p1"))
        row["voxelmark"]["tiling"]["tile"] = [1, 1, 1]
        row["voxelmark"]["tiling"]["picture"] |= {"width": 1000, "height": 70, "block": 6, "slice": 12}
        text, _ = self.section(self.made([row], pictures={"p1": PNG}))
        self.check('viewBox="0 0 1000 70"' in text and '<image width="1002" height="72"' in text and "<path" not in text, "a reduced picture")
        self.check("too many seams" in text and "a pixel the largest of 6×6" in text and "slice 12, 1000×70" in text, "its caption")

    def test_pictures_within_a_budget(self):
        text, _ = self.section(self.made(rows_in_tiles(), pictures={"p1": PNG + "A" * 250_000}))
        self.equal((text.count("<svg"), "2 pictures of differences left out" in text), (2, True), "pictures")

    def test_searched_overlaps(self):
        needed = {"operation": "TopHat2D", "parameters": "radius:6", "dtype": "u8", "device_id": "tbb", "tile": [32, 32, 1], "reach": 12,
                  "reach_along_axes": [12, 12, 0], "exact": True, "observed": {"noise seed 1 64x64": 11, "<b>.tif 9x9": None}}
        found = {"version": "1", "command": [], "tolerance": 0.5, "incomplete": True, "overlaps": [needed]}
        self.write("found.json", json.dumps(found))
        text, charts = self.section(self.made(some_rows()), options=("--overlaps", "found.json"))
        self.equal((charts, text.count("<details")), ([], 0), "no groups")
        for words in ("TopHat2D u8 radius:6", "12×12", "<b>11</b> on noise seed 1 64x64", "<b>more than the reach</b> on <b>.tif", "0.5 grey levels", "interrupted"):
            self.check(words in text.replace("0.500", "0.5"), f"no '{words}' in {text}")
        for content, says in (("{", "no JSON"), ("[]", "no JSON object"), ('{"benchmarks": []}', "not what `bench overlap"),
                              (json.dumps(found | {"overlaps": [needed | {"tile": [0, 1, 1]}]}), "voxels"),
                              (json.dumps(found | {"overlaps": [needed | {"observed": {"a": "b"}}]}), "whole number"),
                              (json.dumps(found | {"tolerance": None}), "tolerance")):
            self.write("bad.json", content)
            self.refused("html", "results.json", "--overlaps", "bad.json", "-o", "out.html", words=["bad.json", says])
        self.refused("html", "results.json", "--overlaps", "none.json", "-o", "out.html", words="none.json: cannot be read")
        self.refused("html", "results.json", "--overlaps", "found.json", "-o", "found.json", words="would be overwritten")


class Text(PageTest):
    def test_standard_output_and_title(self):
        done = self.run_program("html", self.made(some_rows()), "-o", "-", "--title", "A & B <i>")
        self.check("<title>A &amp; B &lt;i&gt;</title>" in done.stdout and done.stdout.rstrip().endswith("</html>"), "the page")

    def test_nothing_is_loaded(self):
        text = self.page(self.made(some_rows())).read_text(encoding="utf-8")
        head = text[:text.index("</head>")]
        self.check("default-src 'none'" in head, "no policy")
        self.equal(re.findall(r'<(?:script|img|iframe|link)[^>]*(?:src|href)="(?!data:,")', text), [], "loaded")
        self.check("url(" not in head and "@import" not in head, "the style loads something")

    def test_without_javascript(self):
        path = self.made(some_rows())
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
        page = self.page(self.made(rows, pictures=pictures))
        size = page.stat().st_size
        print(f"2000 rows with pictures: {size / 1e6:.2f} MB")
        self.check(size < 3e6, f"{size} bytes")
        exhibits = model_of(page)["exhibits"]
        self.check(len(exhibits["shown"]) > 5 and exhibits["left_out"] > 5, "pictures within the budget, others counted")

    def test_50000_rows(self):
        rows = [result_files.row(f"Operation{i % 100}3D", engine, (64 + i, 64, 16), samples=[1 + i / 7] * 3)
                for i in range(12500) for engine in ("reference", "tbb", "opencv", GPU)]
        path = self.made(rows)
        # Processor time: others may be at work on the machine.
        _, seconds, memory = self.cost_of("html", path, "-o", self.folder / "report.html")
        page = self.folder / "report.html"
        print(f"50000 rows, {path.stat().st_size / 1e6:.0f} MB: {seconds:.1f} s, {memory / 2**30:.2f} GiB, page {page.stat().st_size / 1e6:.0f} MB")
        self.equal(len(model_of(page)["rows"]["task"]), 50000, "rows")
        if "release" in REPORT:  # sanitizers take more of both
            self.check(seconds < 10 and memory < 2**30, "too slow, or too much memory")

    def test_several_files(self):
        one = self.made(some_rows(), "one.json")
        two = self.made(some_rows()[:8], "two.json", cpu="Other CPU", command=["bench", "--filter", "it's; x"])
        text = self.page(one, two).read_text(encoding="utf-8")
        self.check("Other CPU, 4 threads" in text and "&apos;it" in text or "&#39;it" in text or "it&#x27;" in text, "the second file's command")
        labels = [c["label"] for c in model_of(self.folder / "report.html")["columns"]]
        self.equal(len(labels), len(set(labels)), "labels")
        self.check("tbb, Other CPU, 4 threads" in labels and "tbb, Test CPU, 4 threads" in labels, labels)
        again = self.made(some_rows()[:4], "again.json")
        text = self.page(one, again).read_text(encoding="utf-8")
        self.check("4 rows are not shown" in text, "replaced rows are counted")

    def test_the_head_names_devices_and_drivers(self):
        head = lambda path: re.search(r'<ul class="sources">(.*?)</ul>', self.page(path).read_text(), re.S).group(1)
        self.check("<b>Test CPU, 4 threads; Test GPU (driver 580.1)</b>" in head(self.made(some_rows())), "with a GPU")
        self.check("<b>Test CPU, 4 threads</b>" in head(self.made([result_files.row()], devices=DEVICES[:2])), "without")


if __name__ == "__main__":
    if REPORT is None:
        sys.exit(__doc__)
    sys.exit(run_tests(sys.argv[2:]))
