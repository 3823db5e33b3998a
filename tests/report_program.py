"""What tests of the report program share: the program, and made-up result files."""

import result_files
from checked_program import ProgramTest, program

REPORT = program(1)


class ReportTest(ProgramTest):
    PROGRAM, NAME = REPORT, "report"

    def results(self, name, rows, **context):
        """A made-up result file in the test's folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        result_files.write(path, rows, **context)
        return path
