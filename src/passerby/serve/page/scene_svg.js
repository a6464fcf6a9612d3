// Draws a scene over its ground picture: what is withheld hatched, coarse cells, figures from the back to the front. It closes when in doubt:
// a block that the scene does not show is hatched whatever the ground picture has there, and without the right ground picture everything is.
// Figures have no identity: each scene is drawn anew, and none is ever moved from one place to another.
import { drawn, element, mark, put } from "./elements.js";

const PERSON = 0;
const TWO_WHEELER = 1;
const VEHICLE = 2;
export const KINDS = [["person", "people"], ["two-wheeler", "two-wheelers"], ["vehicle", "vehicles"], ["animal", "animals"]];
const COLOURS = ["#12d4d4", "#fad624", "#708af6", "#8a38ee"];
const RIMS = ["#0fb0b0", "#d0b21e", "#5d73cc", "#732ec6"]; // darker: figures that overlap stay apart for the eye
const CELL = "#ffa046";
const HATCH_SWING = 9; // levels of 255, above and below the hatch's tone
const HATCH = [8, 82, 98];
const HATCH_EDGE = "#1e6a7a";
const HATCHES_PER_HEIGHT = 44;
const HATCH_PX = 9; // hatch lines are at least so far apart on the screen
const FINE_PX = 40; // a figure that is lower than this on the screen has no stripes
const SOFT_PX = 420; // a picture that is lower than this on the screen has crisp figures

let paints = null;

/** The gradients and filters that all views share. */
function shared() {
  if (paints?.isConnected) return paints;
  paints = drawn("svg", { width: 0, height: 0, "aria-hidden": "true", class: "paints" });
  COLOURS.forEach((colour, kind) => {
    const stops = [[0, 0.34], [0.1, 0.72], [0.3, 0.95], [1, 0.95]].map(([offset, opacity]) => drawn("stop", { offset, "stop-color": colour, "stop-opacity": opacity }));
    paints.append(drawn("linearGradient", { id: `figure-${kind}`, x2: 0, y2: 1 }, ...stops));
  });
  document.body.append(paints);
  return paints;
}

/** A gradient of waves across the diagonal, each `period` pixels from the next along a row. */
function waves(id, period, stops) {
  const all = shared();
  if (!all.querySelector(`#${id}`)) {
    all.append(drawn("linearGradient", { id, gradientUnits: "userSpaceOnUse", x1: 0, y1: 0, x2: period / 2, y2: period / 2, spreadMethod: "repeat" }, ...stops()));
  }
  return `url(#${id})`;
}

/** The paint of the withheld: soft waves, their phase tied to the picture, wide enough to be seen at its `scale` on the screen. */
function hatchPaint(height, scale) {
  const period = Math.max(6, Math.round(height / HATCHES_PER_HEIGHT));
  const times = Math.max(1, Math.ceil(HATCH_PX / (period * (scale || 1))));
  return waves(`hatch-${period * times}`, period * times, () => Array.from({ length: 9 }, (_, step) => {
    const wave = Math.cos((2 * Math.PI * step) / 8) * HATCH_SWING;
    return drawn("stop", { offset: step / 8, "stop-color": `rgb(${HATCH.map((level) => Math.max(0, Math.round(level + wave))).join(",")})` });
  }));
}

/** The faint stripes of figures of a scale. */
function stripesPaint(scale) {
  const period = Math.max(5, Math.round(0.085 * scale));
  const stops = [["#ffffff", 0.1], ["#ffffff", 0], ["#012a30", 0], ["#012a30", 0.12], ["#012a30", 0], ["#ffffff", 0], ["#ffffff", 0.1]];
  return waves(`stripes-${period}`, period, () => stops.map(([colour, opacity], at) => drawn("stop", { offset: [0, 0.25, 0.25, 0.5, 0.75, 0.75, 1][at], "stop-color": colour, "stop-opacity": opacity })));
}

/** What makes the edges of figures soft where they are shown large. */
function softFilter(height) {
  const id = `soft-${height}`;
  const all = shared();
  if (!all.querySelector(`#${id}`)) all.append(drawn("filter", { id }, drawn("feGaussianBlur", { stdDeviation: height / 420 })));
  return `url(#${id})`;
}

/** The softness of the heat picture's cells, which spread into the cells beside. */
function heatFilter(cell) {
  const id = `heat-${cell}`;
  const all = shared();
  if (!all.querySelector(`#${id}`)) {
    const eased = drawn("feComponentTransfer", {}, drawn("feFuncA", { type: "table", tableValues: "0 .104 .352 .648 .896 1" }));
    all.append(drawn("filter", { id, x: "-100%", y: "-100%", width: "300%", height: "300%" }, drawn("feGaussianBlur", { stdDeviation: cell / 3.2 }), eased));
  }
  return `url(#${id})`;
}

