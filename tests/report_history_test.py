#!/usr/bin/env python3
"""The dashboard of `report history`: what stands in it against figures computed here, its files, and the page in a browser.

usage: report_history_test.py REPORT [UNITTEST ARGUMENTS...]
"""

import html.parser
import json
import math
import random
import re
import shutil
import statistics
import subprocess
import sys
import unittest

from checked import run_tests
from report_program import REPORT, ReportTest
from result_files import DEVICES, device, row

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
OTHER_MACHINE = [*DEVICES[:2], device("opencl:Test_GPU", "Test GPU", "GPU", "581")]


def day(i):
    return f"2026-{1 + i // 28:02}-{1 + i % 28:02}T12:00:00+00:00"


def name(parameters):
    return f"GaussianBlur3D/tbb/256x256x32/f32/{parameters}"


class Page(html.parser.HTMLParser):
    """The page's model, its visible texts, and what it links to."""

    def __init__(self, text):
        super().__init__()
        self.model, self.texts, self.links, self.tags, self._within = None, [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append(tag)
        if tag in ("script", "style"):
            self._within.append((tag, attributes))
        self.links += [attributes[key] for key in ("href", "src") if key in attributes]

    def handle_endtag(self, tag):
        if tag in ("script", "style"):
            self._within.pop()

    def handle_data(self, data):
        if not self._within:
            self.texts.append(data.strip())
        elif self._within[-1][1].get("id") == "model":
            self.model = json.loads(data)


class HistoryTest(ReportTest):
    def series(self, changes, runs, devices=lambda i: None, folder="in"):
        """A folder of runs; `changes` gives of each case the ms of a run, or a row's keywords, or None."""
        for i in range(runs):
            rows = []
            for parameters, times in changes.items():
                time = times(i)
                if time is not None:
                    options = time if isinstance(time, dict) else {"samples": [time * f for f in (0.99, 1, 1.01)]}
                    rows.append(row(parameters=parameters, **options))
            self.results(f"{folder}/{i:03}.json", rows, date=day(i), revision=f"rev{i}", devices=devices(i))

    def history(self, *arguments, folder="in"):
        self.run_program("history", folder, "-o", "site", *arguments)
        page = Page((self.folder / "site/index.html").read_text(encoding="utf-8"))
        page.cases = {case["name"]: case for case in page.model["cases"]}
        return page


class Figures(HistoryTest):
    def test_ratios(self):
        random.seed(1)
        times = {i: 10 * math.exp(random.gauss(0, 0.1)) for i in range(20)}
        self.series({"a": lambda i: times[i] if i not in (4, 9) else None,
                     "b": lambda i: {"outcome": "failed", "reason": "x"} if i == 7 else {"outcome": "skipped", "reason": "y"} if i == 8 else times[i]},
                    20, devices=lambda i: OTHER_MACHINE if 12 <= i < 15 else None)
        page = self.history()
        self.equal([run["machine"] for run in page.model["runs"]], [int(12 <= i < 15) for i in range(20)], "machines")
        for parameters, without in (("a", (4, 9)), ("b", (7, 8))):
            points = {p[0]: p for p in page.cases[name(parameters)]["points"]}
            for i in range(20):
                if i in without:
                    self.equal(points.get(i), None if parameters == "a" else [i, "failed", "x"] if i == 7 else [i, "skipped", "y"], "point")
                    continue
                before = [times[k] for k in range(i) if k not in without and (12 <= k < 15) == (12 <= i < 15)]
                expected = [times[i], 0.99 * times[i], 1.01 * times[i],
                            *([times[i] / before[-1], times[i] / statistics.median(before[-5:]), times[i] / before[0]] if before else [None] * 3)]
                for value, one in zip(points[i][1:], expected, strict=True):
                    self.check(value is None and one is None or math.isclose(value, one, rel_tol=1e-4), f"run {i}: {points[i]}, expected {expected}")

    def test_order(self):
        """By date, whatever the zone and the file's name, then by revision."""
        for file, date, revision in [("z", "2026-01-01T10:00:00+02:00", "a"), ("b", "2026-01-01T09:00:00Z", "b"), ("a", "2026-01-01T04:30:00-05:00", "c"),
                                     ("c", "2026-01-01T09:00:00+00:00", "a/<b>")]:
            self.results(f"in/{file}.json", [row()], date=date, revision=revision)
        runs = self.history().model["runs"]
        self.equal([run["revision"] for run in runs], ["a", "a/<b>", "b", "c"], "order")
        self.equal([run["date"] for run in runs], ["2026-01-01 08:00 UTC", "2026-01-01 09:00 UTC", "2026-01-01 09:00 UTC", "2026-01-01 09:30 UTC"], "dates")
        for date in ("", "yesterday", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01", "2026-01-01T25:00:00Z", "2026-01-01T00:00:00",
                     "2026-01-01T00:00:00+1", "2026-01-01T00:00:00+00:00x", "-026-01-01T00:00:00Z"):
            self.results("in/bad.json", [row()], date=date)
            self.refused("history", "in", "-o", "new", words=["bad.json", "date"])
            self.check(not (self.folder / "new").exists(), "a folder was made for bad input")

    def test_trends(self):
        noise = random.Random(2)
        wave = lambda level: level * math.exp(noise.gauss(0, 0.01))
        failed = {"outcome": "failed", "reason": "disagrees with the reference", "details": {"disagrees": True}}
        self.series({
            "steady": lambda i: wave(10), "slower": lambda i: wave(10 if i < 12 else 12), "faster": lambda i: wave(10 if i < 8 else 5),
            "mended": lambda i: wave(13 if 6 <= i < 12 else 10), "twice": lambda i: wave(10 * 1.2 ** (i // 7)),
            "outlier": lambda i: wave(30 if i == 9 else 10), "newest outlier": lambda i: wave(30 if i == 19 else 10),
            "drift": lambda i: wave(10 * 1.02 ** i), "failing": lambda i: failed if i >= 17 else wave(10),
            "failed once": lambda i: failed if i == 5 else wave(10), "always failed": lambda i: failed,
            "skipped": lambda i: {"outcome": "skipped", "reason": "too large"} if i > 15 else wave(10),
            "gone": lambda i: wave(10) if i < 15 else None, "new": lambda i: wave(10) if i > 16 else None,
        }, 20)
        page = self.history()
        for parameters, trend, since, good, steps in [
            ("steady", "steady", None, 19, []), ("slower", "slower", 12, 11, [12]), ("faster", "faster", 8, 19, [8]),
            ("mended", "steady", None, 19, [6, 12]), ("twice", "slower", 14, 13, [7, 14]), ("outlier", "steady", None, 19, []),
            ("newest outlier", "steady", None, 19, []), ("drift", "steady", None, 19, []), ("failing", "failed", 17, 16, []),
            ("failed once", "steady", None, 19, []), ("always failed", "failed", 0, None, []), ("skipped", "skipped", None, 15, []),
            ("gone", "gone", None, 14, []), ("new", "few runs", None, 19, []),
        ]:
            case = page.cases[name(parameters)]
            self.equal((case["trend"], case["since"], case["good"], [step[0] for step in case["steps"]]), (trend, since, good, steps), parameters)
        self.check(math.isclose(page.cases[name("slower")]["steps"][0][1], 1.2, rel_tol=0.03), "size of the step")
        text = " ".join(page.texts)
        for words in ("20 runs on 1 machine, from 2026-01-01 12:00 UTC to 2026-01-20 12:00 UTC, with 14 cases.", "2 cases slower since a lasting step, 1 faster, "
                      "6 steady, 2 failed or disagreed last, 1 with too few runs for a step, 1 skipped last, 1 not in the newest run",
                      "fails: disagrees with the reference", "rev11", "rev16"):
            self.check(words in text, f"no '{words}' in {text[:3000]}")

    def test_false_alarms(self):
        noise = random.Random(3)
        self.series({f"noise:{n}/{i}": lambda _, n=n: 10 * math.exp(noise.gauss(0, n)) for n in (0.005, 0.03, 0.15) for i in range(100)}
                    | {f"drift:{i}": lambda k: math.exp(0.01 * k + noise.gauss(0, 0.01)) for i in range(100)}
                    | {f"step:{i}": lambda k: (1.2 if k >= 12 else 1) * math.exp(noise.gauss(0, 0.02)) for i in range(100)}, 24)
        cases = self.history().model["cases"]
        steps = {kind: [case["steps"] for case in cases if f"/{kind}" in case["name"]] for kind in ("noise", "drift", "step")}
        false = sum(bool(s) for s in steps["noise"]), sum(bool(s) for s in steps["drift"])
        found = sum(any(abs(step[0] - 12) <= 1 for step in s) for s in steps["step"])
        print(f"false: {false[0]} of 300 in noise, {false[1]} of 100 in drift; found: {found} of 100")
        self.check(false[0] <= 9 and false[1] <= 4 and found >= 95, "steps")

    def test_another_machine_is_no_step(self):
        self.series({"a": lambda i: 10 if i < 8 else 30}, 16, devices=lambda i: OTHER_MACHINE if i >= 8 else None)
        page = self.history()
        self.equal((page.cases[name("a")]["steps"], page.cases[name("a")]["trend"]), ([], "steady"), "steps")
        self.equal(len(page.model["machines"]), 2, "machines")
        self.check(any("581" in text for text in page.texts), "the other machine is not described")


class Site(HistoryTest):
    def files(self, folder="site"):
        return {path.relative_to(self.folder / folder).as_posix(): path.read_bytes() for path in (self.folder / folder).rglob("*") if path.is_file()}

    def test_files(self):
        self.series({"a": lambda i: 10}, 3)
        page = self.history()
        files = self.files()
        self.equal(sorted(f for f in files if f.endswith(".json")), [f"runs/2026-01-0{i + 1}T12-00-00Z_rev{i}.json" for i in range(3)], "copies")
        for i in range(3):
            self.equal(files[f"runs/2026-01-0{i + 1}T12-00-00Z_rev{i}.json"], (self.folder / f"in/00{i}.json").read_bytes(), "a copy")
        for link in page.links:
            self.check(link.startswith(("#", "data:")) or (self.folder / "site" / link).is_file(), f"a link to {link}")
        self.check(sum(link.startswith("runs/") for link in page.links) >= 3, "links to runs")
        self.check("://" not in files["index.html"].decode().replace("http://www.w3.org/2000/svg", ""), "an address of the network")

    def test_the_site_is_its_own_archive(self):
        self.series({"a": lambda i: 10 + i}, 3)
        self.history()
        before = self.files()
        self.run_program("history", "site/runs", "-o", "site")
        self.equal({k: v for k, v in self.files().items() if k.endswith(".json")}, {k: v for k, v in before.items() if k.endswith(".json")}, "copies")
        self.results("new.json", [row(parameters="a", samples=[99])], date=day(3), revision="rev3")
        page = self.history("new.json", folder="site/runs")
        self.equal([run["revision"] for run in page.model["runs"]], ["rev0", "rev1", "rev2", "rev3"], "runs")
        page = self.history("new.json", "site/runs", folder="in")
        self.equal(len(page.model["runs"]), 4, "runs that are given twice")

    def test_two_runs_of_one_second(self):
        self.results("in/a.json", [row()], date=day(0), revision="x")
        self.results("in/b.json", [row(samples=[2, 3, 4])], date=day(0), revision="x")
        self.history()
        self.equal(len([f for f in self.files() if f.endswith(".json")]), 2, "copies")

    def test_inputs_are_kept(self):
        path = self.results("site/index.html", [row()])
        before = path.read_bytes()
        self.refused("history", "site/index.html", "-o", "site", words="would be overwritten")
        self.equal(path.read_bytes(), before, "the input")
        # A copy's name, taken by another run that is read too.
        self.results("s/runs/2026-01-01T12-00-00Z_rev0.json", [row()], date=day(5), revision="other")
        self.results("a.json", [row()], date=day(0), revision="rev0")
        self.refused("history", "a.json", "s/runs", "-o", "s", words="would be overwritten")

    def test_bad_usage(self):
        self.series({"a": lambda i: 10}, 2)
        self.write("file", "")
        (self.folder / "strange").mkdir()
        self.write("strange/notes.txt", "mine")
        for arguments, words in [(["-o", "file"], "file"), (["-o", ""], "--output"), (["-o", "-"], "--output"), ([], "--output"), (["-o", "file/x"], "file"),
                                 (["-o", "new", "--title", ""], "--title"), (["none.json", "-o", "new"], "none.json: does not exist"),
                                 (["strange", "-o", "new"], "strange holds no result file")]:
            self.refused("history", "in", *arguments, words=words)
        self.write("in/broken.json", '{"context": ')
        self.refused("history", "in", "-o", "new", words="broken.json: ends too early")
        self.check(not (self.folder / "new").exists(), "a folder was made for bad input")
        (self.folder / "in/broken.json").unlink()
        self.run_program("history", "in", "-o", "strange/")
        self.equal(self.files("strange")["notes.txt"], b"mine", "a file that was there")
        self.run_program("history", "in", "-o", "a/b/c")
        self.check((self.folder / "a/b/c/index.html").is_file(), "no page in a folder of folders")
        usage = self.run_program("history", "--help").stdout
        self.check("--output" in usage and "--title" in usage, usage)

    def test_the_newest_change_is_named(self):
        """Two runs are too few for a step; what changed most is said all the same."""
        self.series({"a:1": lambda i: 10, "b:2": lambda i: (10, 34)[i], "c:3": lambda i: (10, 2)[i]}, 2)
        page = self.history()
        said = [text for text in page.texts if "slowest in" in text]
        self.check(len(said) == 1 and "b:2: 3.4× its time" in said[0], said)
        self.series({"a:1": lambda i: 10}, 2, folder="steady")
        page = self.history(folder="steady")
        self.check(not [text for text in page.texts if "slowest in" in text], "a change that is none")

    def test_names_stay_text(self):
        bad = '</script><script>document.title="broken"</script><img src=x onerror=alert(1)>'
        self.results("in/a.json", [row(operation=bad, parameters="&amp;\u2028é"), row(parameters="b", outcome="failed", reason=bad)], revision=bad)
        page = self.history("--title", bad)
        self.check("img" not in page.tags and page.tags.count("script") == 4, f"tags: {page.tags}")
        self.check(bad in page.texts and any(bad in case["name"] for case in page.model["cases"]), "the name is not there as text")

    def test_many(self):
        """100 runs of 100 cases."""
        self.series({f"n:{i}": lambda k: 10 + k % 3 for i in range(100)}, 100)
        page = self.history()
        self.equal((len(page.cases), len(page.model["runs"])), (100, 100), "cases and runs")
        size = (self.folder / "site/index.html").stat().st_size
        self.check(size < 2e6, f"{size} bytes")


@unittest.skipUnless(BROWSER, "no chromium")
class InABrowser(HistoryTest):
    """The page's own script, asked through one more script at its end."""

    def ask(self, script, state=""):
        page = self.folder / "site/asked.html"
        script = f'try {{ const answer = (() => {{ {script} }})(); document.title = JSON.stringify(answer); }} catch (e) {{ document.title = "" + e; }}'
        page.write_text((self.folder / "site/index.html").read_text().replace("</body>", f"<script>{script}</script></body>"))
        run = subprocess.run([BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", f"--user-data-dir={self.folder}/profile",
                              "--window-size=1440,900", "--dump-dom", f"file://{page}{state}"], capture_output=True, text=True, timeout=120)
        self.check("CONSOLE" not in run.stderr, f"the browser says {run.stderr[-2000:]}")
        title = re.search("<title>(.*?)</title>", run.stdout, re.DOTALL).group(1)
        return json.loads(html.unescape(title))

    def test_filter_and_comparison(self):
        self.series({"alpha": lambda i: 10 + i, "beta": lambda i: {"outcome": "failed", "reason": "x"} if i == 7 else 10}, 8)
        page = self.history()
        cells = 'const cells = () => [...document.querySelectorAll("#map tbody tr")].map((r) => [r.dataset.case, ...[...r.querySelectorAll("td")].map((c) => c.textContent)]);'
        set_ = 'const set = (id, value) => { const e = document.getElementById(id); e.value = value; e.dispatchEvent(new Event("input")); };'
        all_, alpha, failed, previous, hash_, opened = self.ask(cells + set_ + '''
            const out = [cells()];
            set("filter", "ALPHA tbb"); out.push(cells());
            set("filter", ""); set("trend", "failed"); out.push(cells());
            set("trend", ""); set("against", "4"); out.push(cells());
            out.push(location.hash);
            document.querySelector('#map tbody button').click();
            out.push([document.querySelectorAll("#map .chart svg circle").length, location.hash.includes("open="), document.activeElement.getAttribute("aria-expanded")]);
            return out;''')
        self.equal([row_[0] for row_ in all_], [name("beta"), name("alpha")], "cases, the failed first")
        self.equal([row_[0] for row_ in alpha], [name("alpha")], "cases that are filtered")
        self.equal([row_[0] for row_ in failed], [name("beta")], "cases that failed")
        points = {p[0]: p for p in page.cases[name("alpha")]["points"]}
        for shown, column in ((all_, 5), (previous, 4)):
            self.equal(shown[1][1:], ["·"] + [f"{points[i][column]:.2f}" for i in range(1, 8)], "ratios")
        self.equal(all_[0][-1], "F", "the failed run")
        self.equal((hash_, opened), ("#against=4", [7, True, "true"]), "state and chart")
        state = self.ask(cells + 'return [cells().length, document.querySelectorAll("#map .chart").length];', f"#filter=alpha&open={name('alpha').replace('/', '%2F')}")
        self.equal(state, [2, 1], "state from the address")

    def test_names_stay_text(self):
        bad = '<img src=x onerror="document.title=1"><script>alert(1)</script>'
        self.results("in/a.json", [row(operation=bad)], revision=bad)
        self.history()
        self.equal(self.ask('return document.querySelectorAll("img, #map script").length;'), 0, "elements made of names")

    def test_narrow(self):
        self.series({"alpha" * 20: lambda i: 10 + i}, 30)
        self.history()
        wide = self.ask('''const f = document.createElement("div"); document.body.style.width = "390px"; draw();
            return [...document.querySelectorAll("main > section > *:not(.scroll)")].filter((e) => e.getBoundingClientRect().right > 391).map((e) => e.outerHTML.slice(0, 100));''')
        self.equal(wide, [], "wider than a phone")


if __name__ == "__main__":
    if REPORT is None:
        sys.exit(__doc__)
    sys.exit(run_tests(sys.argv[2:]))
