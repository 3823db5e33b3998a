#!/usr/bin/env python3
"""Of two runs of one binary, how often does the 95 % interval of the ratio hold 1?

usage: aa_coverage.py BENCH REPORT [--pairs 100] [--runs 8] [--folder FOLDER] [BENCH OPTIONS...]

A pair is `bench --runs 8 --base-program BENCH`: fresh processes of one binary as both sides, in turn (A B B A …), and
`report compare` of the two files. No process takes part in two pairs. What was found is kept in FOLDER/pairs.jsonl, a
line a pair; a trial that was interrupted goes on from there, and with several folders, trials can run at once.
Exits with 1 where the intervals of a case hold 1 in fewer than 93 of 100 pairs.
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

# Four cases, on TBB and PoCL, from 0.01 to 1 ms. A thread each, since a shared machine has seldom more to give.
BENCH_OPTIONS = ["--filter", "^(GaussianBlur2D|Minimum2D)/", "--engine", "tbb,opencl", "--size", "192x128",
                 "--dtype", "f32", "--threads", "1", "--max-time", "0.05", "--check", "none", "--no-limits", "--no-pictures"]


def run(*command, allowed=(0,)):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in allowed:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}: {done.stderr}")
    return done


def compare_with_itself(arguments, options):
    """{case: [lower end, ratio, upper end]} of a pair of runs."""
    with tempfile.TemporaryDirectory() as folder:
        base, new, found = (pathlib.Path(folder) / name for name in ("base.json", "new.json", "comparison.json"))
        run(arguments.bench, *options, "--runs", str(arguments.runs), "--json", new,
            "--base-program", arguments.bench, "--base-json", base)
        run(arguments.report, "compare", base, new, "--json", found, allowed=(0, 1))
        cases = json.loads(found.read_text())["cases"]
    return {case["name"]: [case["ratio_95_lower"], case["ratio"], case["ratio_95_upper"]] for case in cases}


def share(count, total):
    """'96 of 100 (95 % interval 90.1 to 98.9 %)', the interval by Clopper and Pearson."""
    interval = scipy.stats.binomtest(count, total).proportion_ci(0.95)
    return f"{count} of {total} (95 % interval {100 * interval.low:.1f} to {100 * interval.high:.1f} %)"


def summarize(lines):
    """Prints the counts; whether each case is held often enough."""
    of_case = collections.defaultdict(list)
    for line in lines:
        for name, interval in json.loads(line).items():
            of_case[name].append(interval)
    good = True
    for name, intervals in of_case.items():
        holds = sum(lower <= 1 <= upper for lower, _, upper in intervals)
        width = statistics.median(upper / lower - 1 for lower, _, upper in intervals)
        print(f"{name}: the interval holds 1 in {share(holds, len(intervals))}; median width {100 * width:.1f} %, "
              f"ratios {min(r for _, r, _ in intervals):.3f} to {max(r for _, r, _ in intervals):.3f}")
        good = good and holds >= 0.93 * len(intervals)
    every = [interval for intervals in of_case.values() for interval in intervals]
    print(f"all: {share(sum(lower <= 1 <= upper for lower, _, upper in every), len(every))}")
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("report")
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--runs", type=int, default=8)
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("aa_coverage"))
    arguments, options = parser.parse_known_args()
    arguments.folder.mkdir(exist_ok=True)
    log = arguments.folder / "pairs.jsonl"
    done = len(log.read_text().splitlines()) if log.exists() else 0
    for pair in range(done, arguments.pairs):
        intervals = compare_with_itself(arguments, options or BENCH_OPTIONS)
        with open(log, "a", encoding="utf-8") as file:
            file.write(json.dumps(intervals) + "\n")
        print(f"\rmeasured {pair + 1} of {arguments.pairs} pairs", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return 0 if summarize(log.read_text().splitlines()[: arguments.pairs]) else 1


if __name__ == "__main__":
    sys.exit(main())
