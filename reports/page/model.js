"use strict";
// The rows that report wrote into the page, and what can be said of one: clocks, agreement, speed-up.

const model = JSON.parse(document.getElementById("model").textContent);
const columns = model.columns.map((column, index) => ({...column, index}));
const tasks = model.tasks.map((task, index) => ({...task, index, rows: new Map(), voxels: task.size[0] * task.size[1] * task.size[2]}));

const figureArrays = Object.create(null);
for (const [key, figure] of Object.entries(model.rows.figures))
  figureArrays[key] = Array.isArray(figure) ? figure : new Map(figure.rows.map((row, i) => [row, figure.values[i]]));

/** A figure of a row by its name in the result file, or undefined. */
function figure(row, key) {
  const values = figureArrays[key];
  const value = values instanceof Map ? values.get(row.index) : values?.[row.index];
  return isNumber(value) ? value : undefined;
}

const rows = model.rows.task.map((task, index) => ({
  index,
  task: tasks[task],
  column: columns[model.rows.column[index]],
  outcome: model.rows.outcome[index],
  reason: model.rows.reasons[model.rows.reason[index]],
  check: model.rows.check[index],
  disturbed: model.rows.reasons[model.rows.disturbed[index]],
  disagrees: model.rows.disagrees[index] === 1,
}));
for (const row of rows) row.task.rows.set(row.column.index, row);

const isCompared = (row) => Boolean(row) && row.outcome === "done" && row.check !== "none";
const isChecked = (row) => isCompared(row) && !row.disagrees;
const transfers = (row) => (figure(row, "push_ms") ?? 0) + (figure(row, "pull_ms") ?? 0);

/** The three clocks, in ms; undefined of a row without a result. */
const clocks = {
  kernel: {label: "Kernel only", text: "kernel only", about: "one call with the data in place and the program compiled", ms: (row) => figure(row, "median_ms")},
  transfers: {label: "With transfers", text: "with transfers", about: "one call, and the copies of the image to the device and of the result back", ms: (row) => (row.outcome === "done" ? figure(row, "median_ms") + transfers(row) : undefined)},
  first: {
    label: "First call", text: "first call", about: "compiling and other preparation, then one call and its transfers",
    ms: (row) => {
      const prepare = figure(row, "prepare_ms");
      return row.outcome === "done" && prepare !== undefined ? prepare + figure(row, "median_ms") + transfers(row) : undefined;
    },
  },
};

function quickest(candidates, ms) {
  let best, least = Infinity;
  for (const row of candidates) if (isChecked(row) && ms(row) < least) [best, least] = [row, ms(row)];
  return best;
}

/** The row that speed-ups of this one refer to; `base` is "best", "reference" or a column's index. */
function baselineOf(row, base) {
  const others = [...row.task.rows.values()];
  if (base === "best")
    return quickest(others.filter((r) => r.column.cpu && !r.column.reference && r.column.machine === row.column.machine), clocks.transfers.ms);
  if (base === "reference")
    return others.find((r) => r.column.reference && isChecked(r) && r.column.machine === row.column.machine);
  const chosen = row.task.rows.get(Number(base));
  return isChecked(chosen) ? chosen : undefined;
}

function speedup(row, base, clock) {
  if (!isCompared(row)) return undefined;
  const baseline = baselineOf(row, base);
  const value = baseline && clocks[clock].ms(baseline) / clocks[clock].ms(row);
  return isNumber(value) ? value : undefined;
}

/** How far a result is from the reference, in a few words and in full. */
function agreement(row) {
  const found = agreementFigures(row), remark = row.outcome === "done" ? row.reason : "";
  return {...found, short: row.disagrees && row.outcome === "done" ? `disagrees: ${found.short}` : found.short, long: [found.long, remark].filter(Boolean).join("; ")};
}

function agreementFigures(row) {
  if (row.outcome !== "done") return {short: row.outcome, long: row.reason};
  if (row.column.reference) return {short: "is the reference", long: "the double-precision reference itself"};
  if (row.check === "none") return {short: "not compared", long: "not compared with the reference; takes no part in speed-ups", unchecked: true};
  const error = figure(row, "max_abs_error"), allowed = figure(row, "error_allowed"), dice = figure(row, "dice");
  const differing = figure(row, "differing_voxels"), compared = figure(row, "voxels_compared");
  const sample = row.check === "full" ? "" : " (sample)";
  const parts = [];
  if (error !== undefined) parts.push(`largest difference ${significant(error)}${allowed > 0 ? ` of ${significant(allowed)} allowed` : ""}`);
  if (differing !== undefined && compared) parts.push(`${differing} of ${compared} voxels differ at all`);
  for (const key of ["pearson_r", "dice", "dice_needed", "jaccard", "sparse_jaccard", "sparse_jaccard_reverse"])
    if (figure(row, key) !== undefined) parts.push(`${key.replaceAll("_", " ")} ${significant(figure(row, key), 5)}`);
  if (figure(row, "partition_equal") !== undefined) parts.push(figure(row, "partition_equal") ? "same objects" : "different objects");
  const long = parts.join("; ") + (sample && "; compared at a sample of voxels");
  if (error === 0) return {short: `exact${sample}`, long};
  if (dice !== undefined) return {short: `Dice ${significant(dice, 5)}${sample}`, long};
  if (allowed > 0) return {short: `± ${significant(error, 2)} of ${significant(allowed, 2)}${sample}`, long, share: error / allowed};
  return {short: `${differing ?? "?"} voxels differ${sample}`, long};
}
