#!/usr/bin/env python3
"""50,000 rows are read and exported in less than 10 s and 1 GB.

usage: report_large_test.py REPORT [UNITTEST ARGUMENTS...]
"""

import json
import sys

import result_files
from checked import run_tests
from report_program import REPORT, ReportTest
from result_files import row

ROWS = 50_000
SECONDS, BYTES = 10, 1e9


class Large(ReportTest):
    def test_50000_rows(self):
        document = result_files.document([row(parameters="sigma:NUMBER")])
        head, entries = json.dumps(document["context"], indent=1), json.dumps(document["benchmarks"], indent=1)[1:-1]
        self.equal(len(document["benchmarks"]), 7, "entries a case: 3 samples, 4 aggregates")
        # Piece by piece: memory of this process would count as the child's.
        with open(self.folder / "large.json", "w", encoding="utf-8") as file:
            file.write('{"benchmarks": [')
            for i in range(ROWS):
                file.write(("," if i else "") + entries.replace("NUMBER", str(i)))
            file.write('], "context": ' + head + "}")
        print(f"{(self.folder / 'large.json').stat().st_size / 1e6:.0f} MB")
        for to in ("csv", "markdown", "googlebenchmark", "github-action-benchmark", "bencher"):
            by_clock, of_processor, size = self.cost_of("export", "large.json", "--to", to, "-o", "out")
            seconds = min(by_clock, of_processor)  # other programs on the machine are not the reader's fault
            print(f"{to}: {seconds:.1f} s, {size / 1e6:.0f} MB")
            self.check(seconds < SECONDS, f"{to} took {seconds:.1f} s")
            self.check(size < BYTES, f"{to} took {size / 1e6:.0f} MB")
            with open(self.folder / "out", encoding="utf-8") as file:
                self.check(any(f"sigma:{ROWS - 1}" in line for line in file), "the last row is not there")


if __name__ == "__main__":
    if REPORT is None:
        sys.exit(__doc__)
    sys.exit(run_tests(sys.argv[2:]))
