// The wall: all places at once. They fit the screen without scrolling where that leaves each large enough to see; on a phone they are one column.
import { SEVERITIES, severityShape } from "./alert_words.js";
import { stateMark, tellState, withheld } from "./conditions.js";
import { element, icon, mark, put } from "./elements.js";
import { LiveView } from "./live_view.js";
import { inView } from "./scene_svg.js";

const LEAST_REM = 11; // a tile that is narrower shows too little: the wall is scrolled instead
const DENSE_REM = 17; // narrower tiles have one line of words
const LIKED_REM = 21; // how wide tiles are where the wall is scrolled
const PHONE_REM = 38;
const ABOUT = 0.93;

/** How many columns tiles of a shape (width by height) need to fill a room best, and how wide each is then. */
export function fitted(count, width, height, wide, bar, gap) {
  const all = Array.from({ length: count }, (_, at) => {
    const columns = at + 1;
    const rows = Math.ceil(count / columns);
    const tile = Math.floor(Math.min((width - gap * (columns - 1)) / columns, ((height - gap * (rows - 1)) / rows - bar) * wide));
    return { columns, tile, empty: rows * columns - count };
  });
  const widest = Math.max(...all.map(({ tile }) => tile));
  // Of those that are about as wide, the one with the fewest gaps in its last row.
  return all.filter(({ tile }) => tile >= ABOUT * widest).sort((one, other) => one.empty - other.empty || other.tile - one.tile)[0];
}

class Tile {
  constructor(camera) {
    this.link = element("a", { href: `#/place/${encodeURIComponent(camera.id)}` });
    this.state = stateMark(camera.condition);
    this.more = element("p", { class: "more" });
    this.share = element("p", { class: "share" }, icon("withheld", "0 0 12 12"), element("span"), element("span", { class: "unseen" }, " withheld"));
    const place = element("div");
    this.alert = element("p", { class: "tile-alert", hidden: true });
    this.node = element("li", { class: "tile" }, element("div", { class: "frame" }, place), this.alert, element("div", { class: "bar" }, element("h2", {}, this.link), this.state, this.more, this.share));
    this.live = new LiveView(place, camera);
    this.live.see(false); // until the wall finds it in the window
    this.tell(camera);
  }

  tell(camera) {
    this.camera = camera;
    this.live.tell(camera);
    put(this.link, camera.name);
    this.words();
  }

  take(scene) {
    this.live.take(scene);
    this.words();
  }

  /** An alert is open here: the most urgent one's shape and word. null = none. */
  ring(severity) {
    if (this.alert.dataset.severity === (severity ?? "")) return;
    this.alert.dataset.severity = severity ?? "";
    this.alert.hidden = !severity;
    if (!severity) return;
    mark(this.alert, "class", `tile-alert is-${severity}`);
    this.alert.replaceChildren(severityShape(severity), SEVERITIES[severity]);
  }

  /** The line below: who is in view, or what is the matter; and how much is withheld. */
  words() {
    const { scene, known } = this.live;
    tellState(this.state, known ? this.camera.condition : "unknown");
    mark(this.node, "class", `tile is-${known ? this.camera.condition : "unknown"}`);
    const who = scene && this.camera.condition === "live" ? inView(scene) : "";
    const words = who ? `${who} in view` : known ? this.camera.says : this.live.view.words;
    put(this.more, words);
    mark(this.more, "title", words); // on a narrow tile its end is cut
    const share = scene ? scene.withheld : null;
    this.share.hidden = share === null;
    put(this.share.querySelector("span"), withheld(share));
  }
}

