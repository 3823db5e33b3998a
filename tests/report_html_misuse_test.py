#!/usr/bin/env python3
"""`report html` refuses what is no result file and what is no use of it, and leaves nothing behind.

usage: report_html_misuse_test.py REPORT [UNITTEST ARGUMENTS...]
"""

import json
import re
import sys

import result_files
from checked import run_tests
from report_html_page import DEVICES, GPU, PNG, PageTest, pictured, some_rows, tiled
from report_program import REPORT


class Misuse(PageTest):
    def test_bad_input(self):
        good = self.made(some_rows())
        text = good.read_text()
        for name, content, words in [
                ("not.json", "hello", "is not JSON"), ("cut.json", text[:len(text) // 2], "ends too early"),
                ("other.json", '{"benchmarks": []}', "no result file of bench"),
                ("version.json", text.replace('"schema_version": 1', '"schema_version": 99'), "version 99"),
                ("nan.json", re.sub(r'"median_ms": [\d.e+-]+', '"median_ms": NaN', text), "is not JSON"),
                ("empty.json", json.dumps(result_files.document([])), "no rows")]:
            self.write(name, content)
            for files in ([name], [good, name]):
                self.refused("html", *files, "-o", "out.html", words=[words, name])
        (self.folder / "none").mkdir()
        for arguments, words in [
                (["missing.json", "-o", "out.html"], "does not exist"), (["none", "-o", "out.html"], "holds no result file"),
                ([good, "-o", "no/where/out.html"], "cannot write"), ([good, "-o", good], "would be overwritten"),
                ([good, "-o", "none"], "folder"), ([good, "-o", ""], "empty"), ([good], "--output"),
                (["-o", "out.html"], "required"), ([good, "-o", "out.html", "--title", ""], "empty"),
                ([good, "-o", "out.html", "--colour", "red"], "--colour")]:
            self.refused("html", *arguments, words=words)

    def test_wrong_types_are_no_crash(self):
        """Any one value of another type: a page, or one line and status 2."""
        whole = result_files.document([result_files.row(), result_files.row(device_id=GPU, details={"note": "n", "pictures": pictured("p1", "p1", "p1")}),
                                       result_files.row("Mean2D", "tbb", (64, 64, 1), details=tiled(16, 4, 8, [2.5, 0.0], "p1")),
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
                self.write("changed.json", json.dumps(changed))
                done = self.run_program("html", "changed.json", "-o", "-", status=(0, 2))
                statuses.add(done.returncode)
                self.check(done.stderr.count("\n") == (done.returncode == 2), f"{path} = {value}: {done.returncode} {done.stderr[:300]}")
        self.equal(statuses, {0, 2}, "statuses")

    def test_pictures_that_are_none(self):
        rows = [result_files.row(device_id="tbb", details={"pictures": pictured("p1", "p2", "p1")})]
        for pictures, says in [({"p1": 'x" onerror="alert(1)', "p2": PNG}, "base64"), ({"p2": PNG}, "not in the file")]:
            self.refused("html", self.made(rows, pictures=pictures), "-o", "page.html", words=says)
        rows = [result_files.row(details=tiled(16, 0, 8, [1.0], "p1"))]
        self.refused("html", self.made(rows, pictures={}), "-o", "page.html", words='its picture "tiling" is not in the file')


if __name__ == "__main__":
    if REPORT is None:
        sys.exit(__doc__)
    sys.exit(run_tests(sys.argv[2:]))
