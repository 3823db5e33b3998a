#!/usr/bin/env python3
"""A Markdown table of GPU rows beside their peers: performance_table.py RESULTS.json...

Columns: our time by device events and by the wall clock, each peer's by its own best clock (device events where it has
them), and the limit t0 + bytes / B, for the launch cost t0 (us) and the copy rate B (TB/s) of --limit t0,B.
"""
import argparse
import collections
import json

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("results", nargs="+")
parser.add_argument("--limit", default="5.8,4.29", help="t0 in us and B in TB/s")
arguments = parser.parse_args()
t0, rate = (float(part) for part in arguments.limit.split(","))

PEERS = ["cupy", "pyclesperanto"]
rows = collections.defaultdict(dict)
for path in arguments.results:
    for row in json.load(open(path))["benchmarks"]:
        if row.get("aggregate_name") != "median" or row.get("error_occurred") or row.get("skipped"):
            continue
        operation, engine, *rest = row["name"].removesuffix("_median").split("/")
        rows[" ".join([operation, *rest])][engine.split(":")[0]] = row

print("| operation | ours, device | ours, wall | CuPy | pyclesperanto | limit | of the limit |")
print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
for name, engines in sorted(rows.items()):
    ours = engines.get("opencl")
    if not ours or "device_ms" not in ours:
        continue
    limit = t0 * 1e-3 + ours["effective_bytes_per_second"] * ours["median_ms"] * 1e-3 / (rate * 1e9)
    cells = [f"{ours['device_ms']:.3g}", f"{ours['median_ms']:.3g}"]
    for peer in PEERS:
        peers = engines.get(peer)
        cells.append(f"{peers.get('device_ms') or peers['median_ms']:.3g}" if peers else "-")
    share = f"{100 * limit / ours['device_ms']:.0f} %"
    print("| " + " | ".join([name, *cells, f"{limit:.3g}", share]) + " |")
