#!/usr/bin/env python3
"""Turns result files of `bench --json` into a Markdown table of the largest errors found.

usage: agreement_table.py RESULTS.json... > agreement.md
"""

import json
import sys

ENGINES = ["tbb", "opencv", "opencv-umat", "opencl"]


def figure(row):
    """How far a result is off, that in words, and what the tolerance allows: an error, or for labels that hang on rounding an overlap."""
    if "dice_needed" in row:
        allowed = f"Dice ≥ {row['dice_needed']:.6g}, Jaccard ≥ {row['sparse_jaccard_needed']:.6g}"
        if "dice" not in row:
            return 0, "no labels", allowed
        jaccard = min(row["sparse_jaccard"], row["sparse_jaccard_reverse"])
        return 1 - min(row["dice"], jaccard), f"Dice {row['dice']:.6g}, Jaccard {jaccard:.6g}", allowed
    return row["max_abs_error"], f"{row['max_abs_error']:.3g}", f"{row['error_allowed']:.3g}" if row["error_allowed"] else "exact"


def main(paths):
    cells, bounds, order = {}, {}, []
    for path in paths:
        with open(path) as file:
            rows = json.load(file)["benchmarks"]
        for row in rows:
            case = row.get("voxelmark")
            if not case or case["engine"] == "reference":
                continue
            key = case["operation"], case["dtype"]
            if key not in order:
                order.append(key)
            cell = (key, case["engine"])
            if case["outcome"] != "done":
                cells.setdefault(cell, (-1, case["outcome"]))
                continue
            error, text, allowed = figure(row)
            if error >= cells.get(cell, (-1, ""))[0]:
                cells[cell] = error, text
            bounds[key] = allowed
    print("| operation | type | allowed |", " | ".join(ENGINES), "|")
    print("| --- | --- | ---: |", " | ".join("---:" for _ in ENGINES), "|")
    for key in order:
        found = (cells.get((key, engine), (-1, "-"))[1] for engine in ENGINES)
        print(f"| {key[0]} | {key[1]} | {bounds.get(key, '-')} |", " | ".join(found), "|")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
