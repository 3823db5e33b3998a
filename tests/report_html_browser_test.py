#!/usr/bin/env python3
"""The page of `report html` in a browser: every switch, chart, picture and download, whatever the files hold.

usage: report_html_browser_test.py REPORT BENCH [UNITTEST ARGUMENTS...]

Needs what report_browser.py needs.
"""

import csv
import io
import json
import pathlib
import re
import statistics
import sys
from urllib.parse import urlencode

import result_files
from report_browser import CONTRAST, BrowserTest, Keys, Select, WebDriverWait
from checked import run_tests
from checked_program import program
from report_html_page import (CLOCKS, DEVICES, GPU, by_task, cases, expected_speedups, findings_of, number, rows_in_tiles, SEAMS, some_rows, tiled, without_transfers)
from report_program import REPORT

BENCH = program(2)
PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAAAAABX3VL4AAAADklEQVR4nGNgYGBgaAAAAIUAgYvfWY0AAAAASUVORK5CYII="


class Switches(BrowserTest):
    def setUp(self):
        super().setUp()
        self.path = self.made(some_rows())
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
        wanted = {"clock": "first", "base": "1", "op": "GaussianBlur3D", "task": "GaussianBlur3D/64x64x16/u8/sigma:5x5x0", "engine": ["tbb", "opencl"], "type": "u8"}
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
        self.open(self.made(rows))
        text = self.find(f".speedups tfoot td:nth-child({self.table()['columns'].index(GPU) + 2})").text
        self.check("faster in 1 of 1" in text and number(text.split()[0]) == 4, text)
        self.check("Push and Pull left out" in self.find(".speedups tfoot").text, "the foot does not say so")
        self.open(self.made(without_transfers(rows)))
        text = self.find(".speedups tfoot").text
        self.check("faster in 1 of 3" in text and "left out" not in text, text)


