#!/usr/bin/env python3
"""The workflow of docs/continuous_integration.md: it is YAML as GitHub Actions wants it, and names options that exist.

usage: report_workflow_test.py REPORT BENCH [UNITTEST ARGUMENTS...]
"""

import pathlib
import re
import shlex
import subprocess
import sys

import yaml

from checked import run_tests
from checked_program import program
from report_program import REPORT, ReportTest
from result_files import row

BENCH = program(2)
DOCS = pathlib.Path(__file__).parent.parent / "docs"
PAGE = (DOCS / "continuous_integration.md").read_text(encoding="utf-8")


def commands(text, environment):
    """The words behind each call of the launcher, with the variables filled in."""
    for name, value in environment.items():
        text = text.replace(f"${name}", shlex.join(value.split()))
    for line in text.splitlines():
        for part in re.split(r"&&|\|\|", line):
            words = shlex.split(part)
            if words and re.fullmatch(r"(\w+|\.)/run", words[0]):
                yield words[1:]


class Workflow(ReportTest):
    def setUp(self):
        super().setUp()
        # YAML 1.1 takes the key "on" for a truth value, GitHub does not.
        self.workflow = yaml.safe_load(re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL).group(1).replace("\non:", "\n'on':"))

    def lines(self):
        return "\n".join(step.get("run", "") for job in self.workflow["jobs"].values() for step in job["steps"])

    def test_structure(self):
        self.check({"name", "on", "permissions", "jobs"} <= set(self.workflow), f"keys {set(self.workflow)}")
        for job in self.workflow["jobs"].values():
            self.check("runs-on" in job and job["steps"], f"job {job}")
            for step in job["steps"]:
                self.check(("uses" in step) != ("run" in step), f"step {step}")
                self.check(set(step) <= {"uses", "run", "with", "name", "if", "env"}, f"step {step}")
        run = subprocess.run(["bash", "-n"], input=self.lines(), text=True, capture_output=True)
        self.equal((run.returncode, run.stderr), (0, ""), "bash's opinion of the commands")

    def help(self, name, words):
        """The --help of a program or its subcommand."""
        path = {"bench": BENCH, "report": REPORT}[name]
        sub = [words[0]] if name == "report" else []
        return self.run_program(*sub, "--help", program=path).stdout

    def test_options_exist(self):
        found = []
        inline = "\n".join(text.replace("\n", " ") for text in re.findall("`([^`]+)`", PAGE.replace("```", "")) if text.startswith("./run "))
        for name, *words in commands(self.lines() + "\n" + inline, self.workflow["env"]):
            usage = self.help(name, words)
            for word in words:
                if word.startswith("-"):
                    found.append(word)
                    self.check(re.search(rf"(^|[\s,]){re.escape(word)}([\s,=]|$)", usage, re.MULTILINE), f"{name} has no {word}:\n{usage}")
        self.check({"--runs", "--json", "--base-program", "--base-json", "-o", "--to", "--filter"} <= set(found), f"options found: {found}")

    def test_cases_are_found(self):
        """What the workflow measures is not nothing."""
        words = self.workflow["env"]["CASES"].split()
        run = self.run_program(*words, "--list", program=BENCH)
        self.check(len(run.stdout.splitlines()) > 5, f"{run.stdout}{run.stderr}")
        for operation in ("GaussianBlur3D", "Median3D", "VoronoiOtsuLabeling2D"):
            self.check(operation in run.stdout, f"no {operation} among {run.stdout}")

    def test_history_commands(self):
        """The step that adds to the history, as the workflow has it, three times."""
        step = next(step["run"] for step in self.workflow["jobs"]["history"]["steps"] if "report history" in step.get("run", ""))
        command = "\n".join(line for line in step.splitlines() if "git" not in line).replace("./run report", REPORT)
        for i in range(3):
            self.results("new.json", [row()], date=f"2026-01-0{i + 1}T00:00:00Z", revision=f"rev{i}")
            run = subprocess.run(["bash", "-e", "-c", command], cwd=self.folder, capture_output=True, text=True)
            self.equal((run.returncode, run.stderr), (0, ""), "exit status")
            self.equal(len(list((self.folder / "site/runs").glob("*.json"))), i + 1, "runs kept")


if __name__ == "__main__":
    if BENCH is None:
        sys.exit(__doc__)
    sys.exit(run_tests(sys.argv[3:]))
