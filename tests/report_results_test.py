#!/usr/bin/env python3
"""Result files: the documented schema, and a reader that no damaged file brings down.

usage: report_results_test.py REPORT BENCH [UNITTEST ARGUMENTS...]
"""

import copy
import json
import os
import pathlib
import sys

import jsonschema

import result_files
from checked import run_tests
from checked_program import program
from report_program import ReportTest
from result_files import row

BENCH = program(2)
SCHEMA = json.loads((pathlib.Path(__file__).parent.parent / "docs/result_schema.json").read_text())
PNG = "iVBORw0KGgo="

PICTURES = {"input": "p1", "expected": "p1", "result": "p1", "difference": "p1", "slice": 3, "x": 0, "y": 0, "width": 16,
            "height": 16, "input_levels": [0, 255], "levels": [0, 255.5], "difference_scale": 10}
PAIRS = {"n": 1000, "columns": 4, "rows": 4, "reference": [0, 1], "result": [0, 1], "mean": [0, 1], "difference": [-1, 1],
         "scatter": [0, 900, 15, 100], "bland_altman": [5, 1000]}

# Paths of keys that the reader cannot do without, from the document on; 0 is a list's first item.
CASE = ["benchmarks", 4, "voxelmark"]
REQUIRED = [
    ["context"], ["benchmarks"], ["context", "voxelmark"],
    *[["context", "voxelmark", key] for key in ("schema_version", "runs", "version", "git_revision", "compiler", "flags",
                                                "command", "incomplete", "cpu", "cpu_threads", "devices")],
    ["context", "voxelmark", "devices", 0, "id"], ["context", "voxelmark", "pictures", "p1"],
    *[["benchmarks", 0, key] for key in ("run_name", "real_time")],
    *[["benchmarks", 4, key] for key in ("run_name", "cpu_time", "median_ms")],
    *[[*CASE, key] for key in ("kind", "task", "operation", "engine", "device", "device_id", "size", "dtype", "parameters",
                               "threads", "outcome", "check", "is_reference")],
    *[[*CASE, "pictures", key] for key in PICTURES if key != "difference"], *[[*CASE, "pairs", key] for key in PAIRS],
    ["benchmarks", -1, "voxelmark", "outcome"], ["benchmarks", -1, "voxelmark", "reason"],
]
# Optional ones that must have their type where they are there.
TYPED = [["context", "date"], ["context", "host_name"], *[["context", "voxelmark", "devices", 0, key] for key in
         ("name", "type", "driver", "platform", "limits")], ["context", "voxelmark", "devices", 0, "limits", "flops"],
         ["context", "voxelmark", "pictures"], ["benchmarks", 4, "pearson_r"], ["benchmarks", 4, "p5_ms"],
         ["benchmarks", 0, "time_unit"], [*CASE, "pictures"], [*CASE, "pairs"],
         [*CASE, "pictures", "difference"]]
WRONG = [None, True, "text", "", -1, 2.5, [], {}, [[]], 1e300, [1, "a", None], "é" * 5000]


def good_document():
    document = result_files.document([row(details={"pictures": PICTURES, "pairs": PAIRS}),
                                      row(device_id="opencl:Test_GPU", outcome="failed", reason="disagrees")])
    document["context"]["voxelmark"]["pictures"] = {"p1": PNG}
    return copy.deepcopy(document)  # some parts are constants that it shares with others