class Operations(BrowserTest):
    def setUp(self):
        super().setUp()
        self.path = self.made(some_rows())
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

    def test_growth(self):
        """Sizes at one sigma and sigmas at one size: any case shows both curves, with the exponents of their upper two decades."""
        rows = [result_files.row("GaussianBlur2D", engine, (n, n, 1), parameters="sigma:2", samples=[fixed + (n * n / 1e6) ** power] * 3)
                for n in (10, 32, 100, 320, 1000, 3200) for engine, fixed, power in (("tbb", 0.0, 1.5), (GPU, 0.5, 1.0))]
        rows += [result_files.row("GaussianBlur2D", "tbb", (100, 100, 1), parameters=f"sigma:{sigma}", samples=[0.001 * sigma**0.5] * 3) for sigma in (5, 10, 30)]
        legend = lambda name: self.run_script("return alive.get(arguments[0])?.legend.legendItems.map((i) => i.text)", name)
        for fragment in ("", "#task=GaussianBlur2D%2F100x100%2Ff32%2Fsigma%3A30"):
            self.open(self.made(rows), fragment=fragment)
            texts = legend("size-chart")
            self.check("tbb, exponent 1.50" in texts, texts)
            self.check(any(re.fullmatch(f"{GPU[:15]}.*, exponent 0.[6-9].", text) for text in texts), texts)
            self.check(any(re.fullmatch("tbb, exponent 0.[3-6].", text) for text in legend("parameter-chart")), legend("parameter-chart"))
            text = self.find("#operation-body").text
            self.check("With sigma:2." in text and "At 100×100." in text, text)
        self.run_script("document.getElementById('size-figures').open = true")
        self.check(re.search(r"exponent 1\.50 0\.", self.find("#size-figures tfoot").text), self.find("#size-figures tfoot").text)

    def test_disturbed_rows_and_cold_caches(self):
        rows = [result_files.row("Flip2D", "tbb", others_cpu_share=0.31, cold_ms=4.0, joules=0.025, details={"background_load": True}),
                result_files.row("Flip2D", GPU, cold_ms=3.0, cold_device_ms=2.5), result_files.row("Flip3D", "tbb")]
        self.open(self.made(rows), fragment="#op=Flip2D")
        marks = [mark.get_attribute("title") for mark in self.all(".speedups abbr")]
        self.equal(marks, ["meanwhile other programs took 31 % of the CPUs' time"], "marks")
        self.check("other programs took more than 5 % of its time" in self.find("#speed-up-table").text, "the note")
        cells = [[cell.text for cell in row.find_elements("css selector", "th, td")] for row in self.all("#more-figures tbody tr")]
        self.equal(cells, [["tbb", "1 ms", "4 ms", "–", "25 mJ"], [GPU, "1 ms", "3 ms", "2.5 ms", "–"]], "cold figures")
        heads = [head.text for head in self.all("#raw-table thead th")]
        self.check({"cold ms", "cold device ms", "joules"} <= set(heads), heads)
        self.open(self.made(rows[2:]))
        self.check(not self.all(".speedups abbr") and not self.all("#more-figures"), "a mark without a reason")
        self.check("cold ms" not in self.find("#raw-table").text, "a column without a figure")

    def test_cross_over(self):
        rows = []
        for n, cpu, gpu in ((16, 0.1, 1.0), (64, 6.4, 1.6), (128, 51.2, 8.0)):
            for engine, middle in (("tbb", cpu), (GPU, gpu)):
                rows.append(result_files.row(device_id=engine, size=(n, n, n), samples=[middle] * 3))
        self.open(self.made(rows))
        # log-log between (16^3, 1/0.1 = 10) and (64^3, 1.6/6.4 = 0.25)
        expected = 16**3 * (64**3 / 16**3) ** (1 / (1 + 0.602059991 / 1))
        at = self.run_script("return alive.get('size-chart').options.plugins.verticalLines.at.map((l) => l.x)")
        self.check(len(at) == 1 and abs(at[0] / expected - 1) < 1e-3, f"{at}, expected {expected}")
        self.check(re.search(r"cross at about 54.9 k voxels", self.find("#cross").text), self.find("#cross").text)
        self.open(self.made(rows[2:]))
        self.check("the GPU is faster at every size" in self.find("#cross").text, self.find("#cross").text)
        self.open(self.made([r for r in rows if r["voxelmark"]["device_id"] != GPU]))
        self.check("No GPU" in self.find("#cross").text, self.find("#cross").text)

    def test_results_of_other_systems_that_disagree(self):
        wrong = {"disagrees": True, "reason": "disagrees with the reference: 9 voxels differ", "difference": "its radius is r^2 + 1"}
        rows = [result_files.row(device_id=device, samples=[time] * 3, details=details)
                for device, time, details in (("tbb", 4.0, {}), (GPU, 2.0, {}), ("opencv", 1.0, wrong))]
        rows += [result_files.row("Flip3D", device, samples=[time] * 3) for device, time in (("tbb", 4.0), ("opencv", 2.0))]
        self.open(self.made(rows))
        cell = self.cells()["GaussianBlur3D", "opencv"]
        self.check("4×" in cell[0] and "disagrees" in cell[2] and "disagrees: ±" in cell[3], cell)
        self.equal(float(self.cells()["GaussianBlur3D", GPU][1]), 2, "the base is the quickest that agrees")
        foot = self.find(f".speedups tfoot td:nth-child({self.table()['columns'].index('opencv') + 2})").text
        self.check("faster in 0 of 1" in foot, foot)  # Flip3D, of which it is the base itself
        self.check("opencv in 1 case" in self.find("#findings").text, self.find("#findings").text)
        self.check("dashed frame" in self.find("#speed-up-table").text.lower(), "the frame is not explained")
        self.click("[data-operation='GaussianBlur3D']")
        self.check("opencv: disagrees with the reference: 9 voxels differ; its definition: its radius is r^2 + 1" in self.find("#remarks").text, "remarks")

    def test_pictures_and_plots(self):
        pairs = {"n": 6, "columns": 4, "rows": 3, "reference": [0, 8], "result": [0, 8], "mean": [0, 8], "difference": [-2e-6, 2e-6],
                 "scatter": [0, 3, 11, 1], "bland_altman": [4, 3, 7, 1]}
        shown = {"input": "p1", "expected": "p1", "result": "p2", "difference": "p3", "slice": 3, "x": 5, "y": 6, "width": 2, "height": 2,
                 "input_levels": [0, 255], "levels": [10, 20], "difference_scale": 1e-5}
        equal = {key: value for key, value in shown.items() if key != "difference"} | {"difference_scale": 0.0}
        rows = [result_files.row(device_id="reference"), result_files.row(device_id="tbb", details={"pictures": equal}),
                result_files.row(device_id=GPU, details={"pictures": shown, "pairs": pairs}), result_files.row("Flip3D", "tbb")]
        self.open(self.made(rows, "pictures.json", pictures=dict.fromkeys(("p1", "p2", "p3"), PICTURE)))
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
        self.open(self.made([result_files.row(device_id="tbb"), result_files.row(device_id=GPU, details={"pairs": pairs}, **exact)]))
        cell = self.find("#bland-altman rect:not(.frame)")
        top, height = (float(cell.get_attribute(key)) for key in ("y", "height"))
        lines = [float(line.get_attribute("y1")) for line in self.all("#bland-altman line.limit")]
        self.equal(len(lines), 1, "lines")
        self.check(abs(top + height / 2 - lines[0]) < 1, f"cell from {top}, {height} high; line at {lines[0]}")


