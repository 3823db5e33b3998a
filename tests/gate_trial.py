#!/usr/bin/env python3
"""How often `report compare` raises a false alarm, and how often it sees a slowdown of 10 %.

usage: gate_trial.py BENCH BENCH_SLOWED REPORT [--pairs 100] [--runs 8] [--folder FOLDER] [BENCH OPTIONS...]

BENCH_SLOWED is the same program as BENCH with a clock that makes every time 10 % longer
(tests/CMakeLists.txt). Each pair takes three sets of fresh processes: base and new of BENCH, slowed of BENCH_SLOWED,
in the order base new slowed slowed new base, over and over. `report compare` then judges base against new, where
any alarm is a false one, and base against slowed: both comparisons of a pair share their base. No process takes part
in two pairs. What was measured is kept in FOLDER, a line a pair; a trial that was interrupted goes on from there.
Exits with 1 where more than 5 % of the pairs of identical builds raise an alarm, or less than 95 % of the slowed ones.
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

# Four cases, on TBB and PoCL, from 0.1 to 3 ms. A thread each, since a shared machine has seldom more to give.
BENCH_OPTIONS = ["--filter", "^(GaussianBlur2D|Minimum2D)/", "--engine", "tbb,opencl", "--size", "384x256",
                 "--dtype", "f32", "--threads", "1", "--max-time", "0.1", "--no-limits", "--no-pictures"]
ORDER = ["base", "new", "slowed", "slowed", "new", "base"]


def one_process(program, options):
    """The result file of one fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "run.json"
        run = subprocess.run([program, *options, "--json", path], capture_output=True, text=True)
        if run.returncode != 0:
            sys.exit(f"{program} ended with {run.returncode}: {run.stderr}")
        return json.loads(path.read_text())


def measure(arguments, options, log):
    """Adds lines to the log until it has all pairs: {"base": [a file per process], "new": …, "slowed": …}."""
    programs = {"base": arguments.bench, "new": arguments.bench, "slowed": arguments.bench_slowed}
    done = len(log.read_text().splitlines()) if log.exists() else 0
    for pair in range(done, arguments.pairs):
        files = collections.defaultdict(list)
        for k in range(3 * arguments.runs):
            side = ORDER[k % len(ORDER)]
            files[side].append(one_process(programs[side], options))
        with open(log, "a", encoding="utf-8") as file:
            file.write(json.dumps(files) + "\n")
        print(f"\rmeasured {pair + 1} of {arguments.pairs} pairs", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


def judge(report, line, folder):
    """{"new": {case: verdict}, "slowed": {case: verdict}} of one pair, and the ratios."""
    files = json.loads(line)
    paths = {}
    for side, documents in files.items():
        paths[side] = []
        for k, document in enumerate(documents):
            paths[side].append(folder / f"{side}{k}.json")
            paths[side][-1].write_text(json.dumps(document))
    outcome = {}
    for side in ("new", "slowed"):
        run = subprocess.run([report, "compare", "--base", *paths["base"], "--new", *paths[side], "--json", "-"],
                             capture_output=True, text=True)
        if run.returncode not in (0, 1):
            sys.exit(f"report compare ended with {run.returncode}: {run.stderr}")
        found = json.loads(run.stdout)
        if (found["alarms"] > 0) != (run.returncode == 1) or not found["cases"]:
            sys.exit("report compare contradicts itself")
        outcome[side] = found["cases"]
    return outcome


def share(count, total):
    """'3 of 100 (95 % interval 0.6 to 8.5 %)', the interval by Clopper and Pearson."""
    interval = scipy.stats.binomtest(count, total).proportion_ci(0.95)
    return f"{count} of {total} ({100 * interval.low:.1f} to {100 * interval.high:.1f} %)"


def summarize(report, log, pairs):
    """Prints all figures; whether they are as required."""
    alarms = collections.Counter()
    verdicts = {side: collections.defaultdict(collections.Counter) for side in ("new", "slowed")}
    ratios = collections.defaultdict(list)
    with open(log, encoding="utf-8") as lines, tempfile.TemporaryDirectory() as folder:
        for _, line in zip(range(pairs), lines):
            for side, cases in judge(report, line, pathlib.Path(folder)).items():
                alarms[side] += any(case["alarm"] for case in cases)
                alarms[side, "all"] += all(case["alarm"] for case in cases)
                for case in cases:
                    verdicts[side][case["name"]][case["verdict"]] += 1
                    ratios[side, case["name"]].append(case["ratio"])
    print("pairs with an alarm, with a 95 % interval")
    print(f"  identical builds: {share(alarms['new'], pairs)}")
    print(f"  10 % slower:      {share(alarms['slowed'], pairs)}, in every case {share(alarms['slowed', 'all'], pairs)}")
    for side, title in (("new", "identical builds"), ("slowed", "10 % slower")):
        print(f"verdicts, {title}")
        for name, counts in verdicts[side].items():
            words = ", ".join(f"{n} {verdict}" for verdict, n in counts.most_common())
            print(f"  {name}: {words}; median ratio {statistics.median(ratios[side, name]):.3f}")
    return alarms["new"] <= 0.05 * pairs and alarms["slowed"] >= 0.95 * pairs


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
    measure(arguments, options or BENCH_OPTIONS, log)
    return 0 if summarize(arguments.report, log, arguments.pairs) else 1


if __name__ == "__main__":
    sys.exit(main())
