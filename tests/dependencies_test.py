#!/usr/bin/env python3
"""Holds that dependencies between rooms point one way, and that each library stays in its room.

usage: dependencies_test.py ROOT

Reads the #include lines of all sources below ROOT. Exits with 1 at an include that the tables below do
not allow, or where no file was read.
"""

import pathlib
import re
import sys
import tempfile

from checked import CheckedTest, run_tests

ROOT = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else None
SUFFIXES = {".cpp", ".hpp", ".def", ".h", ".cl"}
TOP_FOLDERS = ("engines", "kernels", "datasets", "validate", "bench", "reports", "tests")

CORE, OPERATIONS = "engines/core", "engines/operations"
ENGINES = {f"engines/{name}" for name in ("reference", "tbb", "opencv", "opencl", "external")}
EVERYTHING = {CORE, OPERATIONS, "datasets", "validate", "bench", "reports", *ENGINES}

# A room, and the rooms that it may include besides itself.
ROOMS = {
    CORE: set(),
    OPERATIONS: {CORE},
    **{engine: {OPERATIONS, CORE} for engine in ENGINES},
    "datasets": {CORE},
    "validate": {CORE, "datasets"},
    "bench": {CORE, OPERATIONS, "datasets", "validate", *ENGINES},
    "reports": {CORE},
    "kernels": set(),
    "tests": EVERYTHING,
}

# Of an engine, others than its own room and the tests see these headers only.
PUBLIC = re.compile(r"engines/(\w+)/\1(_umat)?_engine\.hpp|engines/reference/reference\.hpp")

# A library's headers, and the rooms that may know them.
LIBRARIES = {
    "opencv2/": {"engines/opencv"},
    "CL/": {"engines/opencl", "tests"},
    "benchmark/": {"bench"},
    "CLI/": {"bench", "validate", "reports"},
    "kainjow/": {"reports"},
    "nlohmann/": {"engines/external", "datasets", "bench", "reports", "validate", "tests"},
    "tiffio.h": {"datasets", "tests"},
    "blosc.h": {"datasets", "tests"},
    "zstd.h": {"datasets", "tests"},
    "zstd_errors.h": {"datasets"},
    "zlib.h": {"datasets", "tests"},
    "tbb/": EVERYTHING - {OPERATIONS, "reports"} | {"tests"},
    "Eigen/": {"validate", "tests"},
    "boost/math/": {"validate", "reports"}, "boost/pending/": {"bench"},
    "mpi.h": {"bench"},
    "png.h": {"validate", "tests"},
    "libqhull_r/": {"validate"},
    "gtest/": {"tests"},
}
# A program's main, which calls a room that its own may not know; and the one place that settles how all programs
# read their command lines.
EXCEPTIONS = {("validate/main.cpp", "bench/validate_engines.hpp"), ("engines/core/command_line.hpp", "CLI/CLI.hpp")}
GENERATED = {"build_info.hpp": {"bench", "validate", "reports"}, "page_files.hpp": {"reports"}}
SYSTEM = re.compile(r"(sys/)?[a-z_0-9]+(\.h)?")  # the standard library's, and POSIX'


def room_of(path):
    """"engines/core" for "engines/core/image.hpp", "bench" for "bench/case.hpp"."""
    folders = path.split("/")[:-1]
    return "/".join(folders[: 2 if folders[:1] == ["engines"] else 1])


def includes(text):
    """What is included, as written: "engines/core/image.hpp", and in <> or "" alike."""
    for line in text.splitlines():
        if re.match(r"\s*#\s*include\b", line):
            found = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
            yield found.group(1) if found else line.strip()


def fault(room, included):
    """Why a file of the room may not include this, or None."""
    if included in GENERATED:
        return None if room in GENERATED[included] else "a generated header of another room"
    target = room_of(included)
    if target in ROOMS:
        if target != room and target not in ROOMS[room]:
            return f"{room} may not depend on {target}"
        if target in ENGINES and room not in (target, "tests") and not PUBLIC.fullmatch(included):
            return f"no public header of {target}"
        return None
    for prefix, rooms in LIBRARIES.items():
        if included == prefix or prefix.endswith("/") and included.startswith(prefix):
            return None if room in rooms else f"{prefix} belongs to {', '.join(sorted(rooms))}"
    if SYSTEM.fullmatch(included):
        return None
    return "neither a path from the root, nor a library that this test knows"


def examine(root):
    """The files read below root, and what is wrong with them."""
    files, faults = [], []
    for path in sorted(p for top in TOP_FOLDERS for p in (root / top).rglob("*") if p.suffix in SUFFIXES):
        name = path.relative_to(root).as_posix()
        files.append(name)
        room = room_of(name)
        if room not in ROOMS:
            faults.append(f"{name}: lies in no room that this test knows")
            continue
        for included in includes(path.read_text(encoding="utf-8")):
            reason = None if (name, included) in EXCEPTIONS else fault(room, included)
            if not reason and room_of(included) in ROOMS and not (root / included).is_file():
                reason = "does not exist"
            if reason:
                faults.append(f"{name}: {included}: {reason}")
    return files, faults


