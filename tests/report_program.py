"""What tests of the report program share: running it in a folder of the test's own."""

import pathlib
import subprocess
import sys
import tempfile

import result_files
from checked import CheckedTest

REPORT = sys.argv[1] if len(sys.argv) > 1 else None


class ReportTest(CheckedTest):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def report(self, *arguments, status=0, timeout=300):
        """Runs the program in the test's folder. Unusable input is one line on standard error, and nothing else."""
        run = subprocess.run([REPORT, *map(str, arguments)], cwd=self.folder, stdin=subprocess.DEVNULL,
                             capture_output=True, timeout=timeout)
        run.stdout, run.stderr = run.stdout.decode("utf-8"), run.stderr.decode("utf-8", "replace")
        what = " ".join(map(str, arguments))[:300]
        self.check(run.returncode == status, f"report {what}: exit status {run.returncode}, expected {status}\n{run.stderr[:2000]}")
        if status == 2:
            self.check(run.stderr.startswith("report: ") and run.stderr.count("\n") == 1 and run.stderr.endswith("\n"),
                       f"report {what}: {run.stderr[:2000]}")
            self.equal(run.stdout, "", f"standard output of report {what}")
        left = [str(path) for path in self.folder.rglob("*") if ".tmp" in path.name]
        self.check(not left, f"report {what} left {left}")
        return run

    def refused(self, *arguments, words=()):
        """The message with which unusable input is refused; `words` stand in it."""
        message = self.report(*arguments, status=2).stderr
        for word in [words] if isinstance(words, str) else words:
            self.check(word in message, f"no '{word}' in {message[:2000]}")
        return message

    def write(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    def results(self, name, rows, **context):
        """A made-up result file in the test's folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        result_files.write(path, rows, **context)
        return path