/** Who is in view, in words. Empty where the scene may not say it. */
export function inView(scene) {
  if (scene.level !== "glyphs") return "";
  const counts = KINDS.map((_, kind) => scene.g.filter((glyph) => glyph[0] === kind).length);
  return KINDS.map((words, kind) => (counts[kind] ? `${counts[kind]} ${words[counts[kind] === 1 ? 0 : 1]}` : "")).filter(Boolean).join(", ") || "nobody";
}

/** The bits of `shown`: one a block, row by row, the most significant first. */
function bits(shown) {
  const bytes = Uint8Array.from(atob(shown), (letter) => letter.charCodeAt(0));
  return (at) => (bytes[at >> 3] >> (7 - (at & 7))) & 1;
}

/**
 * The outlines of a region of a grid: loops of grid corners, each run with the region on its right hand.
 * Corners that touch by a point only stay apart.
 */
export function outlines(columns, rows, inside) {
  const has = (column, row) => column >= 0 && row >= 0 && column < columns && row < rows && inside(column, row);
  const from = new Map(); // corner -> directions of the edges that leave it: 0 right, 1 down, 2 left, 3 up
  const leave = (x, y, direction) => {
    const key = y * (columns + 1) + x;
    if (from.has(key)) from.get(key).push(direction);
    else from.set(key, [direction]);
  };
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if (!has(column, row)) continue;
      if (!has(column, row - 1)) leave(column, row, 0);
      if (!has(column + 1, row)) leave(column + 1, row, 1);
      if (!has(column, row + 1)) leave(column + 1, row + 1, 2);
      if (!has(column - 1, row)) leave(column, row + 1, 3);
    }
  }
  const loops = [];
  const STEP = [[1, 0], [0, 1], [-1, 0], [0, -1]];
  for (const [start, directions] of from) {
    while (directions.length) {
      const loop = [];
      let key = start;
      let direction = directions.pop();
      let x = key % (columns + 1);
      let y = Math.floor(key / (columns + 1));
      const first = direction;
      for (;;) {
        x += STEP[direction][0];
        y += STEP[direction][1];
        key = y * (columns + 1) + x;
        const ways = from.get(key);
        // Right first: two blocks that touch by a corner are two outlines.
        const turn = [1, 0, 3].map((by) => (direction + by) % 4).find((way) => ways.includes(way) || (key === start && way === first));
        if (key === start && turn === first) {
          if (turn !== direction) loop.push([x, y, direction, turn]);
          break;
        }
        ways.splice(ways.indexOf(turn), 1);
        if (turn !== direction) loop.push([x, y, direction, turn]);
        direction = turn;
      }
      loops.push(loop);
    }
  }
  return loops;
}

/** The paths of what is withheld: its area, and the line along its border on its own side. */
function withheldPaths(scene) {
  const { w, h, block } = scene;
  const columns = Math.ceil(w / block);
  const rows = Math.ceil(h / block);
  const bit = bits(scene.shown);
  const loops = outlines(columns, rows, (column, row) => !bit(row * columns + column));
  const half = Math.max(1, Math.round(h / 500)) / 2;
  // The inner side of an edge: down of one that runs right, left of one that runs down, and so on.
  const inner = (direction, along) => [[0, 1], [-1, 0], [0, -1], [1, 0]][direction][along];
  let area = "";
  let line = "";
  for (const loop of loops) {
    area += path(loop.map(([x, y]) => [Math.min(x * block, w), Math.min(y * block, h)]));
    line += path(loop.map(([x, y, into, out]) => {
      // A line along the picture's own border would say that something is withheld beyond; it is moved out of the picture.
      const side = (direction) => (direction % 2 ? (x === 0 || x === columns ? -2 * half : half) : y === 0 || y === rows ? -2 * half : half);
      const across = [into, out].find((direction) => direction % 2);
      const down = [into, out].find((direction) => !(direction % 2));
      return [Math.min(x * block, w) + side(across) * inner(across, 0), Math.min(y * block, h) + side(down) * inner(down, 1)];
    }));
  }
  return [area, line, half * 2];
}

function path(points) {
  return points.length ? `M${points.map(([x, y]) => `${x} ${y}`).join("L")}z` : "";
}