class Dependencies(CheckedTest):
    def test_repository(self):
        files, faults = examine(ROOT)
        print(f"{len(files)} files read")
        for room in (CORE, OPERATIONS, *(ENGINES - {"engines/external"}), "datasets", "validate", "bench", "reports", "tests"):
            self.check(any(room_of(name) == room for name in files), f"no source in {room}")
        for name in files:
            self.check(not [f for f in faults if f.startswith(name + ":")],
                       "\n".join(f for f in faults if f.startswith(name + ":")))

    def test_planted_includes_are_found(self):
        for room, included in [
            (CORE, "engines/operations/catalogue.hpp"), (CORE, "bench/case.hpp"), (CORE, "tiffio.h"),
            (OPERATIONS, "engines/reference/reference.hpp"), (OPERATIONS, "tbb/parallel_for.h"),
            ("engines/reference", "engines/tbb/tbb_engine.hpp"), ("engines/reference", "datasets/tiff.hpp"),
            ("engines/tbb", "engines/reference/reference.hpp"), ("engines/opencl", "opencv2/core.hpp"),
            ("engines/opencv", "engines/opencl/cl.hpp"), ("engines/tbb", "CL/opencl.hpp"),
            ("datasets", "engines/operations/catalogue.hpp"), ("datasets", "validate/image_agreement.hpp"),
            ("validate", "bench/case.hpp"), ("validate", "engines/tbb/tbb_engine.hpp"),
            ("validate", "engines/operations/catalogue.hpp"), ("validate", "benchmark/benchmark.h"),
            ("bench", "blosc.h"), ("validate", "zlib.h"), ("bench", "engines/opencl/cl.hpp"), ("bench", "engines/tbb/tbb_operations.hpp"), ("bench", "tiffio.h"),
            ("bench", "reports/page.hpp"), ("reports", "engines/tbb/tbb_engine.hpp"), ("reports", "bench/case.hpp"),
            ("datasets", "CLI/CLI.hpp"), ("kernels", "engines/core/image.hpp"), ("datasets", "build_info.hpp"),
            ("bench", "case.hpp"), ("bench", "../engines/opencl/cl.hpp"), ("bench", "curl/curl.h"),
            ("bench", "engines/core.hpp"), (CORE, "#include HEADER"),
        ]:
            self.check(fault(room, included), f"{included} was let into {room}")

    def test_allowed_includes(self):
        for room, included in [
            (CORE, "vector"), (CORE, "tbb/parallel_for.h"), (CORE, "engines/core/image.hpp"), (CORE, "unistd.h"),
            (OPERATIONS, "engines/core/image.hpp"), ("engines/opencl", "CL/opencl.hpp"),
            ("engines/tbb", "engines/operations/window.hpp"), ("engines/tbb", "engines/tbb/tbb_operations.hpp"),
            ("bench", "engines/tbb/tbb_engine.hpp"), ("bench", "engines/reference/reference.hpp"),
            ("bench", "build_info.hpp"), ("bench", "sys/utsname.h"), ("tests", "engines/opencl/opencl_runtime.hpp"),
        ]:
            self.equal(fault(room, included), None, f"{included} in {room}")

    def test_planted_files_are_found(self):
        planted = {
            "engines/core/text.cpp": ("#include <CLI/CLI.hpp>", 1),
            "engines/core/a.hpp": ("#pragma once\n  #  include <bench/b.hpp>  // <- wrong\n", 1),
            "bench/b.hpp": ('#include "engines/core/a.hpp"\n// #include "engines/opencl/cl.hpp"\n', 0),
            "bench/deep/c.cpp": ('#include "bench/none.hpp"\n', 1),
            "engines/stray.cpp": ("", 1),
            "validate/main.cpp": ('#include "bench/validate_engines.hpp"\n', 1),  # which is not there
            "validate/other.cpp": ('#include "bench/b.hpp"\n', 1),
            "engines/cuda/d.cpp": ("", 1),
            "kernels/e.cl": ('#include "kernels/f.cl"', 1),
            "engines/tbb/notes.txt": ('#include "bench/b.hpp"', 0),
        }
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            self.equal(examine(root), ([], []), "an empty folder")
            for name, (text, _) in planted.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            files, faults = examine(root)
        self.equal(len(files), len(planted) - 1, "files read")
        for name, (_, count) in planted.items():
            self.equal(sum(f.startswith(name + ":") for f in faults), count, f"faults of {name}: {faults}")


if __name__ == "__main__":
    if ROOT is None:
        sys.exit(__doc__)
    sys.exit(run_tests(sys.argv[2:]))
