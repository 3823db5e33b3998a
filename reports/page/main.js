"use strict";
// Templates into the page, and events into the state.

/** Renders a template into an element. Mustache escapes every value. The focus stays where it was. */
function fill(id, template, view) {
  const target = document.getElementById(id), focused = target.contains(document.activeElement) ? document.activeElement.id : "";
  const open = new Set([...target.querySelectorAll("details[open][id]")].map((d) => d.id));
  target.innerHTML = Mustache.render(document.getElementById(template).textContent, view);
  for (const details of target.querySelectorAll("details[id]")) details.open ||= open.has(details.id);
  if (focused) document.getElementById(focused)?.focus();
}

/** The filters' controls as the state has it. */
function showFilters() {
  document.getElementById("find").value = state.find;
  for (const key of listKeys) {
    for (const box of document.querySelectorAll(`#filter-${key} input`)) box.checked = state[key].includes(box.value);
    document.getElementById(`filter-${key}-count`).textContent = state[key].length ? `${state[key].length} of ${filterValues[key].length}` : "all";
  }
  document.getElementById("clear").hidden = !state.find && listKeys.every((key) => !state[key].length);
}

function drawAll() {
  drawSpeedups();
  drawOperation();
  drawTiles();
  drawRaw();
}

function change(changes) {
  Object.assign(state, changes);
  writeHash();
  showFilters();
  drawAll();
}

function startFilters() {
  fill("filters", "filters-template", {groups: listKeys.map((key) => ({key, values: filterValues[key]}))});
  const form = document.getElementById("filters");
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", ({target}) => {
    if (target.type !== "checkbox") return;
    const values = filterValues[target.name].filter((v) => (v === target.value ? target.checked : state[target.name].includes(v)));
    change({[target.name]: values});
  });
  form.addEventListener("input", ({target}) => {
    if (target.id === "find") change({find: target.value});
  });
  const closeOthers = (target) => form.querySelectorAll("details[open]").forEach((d) => (d.open = d.contains(target)));
  document.addEventListener("click", ({target}) => closeOthers(target));
  form.addEventListener("keydown", ({key}) => {
    if (key !== "Escape") return;
    form.querySelector("details[open] summary")?.focus();
    closeOthers(null);
  });
  form.addEventListener("click", ({target}) => {
    if (target.id === "clear") change({find: "", engine: [], device: [], type: [], size: []});
  });
}

function startSwitches() {
  document.getElementById("switches").addEventListener("change", ({target}) => change({[target.name]: target.value}));
  document.getElementById("speed-up-table").addEventListener("click", ({target}) => {
    const sort = target.closest("[data-column]"), operation = target.closest("[data-operation]");
    if (sort) {
      const column = Number(sort.dataset.column), again = tableOrder.column === column;
      if (again && !tableOrder.descending) tableOrder.column = null;
      else Object.assign(tableOrder, {column, descending: !again});
      drawSpeedups();
    }
    if (operation) {
      change({op: operation.dataset.operation, task: "", look: ""});
      document.getElementById("operation").scrollIntoView();
      document.getElementById("operation-select").focus({preventScroll: true});
    }
  });
  const choice = document.getElementById("operation-choice");
  choice.addEventListener("change", ({target}) => change(target.id === "task-select" ? {task: target.value} : {op: target.value, task: "", look: ""}));
  choice.addEventListener("click", ({target}) => {
    if (target.dataset.go) change({op: target.dataset.go, task: "", look: ""});
  });
  const body = document.getElementById("operation-body");
  body.addEventListener("change", ({target}) => {
    if (target.id === "look") change({look: target.value});
  });
  body.addEventListener("input", ({target}) => {
    if (target.id === "curtain") document.getElementById("curtain-box").style.setProperty("--cut", `${target.value}%`);
  });
}

/** Tables of rows that are no operations: kinds that this page knows nothing of. */
function drawOtherKinds() {
  const kinds = [...new Set(tasks.map((t) => t.kind))].filter((kind) => kind !== "operation");
  fill("other-kinds", "kinds-template", {kinds: kinds.map((kind, i) => {
    const found = rows.filter((r) => r.task.kind === kind), shown = found.slice(0, 500);
    const keys = Object.keys(figureArrays).filter((key) => shown.some((r) => figure(r, key) !== undefined)).slice(0, 30);
    return {kind, id: `kind-${i}`, keys, cut: found.length > shown.length ? found.length : "",
      rows: shown.map((r) => ({task: r.task.text, column: r.column.label, outcome: r.outcome, reason: r.reason, cells: keys.map((key) => significant(figure(r, key), 4))}))};
  })});
}

function setTheme(dark) {
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  const button = document.getElementById("theme");
  button.textContent = dark ? "Light" : "Dark";
  button.setAttribute("aria-pressed", String(dark));
}

function startTheme() {
  const prefers = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => document.documentElement.dataset.theme === "dark";
  const redraw = (dark) => {
    setTheme(dark);
    drawOperation();
    drawTiles();
  };
  setTheme(prefers.matches);
  prefers.addEventListener("change", () => redraw(prefers.matches));
  document.getElementById("theme").addEventListener("click", () => redraw(!isDark()));
  let before = false;
  // Paper is white.
  addEventListener("beforeprint", () => {
    before = isDark();
    if (before) redraw(false);
  });
  addEventListener("afterprint", () => before && redraw(true));
}

readHash();
startTheme();
startFilters();
showFilters();
startSwitches();
startTiles();
startRaw();
drawOtherKinds();
drawAll();
addEventListener("hashchange", () => {
  readHash();
  showFilters();
  drawAll();
});
// The hash is the state's, so links within the page scroll by themselves.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-jump]");
  if (!link) return;
  event.preventDefault();
  const target = document.querySelector(link.getAttribute("href"));
  target.scrollIntoView();
  target.focus();
});
