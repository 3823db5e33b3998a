#!/usr/bin/env python3
"""What `report export` writes, read by rules that the tools for it publish, written here anew.

usage: report_export_test.py REPORT BENCH [UNITTEST ARGUMENTS...]

Sources of the rules: Google Benchmark's user guide, "Output Formats"; of github-action-benchmark the README's section on
custom benchmarks, and src/extract.ts and src/extractRangeInfo.ts; of Bencher the reference "Bencher Metric Format (BMF)" and
the adapter lib/bencher_adapter/src/adapters/cpp/google.rs; RFC 4180; the GitHub Flavored Markdown specification, "Tables".
"""

import csv
import html
import io
import json
import math
import re
import sys

from checked import run_tests, strict_json
from checked_program import program
from report_program import ReportTest
from result_files import DEVICES, device, row

BENCH = program(2)
NANOSECONDS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}


def number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


# ---- Readers by the published rules. Each gives what it understood.

def google_benchmark(text):
    """Names and times in ms, of the cases that are no aggregates."""
    document = strict_json(text)
    for key, kind in {"date": str, "host_name": str, "executable": str, "num_cpus": int, "mhz_per_cpu": int, "caches": list,
                      "load_avg": list, "library_build_type": str}.items():
        assert isinstance(document["context"][key], kind), key
    times = {}
    for entry in document["benchmarks"]:
        assert entry["run_type"] in ("iteration", "aggregate"), entry
        assert isinstance(entry["iterations"], int) and isinstance(entry["repetitions"], int), entry
        assert number(entry["real_time"]) and number(entry["cpu_time"]), entry
        if entry["run_type"] == "iteration":
            assert entry["name"] not in times, entry["name"]
            times[entry["name"]] = entry["real_time"] * (NANOSECONDS[entry["time_unit"]] / 1e6)
    return times


def action_googlecpp(text):
    """github-action-benchmark with tool: googlecpp takes every entry for a benchmark."""
    return [{"name": b["name"], "value": b["real_time"], "unit": b["time_unit"] + "/iter",
             "extra": f"iterations: {b['iterations']}\ncpu: {b['cpu_time']} {b['time_unit']}\nthreads: {b['threads']}"}
            for b in strict_json(text)["benchmarks"]]


def bencher_cpp_google(text):
    """Bencher's adapter wants caches, a list of objects, and takes every entry for a benchmark."""
    document = strict_json(text)
    assert all(isinstance(cache, dict) for cache in document["context"]["caches"])
    return {b["name"]: b["real_time"] * NANOSECONDS[b["time_unit"]] for b in document["benchmarks"]}


def action_custom(text):
    """tool: customSmallerIsBetter: an array of name, value, unit, and optionally range and extra."""
    entries = strict_json(text)
    assert isinstance(entries, list) and entries, "no benchmark result was found"
    for entry in entries:
        assert set(entry) <= {"name", "value", "unit", "range", "extra"}, entry
        assert isinstance(entry["name"], str) and number(entry["value"]) and isinstance(entry["unit"], str), entry
        assert all(isinstance(entry.get(key, ""), str) for key in ("range", "extra")), entry
        if "range" in entry:
            entry["half"] = float(re.search(r"(?:\+-|±)\s*(\d.+)", entry["range"]).group(1))
    return entries


def bencher_metric_format(text):
    """BMF: benchmark -> measure -> value and optional bounds."""
    document = strict_json(text)
    assert isinstance(document, dict)
    for name, measures in document.items():
        assert 0 < len(name) <= 1024 and not name.endswith("-bencher-ignore"), name
        assert not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", name), name
        for measure, metric in measures.items():
            assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", measure) and len(measure) <= 64, measure
            assert "value" in metric and set(metric) <= {"value", "lower_value", "upper_value"}, metric
            assert all(number(value) for value in metric.values()), metric
    return document


