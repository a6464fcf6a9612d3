// What alerts are called, and the shapes of their urgency: each has a shape and a word, none is told by its colour alone.
import { drawn, element } from "./elements.js";
import { lengthOf } from "./zone_time.js";

export const SEVERITIES = { alarm: "Alarm", warning: "Warning", notice: "Notice" };
const URGENCY = { alarm: 0, warning: 1, notice: 2 };
const MANY = { alarm: "alarms", warning: "warnings", notice: "notices" };
export const KINDS = {
  density: "Crowding",
  occupancy: "Too many people",
  "counter-flow": "Against the direction",
  surge: "Sudden movement",
  forbidden: "Where nobody may be",
  static: "Does not move",
  "left-object": "Something left behind",
  queue: "Queue",
  camera: "Camera",
  channel: "Channel that fails",
};
const UNITS = { density: "persons/m²", occupancy: "persons", "counter-flow": "persons/min", surge: "m/s", forbidden: "persons" };
const OURS = "passerby";

// An octagon, a triangle, a ring: what is in them is cut out, so that they are told apart without colours and when they are small.
const SHAPES = {
  alarm: "M5.2 1h5.6L15 5.2v5.6L10.8 15H5.2L1 10.8V5.2zM7 3.8v5h2v-5zM7 10.2v2h2v-2z",
  warning: "M8 .8 15.7 14.6H.3zM7.1 5.2v4.6h1.8V5.2zM7.1 11v1.9h1.8V11z",
  notice: "M8 1a7 7 0 1 1 0 14A7 7 0 1 1 8 1zM8 2.7a5.3 5.3 0 1 0 0 10.6A5.3 5.3 0 1 0 8 2.7zM7.1 7v4.4h1.8V7zM7.1 4.5v1.7h1.8V4.5z",
};

/** A severity's shape. Its word must stand beside it. */
export function severityShape(severity) {
  return drawn("svg", { viewBox: "0 0 16 16", "aria-hidden": "true", class: "icon al-shape" }, drawn("path", { d: SHAPES[severity] ?? SHAPES.notice, "fill-rule": "evenodd" }));
}

/** Shape and word. */
export function severityMark(severity) {
  return element("span", { class: `al-mark is-${severity}` }, severityShape(severity), element("span", {}, SEVERITIES[severity] ?? severity));
}

/** Where it is: the zone or line and its camera; what has none is told by what there is. */
export function where(alert) {
  if (alert.kind === "channel") return { place: `Channel ${alert.place_name || alert.place}`, camera: "" };
  if (alert.place_name) return { place: alert.place_name, camera: alert.camera_name };
  return { place: alert.camera_name || alert.rule, camera: "" };
}

/** "Stairs, South gate". */
export function whereWords(alert) {
  const { place, camera } = where(alert);
  return camera ? `${place}, ${camera}` : place;
}

/** The most urgent first, then the newest; exercises after everything real. An alert stays where it is when somebody acknowledges it. */
export function inOrder(alerts) {
  return [...alerts].sort((one, other) => one.exercise - other.exercise || URGENCY[one.severity] - URGENCY[other.severity] || other.opened_s - one.opened_s || (one.id < other.id ? -1 : 1));
}

/** "2 alarms, 1 notice"; "" = none. */
export function countWords(counts) {
  return Object.keys(SEVERITIES)
    .filter((severity) => counts[severity])
    .map((severity) => `${counts[severity]} ${counts[severity] === 1 ? severity : MANY[severity]}`)
    .join(", ");
}

/** The most urgent severity of which there is any; null = none. */
export function worst(counts) {
  return Object.keys(SEVERITIES).find((severity) => counts[severity]) ?? null;
}

/** How long, without seconds that nobody needs: "45 s", "12 min", "3 h 20 min". */
export function lasted(seconds) {
  const whole = Math.max(0, seconds);
  return whole < 60 ? `${Math.floor(whole)} s` : lengthOf(Math.floor(whole / 60) * 60);
}

function number(value) {
  return String(Number(value.toFixed(Math.abs(value) < 0.1 ? 2 : Math.abs(value) < 10 ? 1 : 0)));
}

function withUnit(words, unit) {
  return `${words} ${words === "1" && unit.startsWith("persons") ? unit.replace("persons", "person") : unit}`;
}

/** What was measured, as [name, words]; of what has no number, nothing. */
export function measured(alert) {
  const unit = UNITS[alert.kind];
  if (!unit || alert.limit === null) return [];
  const rows = [["Limit", withUnit(String(alert.limit), unit)]];
  if (alert.state === "open") rows.unshift(["Now", alert.value === null ? "not known" : `${withUnit(number(alert.value), unit)}${alert.error === null ? "" : ` ± ${number(alert.error)}`}`]);
  if (alert.peak !== null) rows.push(["Highest", withUnit(number(alert.peak), unit)]);
  return rows;
}

/** Its course of events in order, as {at_s, who, words, said}: what happened, or what was said. */
export function course(alert) {
  const all = [{ at_s: alert.opened_s, who: "", words: "Opened", said: "" }];
  if (alert.acknowledged_s !== null) all.push({ at_s: alert.acknowledged_s, who: alert.acknowledged_by, words: "Acknowledged", said: "" });
  for (const one of alert.remarks) all.push({ at_s: one.at_s, who: one.by, words: "", said: one.words });
  for (const one of alert.told) all.push({ at_s: one.at_s, who: "", words: `Channel ${one.channel}: ${one.words}`, said: "" });
  if (alert.ended_s !== null) all.push({ at_s: alert.ended_s, who: "", words: "Over", said: "" });
  if (alert.closed_s !== null) all.push({ at_s: alert.closed_s, who: alert.closed_by === OURS ? "" : alert.closed_by, words: alert.closed_by === OURS ? "Closed by itself" : "Closed", said: "" });
  return all.map((one, at) => [one, at]).sort(([one, at], [other, than]) => one.at_s - other.at_s || at - than).map(([one]) => one);
}
