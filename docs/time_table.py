#!/usr/bin/env python3
"""Turns result files of `bench --json` into a Markdown table: medians in ms, and what the last
engine's row says besides, which is the GPU's where it was measured last.

usage: time_table.py RESULTS.json... > table.md
"""

import json
import sys


def number(value):
    """Three significant digits, without an exponent."""
    digits = f"{value:.3g}"
    return digits if "e" not in digits else f"{float(digits):.0f}"


def label(case):
    parameters = case["parameters"].replace("/", ", ").replace(":", " ")
    return case["operation"] + (f" ({parameters})" if parameters else "")


def error(row):
    if "dice_needed" in row:
        return f"Dice {row['dice']:.6g}" if "dice" in row else "no labels"
    return f"{row['max_abs_error']:.2g} of {row['error_allowed']:.2g}" if row.get("error_allowed") else f"{row.get('max_abs_error', 0):g}"


def main(paths):
    engines, groups, cells = [], [], {}
    for path in paths:
        with open(path) as file:
            rows = json.load(file)["benchmarks"]
        for row in rows:
            case = row.get("voxelmark")
            if not case:
                continue
            group = label(case), case["dtype"], "x".join(str(n) for n in case["size"])
            if group not in groups:
                groups.append(group)
            if case["device_id"] not in engines:
                engines.append(case["device_id"])
            cells[group, case["device_id"]] = row, case
    print("| operation | type |", " | ".join(f"`{engine}`" for engine in engines),
          "| GB/s | of copy | push + pull | max err | speed-up | w/trans. |")
    print("| --- | --- |", " | ".join("---:" for _ in engines), "| ---: | ---: | ---: | ---: | ---: | ---: |")
    for group in groups:
        times, last = [], None
        for engine in engines:
            row, case = cells.get((group, engine), ({}, {"outcome": "-"}))
            times.append(number(row["median_ms"]) if case["outcome"] == "done" else case["outcome"])
            last = row if case["outcome"] == "done" else None
        rest = ["-"] * 6
        if last:
            rest = [number(last["effective_bytes_per_second"] / 1e9), f"{100 * last['share_of_copy_bandwidth']:.0f} %" if "share_of_copy_bandwidth" in last else "-",
                    number(last["push_ms"] + last["pull_ms"]), error(last),
                    *(number(last[key]) + "x" if key in last else "-" for key in ("speedup", "speedup_with_transfers"))]
        print(f"| {group[0]} | {group[1]} |", " | ".join(times + rest), "|")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
