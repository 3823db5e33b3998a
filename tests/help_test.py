#!/usr/bin/env python3
"""What the programs say of themselves: --help is short, examples come first, options are named alike, and errors
name the option.

usage: help_test.py BENCH VALIDATE REPORT
"""

import re
import subprocess
import sys

from checked import CheckedTest, run_tests

PROGRAMS = dict(zip(("bench", "validate", "report"), sys.argv[1:4]))
COMMANDS = [
    ("bench",), ("bench", "limits"), ("bench", "overlap"), ("bench", "apply"), ("validate",), ("validate", "images"), ("validate", "masks"), ("validate", "labels"),
    ("validate", "measurements"), ("validate", "measure"), ("validate", "engines"), ("report",), ("report", "html"),
    ("report", "compare"), ("report", "history"), ("report", "export"),
]
LINES, COLUMNS = 60, 100  # a screen and a half
# What an option's value is called, wherever the option occurs.
VALUES = {
    "--json": "FILE", "--csv": "FILE", "--junit": "FILE", "--markdown": "FILE", "--plot": "DIR", "--save": "DIR",
    "--channel": "N", "--frame": "N", "--spacing": "X,Y,Z", "--require": "METRIC>=NUMBER", "--title": "TEXT",
}
# A wrong command line, and what the message must name besides the way out.
WRONG = [
    (("bench", "--size", "12"), "--size"), (("bench", "--dtype", "f64"), "--dtype"), (("bench", "--threads", "0"), "--threads"),
    (("bench", "--engine", "cuda"), "--engine"), (("bench", "--filter", "("), "--filter"), (("bench", "--sigma"), "--sigma"),
    (("bench", "--sigma", ""), "--sigma: must not be empty"), (("bench", "--param", "sigma"), "--param"), (("bench", "--seed", "-1"), "--seed"),
    (("bench", "--param", "colour=3"), "--param"), (("bench", "--dataset", "cells"), "--dataset"),
    (("bench", "--max-time", "nan"), "--max-time"), (("bench", "--json", ""), "--json"), (("bench", "--save", ""), "--save"),
    (("bench", "--runs", "0"), "--runs"), (("bench", "--check", "half"), "--check"), (("bench", "--device", "no such"), "--device"),
    (("bench", "--base-program", "none", "--json", "a", "--base-json", "b"), "--base-program"),
    (("bench", "--filter", "Flip2D", "--size", "8x8", "--sigma", "3"), "sigma"), (("bench", "limits", "--sigma", "3"), "--sigma"),
    (("bench", "--param", "sigma=1", "--sigma", "2"), "sigma"), (("bench", "--nonsense"), "--nonsense"), (("bench", "nonsense"), "nonsense"),
    (("bench", "--overlap", "3"), "--tile"), (("bench", "--tile", "0"), "--tile"), (("bench", "--tile", "8", "--overlap", "a"), "--overlap"),
    (("bench", "--filter", "Mean2D", "--size", "64x64", "--tile", "16", "--overlap", "17"), "--overlap 17x17 is larger than --tile 16x16"),
    (("bench", "--filter", "Mean2D", "--size", "8x8", "--tile", "16", "--overlap", "9"), "--overlap 9x9 is larger than the image"),
    (("bench", "--filter", "Mean2D", "--size", "64x64", "--tile", "16x16x16"), "--tile 16x16x16"),
    (("bench", "--tile", "8", "--per-tile", "each"), "none of alone, centroid, merge"), (("bench", "--per-tile", "alone"), "--tile"),
    (("bench", "--filter", "Mean2D", "--size", "64x64", "--tile", "16", "--per-tile", "alone"), "--per-tile alone: none of the operations"),
    (("bench", "--filter", "VoronoiOtsu.*2D", "--size", "64x64", "--tile", "16", "--per-tile", "merge"), "needs --overlap"),
    (("bench", "overlap", "--max-time", "1"), "--max-time"), (("bench", "overlap", "--tolerance", "nan"), "--tolerance"),
    (("validate", "engines", "--size", "12"), "--size"), (("validate", "engines", "--require", "r"), "--require"),
    (("validate", "images", "a", "b", "--channel", "x"), "--channel"), (("validate", "masks", "a", "b", "--spacing", "0"), "--spacing"),
    (("validate", "masks", "a", "b", "--border", "none"), "--border"), (("validate", "masks", "a", "b", "--csv", ""), "--csv"),
    (("validate", "measure", "a", "--feret", "x"), "--feret"), (("validate", "nonsense"), "nonsense"),
    (("report", "html", "a"), "--output"), (("report", "html", "a", "-o", "b", "--overlaps", ""), "--overlaps: must not be empty"),
    (("report", "compare", "a", "b", "--max-slowdown", "1"), "--max-slowdown"),
    (("report", "export", "a", "--to", "pdf"), "--to"), (("report", "history", "a", "-o", "-"), "--output"),
    (("report", "nonsense"), "nonsense"), (("report",), "html, compare"), (("validate", "--filter", "x"), "images, masks"),
    (("validate", "images", "a", "b", "--tau", "1"), "no option --tau"), (("bench", "--filtr", "x"), "no option --filtr"),
    (("report", "compare", "a", "b", "--output=x"), "no option --output"), (("validate", "labels", "", "b"), "REF TEST"),
    (("bench", "--device", ""), "--device"), (("bench", "--filter", "Flip2D", "--size", "8x8", "--channel", "1"), "--channel"),
    (("bench", "--distribute", "rows"), "--distribute"), (("bench", "apply", "--distribute", "cases"), "--distribute"),
    (("bench", "--resume", "a", "--json", "b"), "--resume"), (("bench", "--resume"), "--resume FILE"),
    (("bench", "--base-program", "", "--json", "a", "--base-json", "b"), "--base-program: must not be empty"),
    (("bench", "--json", "-", "--base-program", sys.argv[1] if len(sys.argv) > 1 else "", "--base-json", "-"), "--base-json"),
]


