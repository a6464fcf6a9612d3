// "What you see": figures, cells, the hatch, conditions and keys, in words and with samples. Loaded when it is asked for.
import { WORDS, shape } from "./conditions.js";
import { drawn, element, icon } from "./elements.js";
import { sample } from "./place.js";

const FIGURES = [
  [0, "A person", "Drawn from a position and a size only, the same for everybody who stands there. Every moment is drawn anew: no figure is followed."],
  [1, "A two-wheeler", "With whoever rides it."],
  [2, "A vehicle", "With whoever is in it."],
  [3, "An animal", ""],
];
const CONDITIONS = {
  live: "The place is shown as it is now.",
  learning: "The place is being learned, or learned anew. Each part appears once it has stayed empty for a while.",
  waiting: "The first picture has not come yet.",
  trouble: "Something is wrong. What it is, and what to do, stand with the place.",
  ended: "A video file came to its end.",
};
const KEYS = [["← → ↑ ↓", "from place to place"], ["Enter", "show a place large"], ["Esc", "back to all places"], ["Tab", "everything else"]];

let dialog = null;

export function openLegend() {
  dialog ??= build();
  dialog.showModal();
}

function build() {
  const close = element("button", { type: "button", class: "quiet", title: "Close", autofocus: true }, icon("close"), element("span", { class: "unseen" }, "Close"));
  const made = element(
    "dialog",
    { class: "legend", "aria-labelledby": "legend-name" },
    element("div", { class: "legend-head" }, element("h2", { id: "legend-name" }, "What you see, and what you do not"), close),
    element("p", {}, "The place as it is. The people stay strangers: no picture of a person leaves the sealed process that looks at the camera, not to this page either."),
    rows([
      ...FIGURES.map(([kind, word, about]) => [sample(kind), word, about]),
      [cells(), "Something that moves or lies there", "Coarse cells where the picture changes and nothing that is known explains it."],
      [hatch(), "Withheld", "Not shown: nobody can say yet that it is empty, somebody is or was there, or it is never shown. When in doubt it is hatched, and so is a whole place whose picture is not of now."],
    ]),
    element("h3", {}, "How a place is"),
    rows(Object.entries(CONDITIONS).map(([condition, about]) => [element("span", { class: `state is-${condition}` }, shape(condition)), WORDS[condition], about])),
    element("h3", {}, "Keys"),
    element("dl", { class: "keys" }, ...KEYS.map(([key, about]) => element("div", {}, element("dt", {}, ...key.split(" ").map((one) => element("kbd", {}, one))), element("dd", {}, about)))),
    element("p", { class: "small" }, "As data: ", element("a", { href: "/api/cameras" }, "cameras"), " · ", element("a", { href: "/metrics" }, "metrics"), " · ", element("a", { href: "/readyz" }, "ready?"), " · ", element("a", { href: "/openapi.json" }, "all addresses")),
  );
  close.addEventListener("click", () => made.close());
  made.addEventListener("click", (event) => event.target === made && made.close());
  document.body.append(made);
  return made;
}

function rows(all) {
  return element("ul", { class: "legend-rows" }, ...all.map(([sign, word, about]) => element("li", {}, element("span", { class: "sign" }, sign), element("p", {}, element("strong", {}, word), about ? ` ${about}` : ""))));
}

function cells() {
  const path = drawn("path", { d: "M9 2H26Q29 2 29 5V12Q29 15 32 15H40Q43 15 43 18V26Q43 29 40 29H18Q15 29 15 26V18Q15 15 12 15H5Q2 15 2 12V5Q2 2 5 2z", fill: "#ffa046", "fill-opacity": 0.75 });
  return drawn("svg", { viewBox: "0 0 45 31", "aria-hidden": "true", class: "sample" }, path);
}

function hatch() {
  return element("span", { class: "hatch-sample", "aria-hidden": "true" });
}
