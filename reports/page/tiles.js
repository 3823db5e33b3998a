"use strict";
// Tiles: differences from the uncut result, voxels read and time, over the overlap.

/** Where zeros stand on a logarithmic axis: a decade below the smallest other value. */
const floorOf = (values) => 10 ** (Math.floor(Math.log10(Math.min(...values.filter((v) => v > 0)))) - 1);

/**
 * Lines {label, points: [{x, y, lower, upper, text}], index, style} over voxels. Zeros stand as hollow marks on the axis' floor, which says `zero`.
 * `to` is seen on the x axis whatever the points are.
 */
function drawOverVoxels(id, lines, {xTitle, yTitle, yText, zero = "", at = [], to = 0}) {
  const all = lines.flatMap((l) => l.points), values = all.flatMap((p) => [p.y, p.lower, p.upper]).filter(isNumber), floor = floorOf(values);
  const place = (p) => (p.y > 0 ? p.y : floor), many = Math.max(...lines.map((l) => l.points.length)) > 24;
  const datasets = lines.flatMap(({label, points, index, style: own}) => {
    const style = {...styleOf({index}), ...own}, band = {borderWidth: 0, pointRadius: 0, pointHitRadius: 0, backgroundColor: `${style.borderColor}33`};
    const shown = points.filter((p) => isNumber(p.y)).map((p) => ({...p, y: place(p), value: p.y}));
    const line = {...style, label, data: shown, pointRadius: many ? ({raw}) => (raw && !(raw.value > 0) ? 4 : 0) : style.pointRadius,
      pointBackgroundColor: ({raw}) => (raw && !(raw.value > 0) ? css("--background") : style.borderColor), pointBorderWidth: 2};
    if (!points.every((p) => isNumber(p.lower))) return [line];
    return [line, {...band, label: "_upper", data: points.map((p) => ({x: p.x, y: p.upper})), fill: "+1"}, {...band, label: "_lower", data: points.map((p) => ({x: p.x, y: p.lower})), fill: false}];
  });
  const anyZero = values.includes(0), isFloor = (v) => Math.abs(v / floor - 1) < 1e-6;
  const y = logAxis(yTitle, (v) => (!anyZero || v >= 9.99 * floor ? yText(v) : isFloor(v) ? zero : null), values.map((v) => (v > 0 ? v : floor)));
  if (at.length) y.max *= 1.3;  // for the mark's text
  draw(id, {
    type: "line", data: {datasets},
    options: {
      scales: {x: {type: "linear", min: 0, suggestedMax: to, title: {display: true, text: xTitle}, grid: {color: css("--line")}, ticks: {precision: 0, maxRotation: 0}}, y},
      plugins: {verticalLines: {at}, tooltip: {
        filter: (item) => !item.dataset.label.startsWith("_"),
        callbacks: {title: (items) => items[0]?.raw.text ?? "", label: ({dataset, raw}) => `${dataset.label}: ${raw.value > 0 ? yText(raw.value) : zero}`}}},
    },
  });
}

/** A chart over the overlap with `key` of each point, a line for each tile, the reach marked. */
function drawOverOverlap(id, group, keys, options) {
  const lines = group.lines.flatMap((line, index) => keys.map(([key, words, style]) => ({label: `tiles ${line.tile}${words}`, index, style,
    points: line.points.filter((p) => isNumber(p[key])).map((p) => ({x: p.overlap, y: p[key], ...(key === "time" && {lower: p.lower, upper: p.upper}), text: `overlap ${p.text}`}))})));
  drawOverVoxels(id, lines.filter((l) => l.points.length), {xTitle: "overlap, voxels", at: [{x: group.reach, text: `reach ${group.reach}`}], to: group.reach, ...options});
}

/** Per tile the overlaps with differences, by distance, where there is more to see than at a seam and not beyond. */
function distancesOf(group) {
  return group.lines.map((line, place) => ({tile: line.tile, place, lines: line.points.filter((p) => p.distance?.length > 1)
    .map((p, index) => ({label: `overlap ${p.text}`, index, points: p.distance.map((y, x) => ({x, y, text: plural(x, "voxel") + " from a seam"}))}))
    .filter((l) => l.points.some((p) => p.y > 0))})).filter((d) => d.lines.some((l) => l.points.length > 2));
}

function drawTileCharts(group, index) {
  const element = document.getElementById(`tile-charts-${index}`), points = group.lines.flatMap((l) => l.points);
  forgetCharts(element);
  const curves = new Set(points.map((p) => p.overlap)).size > 1, distances = distancesOf(group), compared = points.some((p) => isNumber(p.differing));
  const differs = points.some((p) => p.differing > 0), timed = points.some((p) => isNumber(p.time)), sized = points.some((p) => p.largest > 0);
  fill(element.id, "tiles-template", {index, curves, differs, sized, compared, timed, distances, anyDistance: distances.length > 0, zeros: curves && differs && points.some((p) => p.differing === 0)});
  const levels = (v) => `${significant(v)}`;
  if (curves && sized) drawOverOverlap(`tiles-largest-${index}`, group, [["largest", ""]], {yTitle: "grey levels", yText: levels, zero: "exact"});
  if (curves && differs) drawOverOverlap(`tiles-differing-${index}`, group, [["differing", ""]], {yTitle: "voxels that differ", yText: (v) => scaled(v, ""), zero: "exact"});
  for (const {place, lines} of distances)
    drawOverVoxels(`tiles-distance-${index}-${place}`, lines, {xTitle: "distance from the nearest seam, voxels", yTitle: "grey levels", yText: levels, zero: "none"});
  if (!curves) return;
  drawOverOverlap(`tiles-read-${index}`, group, [["read", ", of the image"], ["inner", ", of an inner tile", {borderDash: [4, 4], pointStyle: "triangle"}]], {yTitle: "voxels read", yText: ratio});
  if (timed) drawOverOverlap(`tiles-time-${index}`, group, [["time", ""]], {yTitle: "time over the uncut time", yText: ratio});
}

/** Hides what the filters leave out, and draws what is open. */
function drawTiles() {
  const shown = model.tiles.map((group, index) => {
    const details = document.getElementById(`tiles-${index}`);
    details.hidden = !(allowsColumn(columns[group.column]) && allowsTask(tasks[group.task]));
    if (details.open && !details.hidden) drawTileCharts(group, index);
    return !details.hidden;
  });
  const none = document.getElementById("tiles-none");
  if (none) none.hidden = shown.some(Boolean);
}

function startTiles() {
  model.tiles.forEach((group, index) => document.getElementById(`tiles-${index}`).addEventListener("toggle", ({target}) => {
    if (target.open) drawTileCharts(group, index);
  }));
}
