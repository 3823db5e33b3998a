"use strict";
// All rows: search, sort, pages, and downloads of what is shown.

const raw = {search: "", key: null, descending: false, page: 0};
const pageLength = 100;

/** The columns of the table and of the downloads: name with unit, value, and how it is shown. */
const rawColumns = [
  {key: "operation", title: "operation", value: (r) => r.task.operation},
  {key: "size", title: "size", value: (r) => sizeText(r.task.size), order: (r) => r.task.voxels},
  {key: "type", title: "type", value: (r) => r.task.dtype},
  {key: "parameters", title: "parameters", value: (r) => r.task.parameters},
  {key: "column", title: "engine:device", value: (r) => r.column.label},
  {key: "threads", title: "threads", value: (r) => r.column.threads, number: true},
  {key: "outcome", title: "outcome", value: (r) => r.outcome},
  {key: "kernel_ms", title: "kernel ms", value: clocks.kernel.ms, number: true},
  {key: "ci_lower_ms", title: "95 % from ms", value: (r) => figure(r, "median_ci_lower_ms"), number: true},
  {key: "ci_upper_ms", title: "to ms", value: (r) => figure(r, "median_ci_upper_ms"), number: true},
  {key: "cold_ms", title: "cold ms", value: (r) => figure(r, "cold_ms"), number: true, optional: true},
  {key: "cold_device_ms", title: "cold device ms", value: (r) => figure(r, "cold_device_ms"), number: true, optional: true},
  {key: "joules", title: "joules", value: (r) => figure(r, "joules"), number: true, optional: true},
  {key: "with_transfers_ms", title: "with transfers ms", value: clocks.transfers.ms, number: true},
  {key: "first_call_ms", title: "first call ms", value: clocks.first.ms, number: true},
  {key: "speedup", title: "speed-up", value: (r) => (r.task.kind === "operation" ? speedup(r, state.base, state.clock) : undefined), number: true},
  {key: "gigabytes_per_second", title: "GB/s", value: (r) => scaledFigure(r, "effective_bytes_per_second", 1e-9), number: true},
  {key: "max_abs_error", title: "max error", value: (r) => figure(r, "max_abs_error"), number: true},
  {key: "error_allowed", title: "allowed", value: (r) => figure(r, "error_allowed"), number: true},
  {key: "agreement", title: "agreement", value: (r) => agreement(r).short},
  {key: "note", title: "reason or note", value: (r) => [r.reason, r.disturbed].filter(Boolean).join("; ")},
].filter((c) => !c.optional || rows.some((r) => c.value(r) !== undefined));

const scaledFigure = (row, key, factor) => {
  const value = figure(row, key);
  return value === undefined ? undefined : value * factor;
};

function rawRows() {
  const words = raw.search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = rows.filter((row) => {
    if (!allowsRow(row)) return false;
    if (!words.length) return true;
    row.searched ??= rawColumns.filter((c) => !c.number).map((c) => c.value(row)).concat(row.task.text).join(" ").toLowerCase();
    return words.every((word) => row.searched.includes(word));
  });
  const column = rawColumns.find((c) => c.key === raw.key);
  if (!column) return found;
  const value = column.order ?? column.value, sign = raw.descending ? -1 : 1;
  const keyed = found.map((row) => [value(row), row]);
  // What a row has not is last in both directions.
  const missing = (v) => v === undefined || v === "";
  keyed.sort(([a], [b]) => missing(a) - missing(b) || sign * (typeof a === "string" ? a.localeCompare(b, "en", {numeric: true}) : a - b) || 0);
  return keyed.map(([, row]) => row);
}

function drawRaw() {
  const found = rawRows(), pages = Math.max(1, Math.ceil(found.length / pageLength));
  raw.page = Math.max(0, Math.min(raw.page, pages - 1));
  const shown = found.slice(raw.page * pageLength, (raw.page + 1) * pageLength);
  const cell = (column, row) => {
    const value = column.value(row);
    return {text: column.number && column.key !== "threads" ? significant(value, 4) : value ?? "", number: column.number};
  };
  fill("raw-table", "raw-template", {
    count: plural(found.length, "row"), of: rows.length, all: found.length === rows.length,
    page: raw.page + 1, pages, first: raw.page === 0, last: raw.page === pages - 1, several: pages > 1,
    columns: rawColumns.map((c) => ({...c, order: raw.key === c.key ? (raw.descending ? "descending" : "ascending") : "none"})),
    rows: shown.map((row) => ({kind: row.outcome, cells: rawColumns.map((c) => cell(c, row))})),
  });
}

function csvText(found) {
  // A text that a spreadsheet would take for a formula stays a text.
  const field = (value) => {
    const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value ?? "");
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [rawColumns.map((c) => c.key), ...found.map((row) => rawColumns.map((c) => c.value(row)))];
  return lines.map((line) => line.map(field).join(",")).join("\r\n") + "\r\n";
}

function jsonText(found) {
  const keys = Object.keys(figureArrays);
  return JSON.stringify(found.map((row) => {
    const object = {kind: row.task.kind, task: row.task.text, size: row.task.size, engine: row.column.engine, device_id: row.column.id, device: row.column.device,
      machine: row.column.machine, baseline: state.base === "best" || state.base === "reference" ? state.base : columns[state.base].label, clock: state.clock};
    for (const column of rawColumns) if (column.key !== "size") object[column.key] = column.value(row);
    for (const key of keys) object[key] ??= figure(row, key);
    return object;
  }), null, 1) + "\n";
}

function download(name, type, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], {type}));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

function startRaw() {
  fill("raw-controls", "raw-controls-template", {});
  document.getElementById("raw-search").addEventListener("input", (event) => {
    Object.assign(raw, {search: event.target.value, page: 0});
    drawRaw();
  });
  document.getElementById("csv").addEventListener("click", () => download("voxelmark.csv", "text/csv", csvText(rawRows())));
  document.getElementById("json").addEventListener("click", () => download("voxelmark.json", "application/json", jsonText(rawRows())));
  document.getElementById("raw-table").addEventListener("click", (event) => {
    const sort = event.target.closest("[data-sort]"), step = event.target.closest("[data-step]");
    if (sort) Object.assign(raw, {descending: raw.key === sort.dataset.sort && !raw.descending, key: sort.dataset.sort, page: 0});
    if (step) raw.page += Number(step.dataset.step);
    if (sort || step) drawRaw();
  });
}