def rfc4180(text):
    """Records of fields, character by character."""
    records, record, field, i = [], [], "", 0
    while i < len(text):
        if text[i] == '"':
            i += 1
            while True:
                if text[i] == '"' and text[i + 1] == '"':
                    field, i = field + '"', i + 2
                elif text[i] == '"':
                    break
                else:
                    field, i = field + text[i], i + 1
            i += 1
            assert text[i] in ",\r", f"text behind a quoted field: {text[i:i + 20]!r}"
        if text[i] == ",":
            record, field, i = [*record, field], "", i + 1
        elif text[i:i + 2] == "\r\n":
            records.append([*record, field])
            record, field, i = [], "", i + 2
        else:
            assert not field.endswith('"') and text[i] not in '"\r\n', f"{text[i - 20:i + 20]!r}"
            field, i = field + text[i], i + 1
    assert not record and not field, "the last record has no line break"
    assert len({len(record) for record in records}) == 1, "records of different lengths"
    return records


def markdown_tables(text):
    """Tables by the heading above them; cells as a reader sees them."""
    tables, heading = {}, None
    for line in text.split("\n"):
        if line.startswith("#"):
            heading = line.lstrip("# ")
        if line.startswith("|"):
            assert line.endswith("|"), line
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line[1:-1])]
            assert "<" not in line and ">" not in line, f"HTML: {line}"
            tables.setdefault(heading, []).append(
                [html.unescape(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", cell)) for cell in cells])
    for rows in tables.values():
        assert all(re.fullmatch(":?-+:?", cell) for cell in rows[1]), rows[1]
        assert len({len(cells) for cells in rows}) == 1, "rows of different lengths"
    return {heading: [dict(zip(rows[0], cells)) for cells in rows[2:]] for heading, rows in tables.items()}


class ExportTest(ReportTest):
    def export(self, to, *files, **options):
        return self.run_program("export", *files, "--to", to, **options)

    def measured(self, path):
        """Times in ms of the done cases of a file, and the names of the others."""
        entries = strict_json((self.folder / path).read_text())["benchmarks"]
        done = {e["run_name"]: e for e in entries if e.get("voxelmark", {}).get("outcome") == "done"}
        others = {e["run_name"] for e in entries if e.get("voxelmark", {}).get("outcome", "done") != "done"}
        return done, others

    def check_all(self, path):
        """Every format of one file, against the file itself; names need no change."""
        done, others = self.measured(path)
        times = {name: entry["median_ms"] for name, entry in done.items()}
        self.check_google_benchmark(path, done, times)
        self.check_github_action(path, done, times, others)
        self.check_bencher(path, done, times)
        self.check_csv(path, done, others)
        self.check_markdown(path, times, others)

    def check_google_benchmark(self, path, done, times):
        text = self.export("googlebenchmark", path).stdout
        self.equal(google_benchmark(text), times, "times")
        self.equal({entry["name"]: entry["value"] for entry in action_googlecpp(text)}, times, "times")
        self.equal(len(action_googlecpp(text)), len(times), "entries")
        for name, nanoseconds in bencher_cpp_google(text).items():
            self.check(math.isclose(nanoseconds, 1e6 * times[name]), name)
        for entry in strict_json(text)["benchmarks"]:
            original = done[entry["name"]]
            self.equal({k: v for k, v in entry.items() if k in original and k.endswith(("_ms", "_error", "_r"))},
                       {k: v for k, v in original.items() if k.endswith(("_ms", "_error", "_r"))}, "counters")
            self.equal(entry["cpu_time"], original["cpu_time"], "CPU time")

    def check_github_action(self, path, done, times, others):
        run = self.export("github-action-benchmark", path)
        entries = action_custom(run.stdout)
        self.equal({entry["name"]: entry["value"] for entry in entries}, times, "times")
        self.equal((len(entries), {entry["unit"] for entry in entries}), (len(times), {"ms"}), "entries and units")
        for entry in entries:
            figures = done[entry["name"]]
            half = (figures["median_ci_upper_ms"] - figures["median_ci_lower_ms"]) / 2
            self.check(math.isclose(entry["half"], half), f"{entry['range']}: {half}")
        told = f"report: {len(others)} cases without a result left out" if others else ""
        self.check(run.stderr.startswith(told) and bool(run.stderr) == bool(others), run.stderr)

    def check_bencher(self, path, done, times):
        document = bencher_metric_format(self.export("bencher", path).stdout)
        self.equal(set(document), set(times), "benchmarks")
        for name, measures in document.items():
            for key, counter in [("value", "median_ms"), ("lower_value", "median_ci_lower_ms"), ("upper_value", "median_ci_upper_ms")]:
                self.check(math.isclose(measures["latency"][key], 1e6 * done[name][counter]), f"{name}: {key} in ns")
            self.check(math.isclose(measures["throughput"]["value"], 1e3 / done[name]["throughput_ms"]), f"{name}: calls/s")

    def check_csv(self, path, done, others):
        records = rfc4180(self.export("csv", path).stdout)
        self.equal([list(r) for r in csv.reader(io.StringIO(self.export("csv", path).stdout, newline=""))], records, "Python's reading")
        lines = {line["name"]: line for line in (dict(zip(records[0], record)) for record in records[1:])}
        self.equal((set(lines), len(records) - 1), (set(done) | others, len(done) + len(others)), "lines")
        self.check(len(set(records[0])) == len(records[0]), "a column twice")
        for name, entry in done.items():
            line, own = lines[name], entry["voxelmark"]
            for key, value in entry.items():
                if key in line and number(value) and key != "threads":
                    self.equal(float(line[key]), value, f"{key} of {name}, unrounded")
            self.check(math.isclose(float(line["with_transfers_ms"]), entry["median_ms"] + entry["push_ms"] + entry["pull_ms"]), name)
            self.equal([line[f"size_{axis}_voxels"] for axis in "xyz"], [str(n) for n in own["size"]], "size")
            self.equal((line["outcome"], line["reason"], line["engine"]), ("done", "", own["engine"]), name)
        for name in others:
            self.check(lines[name]["outcome"] in ("skipped", "failed") and lines[name]["reason"], lines[name])
            self.equal(lines[name]["median_ms"], "", "time of a case without a result")

    def check_markdown(self, path, times, others):
        tables = markdown_tables(self.export("markdown", path).stdout)
        seen = {cells["case"]: (operation, cells) for operation, rows in tables.items() for cells in rows}
        self.equal(set(seen), set(times) | others, "cases")
        for name, (operation, cells) in seen.items():
            self.check(name.startswith(operation + "/"), f"{name} under {operation}")
            time = cells["one call, ms (95 % interval)"]
            if name in times:
                self.check(math.isclose(float(time.split()[0]), times[name], rel_tol=5e-3), f"{time} for {times[name]} ms")
            else:
                self.check(re.match("(skipped|failed): .+", time), time)


class Formats(ExportTest):
    def test_made_up(self):
        self.results("a.json", [
            row(), row(device_id="reference", samples=[100]), row(device_id="opencl:Test_GPU", push_ms=3.0, pull_ms=2.0),
            row("Flip2D", parameters="axis:x", dtype="u8", samples=(0.001, 0.003)),
            row("Flip2D", "opencl:Test_GPU", parameters="axis:x", outcome="failed", reason="disagrees with the reference"),
            row("Flip2D", "opencl:Test_GPU", parameters="axis:y", outcome="skipped", reason="does not fit, by \"8 GiB\"\nor so")])
        self.check_all("a.json")

    def test_real(self):
        self.run_program("--filter", "^(Flip2D|GaussianBlur2D|FixedThreshold2D)/", "--size", "32x32", "--max-time", "0",
                         "--threads", "1,4096", "--json", "real.json", program=BENCH)
        self.check_all("real.json")
        self.run_program("export", "real.json", "--to", "googlebenchmark", "-o", "gb.json")
        for path in ("real.json", "gb.json"):
            lines = re.sub("\\x1b\\[\\d+m", "", self.google_compare(path)).splitlines()
            for name in self.measured("real.json")[0]:
                found = [line for line in lines if re.match(rf"{re.escape(name)} .*\+0\.0000", line)]
                self.check(len(found) == 1 or path == "real.json" and found, f"compare.py has {len(found)} lines for {name}")

    def test_names_without_traps(self):
        names = ["a b", "a,b", 'a"b', "a`b", "a|b", "<script>alert(1)</script>", "a\tb", "a\nb", "a%20b", "a_b", "a&b", "Übung", "a\\b",
                 "=1+1", "@me", "a_median", "a_mean", "a_stddev", "a_cv", "a-bencher-ignore", "a%5Fmedian", "x" * 900]
        self.results("a.json", [row(parameters=name) for name in names])
        times = google_benchmark(self.export("googlebenchmark", "a.json").stdout)
        self.equal(len(times), len(names), "names")
        for name in times:
            self.check(re.fullmatch(r"[A-Za-z0-9_./:#+%-]+", name), name)
            self.check(not re.search("(_(mean|median|stddev|cv)|-bencher-ignore)$", name), name)
        self.equal({entry["name"] for entry in action_custom(self.export("github-action-benchmark", "a.json").stdout)}, set(times), "names")
        self.equal(set(bencher_metric_format(self.export("bencher", "a.json").stdout)), set(times), "names")
        self.check("GaussianBlur3D/tbb/256x256x32/f32/a%20b" in times and "GaussianBlur3D/tbb/256x256x32/f32/a%2520b" in times, str(times))
        lines = rfc4180(self.export("csv", "a.json").stdout)
        column = lines[0].index("parameters")
        self.equal([line[column] for line in lines[1:]], ["'" + n if n[0] in "=@" else n for n in names], "parameters")
        tables = markdown_tables(self.export("markdown", "a.json").stdout)["GaussianBlur3D"]
        self.equal([cells["case"].split("/", 4)[4] for cells in tables], [name.replace("\n", " ").replace("\t", " ") if name == "a\nb" else name
                                                                         for name in names], "cases in Markdown")
        self.results("long.json", [row(parameters="ü" * 200)])
        self.refused("export", "long.json", "--to", "bencher", words=["1024", "characters"])
        self.export("googlebenchmark", "long.json")

    def test_formulas(self):
        """Of texts; a number may begin with a minus."""
        attacks = ["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "'=1"]
        self.results("a.json", [row(operation=text, parameters=str(i), outcome="failed", reason=text) for i, text in enumerate(attacks)]
                     + [row(bias=-0.5)])
        lines = rfc4180(self.export("csv", "a.json").stdout)
        for i, text in enumerate(attacks):
            line = dict(zip(lines[0], lines[i + 1]))
            expected = text if text[0] == "'" else "'" + text
            self.equal((line["operation"], line["reason"]), (expected, expected), "texts")
        self.equal(dict(zip(lines[0], lines[-1]))["bias"], "-0.5", "a number")

    def test_caches(self):
        """A list of objects, whatever the library wrote."""
        for index, caches in enumerate([None, "drop", [], [1], [{"type": "Data", "level": 1, "size": 32768, "num_sharing": 1}]]):
            path = self.results(f"{index}.json", [row()])
            document = strict_json(path.read_text())
            document["context"]["caches"] = caches
            if caches == "drop":
                del document["context"]["caches"]
            path.write_text(json.dumps(document))
            text = self.export("googlebenchmark", path).stdout
            bencher_cpp_google(text)
            self.equal(strict_json(text)["context"]["caches"], caches if caches and isinstance(caches[0], dict) else [], "caches")

    def test_figures_that_are_absent(self):
        path = self.results("a.json", [row()])
        document = strict_json(path.read_text())
        for entry in document["benchmarks"]:
            for key in ("median_ci_lower_ms", "median_ci_upper_ms", "throughput_ms", "push_ms", "prepare_ms", "pearson_r"):
                entry.pop(key, None)
        path.write_text(json.dumps(document))
        self.equal(list(bencher_metric_format(self.export("bencher", "a.json").stdout).values()), [{"latency": {"value": 1e6}}], "measures")
        self.check("range" not in action_custom(self.export("github-action-benchmark", "a.json").stdout)[0], "a range")
        lines = rfc4180(self.export("csv", "a.json").stdout)
        self.equal(dict(zip(lines[0], lines[1]))["first_call_ms"], "", "first call without preparation")

    def test_rules_find_faults(self):
        """The readers above are no good if they take anything."""
        self.results("a.json", [row()])
        good = strict_json((self.folder / "a.json").read_text())
        self.check(len(action_googlecpp(json.dumps(good))) > 1, "samples and aggregates are cases of their own to the action")
        for reader, text in [(bencher_cpp_google, '{"context": {}, "benchmarks": []}'), (action_custom, "[]"), (action_custom, '[{"name": "a"}]'),
                             (bencher_metric_format, '{"a": {"latency": {}}}'), (bencher_metric_format, '{"a": {}, "a": {}}'),
                             (rfc4180, 'a,b\r\n1\r\n'), (rfc4180, 'a\n'), (rfc4180, 'a"b\r\n'), (google_benchmark, json.dumps(good)),
                             (markdown_tables, "| a |\n| --- |\n| 1 | 2 |\n"), (markdown_tables, "| <b> |\n| --- |\n")]:
            with self.assertRaises((AssertionError, KeyError, AttributeError, IndexError)) if reader is not bencher_metric_format else \
                    self.assertRaises((AssertionError, ValueError)):
                reader(text)
            self.check(True)


class Files(ExportTest):
    def test_several(self):
        self.results("in/a.json", [row()], date="2026-01-01T00:00:00+00:00")
        self.results("in/b.json", [row(device_id="reference")])
        both = google_benchmark(self.export("googlebenchmark", "in").stdout)
        self.equal(len(both), 2, "cases")
        self.equal(google_benchmark(self.export("googlebenchmark", "in/a.json", "in/b.json").stdout), both, "cases")
        self.results("in/c.json", [row()])
        for to in ("googlebenchmark", "github-action-benchmark", "bencher"):
            self.refused("export", "in", "--to", to, words=["is in in/a.json and in in/c.json", "one at a time"])
        self.results("other.json", [row("Flip2D")], devices=[*DEVICES[:2], device("opencl:Test_GPU", "Test GPU", "GPU", "999")])
        self.refused("export", "in/a.json", "other.json", "--to", "bencher", words="different machines")
        lines = rfc4180(self.export("csv", "in", "other.json").stdout)
        self.equal([line[0] for line in lines[1:]], ["in/a.json", "in/b.json", "in/c.json", "other.json"], "files")
        self.equal(len(re.findall("^## ", self.export("markdown", "in").stdout, re.MULTILINE)), 3, "files in Markdown")

    def test_output(self):
        self.results("a.json", [row()])
        text = self.export("csv", "a.json").stdout
        self.equal(self.run_program("export", "a.json", "--to", "csv", "-o", "out.csv").stdout, "", "standard output")
        self.equal((self.folder / "out.csv").read_bytes().decode(), text, "the file")
        self.equal(self.run_program("export", "a.json", "--to", "csv", "-o", "-").stdout, text, "standard output")
        before = (self.folder / "a.json").read_bytes()
        for arguments, words in [(["a.json", "-o", "a.json"], "would be overwritten"), (["a.json", "-o", "./x/../a.json"], "a.json"),
                                 ([".", "-o", "a.json"], "would be overwritten"), (["a.json", "-o", ""], "--output"),
                                 (["a.json", "-o", "none/out.csv"], "none/out.csv"), (["a.json", "-o", "."], "folder")]:
            self.refused("export", *arguments, "--to", "csv", words=words)
        self.equal((self.folder / "a.json").read_bytes(), before, "the input")
        self.refused("export", "a.json", "--to", "excel", words=["excel", "markdown"])
        self.refused("export", "a.json", words="--to")
        self.write("bad.json", "{")
        self.refused("export", "bad.json", "--to", "csv", "-o", "new.csv")
        run = self.run_program("export", "--help")
        for word in ("googlebenchmark", "github-action-benchmark", "bencher", "csv", "markdown", "--output"):
            self.check(word in run.stdout, f"no {word} in --help")

    def test_nothing_with_a_result(self):
        self.results("a.json", [row(outcome="failed", reason="disagrees")])
        for to in ("googlebenchmark", "github-action-benchmark", "bencher"):
            self.refused("export", "a.json", "--to", to, words="no case has a result")
        self.check("disagrees" in self.export("csv", "a.json").stdout, "no reason")
        self.check("failed: disagrees" in self.export("markdown", "a.json").stdout, "no reason")

    def test_full_disk(self):
        self.results("a.json", [row()])
        self.refuses_full_output("export", "a.json", "--to", "csv")


if __name__ == "__main__":
    if BENCH is None:
        sys.exit(__doc__)
    sys.exit(run_tests(sys.argv[3:]))
