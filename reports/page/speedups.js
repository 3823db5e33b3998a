"use strict";
// The table of speed-ups, operation by column, with the agreement beside each.

const tableOrder = {column: null, descending: true};

/** Where a speed-up stands on the colour scale, from -1 (1/16 and slower) over 0 (equal) to 1 (16 and faster). */
const shade = (value) => Math.max(-1, Math.min(1, Math.log2(value) / 4));

function speedupCell(task, column) {
  const row = task.rows.get(column.index);
  if (!row) return {text: "–", kind: "none", title: "not measured"};
  if (row.outcome !== "done") return {text: row.outcome, kind: row.outcome, title: row.reason, reason: row.reason};
  const value = speedup(row, state.base, state.clock), words = agreement(row), ms = clocks[state.clock].ms(row);
  const isBase = baselineOf(row, state.base) === row;
  const title = `${time(ms)} ${clocks[state.clock].text}, 95 % interval of the kernel's median ${time(figure(row, "median_ci_lower_ms"))} to ${time(figure(row, "median_ci_upper_ms"))}; ${words.long}${row.disturbed ? `; meanwhile ${row.disturbed}` : ""}`;
  const cell = {value, time: time(ms), agreement: words.short, title, disturbed: row.disturbed, disagrees: row.disagrees};
  if (value === undefined)
    return {...cell, text: time(ms), kind: words.unchecked ? "unchecked" : "plain", note: words.unchecked ? "" : "no baseline"};
  const level = shade(value);
  return {...cell, text: ratio(value), kind: isBase ? "scale base" : "scale", side: level < 0 ? "slower" : "faster",
    strength: Math.round(100 * Math.abs(level)), note: isBase ? "baseline" : ""};
}

function speedupRows(shownColumns) {
  const found = [...shownOperations()].map(([operation, candidates]) => {
    const task = representative(candidates);
    return {operation, task, index: task.index, size: sizeText(task.size), dtype: task.dtype, parameters: task.parameters.replaceAll("/", " "),
      cases: candidates.length, several: candidates.length > 1, chosen: operation === state.op, cells: shownColumns.map((column) => speedupCell(task, column))};
  });
  const place = shownColumns.findIndex((c) => c.index === tableOrder.column);
  if (place < 0) return found;
  const sign = tableOrder.descending ? -1 : 1;
  const value = (row) => row.cells[place].value ?? (tableOrder.descending ? -Infinity : Infinity);
  return found.sort((a, b) => sign * (value(a) - value(b)) || 0);
}

function speedupSummary(body, shownColumns) {
  return shownColumns.map((column, place) => {
    const values = body.map((row) => row.cells[place]).filter((cell) => !cell.disagrees).map((cell) => cell.value).filter(isNumber);
    return {median: ratio(median(values)), faster: values.filter((v) => v > 1).length, of: values.length, any: values.length > 0};
  });
}

function drawSpeedups() {
  const used = new Set(rows.filter((r) => r.task.kind === "operation" && allowsTask(r.task)).map((r) => r.column));
  // The reference is nobody's choice of an engine: it stands last.
  const shownColumns = columns.filter((c) => allowsColumn(c) && used.has(c)).sort((a, b) => a.reference - b.reference || a.index - b.index);
  const body = speedupRows(shownColumns);
  fill("speed-up-table", "speed-up-template", {
    any: body.length > 0 && shownColumns.length > 0,
    clock: clocks[state.clock].text,
    about: clocks[state.clock].about,
    best: state.base === "best",
    base: baselines().find((b) => b.value === state.base).label,
    columns: shownColumns.map((c) => ({...c, order: tableOrder.column === c.index ? (tableOrder.descending ? "descending" : "ascending") : "none"})),
    rows: body,
    // As in the findings: a GPU cannot be quicker at its transfers than a copy within host memory.
    summary: speedupSummary(body.filter((r) => !r.task.transfer), shownColumns),
    anyTransfer: body.some((r) => r.task.transfer),
    legend: [1 / 16, 1 / 4, 1, 4, 16].map((v) => ({text: v < 1 ? `1/${1 / v}×` : `${v}×`, side: v < 1 ? "slower" : "faster", strength: Math.round(100 * Math.abs(shade(v)))})),
    anyUnchecked: body.some((r) => r.cells.some((c) => c.kind === "unchecked")),
    anyDisagreeing: body.some((r) => r.cells.some((c) => c.disagrees)),
    anyDisturbed: body.some((r) => r.cells.some((c) => c.disturbed)),
  });
  drawSwitches();
}

function drawSwitches() {
  fill("switches", "switches-template", {
    clocks: Object.entries(clocks).map(([value, clock]) => ({value, label: clock.label, chosen: state.clock === value})),
    baselines: baselines().map((b) => ({...b, chosen: b.value === state.base})),
  });
}
