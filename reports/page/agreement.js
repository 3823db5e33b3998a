"use strict";
// Density plots of all compared voxels, and pictures with a curtain.

const svgNamespace = "http://www.w3.org/2000/svg";
function svg(name, attributes, text) {
  const element = document.createElementNS(svgNamespace, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

const cividis = [[0, 34, 78], [53, 69, 108], [102, 105, 112], [148, 142, 119], [200, 184, 102], [254, 232, 56]];
function cividisColour(share) {
  const place = Math.max(0, Math.min(1, share)) * (cividis.length - 1), low = Math.min(Math.floor(place), cividis.length - 2);
  return `rgb(${cividis[low].map((c, i) => Math.round(c + (cividis[low + 1][i] - c) * (place - low))).join(",")})`;
}

/** A 2-D histogram as SVG: cells are [cell, count, …]; `lines` are {y, text} across, `diagonal` is y = x. */
function densityPlot({cells, columns: across, rows: up, x: xRange, y: yRange, xTitle, yTitle, lines = [], diagonal = false, label}) {
  // One value alone stands in the middle cell, of which it is the centre.
  const around = (range, count) => (range[0] < range[1] ? range : [range[0] - Math.floor(count / 2) - 0.5, range[0] + Math.ceil(count / 2) - 0.5]);
  const x = around(xRange, across), y = around(yRange, up);
  const box = {left: 78, top: 12, width: 330, height: 240};
  const px = (v) => box.left + ((v - x[0]) / (x[1] - x[0])) * box.width, py = (v) => box.top + box.height - ((v - y[0]) / (y[1] - y[0])) * box.height;
  const root = svg("svg", {viewBox: "0 0 430 310", role: "img", "aria-label": label, class: "density"});
  root.append(svg("rect", {x: box.left, y: box.top, width: box.width, height: box.height, class: "frame"}));
  const most = Math.log(cells.reduce((top, n, i) => (i % 2 && n > top ? n : top), 2));
  for (let i = 0; i + 1 < cells.length; i += 2) {
    const column = cells[i] % across, row = Math.floor(cells[i] / across), width = box.width / across, height = box.height / up;
    root.append(svg("rect", {x: (box.left + column * width).toFixed(2), y: (box.top + box.height - (row + 1) * height).toFixed(2), width: (width + 0.3).toFixed(2),
      height: (height + 0.3).toFixed(2), fill: cividisColour(Math.log(cells[i + 1]) / most)}));
  }
  for (const [range, place, anchor, horizontal] of [[xRange, px, "middle", true], [yRange, py, "end", false]])
    for (const value of range[0] === range[1] ? [range[0]] : [range[0], !horizontal && range[0] < 0 && range[1] > 0 ? 0 : (range[0] + range[1]) / 2, range[1]])
      root.append(svg("text", horizontal ? {x: place(value), y: box.top + box.height + 17, "text-anchor": anchor} : {x: box.left - 6, y: place(value) + 4, "text-anchor": anchor}, significant(value, 3)));
  root.append(svg("text", {x: box.left + box.width / 2, y: 300, "text-anchor": "middle"}, xTitle));
  root.append(svg("text", {x: 0, y: 0, "text-anchor": "middle", transform: `translate(14 ${box.top + box.height / 2}) rotate(-90)`}, yTitle));
  if (diagonal) {
    const low = Math.max(x[0], y[0]), high = Math.min(x[1], y[1]);
    if (high > low) root.append(svg("line", {x1: px(low), y1: py(low), x2: px(high), y2: py(high), class: "ideal"}));
  }
  for (const {at, text} of lines)
    if (isNumber(at) && at >= y[0] && at <= y[1]) {
      root.append(svg("line", {x1: box.left, x2: box.left + box.width, y1: py(at), y2: py(at), class: "limit"}));
      root.append(svg("text", {x: box.left + box.width - 4, y: py(at) - 4, "text-anchor": "end", class: "limit-text"}, text));
    }
  return root;
}

function scatterPlot(row, pairs) {
  return densityPlot({cells: pairs.scatter, columns: pairs.columns, rows: pairs.rows, x: pairs.reference, y: pairs.result, diagonal: true, xTitle: "reference, grey levels",
    yTitle: "result, grey levels", label: `Scatter plot of ${row.column.label} against the reference, ${pairs.n} voxels`});
}

function blandAltmanPlot(row, pairs) {
  const lines = [["limit_of_agreement_upper", "upper limit"], ["bias", "bias"], ["limit_of_agreement_lower", "lower limit"]]
    .map(([key, name]) => ({at: figure(row, key), text: `${name} ${significant(figure(row, key), 2)}`}));
  // Lines that would lie on each other are one.
  const distinct = lines.filter((l, i) => lines.findIndex((o) => o.at === l.at) === i);
  return densityPlot({cells: pairs.bland_altman, columns: pairs.columns, rows: pairs.rows, x: pairs.mean, y: pairs.difference, lines: distinct.length === 1 ? [{...lines[1]}] : distinct,
    xTitle: "mean of result and reference, grey levels", yTitle: "result − reference", label: `Bland-Altman plot of ${row.column.label}, ${pairs.n} voxels`});
}

/** The rows of one operation that have pictures or histograms in this page. */
const exhibits = (kind, operation) => Object.keys(model.exhibits[kind]).map((index) => rows[Number(index)]).filter((r) => r?.task.operation === operation);
const pairsOf = (row) => model.exhibits.pairs[row.index];
const picturesOf = (row) => model.exhibits.shown[row.index];

function drawExhibits(operation) {
  const candidates = [...new Set([...exhibits("shown", operation), ...exhibits("pairs", operation)])];
  const look = candidates.find((r) => String(r.column.index) === state.look) ?? candidates.find((r) => r.column.gpu) ?? candidates.find((r) => transfers(r) > 0) ?? candidates[0];
  const left = model.exhibits.left_out;
  const anywhere = Object.keys(model.exhibits.shown).length + Object.keys(model.exhibits.pairs).length > 0;
  const pictures = look && picturesOf(look), pairs = look && pairsOf(look);
  fill("exhibits", "exhibits-template", {
    any: Boolean(look), anywhere, leftOut: left ? plural(left, "set") : "", task: look?.task.text, agreement: look && agreement(look).long,
    choices: candidates.map((r) => ({value: r.column.index, label: r.column.label, chosen: r === look})), several: candidates.length > 1,
    pictures: pictures && pictureView(look, pictures), noPictures: !pictures, noPairs: !pairs, pairs: pairs && {n: pairs.n},
  });
  for (const image of document.querySelectorAll("#exhibits img[data-picture]")) image.src = `data:image/png;base64,${model.exhibits.pictures[image.dataset.picture]}`;
  if (!pairs) return;
  document.getElementById("scatter").append(scatterPlot(look, pairs));
  document.getElementById("bland-altman").append(blandAltmanPlot(look, pairs));
}

function pictureView(row, p) {
  const levels = ([black, white]) => `black ${significant(black)}, white ${significant(white)}`;
  return {input: p.input, expected: p.expected, result: p.result, difference: p.difference, equal: p.difference_scale === 0, curtain: p.expected && p.result, column: row.column.label,
    inputLevels: levels(p.input_levels), levels: levels(p.levels), scale: significant(p.difference_scale),
    place: `slice ${p.slice}, ${p.width}×${p.height} voxels from (${p.x}, ${p.y})`};
}
