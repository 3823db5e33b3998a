#!/usr/bin/env python3
"""Turns result files of `bench --json` into Markdown: the engines with their versions, medians in ms of all engines
case by case, and what external engines' protocol costs a call.

usage: peers_table.py RESULTS.json... > table.md
"""

import json
import statistics
import sys

from time_table import label, number


def cell(row, case):
    if case["outcome"] != "done":
        return "-" if case["outcome"] == "skipped" else case["outcome"]
    return number(row["median_ms"]) + ("\\*" if case.get("disagrees") else "")


def main(paths):
    devices, groups, cells, costs = {}, [], {}, {}
    for path in paths:
        with open(path) as file:
            document = json.load(file)
        for device in document["context"]["voxelmark"]["devices"]:
            devices.setdefault(device["id"], device)
        for row in document["benchmarks"]:
            case = row.get("voxelmark")
            if not case:
                continue
            group = label(case) + f" {'x'.join(str(n) for n in case['size'] if n > 1)}"
            if group not in groups:
                groups.append(group)
            cells[group, case["device_id"]] = cell(row, case)
            if "protocol_ms" in row:
                costs.setdefault(case["device_id"], []).append(1e3 * row["protocol_ms"])
    order = dict.fromkeys(name for _, name in cells)  # as measured: ours come first
    engines = [name for name in order if "skipped" not in devices[name]]
    print("| engine:device | name | driver or library | protocol, µs a call: median, most |\n| --- | --- | --- | ---: |")
    for name in engines:
        cost = costs.get(name)
        print(f"| `{name}` | {devices[name]['name']} | {devices[name]['driver']} |",
              f"{statistics.median(cost):.0f}, {max(cost):.0f} |" if cost else "- |")
    print("\n| operation |", " | ".join(f"`{name}`" for name in engines), "|")
    print("| --- |", " | ".join("---:" for _ in engines), "|")
    for group in groups:
        print(f"| {group} |", " | ".join(cells.get((group, name), "-") for name in engines), "|")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