class Machines(BrowserTest):
    def test_a_column_for_each_machine(self):
        names = {"tbb": 8.0, "opencv": 4.0, GPU: 1.0}
        laptop = self.made([result_files.row(device_id=d, samples=[t] * 3) for d, t in names.items()], "laptop.json")
        server = self.made([result_files.row(device_id=d, samples=[t / 8] * 3) for d, t in names.items()], "server.json", cpu="Big CPU", cpu_threads=64)
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
        self.open(self.made(rows, devices=devices))
        self.equal({c: number(cell[0]) for (_, c), cell in self.cells().items()}, {"tbb, 1 thread": 0.25, "tbb, 4 threads": 1.0}, "by threads")


class Raw(BrowserTest):
    def setUp(self):
        super().setUp()
        self.path = self.made(some_rows())
        self.document = json.loads(self.path.read_text())

    def column(self, key):
        return self.run_script("""const at = [...document.querySelectorAll('.raw thead button')].findIndex((b) => b.dataset.sort === arguments[0]);
            return [...document.querySelectorAll('.raw tbody tr')].map((tr) => tr.cells[at].textContent)""", key)

    def test_search_sort_pages(self):
        rows = [result_files.row(f"Operation{i}3D", "tbb", samples=[1 + i] * 3) for i in range(230)]
        self.open(self.made(rows))
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
        path = self.made(rows)
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


class Anything(BrowserTest):
    def test_markup_in_names_stays_text(self):
        evil = "<script>alert(1)</script>"
        worse = "</script x><!--<script ></script><img src=x onerror=alert(1)>{{title}}{{{model}}}"
        rows = [result_files.row(f"{evil}3D", "tbb", parameters=f"{worse}:2"), result_files.row(f"{evil}3D", f"opencl:{worse}", details={"device": evil, "engine": evil}),
                result_files.row("Flip3D", "tbb", outcome="failed", reason=worse), result_files.row("Flip3D", GPU, outcome="skipped", reason=evil),
                result_files.row("Plan", "tbb", details={"kind": evil})]
        devices = DEVICES + [result_files.device(f"opencl:{worse}", evil, "GPU", worse)]
        self.open(self.made(rows, devices=devices, cpu=evil, compiler=worse, command=["bench", worse, evil], git_revision=evil), options=("--title", worse))
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
        self.open(self.made(rows))
        text = self.find("#other-kinds").text
        self.check("tiling" in text.lower() and "tiles" in text and "Plan/" in text, text)
        self.check(all("Plan" != row[0] for row in self.table()["rows"]), "no operation")
        only = [result_files.row("Plan", "tbb", details={"kind": "advice"})]
        self.open(self.made(only))
        self.check("advice" in self.find("#other-kinds").text.lower() and "No row passes" in self.find("#speed-up-table").text)

    def test_narrow_wide_dark(self):
        path = self.made(some_rows() + [result_files.row("AVeryLongNameOfAnOperationThatDoesNotEndSoon" * 2, "tbb", parameters="p:" + "x" * 90)],
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
        self.open(self.made(some_rows()))
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
        self.open(self.made(some_rows()))
        pdf = self.driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})["data"]
        self.check(len(pdf) > 20000, "printed")


