#!/usr/bin/env python3
"""A Markdown table of results beside their peers' from files of bench: performance_table.py [--ours opencl] RESULTS.json...

For opencl: our time by device events and by the wall clock, each peer's by its own best clock (device events where it has
them), and the limit t0 + bytes / B, for the launch cost t0 (us) and the copy rate B (TB/s) of --limit t0,B. For tbb: wall
times, and how many times ours each peer's is; below the table the geometric mean and the least of these ratios.
"""
import argparse
import collections
import json
import statistics

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("results", nargs="+")
parser.add_argument("--ours", choices=["opencl", "tbb"], default="opencl")
parser.add_argument("--limit", default="5.8,4.29", help="t0 in us and B in TB/s")
arguments = parser.parse_args()
t0, rate = (float(part) for part in arguments.limit.split(","))
on_gpu = arguments.ours == "opencl"

rows = collections.defaultdict(dict)
for path in arguments.results:
    for row in json.load(open(path))["benchmarks"]:
        if row.get("aggregate_name") != "median" or row.get("error_occurred") or row.get("skipped"):
            continue
        operation, engine, *rest = row["name"].removesuffix("_median").split("/")
        rows[" ".join([operation, *rest])][engine.split(":")[0]] = row
rows = {name: engines for name, engines in sorted(rows.items()) if arguments.ours in engines}
peers = sorted({engine for engines in rows.values() for engine in engines} - {arguments.ours, "reference"})


def cell(row, ours=None):
    if row is None:
        return "-"
    best = (on_gpu and row.get("device_ms")) or row["median_ms"]
    return f"{best:.3g}" + (f" ({best / ours:.2g})" if ours else "")


columns = ["ours, device", "ours, wall", *peers, "limit", "of the limit"] if on_gpu else ["ours", *peers]
print("| operation | " + " | ".join(columns) + " |")
print("| --- |" + " ---: |" * len(columns))
ratios = collections.defaultdict(list)
for name, engines in rows.items():
    ours = engines[arguments.ours]
    cells = [cell(ours)]
    if on_gpu:
        if "device_ms" not in ours:
            continue
        limit = t0 * 1e-3 + ours["effective_bytes_per_second"] * ours["median_ms"] * 1e-3 / (rate * 1e9)
        cells.append(f"{ours['median_ms']:.3g}")
    for peer in peers:
        row = engines.get(peer)
        cells.append(cell(row, None if on_gpu else ours["median_ms"]))
        if row:
            clock = "device_ms" if on_gpu and row.get("device_ms") else "median_ms"
            ratios[peer].append((row[clock] / ours[clock], name))
    if on_gpu:
        cells += [f"{limit:.3g}", f"{100 * limit / ours['device_ms']:.0f} %"]
    print("| " + " | ".join([name, *cells]) + " |")
print()
for peer, found in ratios.items():
    least, where = min(found)
    mean = statistics.geometric_mean(ratio for ratio, _ in found)
    print(f"{peer}: {len(found)} operations, {mean:.2f} times ours in the geometric mean, {least:.2f} at the least ({where}).")