/** The outline of cells, their outer corners round. */
function cellsPath(scene, round) {
  const { cell } = scene;
  const columns = Math.ceil(scene.w / cell);
  const taken = new Set(scene.c.map(([row, column]) => row * columns + column));
  const r = round * cell;
  let whole = "";
  for (const loop of outlines(columns, Math.ceil(scene.h / cell), (column, row) => taken.has(row * columns + column))) {
    whole += loop.map(([x, y, into, out], at) => {
      const [ix, iy] = [[1, 0], [0, 1], [-1, 0], [0, -1]][into];
      const [ox, oy] = [[1, 0], [0, 1], [-1, 0], [0, -1]][out];
      return `${at ? "L" : "M"}${x * cell - ix * r} ${y * cell - iy * r}Q${x * cell} ${y * cell} ${x * cell + ox * r} ${y * cell + oy * r}`;
    }).join("") + "z";
  }
  return whole;
}

function roundedBox(left, top, width, height, radius) {
  const r = Math.min(radius, width / 2, height / 2);
  const [right, low] = [left + width, top + height];
  return `M${left + r} ${top}H${right - r}A${r} ${r} 0 0 1 ${right} ${top + r}V${low - r}A${r} ${r} 0 0 1 ${right - r} ${low}H${left + r}A${r} ${r} 0 0 1 ${left} ${low - r}V${top + r}A${r} ${r} 0 0 1 ${left + r} ${top}z`;
}

/** A figure's outline around its foot point. */
function outline(kind, w, h) {
  const short = Math.min(w, h);
  if (kind === TWO_WHEELER) {
    // A rider on a low wide base: upright above, lying below, run into each other.
    const [r, n, b] = [0.23 * short, 0.23 * w, Math.min(0.21 * h, w / 2)];
    return `M${-n} ${r - h}A${n} ${r} 0 0 1 ${n} ${r - h}V${-0.62 * h}C${n} ${-0.5 * h} ${w / 2} ${-0.4 * h} ${w / 2} ${-b}A${b} ${b} 0 0 1 ${w / 2 - b} 0H${b - w / 2}A${b} ${b} 0 0 1 ${-w / 2} ${-b}C${-w / 2} ${-0.4 * h} ${-n} ${-0.5 * h} ${-n} ${-0.62 * h}z`;
  }
  const radius = { [PERSON]: 0.45, [VEHICLE]: 0.26 }[kind] ?? 0.5;
  return roundedBox(-w / 2, -h, w, h, radius * short);
}

/** The figure of a glyph: a broad soft top, a rim that keeps figures apart, faint stripes. It looks like nobody. */
export function figure([kind, x, y, width, height], fine = true) {
  const scale = Math.min(height, 2.8 * width);
  const d = outline(kind, width, height);
  const paint = COLOURS[kind] ? kind : PERSON;
  const body = drawn("path", { d, fill: `url(#figure-${paint})`, stroke: RIMS[paint], "stroke-opacity": 0.5, "stroke-width": Math.max(0.8, 0.04 * scale) });
  return drawn("g", { transform: `translate(${x} ${y})` }, body, fine && drawn("path", { d, fill: stripesPaint(scale) }));
}

const ON_ITS_WAY = "The picture is on its way.";

export class SceneView {
  #scene = null;
  #ground = null; // {url, epoch, image}: what lies below now
  #wanted = null; // address of the ground picture that is being loaded, or lies below
  #hatched = null; // which scene's withheld region is drawn
  #frame = 0;
  #height = 0; // on the screen
  #width = 0;

