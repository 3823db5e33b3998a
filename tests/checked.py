"""What the test scripts share: counted checks, an exit status that no check at all makes a failure, stacks, JSON."""

import json
import sys
import time
import unittest

import numpy as np
import tifffile


def write_stack(path, pixels):
    """The array [z, y, x] as a TIFF, page by page: as one array, tifffile takes y x 1 for samples."""
    with tifffile.TiffWriter(path) as file:
        for page in pixels:
            file.write(page, photometric="minisblack", contiguous=False, metadata=None)


def read_stack(path):
    """The pages of a TIFF as an array [z, y, x]."""
    with tifffile.TiffFile(path) as file:
        return np.stack([page.asarray() for page in file.pages])


def strict_json(text):
    """JSON as its standard has it: no NaN, no infinity, no key twice in an object."""
    def refuse(constant):
        raise ValueError(f"{constant} in JSON")

    def pairs(items):
        if len(dict(items)) != len(items):
            raise ValueError(f"a key twice among {[key for key, _ in items]}")
        return dict(items)

    return json.loads(text, parse_constant=refuse, object_pairs_hook=pairs)


class CheckedTest(unittest.TestCase):
    checks = 0

    def check(self, condition, message=""):
        """One counted check."""
        CheckedTest.checks += 1
        if not condition:
            self.fail(message)

    def equal(self, value, expected, what="value"):
        self.check(value == expected, f"{what}: {value!r}, expected {expected!r}")

    def setUp(self):
        start = time.monotonic()
        self.addCleanup(lambda: print(f"{time.monotonic() - start:6.1f} s  {self.id()}", flush=True))


def run_tests(arguments):
    """Runs the script's tests with unittest's own arguments, such as -k PART. Gives the exit status."""
    result = unittest.main("__main__", argv=[sys.argv[0], *arguments], exit=False).result
    print(f"{CheckedTest.checks} checks in {result.testsRun} tests")
    if CheckedTest.checks == 0:
        print("nothing was checked")
    return 0 if result.wasSuccessful() and CheckedTest.checks else 1
