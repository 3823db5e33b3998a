"use strict";
// A case's times over the runs, as SVG: logarithmic, with the 95 % interval of each median, broken where the machine changes.

function svg(name, attributes, parent, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  if (parent) parent.append(element);
  return element;
}

/** Points of a case that have times, in groups of one machine. */
function groupsOf(case_, runs) {
  const groups = [];
  for (const p of case_.points) {
    if (!isNumber(p[1])) continue;
    const last = groups[groups.length - 1];
    if (last && runs[last[0][0]].machine === runs[p[0]].machine) last.push(p);
    else groups.push([p]);
  }
  return groups;
}

/** Values of the form 1, 2, 5 · 10^n between low and high; the decades alone where those are enough. */
function ticksBetween(low, high) {
  for (const digits of [[1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 5, 7], [1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.8, 2, 2.2, 2.5, 2.8, 3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7, 8, 9]]) {
    const ticks = [];
    for (let n = Math.floor(Math.log10(low)); n <= Math.log10(high); n++)
      for (const d of digits) if (d * 10 ** n >= low && d * 10 ** n <= high) ticks.push(d * 10 ** n);
    if (ticks.length >= 3) return ticks;
  }
  return [low, high];
}

/** `full`: with axes and words; else a sparkline. */
function trendChart(case_, runs, width, height, full) {
  const root = svg("svg", {width, height, viewBox: `0 0 ${width} ${height}`, role: "img"});
  const times = case_.points.filter((p) => isNumber(p[1]));
  const range = times.length ? `${time(Math.min(...times.map((p) => p[1])))} to ${time(Math.max(...times.map((p) => p[1])))}` : "no times";
  svg("title", {}, root, `${case_.name}: ${range} in ${plural(times.length, "run")}`);
  const edge = full ? {left: 64, right: 16, top: 22, bottom: 30} : {left: 4, right: 4, top: 3, bottom: 3};
  const ends = times.flatMap((p) => [p[1], p[2] || p[1], p[3] || p[1]]).filter((v) => v > 0);
  // At least 20 % from top to bottom: what is narrower is noise.
  const middle = Math.sqrt(Math.min(...ends) * Math.max(...ends));
  const low = Math.min(middle / 1.1, ...ends), high = Math.max(middle * 1.1, ...ends);
  const x = (run) => edge.left + (width - edge.left - edge.right) * (runs.length > 1 ? run / (runs.length - 1) : 0.5);
  const y = (ms) => height - edge.bottom - (height - edge.top - edge.bottom) * Math.log(Math.max(ms, low) / low) / Math.log(high / low);
  const line = (from, to, kind) => svg("line", {x1: from[0], y1: from[1], x2: to[0], y2: to[1], class: kind}, root);
  const upright = (run, kind) => line([x(run), edge.top], [x(run), height - edge.bottom], kind);

  if (full && times.length)
    for (const tick of ticksBetween(low, high)) {
      line([edge.left, y(tick)], [width - edge.right, y(tick)], "grid");
      svg("text", {x: edge.left - 6, y: y(tick) + 4, "text-anchor": "end"}, root, time(tick));
    }
  if (full)
    for (const run of new Set([0, runs.length - 1]))
      svg("text", {x: x(run), y: height - 10, "text-anchor": runs.length === 1 ? "middle" : run ? "end" : "start"}, root, runs[run].date.slice(0, 10));
  const groups = groupsOf(case_, runs);
  for (const [i, group] of groups.entries()) {
    if (i) upright((group[0][0] + groups[i - 1][groups[i - 1].length - 1][0]) / 2, "machineline");
    const path = (points) => points.map(([px, py]) => `${px.toFixed(1)},${py.toFixed(1)}`).join(" ");
    svg("polygon", {class: "band", points: path([...group.map((p) => [x(p[0]), y(p[3])]), ...group.map((p) => [x(p[0]), y(p[2])]).reverse()])}, root);
    svg("polyline", {class: "median", points: path(group.map((p) => [x(p[0]), y(p[1])]))}, root);
    for (const p of full || group.length === 1 ? group : [])
      svg("title", {}, svg("circle", {class: "dot", cx: x(p[0]), cy: y(p[1]), r: full ? 3.5 : 1.5}, root),
          `${runs[p[0]].date}, ${runs[p[0]].revision}: ${time(p[1])} (${time(p[2])} to ${time(p[3])})`);
  }
  for (const [run, ratio_] of case_.steps) {
    upright(run - 0.5, "stepline");
    if (full) svg("text", {x: x(run - 0.5), y: 14, "text-anchor": run > runs.length / 2 ? "end" : "start"}, root,
                  ratio_ > 1 ? `▲ ${ratio(ratio_)} from run ${run + 1}` : `▼ ${ratio(1 / ratio_)} quicker from run ${run + 1}`);
  }
  for (const p of case_.points.filter((one) => one[1] === "failed"))
    for (const side of [-1, 1]) line([x(p[0]) - 3, height - edge.bottom - 6 - 3 * side], [x(p[0]) + 3, height - edge.bottom - 6 + 3 * side], "cross");
  return root;
}