  /** Fills an element, whose shape becomes that of the scenes. */
  constructor(container) {
    this.container = container;
    this.words = "";
    this.name = "";
    this.note = ""; // stands over a scene that shows nothing of the place: why
    container.classList.add("scene");
    container.setAttribute("role", "img");
    shared();
    this.image = element("img", { alt: "", hidden: true, draggable: "false" });
    this.hatch = drawn("path", { "fill-rule": "evenodd" });
    this.edge = drawn("path", { fill: "none", stroke: HATCH_EDGE });
    this.cells = drawn("path", { fill: CELL });
    this.figures = drawn("g");
    this.svg = drawn("svg", { preserveAspectRatio: "none", "aria-hidden": "true" }, this.hatch, this.edge, this.cells, this.figures);
    this.why = element("p");
    this.todo = element("p", { class: "veil-do" });
    this.veil = element("div", { class: "veil" }, element("div", { class: "veil-words" }, this.why, this.todo));
    this.coming = element("p", { class: "coming", hidden: true });
    container.replaceChildren(this.image, this.svg, this.coming, this.veil);
    new ResizeObserver(([{ contentRect: { width, height } }]) => ([this.#width, this.#height] = [width, height])).observe(container);
    this.hide("");
  }

  /** Shows a scene over a ground picture, which is loaded where it is another one; until it is there, everything is hatched. */
  show(scene, groundUrl, groundEpoch) {
    this.#scene = scene;
    this.words = "";
    if (groundUrl && groundUrl !== this.#wanted) this.#load(groundUrl, groundEpoch);
    if (!this.#frame) this.#frame = requestAnimationFrame(() => this.#draw());
    this.#describe();
  }

  /** Shows nothing of the place: a hatch, why, and what can be done. */
  hide(words, todo = "") {
    this.#scene = this.#ground = this.#wanted = this.#hatched = null;
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.words = words;
    this.image.hidden = true;
    this.coming.hidden = true;
    this.image.removeAttribute("src");
    this.svg.toggleAttribute("hidden", true);
    this.figures.replaceChildren();
    this.veil.hidden = false;
    put(this.why, words);
    put(this.todo, todo);
    this.todo.hidden = !todo;
    this.veil.firstChild.hidden = !words;
    this.#describe();
  }

  /** Whether a place is seen now. */
  get shows() {
    return this.veil.hidden;
  }

  /** How wide the place is on the screen. To ask the element itself would lay out the page anew with each scene. */
  get width() {
    return this.#width || this.container.clientWidth;
  }

  /** The place's name, for those who hear the page. */
  label(name) {
    this.name = name;
    this.#describe();
  }

  async #load(url, epoch) {
    this.#wanted = url;
    const image = element("img", { alt: "", src: url, draggable: "false" });
    try {
      await image.decode();
    } catch {
      if (this.#wanted === url) this.#wanted = this.#ground?.url ?? null;
      return;
    }
    if (this.#wanted !== url || !this.#scene) return;
    this.image.replaceWith(image);
    this.image = image;
    this.#ground = { url, epoch, image };
    this.#draw(); // in the same turn: no frame has the new ground below an old hatch
  }

  #draw() {
    this.#frame = 0;
    const scene = this.#scene;
    if (!scene) return;
    const { w, h } = scene;
    mark(this.svg, "viewBox", `0 0 ${w} ${h}`);
    this.container.style.setProperty("--wide", w / h);
    const right = this.#belongs(scene);
    const scale = this.#height / h;
    const hatched = right ? `${w} ${h} ${this.#height} ${scene.block} ${scene.shown}` : `${w} ${h} ${this.#height}`;
    if (hatched !== this.#hatched) {
      const [area, line, lineWidth] = right ? withheldPaths(scene) : [`M0 0H${w}V${h}H0z`, "", 0];
      this.hatch.setAttribute("d", area);
      this.hatch.setAttribute("fill", hatchPaint(h, scale));
      this.edge.setAttribute("d", line);
      this.edge.setAttribute("stroke-width", lineWidth);
      this.#hatched = hatched;
    }
    this.image.hidden = !right;
    put(this.coming, right ? this.note : ON_ITS_WAY);
    this.coming.hidden = right && !this.note;
    this.#drawCells(scene);
    if (this.#height > SOFT_PX && scene.g.length) mark(this.figures, "filter", softFilter(h));
    else this.figures.removeAttribute("filter");
    this.figures.replaceChildren(...scene.g.map((glyph) => figure(glyph, glyph[4] * scale >= FINE_PX)));
    this.svg.toggleAttribute("hidden", false);
    this.veil.hidden = true;
  }

  /** Whether the ground picture that is here is of the scene's plate. */
  #belongs({ w, h, epoch }) {
    if (!this.#ground || this.#ground.epoch !== epoch) return false;
    const { naturalWidth, naturalHeight } = this.#ground.image;
    return Math.abs(naturalWidth / naturalHeight - w / h) < 0.03;
  }

  #drawCells(scene) {
    const heat = scene.level === "heat";
    mark(this.cells, "d", scene.c.length ? cellsPath(scene, heat ? 0 : 0.28) : "");
    mark(this.cells, "fill-opacity", heat ? "0.62" : "0.42");
    if (heat && scene.c.length) mark(this.cells, "filter", heatFilter(scene.cell));
    else this.cells.removeAttribute("filter");
  }

  #describe() {
    const who = this.#scene && inView(this.#scene);
    const what = who ? `${who} in view` : this.#scene ? "the place, without figures" : this.words || "no picture";
    mark(this.container, "aria-label", this.name ? `${this.name}: ${what}` : what);
  }
}