def run(command):
    return subprocess.run([PROGRAMS[command[0]], *command[1:]], capture_output=True, text=True, timeout=60)


def entries(text):
    """Option, its value's name, its description: of the lines of a --help."""
    return re.findall(r"^  (?:-\w,)?(--[\w-]+)(?: (\S+))?\s*(.*)$", text, re.MULTILINE)


class Help(CheckedTest):
    def test_fits_a_screen_and_a_half(self):
        for command in COMMANDS:
            help_text = run((*command, "--help"))
            self.equal(help_text.returncode, 0, f"{command}")
            lines = help_text.stdout.splitlines()
            self.check(len(lines) <= LINES, f"{command}: {len(lines)} lines")
            for line in lines:
                self.check(len(line) <= COLUMNS, f"{command}: {len(line)} columns: {line}")

    def test_examples_come_first_and_exit_codes_last(self):
        for command in COMMANDS:
            text = run((*command, "--help")).stdout
            example = text.find(f"\n  {' '.join(command)} ")
            self.check(0 < example < text.index("\nUsage:"), f"{command}: no example before the usage")
            self.check("\nExit codes: 0 " in text[text.index("\nOptions:"):], f"{command}: no exit codes")

    def test_options_are_named_alike(self):
        described = {}
        for command in COMMANDS:
            found = entries(run((*command, "--help")).stdout)
            self.check("--help" in [name for name, _, _ in found], f"{command}: no option was read")
            for name, value, _ in found:
                if name in VALUES:
                    self.equal(value, VALUES[name], f"{command}: {name}")
                    described.setdefault(name, set()).add(command)
        self.equal(set(described), set(VALUES), "options found")
        self.check(all(len(described[name]) > 1 for name in ("--json", "--csv", "--plot", "--channel", "--title")), "shared")

    def test_wrong_command_lines_name_the_option(self):
        for command, named in WRONG:
            wrong = run(command)
            self.equal(wrong.returncode, 2, f"{command}: {wrong.stderr}")
            self.equal(wrong.stdout, "", f"{command}")
            self.equal(wrong.stderr.count("\n"), 1, f"{command}: {wrong.stderr}")
            self.check(wrong.stderr.startswith(command[0] + ": ") and named in wrong.stderr, f"{command}: {wrong.stderr}")

    def test_the_version_is_one(self):
        versions = {run((name, "--version")).stdout for name in PROGRAMS} | {run(("validate", "engines", "--version")).stdout}
        self.equal(len(versions), 1, f"{versions}")


if __name__ == "__main__":
    sys.exit(run_tests(sys.argv[4:]))
