"use strict";
// One operation: times over size and parameter, where a call's time goes, roofline, errors, pictures.

const chosenOperation = () => {
  const found = shownOperations();
  const operation = found.has(state.op) ? state.op : found.keys().next().value;
  const candidates = found.get(operation) ?? [];
  return {operations: [...found.keys()], operation, candidates, task: candidates.find((t) => t.text === state.task) ?? representative(candidates)};
};

function drawOperation() {
  const {operations, operation, candidates, task} = chosenOperation();
  forgetCharts(document.getElementById("operation-body"));
  const at = operations.indexOf(operation);
  fill("operation-choice", "operation-choice-template", {
    any: Boolean(task), operations: operations.map((name) => ({name, chosen: name === operation})),
    previous: operations[at - 1], next: operations[at + 1],
    tasks: candidates.map((t) => ({text: t.text, label: t.text.slice(operation.length + 1).replaceAll("/", "  "), chosen: t === task})),
  });
  if (!task) return fill("operation-body", "nothing-template", {});
  const shown = [...task.rows.values()].filter((r) => r.outcome === "done" && allowsColumn(r.column));
  const anchors = {size: anchorOf("size", task), parameter: anchorOf("parameter", task)};
  const lines = {size: linesOver("size", anchors.size), parameter: linesOver("parameter", anchors.parameter)};
  // The reference takes so long that nothing else could be seen beside it.
  const engines = shown.filter((r) => !r.column.reference);
  const bars = barRows(engines), roofs = roofRows(engines), errors = engines.filter(isCompared).map(errorRow);
  const more = shown.filter((r) => ["cold_ms", "joules"].some((key) => figure(r, key) !== undefined)).map((r) => ({label: r.column.label,
    cells: [time(figure(r, "median_ms")), time(figure(r, "cold_ms")), time(figure(r, "cold_device_ms")), scaled(figure(r, "joules"), "J")].map((text) => text || "–")}));
  const remarks = engines.filter((r) => r.disagrees || r.reason.startsWith("its definition")).map((r) => ({label: r.column.label, text: r.reason}));
  const cross = crossText(lines.size);
  fill("operation-body", "operation-template", {
    task: task.text, clock: clocks[state.clock].text, any: shown.length > 0,
    size: sectionOfLines("size", lines.size, voxels), parameter: sectionOfLines("parameter", lines.parameter, (x) => significant(x)),
    sizeOf: anchors.size.parameters.replaceAll("/", ", "), parameterOf: [sizeText(anchors.parameter.size), anchors.parameter.varied?.[2]?.replaceAll("/", ", ")].filter(Boolean).join(", "),
    parameterName: task.varied?.[0], hasParameter: Boolean(task.varied), cross,
    bars, anyBars: bars.length > 0, more, anyMore: more.length > 0, roofs, anyRoof: roofs.some((r) => r.intensity > 0), errors, anyError: errors.some((e) => e.largest > 0), anyCompared: errors.length > 0,
    remarks, anyRemark: remarks.length > 0,
  });
  drawOperationCharts(task, lines, bars, roofs, errors);
  drawExhibits(operation);
}

/** What a curve runs over: x, and whether two cases lie on the same curve. */
const curves = {
  size: {x: (t) => t.voxels, same: (t, u) => t.parameters === u.parameters},
  parameter: {x: (t) => t.varied?.[1], same: (t, u) => t.varied && u.varied && t.voxels === u.voxels && t.varied[0] === u.varied[0] && t.varied[2] === u.varied[2]},
};

function familyOf(what, task) {
  return tasks.filter((t) => t.kind === task.kind && t.operation === task.operation && t.dtype === task.dtype && curves[what].same(t, task) && curves[what].x(t) > 0);
}

/** The case whose curve is drawn: `task`, or where it is alone on its curve, the one of the same operation and type with the longest. */
function anchorOf(what, task) {
  const length = (t) => new Set(familyOf(what, t).map(curves[what].x)).size;
  if (length(task) > 1) return task;
  return tasks.filter((t) => t.kind === task.kind && t.operation === task.operation && t.dtype === task.dtype && (what === "size" || t.varied?.[0] === task.varied?.[0]))
    .reduce((best, t) => (length(t) > length(best) ? t : best), task);
}

/** Times of all shown columns over voxels or over the first parameter, all else as in `task`. */
function linesOver(what, task) {
  const {x} = curves[what], family = familyOf(what, task);
  return columns.filter((c) => allowsColumn(c)).map((column) => {
    const points = family.map((t) => [t, t.rows.get(column.index)]).filter(([, r]) => r && r.outcome === "done").map(([t, row]) => {
      const kernel = clocks.kernel.ms(row), y = clocks[state.clock].ms(row), more = y - kernel;
      return {x: x(t), y, lower: (figure(row, "median_ci_lower_ms") ?? kernel) + more, upper: (figure(row, "median_ci_upper_ms") ?? kernel) + more, checked: isChecked(row)};
    }).filter((p) => p.y > 0).sort((a, b) => a.x - b.x);
    return {column, points};
  }).filter((line) => line.points.length > 0);
}

const pointsOn = (lines) => new Set(lines.flatMap((l) => l.points.map((p) => p.x))).size;

