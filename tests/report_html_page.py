"""What tests of `report html` share: made-up results, the figures expected of them, and reading a page."""

import json
import re

import result_files
from report_program import ReportTest

GPU = "opencl:Test_GPU"
DEVICES = [result_files.device("reference"), result_files.device("tbb"), result_files.device("opencv"),
           result_files.device(GPU, "Test GPU", "GPU", "580.1")]
CLOCKS = {
    "kernel": lambda f: f["median_ms"],
    "transfers": lambda f: f["push_ms"] + f["median_ms"] + f["pull_ms"],
    "first": lambda f: f["prepare_ms"] + f["push_ms"] + f["median_ms"] + f["pull_ms"],
}


def some_rows():
    """Three operations in two sizes and types on four engines, with a row of every outcome."""
    rows = []
    factors = {"reference": 30.0, "tbb": 1.0, "opencv": 1.7, GPU: 0.04}
    for o, operation in enumerate(["GaussianBlur3D", "Flip3D", "FixedThreshold3D"]):
        for s, size in enumerate([(64, 64, 16), (256, 256, 32)]):
            for dtype in ("u8", "f32"):
                for parameters in (["sigma:2x2x0", "sigma:5x5x0"] if o == 0 else [""]):
                    for engine, factor in factors.items():
                        base = (1.3 + o) * (1 if dtype == "u8" else 1.6) * (0.3, 9.0)[s]
                        if engine == "opencv" and o == 1:
                            base /= 4  # the best CPU row is not always the same engine's
                        middle = base * factor + (0.8 if engine == GPU else 0.0)
                        more = {"push_ms": 0.4 * (s * 8 + 1), "pull_ms": 0.2 * (s * 8 + 1)} if engine == GPU else {}
                        outcome = ("failed" if (o, s, dtype, engine) == (1, 0, "u8", "opencv") else
                                   "skipped" if (o, engine) == (2, "opencv") else "done")
                        details = {"check": "none"} if (o, s, dtype, engine) == (2, 0, "u8", GPU) else {}
                        rows.append(result_files.row(
                            operation, engine, size, dtype, parameters, outcome=outcome,
                            samples=[middle * f for f in (0.97, 0.99, 1.0, 1.01, 1.04)],
                            reason=f"{outcome} for a <b>reason</b>", details=details, prepare_ms=11.0 + o, **more,
                            max_abs_error=0.0 if o else 1e-5 * (1 + s), error_allowed=0.0 if o else 1e-4,
                            **({"dice": 1.0, "jaccard": 1.0} if o == 2 else {})))
    return rows


def cases(document):
    """(voxelmark object, figures or None) of every case."""
    return [(entry["voxelmark"], entry if "median_ms" in entry else None)
            for entry in document["benchmarks"] if "voxelmark" in entry]


def is_checked(own, figures):
    return figures is not None and own["check"] != "none"


def by_task(document):
    found = {}
    for own, figures in cases(document):
        found.setdefault(own["task"], []).append((own, figures))
    return found


def cpu_ids(document):
    return {d["id"] for d in document["context"]["voxelmark"]["devices"] if d.get("type") == "CPU"} - {"reference"}


def best_cpu(document, task):
    candidates = [(CLOCKS["transfers"](f), own["device_id"], f) for own, f in task
                  if is_checked(own, f) and own["device_id"] in cpu_ids(document)]
    return min(candidates, default=(0, None, None), key=lambda c: c[0])[2]


def chosen_tasks(document, allowed=lambda own: True):
    """operation -> its task that most engines have a checked result of, then the largest."""
    best = {}
    for name, task in by_task(document).items():
        own = task[0][0]
        if not allowed(own):
            continue
        x, y, z = own["size"]
        rank = (sum(is_checked(o, f) for o, f in task), x * y * z)
        if own["operation"] not in best or rank > best[own["operation"]][0]:
            best[own["operation"]] = (rank, name)
    return {operation: name for operation, (_, name) in best.items()}


