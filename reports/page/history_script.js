"use strict";
// The table of all cases in all runs: filter, comparison, colours, and a chart below a case that is opened.

const {runs, machines, cases} = JSON.parse(document.getElementById("model").textContent);
const byId = (id) => document.getElementById(id);
const rowsAtOnce = 200;
let rowsShown = rowsAtOnce;
const opened = new Set();

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// ---- Colours: blue is quicker and orange slower, told apart by all kinds of colour vision; the number is there too.

function paint(cell, ratio_) {
  const strength = Math.min(1, Math.abs(Math.log(ratio_)) / Math.log(1.5));
  const share = Math.abs(Math.log(ratio_)) <= Math.log(1.05) ? 0 : 25 + 75 * strength;
  cell.classList.add("scale");
  cell.style.background = `color-mix(in srgb, var(${ratio_ > 1 ? "--slower" : "--faster"}) ${share.toFixed(0)}%, var(--neutral))`;
}

function drawLegend() {
  const entry = (text, words, decorate) => {
    const sample = element("span", {}, text);
    decorate(sample);
    return element("span", {}, sample, words);
  };
  byId("legend").replaceChildren(
    entry("0.80", "quicker", (s) => paint(s, 0.8)), entry("1.02", "within 5 %", (s) => paint(s, 1.02)),
    entry("1.30", "slower", (s) => paint(s, 1.3)), entry("F", "failed, or disagreed with the reference", (s) => s.classList.add("bad")),
    entry("s", "skipped", () => {}), entry("·", "nothing to compare with on this machine", () => {}),
    entry("1.20", "framed: first run of a step", (s) => { s.style.outline = "2px solid var(--text)"; }),
    entry("‖", "another machine from here on", () => {}));
}

// ---- Table

function cellOf(case_, point, run, column) {
  const cell = element("td");
  if (run && runs[run].machine !== runs[run - 1].machine) cell.className = "machine";
  const where = `run ${run + 1}, ${runs[run].date}, ${runs[run].revision}`;
  if (!point) {
    cell.title = `${where}: not measured`;
    cell.classList.add("none");
  } else if (!isNumber(point[1])) {
    cell.textContent = point[1] === "failed" ? "F" : "s";
    cell.title = `${where}: ${point[1]}: ${point[2]}`;
    cell.classList.add(point[1]);
  } else {
    const ratio_ = point[column];
    cell.textContent = isNumber(ratio_) ? ratio_.toFixed(ratio_ < 9.995 ? 2 : 0) : "·";
    cell.title = `${where}: ${time(point[1])}, 95 % interval ${time(point[2])} to ${time(point[3])}`;
    if (isNumber(ratio_)) paint(cell, ratio_);
    else cell.classList.add("none");
    if (case_.steps.some((step) => step[0] === run)) cell.classList.add("step");
  }
  return cell;
}

/** What a case's name stands with: how it is now, and its trend as a small chart. */
function titleCell(case_) {
  const button = element("button", {type: "button", class: "link", "aria-expanded": String(opened.has(case_.name))}, case_.name);
  button.addEventListener("click", () => {
    if (!opened.delete(case_.name)) opened.add(case_.name);
    remember();
    draw();
    document.querySelector(`[data-case="${CSS.escape(case_.name)}"] button`)?.focus();
  });
  const bad = ["slower", "failed"].includes(case_.trend);
  const words = element("small", {}, element("b", {class: bad ? "bad" : ""}, case_.trend));
  if (case_.since !== null) words.append(` since ${runs[case_.since].revision}`);
  if (bad && case_.good !== null) words.append(`, last good ${runs[case_.good].revision}`);
  return element("th", {scope: "row"}, button, words, element("div", {class: "line"}, trendChart(case_, runs, 150, 26, false)));
}

