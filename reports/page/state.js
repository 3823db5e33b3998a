"use strict";
// What the reader chose. It lives in the address after '#', so that a reload or a copied address brings it back.

const defaults = {clock: "kernel", base: "best", find: "", engine: [], device: [], type: [], size: [], op: "", task: "", look: ""};
const state = {...defaults};
const listKeys = ["engine", "device", "type", "size"];

/** The values of a filter that occur, in the order of the rows. */
const filterValues = {
  engine: [...new Set(columns.map((c) => c.engine))],
  device: [...new Set(columns.map((c) => c.device))],
  type: [...new Set(tasks.map((t) => t.dtype))],
  size: [...new Map(tasks.map((t) => [sizeText(t.size), t.voxels])).entries()].sort((a, b) => a[1] - b[1]).map(([text]) => text),
};

function readHash() {
  const read = new URLSearchParams(location.hash.slice(1));
  for (const key of Object.keys(defaults))
    state[key] = listKeys.includes(key) ? read.getAll(key).filter((v) => filterValues[key].includes(v)) : read.get(key) ?? defaults[key];
  if (!(state.clock in clocks)) state.clock = defaults.clock;
  if (!baselines().some((b) => b.value === state.base)) state.base = defaults.base;
}

function writeHash() {
  const written = new URLSearchParams();
  for (const key of Object.keys(defaults))
    if (listKeys.includes(key)) state[key].forEach((v) => written.append(key, v));
    else if (state[key] !== defaults[key]) written.set(key, state[key]);
  const hash = written.toString();
  history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
}

const allows = (key, value) => state[key].length === 0 || state[key].includes(value);
const allowsColumn = (column) => allows("engine", column.engine) && allows("device", column.device);
const allowsTask = (task) => allows("type", task.dtype) && allows("size", sizeText(task.size)) && findsOperation(task.operation);
const allowsRow = (row) => allowsColumn(row.column) && allowsTask(row.task);

/** "gauss, mean" finds all whose name holds one of the words. */
function findsOperation(name) {
  const words = state.find.toLowerCase().split(/[,|\s]+/).filter(Boolean);
  return words.length === 0 || words.some((word) => name.toLowerCase().includes(word));
}

/** What speed-ups can refer to. */
function baselines() {
  const used = columns.filter((c) => c.cpu && !c.reference).map((c) => ({value: String(c.index), label: c.label}));
  return [{value: "best", label: "best CPU row"}, ...used,
    ...(columns.some((c) => c.reference) ? [{value: "reference", label: "double-precision reference"}] : [])];
}

/** Of the tasks the one that most columns have a checked result of, then the largest, then the first. */
function representative(candidates) {
  let best, most = [-1, -1];
  for (const task of candidates) {
    const results = [...task.rows.values()].filter(isChecked).length;
    if (results > most[0] || (results === most[0] && task.voxels > most[1])) [best, most] = [task, [results, task.voxels]];
  }
  return best;
}

/** The tasks of kind "operation" that pass the filters, by operation. */
function shownOperations() {
  const found = new Map();
  for (const task of tasks)
    if (task.kind === "operation" && allowsTask(task)) {
      if (!found.has(task.operation)) found.set(task.operation, []);
      found.get(task.operation).push(task);
    }
  return found;
}
