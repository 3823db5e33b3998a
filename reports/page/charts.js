"use strict";
// Chart.js with our colours, axes and bands. Colours are Okabe and Ito's; marks and dashes differ too.

const okabeIto = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", null, "#F0E442"];
const markers = ["circle", "rect", "triangle", "rectRot", "crossRot", "star", "cross", "rectRounded"];
const dashes = [[], [7, 3], [2, 3], [9, 3, 2, 3]];

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const colourOf = (index) => okabeIto[index % okabeIto.length] ?? css("--text");

function styleOf(column) {
  const i = column.index, colour = colourOf(i);
  return {borderColor: colour, backgroundColor: colour, pointStyle: markers[i % markers.length], borderDash: dashes[Math.floor(i / 2) % dashes.length],
    borderWidth: 2, pointRadius: 5, pointHoverRadius: 7, clip: false};
}

const alive = new Map();

/** Draws into the canvas with this id, in place of what was there. */
function draw(id, config) {
  alive.get(id)?.destroy();
  const canvas = document.getElementById(id);
  Chart.defaults.color = css("--text");
  Chart.defaults.borderColor = css("--line");
  Chart.defaults.font.family = css("--font");
  Chart.defaults.font.size = 13;
  const options = {animation: false, responsive: true, maintainAspectRatio: false, ...config.options};
  options.plugins = {legend: {position: "bottom", labels: {usePointStyle: true, filter: (item) => !item.text.startsWith("_")}}, ...config.options.plugins};
  alive.set(id, new Chart(canvas, {...config, options}));
}

/** Ends the charts inside an element, whose content is about to go. */
function forgetCharts(element) {
  for (const [id, chart] of alive)
    if (element.contains(chart.canvas)) {
      chart.destroy();
      alive.delete(id);
    }
}

/** Ticks at 1, 2 and 5 times powers of ten, where there is room for them. */
function logAxis(title, text, values) {
  const range = Math.max(...values) / Math.min(...values);
  const leading = range > 1e4 ? [1] : range > 100 ? [1, 3] : [1, 2, 3, 5, 7];
  return {
    type: "logarithmic", title: {display: true, text: title}, grid: {color: css("--line")},
    ticks: {maxRotation: 0, autoSkip: true, autoSkipPadding: 8,
      callback: (value) => (leading.includes(Number(value.toExponential(4).split("e")[0])) ? text(value) : null)},
    min: Math.min(...values) / (range > 1.05 ? 1.15 : 2), max: Math.max(...values) * (range > 1.05 ? 1.15 : 2),
  };
}

/** Vertical lines at `options.at`, each {x, text}. */
const verticalLines = {
  id: "verticalLines",
  afterDatasetsDraw(chart, _, {at}) {
    const {ctx, chartArea, scales} = chart;
    for (const {x, text} of at ?? []) {
      const place = scales.x.getPixelForValue(x), right = place > (chartArea.left + chartArea.right) / 2;
      ctx.save();
      ctx.strokeStyle = ctx.fillStyle = css("--text");
      ctx.setLineDash([3, 3]);
      ctx.beginPath();
      ctx.moveTo(place, chartArea.top);
      ctx.lineTo(place, chartArea.bottom);
      ctx.stroke();
      ctx.textAlign = right ? "right" : "left";
      ctx.fillText(text, place + (right ? -5 : 5), chartArea.top + 12);
      ctx.restore();
    }
  },
};
Chart.register(verticalLines);

/** Where two curves of [x, y] with common x cross, by straight lines between logarithms. */
function crossings(curve, other) {
  const at = new Map(other.map(([x, y]) => [x, y])), both = curve.filter(([x]) => at.has(x)).sort((a, b) => a[0] - b[0]);
  const gap = both.map(([x, y]) => [Math.log(x), Math.log(y / at.get(x))]);
  const found = [];
  for (let i = 1; i < gap.length; ++i) {
    const [[x0, d0], [x1, d1]] = [gap[i - 1], gap[i]];
    if (d0 < 0 !== d1 < 0 && x1 > x0) found.push(Math.exp(x0 + (x1 - x0) * (d0 / (d0 - d1))));
  }
  return found;
}

/** Per x the least y over several lines. */
function lowest(lines) {
  const least = new Map();
  for (const line of lines)
    for (const point of line.points) if (!(least.get(point.x) <= point.y)) least.set(point.x, point.y);
  return [...least.entries()].sort((a, b) => a[0] - b[0]);
}

/** The exponent of a power law through the points [{x, y}] of the upper two decades of x: least squares of logarithms; of three and more. */
function exponentOf(points) {
  const most = Math.max(...points.map((p) => p.x)), upper = points.filter((p) => p.x >= most / 100.5).map((p) => [Math.log(p.x), Math.log(p.y)]);
  if (upper.length < 3) return undefined;
  const mean = (k) => upper.reduce((sum, p) => sum + p[k], 0) / upper.length, [mx, my] = [mean(0), mean(1)];
  return upper.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0) / upper.reduce((sum, [x]) => sum + (x - mx) ** 2, 0);
}

/** "0.98"; "" where there is none. */
const exponentText = (points) => {
  const value = exponentOf(points);
  return value === undefined ? "" : value.toFixed(2).replace("-", "−");
};

