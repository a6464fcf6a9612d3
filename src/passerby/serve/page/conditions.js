// How a place is: a word and a shape for each condition of the API, and other words that several pages use.
import { drawn, element, mark, put } from "./elements.js";

export const WORDS = { live: "Live", learning: "Learning", waiting: "Waiting", trouble: "Needs a look", ended: "Ended" };
/** Where the server does not say how a place is now. */
const UNKNOWN = "Not known";
export const ORDER = ["trouble", "learning", "waiting", "live", "ended"];
export const LEVELS = {
  counts: ["The empty place only", "No figures and no cells leave the camera's process here."],
  heat: ["Coarse cells", "Where somebody is or something moves, in coarse cells; no figures."],
  glyphs: ["Figures", "Figures for people and vehicles, coarse cells for movement that nothing explains."],
};

/** A condition's shape. Its word must stand beside it. */
export function shape(condition) {
  return drawn("svg", { viewBox: "0 0 12 12", "aria-hidden": "true", class: "icon" }, drawn("use", { href: `#${condition}` }));
}

/** Shape and word, to be changed with `tellState`. */
export function stateMark(condition) {
  return element("span", { class: `state is-${condition}` }, shape(condition), element("span", { class: "state-word" }, WORDS[condition] ?? UNKNOWN));
}

export function tellState(node, condition) {
  mark(node, "class", `state is-${condition}`);
  mark(node.querySelector("use"), "href", `#${condition in WORDS ? condition : "waiting"}`);
  put(node.querySelector(".state-word"), WORDS[condition] ?? UNKNOWN);
}

/** How much is withheld: never rounded down to nothing nor up to everything. */
export function withheld(share) {
  if (share === null || share === undefined) return "";
  if (share > 0 && share < 0.01) return "under 1 %";
  const percent = share > 0 && share < 1 ? Math.min(Math.max(Math.round(share * 100), 1), 99) : Math.round(share * 100);
  return `${percent} %`;
}
