"""A page of `report html` in headless Chromium through Selenium.

Where one of them is missing the tests are skipped, or fail where the environment variable CI is set.
"""

import json
import os
import re
import tempfile
import unittest
from urllib.parse import parse_qs

from report_html_page import PageTest, number

# Some of these are for the tests that import this file.
try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import Select, WebDriverWait
except ImportError:
    webdriver = Service = By = Keys = Select = WebDriverWait = None

CHROMIUM = next((p for p in ("/usr/bin/chromium", "/usr/bin/chromium-browser") if os.path.exists(p)), None)
DRIVER = next((p for p in ("/usr/bin/chromedriver",) if os.path.exists(p)), None)
BROWSER_MISSING = None if webdriver and CHROMIUM and DRIVER else "no Chromium, no chromedriver or no Selenium for Python"


class BrowserTest(PageTest):
    """One browser for all tests; every page must load nothing and complain about nothing."""

    driver = None

    @classmethod
    def setUpClass(cls):
        if BROWSER_MISSING and not os.environ.get("CI"):
            print(f"skipped: {BROWSER_MISSING}")
            raise unittest.SkipTest(BROWSER_MISSING)
        if BROWSER_MISSING:
            raise RuntimeError(BROWSER_MISSING)
        cls.downloads = tempfile.TemporaryDirectory()
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1440,900"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        cls.driver = webdriver.Chrome(service=Service(DRIVER), options=options)
        cls.driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": cls.downloads.name})

    @classmethod
    def tearDownClass(cls):
        if cls.driver:
            cls.driver.quit()
            cls.downloads.cleanup()

    def setUp(self):
        super().setUp()
        self.resize(1440, 900)

    def tearDown(self):
        messages = [entry["message"] for entry in self.driver.get_log("browser")]
        self.equal(messages, [], "console")
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        urls = {e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"}
        self.check(any(url.startswith("file:") for url in urls), "no request was seen at all")
        others = {url for url in urls if not url.startswith(("data:", "blob:")) and not re.match(r"file://.*/report\.html", url)}
        self.equal(others, set(), "requests")

    def resize(self, width, height):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})

    def open(self, *files, fragment="", **options):
        self.driver.get("about:blank")
        self.driver.get(f"file://{self.page(*files, **options)}{fragment}")

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def click(self, selector):
        element = self.find(selector)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def run_script(self, code, *arguments):
        return self.driver.execute_script(code, *arguments)

    def table(self):
        """(operation, column's label) -> (text, exact value or None) of the speed-up table, and its columns."""
        return self.run_script("""
            const columns = [...document.querySelectorAll('.speedups thead button')].map((b) => b.textContent);
            const rows = [...document.querySelectorAll('.speedups tbody tr')].map((tr) => [tr.querySelector('button').textContent,
              [...tr.querySelectorAll('td')].map((td) => [td.querySelector('.value').textContent, td.dataset.value, td.className, td.textContent])]);
            return {columns, rows};""")

    def cells(self):
        table = self.table()
        return {(operation, column): cell for operation, found in table["rows"] for column, cell in zip(table["columns"], found)}

    def compare(self, expected, what):
        """The table's values against values computed here, both as shown and as compared."""
        cells = self.cells()
        shown = {key: cell for key, cell in cells.items() if cell[1]}
        self.equal(set(shown), set(expected), f"cells with a speed-up, {what}")
        for key, value in expected.items():
            text, exact = shown[key][:2]
            self.check(abs(float(exact) / value - 1) < 5e-4, f"{what} {key}: {exact}, expected {value}")
            self.check(abs(number(text) / value - 1) < 0.051, f"{what} {key}: {text}, expected {value}")

    def hash(self):
        return parse_qs(self.run_script("return location.hash.slice(1)"))


# The least contrast of a text with what is behind it, with that text.
CONTRAST = """
const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
const rgba = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); return canvas.getImageData(0, 0, 1, 1).data; };
const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4).reduce((s, c, i) => s + c * [0.2126, 0.7152, 0.0722][i], 0);
const behind = (e) => { for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); if (c[3] === 255) return c; } return [255, 255, 255]; };
let worst = [99, ''];
for (const e of document.querySelectorAll('main *, header *')) {
  if (![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) || !e.checkVisibility() || e.closest('svg, option, :disabled')) continue;
  const a = light(rgba(getComputedStyle(e).color)), b = light(behind(e)), ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < worst[0]) worst = [ratio, e.outerHTML.slice(0, 200)];
}
return worst;
"""