/** Log-log lines, each {column, points: [{x, y, lower, upper}]}, with bands between lower and upper. */
function drawLines(id, lines, {xTitle, xText, yTitle, marks}) {
  const datasets = [];
  for (const {column, points} of lines) {
    const style = styleOf(column), band = {borderWidth: 0, pointRadius: 0, pointHitRadius: 0, backgroundColor: `${style.borderColor}33`};
    datasets.push({...style, label: column.label, data: points});
    datasets.push({...band, label: "_upper", data: points.map((p) => ({x: p.x, y: p.upper})), fill: "+1"});
    datasets.push({...band, label: "_lower", data: points.map((p) => ({x: p.x, y: p.lower})), fill: false});
  }
  const all = lines.flatMap((l) => l.points), exponents = new Map(lines.map((l) => [l.column.label, exponentText(l.points)]));
  const legend = {position: "bottom", labels: {usePointStyle: true, filter: (item) => !item.text.startsWith("_"),
    generateLabels: (chart) => Chart.defaults.plugins.legend.labels.generateLabels(chart).map((item) => {
      const exponent = exponents.get(item.text);
      return exponent ? {...item, text: `${shorten(item.text)}, exponent ${exponent}`} : item;
    })}};
  draw(id, {
    type: "line", data: {datasets},
    options: {
      scales: {x: logAxis(xTitle, xText, all.map((p) => p.x)), y: logAxis(yTitle, time, all.flatMap((p) => [p.lower, p.upper]))},
      plugins: {legend, verticalLines: {at: marks}, tooltip: {
        filter: (item) => !item.dataset.label.startsWith("_"),
        callbacks: {title: (items) => (items[0] ? xText(items[0].parsed.x) : ""),
          label: ({dataset, raw: p}) => `${dataset.label}: ${time(p.y)} (95 %: ${time(p.lower)} to ${time(p.upper)})`}}},
    },
  });
}

/** Horizontal stacked bars: `parts` are {label, values, colour}, in ms. */
function drawBars(id, labels, parts) {
  draw(id, {
    type: "bar",
    data: {labels, datasets: parts.map((p) => ({label: p.label, data: p.values, backgroundColor: p.colour, borderColor: css("--background"), borderWidth: 1}))},
    options: {
      indexAxis: "y",
      scales: {x: {stacked: true, title: {display: true, text: "time"}, ticks: {callback: (v) => time(v) || "0", maxRotation: 0}}, y: {stacked: true, ticks: {callback(v) { return shorten(this.getLabelForValue(v)); }}}},
      plugins: {legend: {position: "bottom"}, tooltip: {callbacks: {label: ({dataset, parsed}) => `${dataset.label}: ${time(parsed.x)}`}}},
    },
  });
}

const shorten = (text) => {
  const most = window.innerWidth < 600 ? 16 : 34;
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
};

/** Points {column, x, y} below ceilings {column, copy, peak}: flop/s over flop per byte. */
function drawRoofline(id, points, ceilings) {
  const ridges = ceilings.map((c) => c.peak / c.copy);
  const from = Math.min(...points.map((p) => p.x), ...ridges) / 4, to = Math.max(...points.map((p) => p.x), ...ridges) * 4;
  const datasets = [];
  for (const {column, copy, peak} of ceilings)
    datasets.push({...styleOf(column), label: "_roof", pointRadius: 0, pointHitRadius: 0, fill: false, showLine: true,
      data: [from, peak / copy, to].map((x) => ({x, y: Math.min(peak, x * copy)}))});
  for (const {column, x, y} of points) datasets.push({...styleOf(column), label: column.label, data: [{x, y}], pointRadius: 8, pointHoverRadius: 10});
  const values = [...points.map((p) => p.y), ...ceilings.flatMap((c) => [c.peak, Math.min(c.peak, from * c.copy)])];
  draw(id, {
    type: "scatter", data: {datasets},
    options: {
      scales: {x: logAxis("arithmetic per byte of the definition, flop/byte", (v) => significant(v), [from, to]), y: logAxis("arithmetic, flop/s", (v) => scaled(v, "flop/s"), values)},
      plugins: {tooltip: {callbacks: {label: ({dataset, parsed}) => `${dataset.label.replace("_roof", "ceiling")}: ${scaled(parsed.y, "flop/s")} at ${significant(parsed.x)} flop/byte`}}},
    },
  });
}

/** Per column its root-mean-square and largest error, and the bound, on one logarithmic axis. */
function drawErrors(id, items, unit) {
  const series = [["largest", "largest difference", "circle", "#D55E00"], ["rmse", "root mean square", "triangle", "#0072B2"], ["allowed", "bound", "line", css("--text")]];
  const values = items.flatMap((i) => series.map(([key]) => i[key]).filter((v) => v > 0));
  draw(id, {
    type: "line",
    data: {labels: items.map((i) => i.column.label), datasets: series.map(([key, label, pointStyle, colour]) => ({label, pointStyle, showLine: false, backgroundColor: colour,
      borderColor: colour, borderWidth: 2, pointRadius: key === "allowed" ? 14 : 7, pointRotation: key === "allowed" ? 90 : 0, pointHoverRadius: 9, data: items.map((i) => (i[key] > 0 ? i[key] : null))}))},
    options: {indexAxis: "y", scales: {x: logAxis(`difference from the reference, ${unit}`, (v) => significant(v), values), y: {type: "category", offset: true, ticks: {callback(v) { return shorten(this.getLabelForValue(v)); }}}}},
  });
}
