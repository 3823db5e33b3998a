#!/usr/bin/env python3
"""The checks of checked_program.py have to fail where there is a reason.

usage: checked_program_test.py [UNITTEST ARGUMENTS...]
"""

import sys

from checked import run_tests, strict_json
from checked_program import ProgramTest


class Runner(ProgramTest):
    PROGRAM, NAME = "/bin/sh", "sh"

    def fails(self, call, *arguments, **options):
        with self.assertRaises(AssertionError, msg=f"{arguments}"):
            call(*arguments, **options)
        self.check(True)

    def test_refusals(self):
        self.write("there", "old")
        self.equal(self.refused("-c", "echo sh: no file >&2; exit 2", words=["no", "file"]), "sh: no file\n", "message")
        self.refused("-c", "echo 1 of 2 >&2; echo sh: no file >&2; exit 2", after_progress=True)
        for script in ("exit 2", "echo sh: no >&2", "echo sh: no >&2; exit 1", "echo no >&2; exit 2", "echo sh: no; exit 2", "printf 'sh: no' >&2; exit 2",
                       "echo sh: no >&2; echo more >&2; exit 2", "echo sh: no >&2; echo much; exit 2", "echo sh: no >&2; touch new; exit 2",
                       "echo sh: no >&2; rm there; exit 2", "echo sh: no >&2; echo new > there; exit 2", "echo sh: no >&2; mkdir a; touch a/b; exit 2"):
            self.write("there", "old")
            self.fails(self.refused, "-c", script)
        self.fails(self.refused, "-c", "echo sh: no file >&2; exit 2", words="folder")

    def test_runs(self):
        self.equal(self.run_program("-c", "cat; echo $A", environment={"A": "b"}).stdout, "b\n", "standard output")
        self.equal(self.run_program("-c", "exit 3", status=(1, 3)).returncode, 3, "exit status")
        self.fails(self.run_program, "-c", "exit 3")
        self.fails(self.run_program, "-c", "exit 0", status=(1, 2))
        self.fails(self.run_program, "-c", "touch x.tmp1")
        self.run_program("-c", "true")  # what was left before is not its doing
        self.fails(self.run_program, "-c", "touch y.tmp1")

    def test_full_output(self):
        self.refuses_full_output("-c", "echo text || { echo sh: standard output is full >&2; exit 2; }")
        self.fails(self.refuses_full_output, "-c", "echo text; true")

    def test_costs(self):
        by_clock, of_processor, size = self.cost_of("-c", "exit 3", status=3)
        self.check(by_clock > 0 and of_processor >= 0 and size > 1e5, f"{by_clock} s, {of_processor} s, {size} bytes")
        self.fails(self.cost_of, "-c", "exit 3")

    def test_json(self):
        self.equal(strict_json('{"a": [1, {"b": null}]}'), {"a": [1, {"b": None}]}, "JSON")
        for text in ('{"a": NaN}', "[-Infinity]", '{"a": 1, "a": 1}', "{", ""):
            with self.assertRaises(ValueError):
                strict_json(text)
            self.check(True)


if __name__ == "__main__":
    sys.exit(run_tests(sys.argv[1:]))