export class Wall {
  #tiles = new Map();
  #alerts = [];
  #last = null;
  #seen = new IntersectionObserver((entries) => {
    for (const entry of entries) this.#of(entry.target)?.live.see(entry.isIntersecting);
  }, { rootMargin: "300px" });

  constructor(app) {
    this.app = app;
    this.title = "";
    this.list = element("ul", { class: "wall", "aria-label": "Places" });
    this.empty = element(
      "div",
      { class: "note", hidden: true },
      element("h2", {}, "No places yet"),
      element("p", {}, "The site file names no camera. Add one as a ", element("code", {}, "[[camera]]"), ", then reload Passerby; this page shows it by itself."),
      element("p", {}, element("code", {}, "passerby init"), " writes a site file for the cameras that it finds."),
    );
    this.node = element("div", { class: "page" }, this.list, this.empty);
    new ResizeObserver(() => this.#fit()).observe(this.node);
    addEventListener("resize", () => this.#fit());
  }

  cameras(answer) {
    const ids = new Set(answer.cameras.map((camera) => camera.id));
    for (const [id, tile] of this.#tiles) {
      if (ids.has(id)) continue;
      this.#seen.unobserve(tile.node);
      tile.live.close();
      tile.node.remove();
      this.#tiles.delete(id);
    }
    answer.cameras.forEach((camera, at) => {
      let tile = this.#tiles.get(camera.id);
      if (tile) tile.tell(camera);
      else {
        tile = new Tile(camera);
        this.#tiles.set(camera.id, tile);
        this.#seen.observe(tile.node);
      }
      if (this.list.children[at] !== tile.node) this.list.insertBefore(tile.node, this.list.children[at] ?? null);
    });
    this.alerts({ answer: { alerts: this.#alerts } });
    this.empty.hidden = ids.size > 0;
    this.list.hidden = ids.size === 0;
    this.#fit();
  }

  scene(id, scene) {
    this.#tiles.get(id)?.take(scene);
  }

  /** Where alerts are open, exercises left out. */
  alerts({ answer }) {
    this.#alerts = answer?.alerts.filter((alert) => !alert.exercise && alert.state === "open") ?? [];
    const ringing = (id) => Object.keys(SEVERITIES).find((severity) => this.#alerts.some((alert) => alert.camera === id && alert.severity === severity));
    for (const [id, tile] of this.#tiles) tile.ring(ringing(id) ?? null);
  }

  gone(id) {
    this.#tiles.get(id)?.live.gone();
    this.#tiles.get(id)?.words();
  }

  tick() {
    for (const tile of this.#tiles.values()) {
      tile.live.tick();
      tile.words();
    }
  }

  lost(words) {
    for (const tile of this.#tiles.values()) {
      tile.live.lose(words);
      tile.words();
    }
  }

  rest() {
    for (const tile of this.#tiles.values()) {
      tile.live.rest();
      tile.words();
    }
  }

  opened() {
    this.#fit();
  }

  /** After coming back, the place that was shown large has the focus. */
  focus(from) {
    const tile = this.#tiles.get(from.id) ?? this.#tiles.get(this.#last);
    if (tile) tile.link.focus();
    else document.getElementById("main").focus();
  }

  key(event) {
    const all = [...this.list.children].map((node) => this.#of(node));
    const at = all.findIndex((tile) => tile.node.contains(document.activeElement));
    const columns = Number(this.list.dataset.columns) || 1;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    const elsewhere = at < 0 && document.activeElement !== document.body && document.activeElement.id !== "main";
    if (!all.length || elsewhere) return;
    const next = event.key === "Home" ? all[0] : event.key === "End" ? all.at(-1) : step === undefined ? null : at < 0 ? (step === 1 ? all[0] : null) : all[at + step];
    if (!next) return;
    event.preventDefault();
    next.link.focus();
    this.#last = next.camera.id;
  }

  #of(node) {
    for (const tile of this.#tiles.values()) if (tile.node === node) return tile;
    return null;
  }

  /** Chooses the columns. */
  #fit() {
    const count = this.#tiles.size;
    if (!count || !this.node.isConnected) return;
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const gap = parseFloat(getComputedStyle(this.list).columnGap) || rem;
    const width = this.node.clientWidth;
    const height = innerHeight - (this.node.getBoundingClientRect().top + scrollY) - 1.2 * rem;
    const wide = this.#shape();
    const set = (columns, tile, dense) => {
      this.list.dataset.columns = columns;
      this.list.classList.toggle("dense", dense);
      this.list.style.setProperty("--columns", columns);
      this.list.style.setProperty("--tile", tile ? `${tile}px` : "1fr");
      this.list.style.setProperty("--tile-wide", wide);
    };
    if (width < PHONE_REM * rem) return set(1, 0, false);
    const full = fitted(count, width, height, wide, 3.3 * rem, gap);
    if (full.tile >= DENSE_REM * rem) return set(full.columns, full.tile, false);
    const dense = fitted(count, width, height, wide, 2.1 * rem, gap);
    if (dense.tile >= LEAST_REM * rem) return set(dense.columns, dense.tile, true);
    set(Math.max(1, Math.floor((width + gap) / (LIKED_REM * rem + gap))), 0, false);
  }

  /** The shape that most places have. */
  #shape() {
    const shapes = [...this.#tiles.values()].map(({ camera }) => camera.stream).filter((stream) => stream?.width_px).map((stream) => stream.width_px / stream.height_px).sort((one, other) => one - other);
    return Math.min(2.2, Math.max(1, shapes[Math.floor(shapes.length / 2)] ?? 4 / 3));
  }
}
