#!/usr/bin/env python3
"""How often `report compare` cries wolf, and how often it sees a slowdown of 10 %.

usage: gate_trial.py BENCH BENCH_SLOWED REPORT [--pairs 100] [--runs 8] [--folder FOLDER] [BENCH OPTIONS...]

BENCH is bench_unlimited, BENCH_SLOWED the same program with a clock that makes every time 10 % longer
(tests/CMakeLists.txt). Each pair takes three sets of fresh processes: base and new of BENCH, slowed of BENCH_SLOWED,
in the order base new slowed slowed new base, over and over. `report compare` then judges base against new, where
any alarm is a false one, and base against slowed: both comparisons of a pair share their base. No process takes part
in two pairs. What was measured is kept in FOLDER, a line a pair; a trial that was interrupted goes on from there.
"""

import argparse
import collections
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

import scipy.stats

# Six cases on TBB and PoCL, from 0.1 to 5 ms.
BENCH_OPTIONS = ["--filter", "^(GaussianBlur2D|Minimum2D)/", "--engine", "tbb,opencl", "--size", "384x256",
                 "--dtype", "f32", "--max-time", "0.05"]
ORDER = ["base", "new", "slowed", "slowed", "new", "base"]


def one_process(program, options):
    """The result file of one fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "run.json"
        run = subprocess.run([program, *options, "--json", path], capture_output=True, text=True)
        if run.returncode != 0:
            sys.exit(f"{program} ended with {run.returncode}: {run.stderr}")
        return json.loads(path.read_text())


def measure_pair(programs, runs, options):
    """{"base": {case: [median of each process]}, ...}, and the last process' file."""
    medians = {side: collections.defaultdict(list) for side in ORDER}
    samples = {side: collections.defaultdict(list) for side in ORDER}
    for k in range(3 * runs):
        side = ORDER[k % len(ORDER)]
        document = one_process(programs[side], options)
        for entry in document["benchmarks"]:
            if "voxelmark" in entry:
                medians[side][entry["name"].removesuffix("_median")].append(entry["median_ms"])
            elif entry["run_type"] == "iteration":
                samples[side][entry["run_name"]].append((k, entry["real_time"]))
    return medians, samples, document


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("bench_slowed")
    parser.add_argument("report")
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--runs", type=int, default=8)
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("gate_trial"))
    arguments, options = parser.parse_known_args()
    arguments.folder.mkdir(exist_ok=True)
    log = arguments.folder / "pairs.jsonl"
    done = len(log.read_text().splitlines()) if log.exists() else 0
    programs = {"base": arguments.bench, "new": arguments.bench, "slowed": arguments.bench_slowed}
    for pair in range(done, arguments.pairs):
        medians, samples, document = measure_pair(programs, arguments.runs, options or BENCH_OPTIONS)
        if pair == 0:
            (arguments.folder / "example.json").write_text(json.dumps(document))
        with open(log, "a", encoding="utf-8") as file:
            file.write(json.dumps({"medians": medians, "samples": samples}) + "\n")
        print(f"\rpair {pair + 1} of {arguments.pairs}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