def every_path(value, path=()):
    """Paths of all that is in a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield [*path, key]
        yield from every_path(inner, (*path, key))


def at(document, path):
    for key in path:
        document = document[key]
    return document


def kind(value):
    return bool if isinstance(value, bool) else float if isinstance(value, (int, float)) else type(value)


class Documented(ReportTest):
    def errors(self, document):
        return [f"{'/'.join(map(str, e.path))}: {e.message[:200]}"
                for e in jsonschema.Draft202012Validator(SCHEMA).iter_errors(document)]

    def test_made_up_files(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)
        self.equal(self.errors(good_document()), [], "errors")
        self.results("good.json", [row()])
        self.run_program("export", "good.json", "--to", "csv")

    def test_real_files(self):
        self.run_program("--filter", "^(Flip2D|GaussianBlur2D|Push2D)/", "--size", "32x32", "--max-time", "0", "--threads",
                         "1,4096", "--json", "real.json", program=BENCH)
        document = json.loads((self.folder / "real.json").read_text())
        self.equal(self.errors(document), [], "errors")
        outcomes = {entry["voxelmark"]["outcome"] for entry in document["benchmarks"] if "voxelmark" in entry}
        self.equal(outcomes, {"done", "skipped"}, "outcomes")
        transfers = {entry["voxelmark"]["operation"] for entry in document["benchmarks"] if entry.get("voxelmark", {}).get("is_transfer")}
        self.equal(transfers, {"Push2D"}, "transfers")
        self.run_program("export", "real.json", "--to", "csv")

    def test_real_file_of_tiles(self):
        self.run_program("--filter", "^Mean2D/tbb", "--size", "40x32", "--tile", "16", "--overlap", "0,auto", "--max-time", "0", "--no-limits",
                         "--json", "tiles.json", program=BENCH)
        document = json.loads((self.folder / "tiles.json").read_text())
        self.equal(self.errors(document), [], "errors")
        tilings = [entry["voxelmark"]["tiling"] for entry in document["benchmarks"] if "tiling" in entry.get("voxelmark", {})]
        self.equal(["picture" in tiling for tiling in tilings], [True, False], "pictures of differences")
        for key in ("tile", "errors", "picture"):
            damaged = json.loads(json.dumps(document))
            next(entry for entry in damaged["benchmarks"] if "tiling" in entry.get("voxelmark", {}))["voxelmark"]["tiling"][key] = [1, 2]
            self.check(self.errors(damaged), f"the schema takes [1, 2] as {key}")
        self.run_program("export", "tiles.json", "--to", "csv")

    def test_version_is_the_programs(self):
        header = (pathlib.Path(__file__).parent.parent / "engines/core/result_schema.hpp").read_text()
        version = SCHEMA["$defs"]["context"]["properties"]["schema_version"]["const"]
        self.check(f"result_schema_version = {version};" in header, "the schema's version is not the program's")
        self.equal(result_files.SCHEMA_VERSION, version, "version of made-up files")

    def test_damaged_files_are_found(self):
        """By the schema, which must not take everything."""
        for path in REQUIRED:
            if path[-1] in ("p1",):
                continue  # a reference within the file, which a schema cannot follow
            document = good_document()
            del at(document, path[:-1])[path[-1]]
            self.check(self.errors(document), f"the schema takes a file without {path}")
        for path in [*REQUIRED, *TYPED]:
            old = at(good_document(), path)
            for wrong in [None, "text", {}, 2.5, -1, True]:
                if kind(wrong) in (kind(old), dict if path[-1] == "limits" else None):
                    continue
                document = good_document()
                at(document, path[:-1])[path[-1]] = wrong
                self.check(self.errors(document), f"the schema takes {wrong!r} as {path}")

    def test_every_key_is_described(self):
        text = (pathlib.Path(__file__).parent.parent / "docs/results.md").read_text()
        definitions = SCHEMA["$defs"]
        keys = {key for name in ("device", "context", "pictures", "pairs", "map", "case") for key in definitions[name]["properties"]}
        counters = {key for entry in good_document()["benchmarks"] for key in entry if "voxelmark" in entry}
        for key in keys | counters - set(definitions["entry"]["properties"]) - {"aggregate_name", "aggregate_unit", "error_message"}:
            self.check(f"`{key}`" in text, f"docs/results.md does not know {key}")


class Damaged(ReportTest):
    def refused_file(self, content, *words):
        self.write("bad.json", content)
        message = self.refused("export", "bad.json", "--to", "csv", "-o", "out.csv", words=["bad.json: ", *words])
        self.check(len(message) < 1000, f"a message of {len(message)} characters")
        self.check("json.exception" not in message, message)

    def test_no_result_file(self):
        ours = "no result file of bench"
        plain = good_document()
        del plain["context"]["voxelmark"]
        for entry in plain["benchmarks"]:
            entry.pop("voxelmark", None)
        for content, word in [
            ("", "ends too early"), (" \n", "ends too early"), ("hello", "not JSON: line 1"), ("{", "ends too early"),
            ("<html></html>", "not JSON"), ("\0\0\0", "not JSON"), ("{'a': 1}", "not JSON"), ("{} {}", "not JSON"),
            ("[]", ours), ("[1, 2]", ours), ("7", ours), ("null", ours), ('"text"', ours), ("{}", ours), ("true", ours),
            (json.dumps({"name": "a-package", "version": "1.0.0", "dependencies": {"b": "^1"}}), ours),
            (json.dumps([good_document()]), ours), (json.dumps(plain), ours), ('{"context": {}, "benchmarks": []}', ours),
            ('{"context": 1, "benchmarks": 2}', ours), ('{"context": {"voxelmark": {}}}', ours),
            (json.dumps(good_document()["context"]), ours),
        ]:
            self.refused_file(content, word)

    def test_truncated(self):
        text = json.dumps(good_document(), indent=1)
        for part in range(1, 20):
            self.refused_file(text[: len(text) * part // 20], "ends too early, at line ")
        self.refused_file(text[:-1], "ends too early")

    def test_no_rows(self):
        document = good_document()
        document["benchmarks"] = []
        self.refused_file(json.dumps(document), "has no rows")

    def test_numbers(self):
        text = json.dumps(good_document())
        pearson = '"pearson_r": 1.0'
        self.check(pearson in text, "no pearson_r")
        for number in ("NaN", "Infinity", "-Infinity", "nan", "inf", "+1", "01", "0x1", "1."):
            self.refused_file(text.replace(pearson, f'"pearson_r": {number}'), "not JSON: line 1")
        for number in ("1e999", "-1e999"):
            self.refused_file(text.replace(pearson, f'"pearson_r": {number}'), "too large for double precision")
        for time in ("0", "-1", '"1"'):
            self.refused_file(text.replace('"median_ms": 1.0', f'"median_ms": {time}'), "GaussianBlur3D/tbb", "median_ms")
        self.refused_file(text.replace('"threads": 4', '"threads": 99999999999999999999'), "threads")

    def test_every_field_dropped_or_replaced(self):
        """Whatever is done to a field, there is a result or one line that says why not."""
        document = good_document()
        like_others = (1, 2, 5, 6)  # samples and aggregates like those before
        paths = [path for path in every_path(document) if path[0] == "context" or path[1:2] not in [[i] for i in like_others]]
        self.check(len(paths) > 150, f"{len(paths)} paths")
        count = 0
        for path in paths:
            old = at(document, path)
            required = path in REQUIRED or [p - len(document["benchmarks"]) if p == len(document["benchmarks"]) - 1 else p
                                            for p in path] in REQUIRED
            for wrong in ["drop", *(WRONG if required or path in TYPED else [None, "text", -1, []])]:
                damaged = copy.deepcopy(document)
                if wrong == "drop":
                    del at(damaged, path[:-1])[path[-1]]
                else:
                    at(damaged, path[:-1])[path[-1]] = wrong
                self.write("bad.json", json.dumps(damaged))
                must_fail = required and wrong == "drop" or (required or path in TYPED) and kind(wrong) != kind(old) and wrong != "drop"
                run = self.run_program("export", "bad.json", "--to", "markdown", status=2 if must_fail else (0, 2))
                message = run.stderr
                what = f"{wrong!r:.40} as {path}: exit status {run.returncode}, {message[:500]}"
                if run.returncode == 2:
                    count += 1
                    self.check(message.startswith("report: bad.json: ") and message.count("\n") == 1 and not run.stdout, what)
                    self.check("json.exception" not in message and len(message) < 1000, what)
                if must_fail and wrong == "drop" and isinstance(path[-1], str) and len(path) > 2 and path[-1] != "p1":
                    self.check(path[-1] in message, what)
        print(f"{len(paths)} fields, {count} files refused")

    def test_versions(self):
        for version in (0, 2, 99):
            document = good_document()
            document["context"]["voxelmark"]["schema_version"] = version
            # Whatever else such a file has.
            document["benchmarks"][4]["voxelmark"] = {"new": "words"}
            self.refused_file(json.dumps(document), f"has version {version} of the result file's schema", "reads version 1")
        self.results("one.json", [row()])
        self.write("two.json", json.dumps(document))
        self.refused("export", "one.json", "two.json", "--to", "csv", words=["two.json: has version 99"])

    def test_cases(self):
        def changed(change):
            document = good_document()
            change(document["benchmarks"])
            return json.dumps(document)

        self.refused_file(changed(lambda b: b.append(b[4])), "GaussianBlur3D/tbb/256x256x32/f32/sigma:2 stands there twice")
        self.refused_file(changed(lambda b: b.__delitem__(slice(0, 3))), "figures, and no samples")
        self.refused_file(changed(lambda b: b.pop(4)), "samples, and no figures")
        self.refused_file(changed(lambda b: b[4]["voxelmark"].update(outcome="great")), "outcome")
        self.refused_file(changed(lambda b: b[0].update(time_unit="fortnights")), "time_unit")
        self.refused_file(changed(lambda b: b[4]["voxelmark"].update(size=[1, 2])), "size")
        self.refused_file(changed(lambda b: b[4]["voxelmark"].update(size=[10**9] * 3)), "size")
        self.refused_file(changed(lambda b: b[4]["voxelmark"]["pairs"].update(scatter=[16, 1])), "scatter")
        self.refused_file(changed(lambda b: b[4]["voxelmark"]["pairs"].update(scatter=[1, 1, 2])), "scatter")
        self.refused_file(changed(lambda b: b[4]["voxelmark"]["pictures"].update(result="p9")), "\"result\" is not in the file")
        self.refused_file(changed(lambda b: b[4]["voxelmark"]["pictures"].update(levels=[2, 1])), "levels")
        self.refused_file(changed(lambda b: b.insert(0, 7)), "no JSON object")
        self.refused_file(changed(lambda b: b.insert(0, {})), "run_name")
        self.refused_file(changed(lambda b: b[0].update(run_name="")), "a case has no name")
        document = good_document()
        document["context"]["voxelmark"]["pictures"]["p1"] = '"><script>alert(1)</script>'
        self.refused_file(json.dumps(document), "base64")

    def test_text(self):
        good = json.dumps(good_document()).encode()
        for bytes_ in (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\xaf"):
            self.refused_file(good.replace(b"Test GPU", b"Test " + bytes_), "not JSON")
        self.refused_file(good.replace(b"Test GPU", rb"Test \ud800"), "not JSON")
        self.refused_file(good.replace(b"Test GPU", b"Test \n GPU"), "not JSON")
        self.refused_file(b"\xff\xfe" + "{}".encode("utf-16-le"), "not JSON")
        for name in ("a\nb", "a\r\x1b[2Jb", "<script>", "é" * 100_000, "x" * 1_000_000):
            document = good_document()
            for entry in document["benchmarks"]:
                if entry["run_name"] == document["benchmarks"][0]["run_name"]:
                    entry["run_name"] = name
            document["benchmarks"][4].pop("median_ms")
            self.refused_file(json.dumps(document, ensure_ascii=False), "the case", "median_ms")
            self.check("\x1b" not in self.refused("export", "bad.json", "--to", "csv"), "an escape sequence in a message")
        self.write("bom.json", b"\xef\xbb\xbf" + good)
        self.run_program("export", "bom.json", "--to", "csv")

    def test_deep_nesting(self):
        deep = 100_000
        for text in ("[" * deep, '{"a":' * deep, "[" * deep + "]" * deep, '{"context":' * deep,
                     '{"benchmarks":' + "[" * deep + "]" * deep + "}", '{"context":' + "[" * deep + "]" * deep + "}",
                     '{"benchmarks":[{"voxelmark":' + '{"a":' * deep + "1" + "}" * deep + "}]}",
                     '{"other":' + "[" * deep + "]" * deep + "}"):
            self.refused_file(text)

    def test_no_file(self):
        self.refused("export", "none.json", "--to", "csv", words="none.json: does not exist")
        self.refused("export", "", "--to", "csv", words="must not be empty")
        (self.folder / "empty").mkdir()
        self.refused("export", "empty", "--to", "csv", words="empty holds no result file")
        (self.folder / "folder.json").mkdir()
        self.refused("export", ".", "--to", "csv", words="folder.json: is a folder")
        self.refused("export", "--to", "csv", words="FILE... is required")
        self.refused("export", "/dev/zero", "--to", "csv", words="not JSON")
        self.refused("export", "/dev/null", "--to", "csv", words="/dev/null: ")
        if os.geteuid():
            self.results("secret.json", [row()]).chmod(0)
            self.refused("export", "secret.json", "--to", "csv", words="cannot be read")

    def test_unknown_keys_are_passed_over(self):
        document = good_document()
        document["new"] = {"a": [1]}
        document["context"]["new"] = document["context"]["voxelmark"]["new"] = [1]
        document["benchmarks"][4]["voxelmark"]["new"] = {"a": 1}
        document["benchmarks"][4]["new_counter"] = 1
        document["benchmarks"][4]["voxelmark"]["kind"] = "advice"
        self.write("new.json", json.dumps(document))
        self.check("new_counter" in self.run_program("export", "new.json", "--to", "csv").stdout, "no new counter")


if __name__ == "__main__":
    if BENCH is None:
        sys.exit(__doc__)
    sys.exit(run_tests(sys.argv[3:]))