def expected_speedups(document, clock, base="best", allowed=lambda own: True):
    """(operation, device id) -> speed-up, for all that have one."""
    tasks, expected = by_task(document), {}
    for operation, name in chosen_tasks(document, allowed).items():
        baseline = best_cpu(document, tasks[name]) if base == "best" else next(
            (f for own, f in tasks[name] if own["device_id"] == base and is_checked(own, f)), None)
        for own, figures in tasks[name]:
            if baseline and is_checked(own, figures):
                expected[operation, own["device_id"]] = CLOCKS[clock](baseline) / CLOCKS[clock](figures)
    return expected


class PageTest(ReportTest):
    def made(self, rows, name="results.json", **context):
        """A result file of these rows and DEVICES."""
        return self.results(name, rows, **{"devices": DEVICES, **context})

    def page(self, *files, options=()):
        """The page of these files, of which the program says nothing."""
        output = self.folder / "report.html"
        done = self.run_program("html", *files, "-o", output, *options)
        self.equal((done.stdout, done.stderr), ("", ""), "report html")
        return output


def without_transfers(rows):
    """As files are that do not tell transfers from operations."""
    return [{**row, "voxelmark": {key: value for key, value in row["voxelmark"].items() if key != "is_transfer"}} for row in rows]


def findings_of(page):
    text = page.read_text(encoding="utf-8")
    listed = re.search(r'<ul class="findings">(.*?)</ul>', text, re.S).group(1)
    return [item.strip() for item in re.findall(r"<li>(.*?)</li>", listed, re.S)]


PNG = "iVBORw0KGgo"


def pictured(of_input, expected, result):
    """What a row says of pictures without a difference."""
    return {"input": of_input, "expected": expected, "result": result, "slice": 0, "x": 0, "y": 0, "width": 8, "height": 8,
            "input_levels": [0, 1], "levels": [0, 1], "difference_scale": 0.0}


def tiled(tile, overlap, needed, errors=None, picture=None):
    """What a row says of its tiles: `errors` are the largest differences by distance, of 10 voxels each among 4096."""
    sides = lambda n: [n, n, 1] if n else [0, 0, 0]
    overlaps = lambda n: [n, n, 0]
    tiling = {"tile": sides(tile), "overlap": overlaps(overlap), "needed_overlap": overlaps(needed), "tiles": (64 // tile) ** 2, "lanes": 2,
              "read_ratio": (1 + overlap / tile) ** 2, "inner_read_ratio": (1 + 2 * overlap / tile) ** 2, "stages_ms": {"read": 1.0}}
    if errors is not None:
        tiling["errors"] = {"voxels": 4096, "differing": sum(10 for e in errors if e), "largest": max(errors, default=0), "sum": float(sum(errors)),
                            "by_distance": [{"voxels": 20, "differing": 10 if e else 0, "largest": e} for e in errors]}
    if picture:
        tiling["picture"] = {"name": picture, "slice": 0, "width": 64, "height": 64, "block": 1, "largest": max(errors)}
    return {"tiling": tiling}


# By tile and overlap the largest differences by distance, of an operation that reaches 8 voxels.
SEAMS = {(16, 0): [40.0, 12.5, 3.0, 0.5], (16, 4): [2.5, 1.25], (16, 8): [], (32, 0): [42.0, 13.0, 0.25], (32, 4): [2.0], (32, 8): []}


def rows_in_tiles(engine="tbb", uncut=2.0, dtype="u8"):
    """An operation uncut and in tiles, not in the order of their size, with pictures p1 where they differ."""
    rows = [result_files.row("GaussianBlur2D", engine, (64, 64, 1), dtype, "sigma:2", samples=[uncut] * 7)]
    for i, ((tile, overlap), errors) in enumerate(reversed(SEAMS.items())):
        details = tiled(tile, overlap, 8, errors, "p1" if errors else None)
        if errors:
            details |= {"disagrees": True, "reason": "its tiles overlap by less than the operation needs"}
        rows.append(result_files.row("GaussianBlur2D", engine, (64, 64, 1), dtype, f"sigma:2/tile:{tile}x{tile}/overlap:{overlap}x{overlap}",
                                     samples=[uncut * (1.5 + i)] * 7, details=details))
    return rows


def model_of(page):
    text = page.read_text(encoding="utf-8")
    return json.loads(re.search(r'<script type="application/json" id="model">(.*?)</script>', text, re.S).group(1))


def number(text):
    """"24×", "0.05×": the number."""
    return float(text.replace("×", "").replace("~", "").replace("●", ""))
