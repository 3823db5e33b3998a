"""Result files as `bench --json` writes them (docs/results.md), made up for tests of `report`."""

import json
import statistics

SCHEMA_VERSION = 1


def device(device_id, name="Test CPU", device_type="CPU", driver="1.0"):
    return {
        "id": device_id, "name": name, "type": device_type, "driver": driver, "platform": "",
        "memory_bytes": 2**34, "largest_allocation_bytes": 2**33, "local_memory_bytes": 32768, "compute_units": 4,
        "limits": {"copy_bytes_per_second": 2e10, "launch_seconds": 1e-6, "flops": 1e11},
    }


DEVICES = [device("reference"), device("tbb"), device("opencl:Test_GPU", "Test GPU", "GPU", "580.1")]


def row(operation="GaussianBlur3D", device_id="tbb", size=(256, 256, 32), dtype="f32", parameters="sigma:2",
        samples=(1.0, 1.1, 0.9), outcome="done", reason="", threads=4, label="", details=None, **figures):
    """One case: times in ms; `figures` are counters of its median row, `details` more of its voxelmark object."""
    shape = "x".join(str(n) for n in size[: 2 if operation.endswith("2D") else 3])
    suffix = "/".join(part for part in (shape, dtype, parameters, label) if part)
    known = {d["id"]: d["name"] for d in DEVICES}
    own = {
        "kind": "operation", "task": f"{operation}/{suffix}", "operation": operation,
        "engine": device_id.split(":")[0], "device": known.get(device_id, device_id), "device_id": device_id,
        "size": list(size), "dtype": dtype, "parameters": parameters, "threads": threads, "dataset": "noise",
        "seed": 1, "outcome": outcome,
    }
    if operation.startswith(("Push", "Pull")):
        own["is_transfer"] = True
    if outcome == "done":
        own |= {"check": "full", "is_reference": device_id == "reference", "clock_drifted": False,
                "stopped_by": "interval of the median within 2 %", "device_ms": []}
    else:
        own["reason"] = reason
    return {"name": f"{operation}/{device_id}/{suffix}", "voxelmark": own | (details or {}),
            "samples": list(samples), "figures": figures}


def default_figures(samples):
    return {
        "median_ms": statistics.median(samples), "median_ci_lower_ms": min(samples),
        "median_ci_upper_ms": max(samples), "p5_ms": min(samples), "p95_ms": max(samples), "samples": len(samples),
        "throughput_ms": statistics.median(samples), "prepare_ms": 20.0, "push_ms": 0.0, "pull_ms": 0.0,
        "effective_bytes_per_second": 1e9, "flops_per_second": 1e9, "share_of_copy_bandwidth": 0.05,
        "peak_device_bytes": 1e6, "clock_drift": 0.001, "max_abs_error": 1e-5, "error_allowed": 1e-3,
        "differing_voxels": 10.0, "voxels_compared": 1000.0, "bias": 1e-8, "rmse": 1e-6, "pearson_r": 1.0,
        "limit_of_agreement_lower": -1e-6, "limit_of_agreement_upper": 1e-6,
    }


def entries(case):
    """The entries of "benchmarks" for one case: a line a sample, then the aggregates."""
    base = {"name": case["name"], "run_name": case["name"], "family_index": 0, "per_family_instance_index": 0,
            "repetitions": len(case["samples"]), "threads": 1, "time_unit": "ms"}
    if case["voxelmark"]["outcome"] != "done":
        message = f"{case['voxelmark']['outcome']}: {case['voxelmark']['reason']}"
        return [base | {"run_type": "iteration", "repetition_index": 0, "iterations": 0, "real_time": 0.0,
                        "cpu_time": 0.0, "error_occurred": True, "error_message": message, "voxelmark": case["voxelmark"]}]
    samples = case["samples"]
    lines = [base | {"run_type": "iteration", "repetition_index": i, "iterations": 1, "real_time": time,
                     "cpu_time": time} for i, time in enumerate(samples)]
    spread = statistics.stdev(samples) if len(samples) > 1 else 0.0
    mean = statistics.fmean(samples)
    for name, unit, value in [("mean", "time", mean), ("median", "time", statistics.median(samples)),
                              ("stddev", "time", spread), ("cv", "percentage", spread / mean if mean else 0.0)]:
        lines.append(base | {"name": f"{case['name']}_{name}", "run_type": "aggregate", "aggregate_name": name,
                             "aggregate_unit": unit, "iterations": len(samples), "real_time": value,
                             "cpu_time": value})
    lines[-3] |= default_figures(samples) | case["figures"] | {"voxelmark": case["voxelmark"]}
    return lines


def document(rows, runs=1, devices=None, date="2026-01-01T12:00:00+00:00", revision="abc123", **own):
    """A whole file; further keywords replace keys of context.voxelmark."""
    context = {
        "date": date, "host_name": "test", "executable": "bench", "num_cpus": 4, "mhz_per_cpu": 2000,
        "cpu_scaling_enabled": False, "caches": [], "load_avg": [0.0], "library_build_type": "release",
        "voxelmark": {
            "schema_version": SCHEMA_VERSION, "runs": runs, "version": "0.1.0", "git_revision": revision,
            "compiler": "GNU 12.2.0", "flags": "-O3", "command": ["bench", "--json", "out.json"],
            "incomplete": False, "kernel": "Linux 6.1", "cpu": "Test CPU", "cpu_threads": 4, "cpu_smt": False,
            "cgroup_cpu_quota": "", "cpu_steal_fraction": 0.0, "devices": DEVICES if devices is None else devices,
        } | own,
    }
    return {"context": context, "benchmarks": [entry for case in rows for entry in entries(case)]}


def write(path, rows, **context):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document(rows, **context), file)