class Tiles(BrowserTest):
    def charts(self):
        """Title of the x axis, and the points of each line with a legend, of every chart of the section by its id."""
        return self.run_script("""return Object.fromEntries([...document.querySelectorAll('#tiles canvas')].map((c) => [c.id, Chart.getChart(c)]).map(([id, chart]) =>
            [id, chart && chart.data.datasets.filter((d) => !d.label.startsWith('_')).map((d) => [d.label, d.data.map((p) => [p.x, p.value, p.y])])]))""")

    def test_charts(self):
        self.open(self.made(rows_in_tiles(), pictures={"p1": PICTURE}))
        charts = self.charts()
        self.equal(set(charts), {f"tiles-{name}-0" for name in ("largest", "differing", "read", "time")} | {"tiles-distance-0-0", "tiles-distance-0-1"}, "charts")
        for key, value_of in (("largest", lambda errors: max(errors, default=0)), ("differing", lambda errors: 10 * len(errors))):
            self.equal([(label, [[x, value] for x, value, _ in points]) for label, points in charts[f"tiles-{key}-0"]],
                       [(f"tiles {t}×{t}", [[o, value_of(SEAMS[t, o])] for o in (0, 4, 8)]) for t in (16, 32)], key)
        self.equal([place for _, points in charts["tiles-largest-0"] for _, value, place in points if value == 0], [0.1, 0.1], "where zeros stand, a decade below 2")
        self.equal([(label, [value for _, value, _ in points]) for label, points in charts["tiles-distance-0-0"]],
                   [(f"overlap {o}×{o}", [*SEAMS[16, o], 0]) for o in (0, 4)], "by distance")
        self.equal([label for label, _ in charts["tiles-distance-0-1"]], ["overlap 0×0", "overlap 4×4"], "by distance, other tiles")
        self.equal([len(points) for key in ("read", "time") for _, points in charts[f"tiles-{key}-0"]], [3] * 6, "overhead")
        self.check("exact" in self.run_script("return Chart.getChart('tiles-largest-0').scales.y.ticks.map((t) => t.label)"), "a zero on the axis")
        self.equal(self.run_script("return Chart.getChart('tiles-largest-0').options.plugins.verticalLines.at.map(({x, text}) => [x, text])"), [[8, "reach 8"]], "the reach")

    def test_switches_and_filters(self):
        self.open(self.made(some_rows() + rows_in_tiles() + rows_in_tiles(GPU, 1.0, "f32"), pictures={"p1": PICTURE}))
        seams = lambda: self.run_script("return getComputedStyle(document.querySelector('#tiles .seams')).display")
        self.equal((len(self.all("#tiles-0 svg.seam-picture")), seams()), (4, "inline"), "pictures")
        self.click("#tiles-0 .seam-switch")
        self.equal(seams(), "none", "without seams")
        self.equal(len(self.all("#tiles-1 canvas")), 0, "what is closed is not drawn")
        self.click("#tiles-1 > summary")
        WebDriverWait(self.driver, 5).until(lambda _: len(self.all("#tiles-1 canvas")) == 6)
        for _ in range(2):
            self.click("#theme")
            self.check(all(len(lines) > 0 for lines in self.charts().values()), "drawn again in other colours")
        self.click("#next")
        self.check(all(self.charts().values()), "another operation's charts take none of these")
        shown = lambda: [e.is_displayed() for e in self.all("#tiles > details")]
        for hash_, expected in (("type=u8", [True, False]), ("engine=opencl", [False, True]), ("find=flip", [False, False]), ("", [True, True])):
            self.run_script("location.hash = arguments[0]", hash_)
            WebDriverWait(self.driver, 5).until(lambda _: shown() == expected, hash_)
            self.equal(self.find("#tiles-none").is_displayed(), not any(expected), f"the note with {hash_}")

    def test_no_chart_of_one_point(self):
        self.open(self.made([rows_in_tiles()[0], result_files.row("GaussianBlur2D", "tbb", (64, 64, 1), "u8", "sigma:2/tile:16x16/overlap:auto",
                                                                  details=tiled(16, 8, 8, []))]))
        self.equal((len(self.all("#tiles canvas")), len(self.all("#tiles tbody tr"))), (0, 1), "charts and rows")
        self.check("One overlap only" in self.find("#tiles").text, "why")
        beside = [result_files.row("Mean2D", "tbb", (64, 64, 1), "u8", f"tile:16x16/overlap:{o}", details=tiled(16, o, 1, [2.0] if o < 1 else [])) for o in (0, 1)]
        self.open(self.made(beside))
        self.equal(set(self.charts()), {"tiles-largest-0", "tiles-differing-0", "tiles-read-0"}, "charts where only voxels beside a seam differ")
        exact = [result_files.row("Mean2D", "tbb", (64, 64, 1), "u8", f"tile:16x16/overlap:{o}", details=tiled(16, o, 8, [])) for o in (8, 9)]
        self.open(self.made(exact))
        self.equal(set(self.charts()), {"tiles-read-0"}, "charts where nothing differs and the uncut image was not measured")
        self.check("Every overlap gave the uncut result" in self.find("#tiles").text, "in words")

    def test_narrow_and_dark(self):
        path = self.made(rows_in_tiles(), pictures={"p1": PICTURE})
        for width in (390, 1280):
            self.resize(width, 844)
            self.open(path)
            for dark in range(2):
                self.check(self.run_script("return document.documentElement.scrollWidth") <= width, f"wider than {width}")
                wide = self.run_script("return [...document.querySelectorAll('#tiles figure, #tiles svg, #tiles canvas')].map((e) => e.getBoundingClientRect()).filter((r) => r.right > innerWidth || r.width < 100).length")
                self.equal(wide, 0, f"figures beyond {width}")
                worst = self.run_script(CONTRAST)
                self.check(worst[0] >= 4.5, f"contrast {worst} at {width}, dark {dark}")
                self.click("#theme")


class RealSweep(BrowserTest):
    def test_sweep(self):
        path = self.folder / "sweep.json"
        self.run_program("--filter", "GaussianBlur3D|Flip2D|FixedThreshold2D|ConnectedComponents2D", "--size", "64x64x8,64x64", "--dtype", "u8,f32",
                         "--max-time", "0.02", "--json", path, program=BENCH)
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


if __name__ == "__main__":
    if REPORT is None:
        sys.exit(__doc__)
    sys.exit(run_tests(sys.argv[3:]))
