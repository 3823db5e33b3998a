"use strict";
// Numbers as people read them. All give "" for what is not there.

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

/** At the most `digits` significant digits: "14", "0.32", "3.1e-5". */
function significant(value, digits = 3) {
  if (!isNumber(value)) return "";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e7) return value.toExponential(digits - 1).replace(/\.?0+e/, "e").replace("e+", "e");
  if (size >= 10 ** digits) return String(Math.round(value));
  const text = value.toPrecision(digits);
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** A number with the prefix that keeps it short: scaled(4.17e12, "B/s") is "4.17 TB/s". */
function scaled(value, unit) {
  if (!isNumber(value)) return "";
  const prefixes = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""], [1e-3, "m"], [1e-6, "µ"], [1e-9, "n"]];
  const [factor, prefix] = prefixes.find(([f]) => Math.abs(value) >= f * 0.9995) || [1, ""];
  return `${significant(value / factor)} ${prefix}${unit}`.trim();
}

const voxels = (n) => (n < 1e4 ? `${Math.round(n)} voxels` : `${scaled(n, "")} voxels`);
const time = (ms) => (isNumber(ms) ? scaled(ms / 1e3, "s") : "");
const ratio = (value) => (isNumber(value) ? `${significant(value, value >= 10 && value < 100 ? 2 : value >= 100 ? 3 : 2)}×` : "");
const percent = (share) => (isNumber(share) ? `${significant(100 * share, 2)} %` : "");
const sizeText = (size) => (size[2] > 1 ? size : size.slice(0, 2)).join("×");
const plural = (n, thing) => `${n} ${thing}${n === 1 ? "" : "s"}`;

function median(values) {
  const sorted = [...values].sort((a, b) => a - b), middle = sorted.length >> 1;
  if (!sorted.length) return undefined;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