function caseRow(case_, column) {
  const points = new Map(case_.points.map((p) => [p[0], p]));
  const row = element("tr", {"data-case": case_.name}, titleCell(case_));
  runs.forEach((_, run) => row.append(cellOf(case_, points.get(run), run, column)));
  return row;
}

function chartRow(case_) {
  const holder = element("div", {class: "holder"});
  const width = Math.max(300, Math.min(1000, byId("map").clientWidth - 30));
  holder.style.width = `${width}px`;
  holder.append(trendChart(case_, runs, width, 260, true));
  return element("tr", {class: "chart"}, element("td", {colspan: runs.length + 1}, holder));
}

function heading() {
  const row = element("tr", {}, element("th", {scope: "col"}, "case, how it is now, trend"));
  runs.forEach((run, i) => {
    const cell = element("th", {scope: "col", title: `${run.date}, ${run.revision}, machine ${run.machine + 1}`},
                         element("a", {href: `runs/${run.name}.html`}, String(i + 1)), run.date.slice(5, 10));
    if (i && run.machine !== runs[i - 1].machine) cell.className = "machine";
    row.append(cell);
  });
  return element("thead", {}, row);
}

function chosenCases() {
  const words = byId("filter").value.toLowerCase().split(/\s+/).filter(Boolean), trend = byId("trend").value;
  const order = ["failed", "slower", "faster"], rank = (c) => (order.includes(c.trend) ? order.indexOf(c.trend) : order.length);
  const sorted = [...cases].sort((a, b) => rank(a) - rank(b));
  return sorted.filter((c) => (!trend || c.trend === trend) && words.every((word) => `${c.name} ${c.device}`.toLowerCase().includes(word)));
}

function draw() {
  const chosen = chosenCases(), column = Number(byId("against").value), map = byId("map");
  const body = element("tbody");
  for (const case_ of chosen.slice(0, rowsShown)) {
    body.append(caseRow(case_, column));
    if (opened.has(case_.name)) body.append(chartRow(case_));
  }
  const place = map.firstChild ? map.scrollLeft : Infinity;
  map.replaceChildren(element("table", {class: "map"}, heading(), body));
  map.scrollLeft = Math.min(place, map.scrollWidth);
  byId("count").textContent = `${plural(chosen.length, "case")} of ${cases.length}` +
    (chosen.length > rowsShown ? `, the first ${rowsShown} are shown` : "");
  byId("more").hidden = chosen.length <= rowsShown;
}

// ---- Controls; the filter stays in the address, so that a view can be sent to others.

const controls = ["filter", "trend", "against"];

function readHash() {
  const state = new URLSearchParams(location.hash.slice(1));
  for (const id of controls) {
    byId(id).value = state.get(id) ?? (id === "against" ? "5" : "");
    if (byId(id).selectedIndex === -1) byId(id).selectedIndex = 0;
  }
  opened.clear();
  for (const name of state.getAll("open")) opened.add(name);
}

function remember() {
  const pairs = controls.map((id) => [id, byId(id).value]).filter(([id, value]) => value && !(id === "against" && value === "5"));
  history.replaceState(null, "", `#${new URLSearchParams([...pairs, ...[...opened].map((name) => ["open", name])])}`);
}

function changed() {
  remember();
  rowsShown = rowsAtOnce;
  draw();
}

function setTheme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  byId("theme").textContent = dark ? "Light" : "Dark";
  byId("theme").setAttribute("aria-pressed", String(dark));
}

setTheme(matchMedia("(prefers-color-scheme: dark)").matches);
byId("theme").addEventListener("click", () => setTheme(document.documentElement.dataset.theme !== "dark"));
byId("controls").addEventListener("submit", (event) => event.preventDefault());
for (const id of controls) byId(id).addEventListener("input", changed);
byId("more").addEventListener("click", () => { rowsShown += rowsAtOnce; draw(); });
window.addEventListener("hashchange", () => { readHash(); draw(); });
window.addEventListener("resize", () => { if (opened.size) draw(); });
readHash();
drawLegend();
draw();
