"""What tests of the validate program share: running it on made-up images, and judging its figures."""

import numpy as np
import scipy.ndimage
import tifffile

from checked import strict_json, write_stack
from checked_program import ProgramTest, program

VALIDATE = program(1)

# Bland & Altman, Lancet 1986, table: peak expiratory flow of 17 subjects by two meters, two readings each, l/min.
PEFR = """subject,wright1,wright2,mini1,mini2
1,494,490,512,525
2,395,397,430,415
3,516,512,520,508
4,434,401,428,444
5,476,470,500,500
6,557,611,600,625
7,413,415,364,460
8,442,431,380,390
9,650,638,658,642
10,433,429,445,432
11,417,420,432,420
12,656,633,626,605
13,267,275,260,227
14,478,492,477,467
15,178,165,259,268
16,423,372,350,370
17,427,421,451,443
"""


def random_pair(rng, shape, share=0.3, flips=0.1):
    """Two smooth masks that overlap in part."""
    field = scipy.ndimage.gaussian_filter(rng.normal(size=shape), 1.5)
    reference = field > np.quantile(field, 1 - share)
    other = field + flips * field.std() * 6 * scipy.ndimage.gaussian_filter(rng.normal(size=shape), 1.0)
    return reference, other > np.quantile(other, 1 - share)


class ValidateTest(ProgramTest):
    PROGRAM, NAME = VALIDATE, "validate"

    def figures(self, *arguments, status=0):
        """What the program writes with --json -."""
        return strict_json(self.run_program(*arguments, "--json", "-", status=status).stdout)

    def save(self, name, pixels):
        path = self.folder / name
        pixels = np.asarray(pixels)
        if pixels.ndim == 3:
            write_stack(path, pixels)
        else:
            tifffile.imwrite(path, pixels, photometric="minisblack")
        return path

    def near(self, value, expected, relative=1e-12, what="value", absolute=0.0):
        self.check(value is not None, f"{what} is null")
        self.check(abs(value - expected) <= relative * abs(expected) + absolute, f"{what}: {value!r}, expected {expected!r}")

    def digits(self, value, expected, count, what):
        """`expected` is a figure rounded to `count` decimals."""
        self.check(value is not None and abs(value - expected) <= 0.5000001 * 10 ** -count, f"{what}: {value!r}, expected {expected!r}")

    def undefined(self, figures, key, *words):
        value = figures
        for part in key.split("."):
            value = value[part]
        self.equal(value, None, key)
        for word in words:
            self.check(word in figures["reasons"][key], f"{key}: '{word}' is not in '{figures['reasons'][key]}'")

    def masks(self, reference, test, *options):
        """Figures of two arrays as masks."""
        return self.figures("masks", self.save("r.tif", np.asarray(reference, np.uint8)), self.save("t.tif", np.asarray(test, np.uint8)), *options)