function sectionOfLines(name, lines, xText) {
  const xs = [...new Set(lines.flatMap((l) => l.points.map((p) => p.x)))].sort((a, b) => a - b);
  return {
    drawn: xs.length > 1, one: xs.length === 1 ? xText(xs[0]) : "", columns: lines.map((l) => l.column),
    rows: xs.map((x) => ({x: xText(x), cells: lines.map((l) => {
      const p = l.points.find((q) => q.x === x);
      return p ? `${time(p.y)} (${time(p.lower)} to ${time(p.upper)})` : "–";
    })})), exponents: lines.map((l) => exponentText(l.points) || "–"),
  };
}

/** Sizes where the best GPU's and the best CPU's curves cross. */
function crossSizes(lines) {
  const checked = lines.map((l) => ({...l, points: l.points.filter((p) => p.checked)}));
  const gpu = lowest(checked.filter((l) => l.column.gpu)), cpu = lowest(checked.filter((l) => l.column.cpu && !l.column.reference));
  return {gpu, cpu, sizes: crossings(gpu, cpu)};
}

function crossText(lines) {
  if (!lines.some((l) => l.column.gpu)) return "No GPU in these rows, hence no size from which it is faster.";
  const {gpu, cpu, sizes} = crossSizes(lines);
  if (sizes.length) return `The best GPU and the best CPU curve cross at about ${sizes.map((s) => voxels(s)).join(" and ")} (${clocks[state.clock].text}).`;
  const cpuAt = new Map(cpu), common = gpu.filter(([x]) => cpuAt.has(x));
  if (!common.length) return "No size was measured on both a GPU and a CPU.";
  return `No cross-over in the measured range: the ${common[0][1] < cpuAt.get(common[0][0]) ? "GPU" : "CPU"} is faster at every size (${clocks[state.clock].text}).`;
}

const callParts = [["prepare_ms", "preparation (compile)", "#CC79A7"], ["push_ms", "push", "#E69F00"], ["median_ms", "compute", "#0072B2"], ["pull_ms", "pull", "#009E73"]];

function barRows(shown) {
  return shown.map((row) => {
    const values = callParts.map(([key]) => figure(row, key) ?? 0), total = values[1] + values[2] + values[3];
    return {label: row.column.label, values, texts: values.map((v, i) => (v === 0 && i !== 2 ? "none" : time(v))), transfers: percent((values[1] + values[3]) / total)};
  });
}

function roofRows(shown) {
  return shown.filter((r) => figure(r, "effective_bytes_per_second") > 0).map((row) => {
    const bytes = figure(row, "effective_bytes_per_second"), flops = figure(row, "flops_per_second") ?? 0, limits = row.column.limits;
    const copy = limits.copy_bytes_per_second, peak = limits.flops;
    return {column: row.column, label: row.column.label, bytes, flops, intensity: flops / bytes, copy, peak, bytesText: scaled(bytes, "B/s"), copyText: scaled(copy, "B/s"), ofCopy: percent(bytes / copy),
      flopsText: flops > 0 ? scaled(flops, "flop/s") : "none", ofFlops: flops > 0 ? percent(flops / peak) : "", intensityText: significant(flops / bytes)};
  });
}

function errorRow(row) {
  const text = (key, digits = 3) => significant(figure(row, key), digits);
  return {column: row.column, label: row.column.label, largest: figure(row, "max_abs_error"), rmse: figure(row, "rmse"), allowed: figure(row, "error_allowed"), short: agreement(row).short,
    cells: [text("max_abs_error"), text("error_allowed"), text("rmse"), text("bias"), `${text("limit_of_agreement_lower")} to ${text("limit_of_agreement_upper")}`, text("pearson_r", 5),
      text("dice", 5), text("sparse_jaccard", 5), `${figure(row, "differing_voxels") ?? ""} of ${figure(row, "voxels_compared") ?? ""}`, row.check === "full" ? "every voxel" : row.check]};
}

function drawOperationCharts(task, lines, bars, roofs, errors) {
  const clock = clocks[state.clock].text;
  if (pointsOn(lines.size) > 1)
    drawLines("size-chart", lines.size, {xTitle: "image size, voxels", xText: (v) => scaled(v, ""), yTitle: `time, ${clock}`, marks: crossSizes(lines.size).sizes.map((x) => ({x, text: `cross-over ${voxels(x)}`}))});
  if (pointsOn(lines.parameter) > 1)
    drawLines("parameter-chart", lines.parameter, {xTitle: task.varied[0], xText: (v) => significant(v), yTitle: `time, ${clock}`, marks: []});
  if (bars.length) {
    const parts = callParts.map(([, label, colour], i) => ({label, colour, values: bars.map((b) => b.values[i])}));
    const labels = bars.map((b) => b.label);
    drawBars("first-chart", labels, parts);
    drawBars("later-chart", labels, parts.slice(1));
  }
  const points = roofs.filter((r) => r.intensity > 0);
  const ceilings = points.filter((r) => r.copy > 0 && r.peak > 0);
  if (points.length) drawRoofline("roof-chart", points.map((r) => ({column: r.column, x: r.intensity, y: r.flops})), ceilings);
  if (errors.some((e) => e.largest > 0)) drawErrors("error-chart", errors, "grey levels");
}
