// The recordings of a place: a line of time with what happened when, and the scenes of any moment as vectors.
// To look at the line is no viewing. To look at scenes is one, and the server writes it down before it gives any.
import { drawn, element, icon, mark, put } from "./elements.js";
import { ExportPanel } from "./export_panel.js";
import { Player, RATES } from "./player.js";
import { SceneView } from "./scene_svg.js";
import { SHORTEST_S, Timeline } from "./timeline.js";
import { ZoneTime, lengthOf } from "./zone_time.js";

const LOOK_EVERY_MS = 20000;
const SCRUB_REST_MS = 140; // while one drags, nothing is fetched: only where one stops is looked at
const STEP_S = 10;
const LIVE_LAG_S = 8; // the newest scenes are brought to the disk every few seconds
const LIVE_WITHIN_S = 40;
const WATCH = "Choose a time on the line, or press play.";
const WRITTEN = "That you look is written down first: who, when, and which hour.";

function styles() {
  if (document.querySelector('link[href="/page/recordings.css"]')) return;
  document.head.append(element("link", { rel: "stylesheet", href: "/page/recordings.css" }));
}

/** A sign that index.html does not have. */
function sign(path) {
  return drawn("svg", { viewBox: "0 0 24 24", "aria-hidden": "true", class: "icon rec-sign" }, drawn("path", { d: path }));
}

const KEYS = [["Space", "play, pause"], ["← →", "10 s; with Shift a minute"], [", .", "a second"], ["+ -", "faster, slower"], ["[ ]", "begin, end of an export"], ["e", "export"], ["Esc", "back to the place"]];

/** The keys of this page, to be opened. */
function keys() {
  const row = ([names, about]) => element("div", {}, element("dt", {}, ...names.split(" ").map((one) => element("kbd", {}, one))), element("dd", {}, about));
  return element("details", { class: "rec-keys" }, element("summary", {}, "Keys"), element("dl", { class: "keys" }, ...KEYS.map(row)));
}

const PLAY = "M8 5.5v13l10.5-6.5z";
const PAUSE = "M7 5.5h3.6v13H7zM13.4 5.5H17v13h-3.6z";

export class Recordings {
  #line = null;
  #from = 0;
  #to = 0;
  #asked = 0;
  #lookedAt = 0;
  #wished;
  #resting = 0;
  #wasPlaying = false;
  #closed = false;

  constructor(app, id, query) {
    styles();
    this.app = app;
    this.id = id;
    const camera = app.camera(id);
    this.title = `Recordings of ${camera?.name ?? id}`;
    const wished = Number(query.get("at"));
    this.#wished = query.get("at") && Number.isFinite(wished) && wished > 0 ? wished : null;
    this.zone = new ZoneTime();
    this.#build(camera);
    this.view = new SceneView(this.frame);
    this.view.label(this.title);
    this.view.hide("Looking for recordings…");
    this.player = new Player(id, this.view, () => this.#told());
    this.player.recordedFrom = (at) => this.#recordedFrom(at);
    this.#load(null, null);
  }

  /** When the recording goes on, as far as the line of time tells. */
  #recordedFrom(at) {
    const { runs = [], from_s: from = 0, to_s: to = 0 } = this.#line ?? {};
    if (at < from || at >= to) return at;
    const next = runs.find((run) => run.to_s > at);
    return next ? Math.max(at, next.from_s) : Math.min(to, this.player.end);
  }

  #build(camera) {
    this.name = element("h2", { tabindex: -1 }, camera?.name ?? this.id);
    this.places = element("select", { "aria-label": "Place", hidden: true });
    this.places.addEventListener("change", () => this.app.go(`#/recordings/${encodeURIComponent(this.places.value)}?at=${Math.round(this.player.at || 0)}`));
    this.frame = element("div");
    this.playSign = sign(PLAY);
    this.play = this.#button("", "Play", () => this.#toggle());
    this.play.classList.add("rec-play");
    this.play.append(this.playSign);
    this.back = this.#button(`−${STEP_S} s`, `Back by ${STEP_S} seconds`, () => this.#seek(this.player.at - STEP_S));
    this.on = this.#button(`+${STEP_S} s`, `On by ${STEP_S} seconds`, () => this.#seek(this.player.at + STEP_S));
    this.rate = element("select", { "aria-label": "Speed" }, ...RATES.map((rate) => element("option", { value: rate }, `${rate}×`)));
    this.rate.addEventListener("change", () => this.player.setRate(Number(this.rate.value)));
    this.clock = element("p", { class: "rec-clock" });
    this.date = element("p", { class: "rec-date" });
    this.exports = this.#button("Export…", "Save a span as a video", () => this.panel.toggle());
    for (const button of [this.play, this.back, this.on, this.exports]) button.disabled = true; // until it is known what there is
    this.day = element("output", { class: "rec-day" });
    this.dayBack = this.#button("", "Day before", () => this.#showDay(this.zone.dayBefore(this.#from)));
    this.dayBack.append(icon("back"));
    this.dayNext = this.#button("", "Next day", () => this.#showDay(this.zone.dayEnd(this.#from)));
    this.dayNext.append(icon("next"));
    this.wider = this.#button("−", "Show more time", () => this.#zoom(2, this.#middle()));
    this.closer = this.#button("+", "Show less time", () => this.#zoom(0.5, this.#middle()));
    this.whole = this.#button("Day", "Show the whole day", () => this.#showDay(this.zone.dayBegin(this.#middle())));
    this.summary = element("p", { class: "rec-summary" });
    this.kept = element("p", { class: "small rec-kept" });
    this.trouble = element("p", { class: "banner", role: "alert", hidden: true });
    this.timeline = new Timeline(this.zone, {
      seek: (at, done) => this.#scrub(at, done),
      span: (span) => this.panel.choose(span),
      zoom: (factor, at) => this.#zoom(factor, at),
      pan: (share) => this.#show(this.#from + share * (this.#to - this.#from), this.#to + share * (this.#to - this.#from)),
    });
    this.panel = new ExportPanel(this.id, this.zone, {
      span: (span) => this.timeline.choose(span),
      here: () => this.player.at,
      around: () => this.#around(),
      near: (span) => this.#bringNear(span),
    });
    this.timeline.slider.addEventListener("keydown", (event) => this.key(event));
    const back = element("a", { class: "button quiet", href: `#/place/${encodeURIComponent(this.id)}` }, icon("back"), "Live");
    const controls = element("div", { class: "rec-controls" }, this.play, this.back, this.on, this.rate,
      element("div", { class: "rec-when" }, this.clock, this.date), this.exports);
    const days = element("div", { class: "rec-days" }, element("div", { class: "rec-step" }, this.dayBack, this.day, this.dayNext), this.summary,
      element("div", { class: "rec-step" }, this.wider, this.closer, this.whole));
    this.node = element("div", { class: "page place rec" },
      element("div", { class: "place-head" }, back, element("div", { class: "place-name" }, this.name, this.places)),
      this.trouble,
      element("div", { class: "rec-body" }, element("div", { class: "frame rec-frame" }, this.frame), this.panel.node),
      controls, days, this.timeline.node, this.kept, keys());
  }

  #button(words, title, act) {
    const button = element("button", { type: "button", class: "quiet", title, "aria-label": title }, words);
    button.addEventListener("click", act);
    return button;
  }

  /** Asks what there is of a time; without one, of the day of the newest recording, or of the moment that was wished. */
  async #load(from, to) {
    const asked = ++this.#asked;
    this.#lookedAt = performance.now();
    const span = from === null ? (this.#wished ? `?from=${this.#wished - 86400}&to=${this.#wished + 86400}` : "") : `?from=${Math.max(0, from)}&to=${to}`;
    try {
      const answer = await fetch(`/api/recordings/${encodeURIComponent(this.id)}${span}`, { signal: AbortSignal.timeout(20000) });
      const told = await answer.json();
      if (!answer.ok) throw new Error([told.detail, told.do].filter(Boolean).join(" "));
      if (asked !== this.#asked || this.#closed) return;
      this.trouble.hidden = true;
      this.zone.learn(told.zone, told.offsets);
      if (from === null) return this.#first(told);
      this.#tell(told, from, to);
    } catch (error) {
      if (asked !== this.#asked || this.#closed) return;
      put(this.trouble, error instanceof TypeError || error.name === "TimeoutError" ? "Passerby does not answer. This page tries again by itself." : error.message);
      this.trouble.hidden = false;
      if (!this.#line) this.view.hide("It is not known what was recorded.");
      this.#lookedAt = performance.now() - LOOK_EVERY_MS + 3000;
    }
  }

  /** The first answer: which day is shown, and which moment. */
  #first(told) {
    this.#end(told);
    const at = this.#wished ?? Math.min(told.now_s, told.last_s ?? told.now_s) - 60;
    this.player.at = Math.max(at, told.first_s ?? 0);
    this.view.hide(told.first_s === null ? "Nothing has been recorded yet." : WATCH, told.first_s === null ? "" : WRITTEN);
    this.#showDay(this.zone.dayBegin(this.player.at));
    this.#tellPlaces();
    if (this.#wished && told.first_s !== null) this.player.seek(this.player.at);
    this.#wished = null;
  }

  /** Where playing stops: at the newest scene, or, while recording goes on, shortly before now. */
  #end({ now_s: now, last_s: last, runs, to_s: to }) {
    const newest = last !== null && to >= last ? (runs.at(-1)?.to_s ?? last) : last;
    this.player.end = newest === null ? now : now - newest < LIVE_WITHIN_S ? now - LIVE_LAG_S : newest - 0.2;
  }

  #tell(told, from, to) {
    this.#line = told;
    this.#end(told);
    if (told.first_s === null && !this.player.opened) this.view.hide("Nothing has been recorded yet.");
    this.timeline.tell(told, from, to);
    this.timeline.moveTo(this.player.at);
    put(this.day, this.zone.day((from + to) / 2));
    put(this.summary, this.timeline.describe());
    put(this.kept, [told.retention_s && `Recordings are kept for ${lengthOf(told.retention_s)}, then deleted.`, `Times of ${told.zone}.`, WRITTEN].filter(Boolean).join(" "));
    for (const button of [this.play, this.back, this.on, this.exports]) button.disabled = told.first_s === null;
    this.dayBack.disabled = told.first_s === null || from <= told.first_s;
    this.dayNext.disabled = to >= told.now_s;
    this.closer.disabled = to - from <= SHORTEST_S;
    this.#told();
  }

  async #tellPlaces() {
    try {
      const answer = await fetch("/api/recordings", { signal: AbortSignal.timeout(20000) });
      if (!answer.ok || this.#closed) return;
      const { cameras } = await answer.json();
      this.places.replaceChildren(...cameras.map(({ id, name }) => element("option", { value: id, selected: id === this.id }, name)));
      this.places.hidden = cameras.length < 2;
      this.name.classList.toggle("unseen", !this.places.hidden); // the choice says it
    } catch {
      this.places.hidden = true;
    }
  }

  #middle() {
    const { at } = this.player;
    return at >= this.#from && at <= this.#to ? at : (this.#from + this.#to) / 2;
  }

  #showDay(begin) {
    this.#show(begin, this.zone.dayEnd(begin));
  }

  #show(from, to) {
    [this.#from, this.#to] = [from, to];
    if (this.#line) this.timeline.tell(this.#line, from, to); // what is known at once; the rest follows
    clearTimeout(this.loading);
    this.loading = setTimeout(() => this.#load(from, to), this.#line ? 120 : 0);
  }

  #zoom(factor, about) {
    const span = Math.min(14 * 86400, Math.max(SHORTEST_S, (this.#to - this.#from) * factor));
    const share = (about - this.#from) / (this.#to - this.#from);
    const from = Math.round(about - share * span);
    this.#show(from, from + Math.round(span));
  }

  /** Shows a chosen span large enough to change its ends. */
  #bringNear([from, to]) {
    const wanted = Math.max(SHORTEST_S, 8 * (to - from));
    if (this.#to - this.#from <= 3 * wanted && from >= this.#from && to <= this.#to) return;
    const middle = Math.round((from + to) / 2);
    this.#show(middle - wanted / 2, middle + wanted / 2);
  }

  #around() {
    const at = Math.round(this.player.at);
    return [at - 30, at + 30];
  }

  #toggle() {
    if (this.player.playing) this.player.pause();
    else {
      if (this.player.at >= this.player.end - 1) this.player.at = this.player.end - 60;
      this.player.play();
    }
    if (!this.player.playing) this.#remember();
  }

  #seek(at) {
    this.player.seek(Math.min(Math.max(at, this.#line?.first_s ?? 0), this.player.end));
    this.#keepInSight();
    this.#remember();
  }

  /** While one drags, only the time goes along; where one rests or stops is looked at. */
  #scrub(at, done) {
    if (!this.#line || this.#line.first_s === null) return;
    clearTimeout(this.#resting);
    if (this.player.playing) {
      this.player.pause();
      this.#wasPlaying = true;
    }
    this.player.at = Math.min(at, this.player.end);
    this.#told();
    const look = () => {
      this.#seek(at);
      if (done && this.#wasPlaying) this.player.play();
      if (done) this.#wasPlaying = false;
    };
    if (done) look();
    else this.#resting = setTimeout(look, SCRUB_REST_MS);
  }

  /** The address names the moment, so that it can be kept or passed on. */
  #remember() {
    history.replaceState(null, "", `#/recordings/${encodeURIComponent(this.id)}?at=${Math.round(this.player.at)}`);
  }

  #told() {
    const { player } = this;
    this.timeline.moveTo(player.at || null);
    put(this.clock, player.at ? this.zone.clock(player.at) : "–");
    put(this.date, player.at ? `${this.zone.day(player.at)}, ${this.zone.ahead(player.at)}` : "");
    mark(this.playSign.firstChild, "d", player.playing ? PAUSE : PLAY);
    mark(this.play, "aria-label", player.playing ? "Pause" : "Play");
    mark(this.play, "title", player.playing ? "Pause (space)" : "Play (space)");
    if (Number(this.rate.value) !== player.rate) this.rate.value = String(player.rate);
    if (player.playing) this.#keepInSight();
  }

  /** The line of time goes along with the moment that is shown. */
  #keepInSight() {
    const { at } = this.player;
    if (!at || (at <= this.#to && at >= this.#from) || this.#to <= this.#from) return;
    const span = this.#to - this.#from;
    if (span > 80000) this.#showDay(this.zone.dayBegin(at));
    else this.#show(at - (at > this.#to ? 0.05 : 0.95) * span, at + (at > this.#to ? 0.95 : 0.05) * span);
  }

  #faster(by) {
    const at = RATES.indexOf(this.player.rate) + by;
    if (RATES[at]) this.player.setRate(RATES[at]);
  }

  key(event) {
    if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || !this.#line) return;
    const onButton = event.target.closest?.("button, a, select");
    const by = event.shiftKey ? 60 : STEP_S;
    const act = {
      " ": onButton ? null : () => this.#toggle(),
      k: () => this.#toggle(),
      ArrowLeft: () => this.#seek(this.player.at - by),
      ArrowRight: () => this.#seek(this.player.at + by),
      PageUp: () => this.#seek(this.player.at + 600),
      PageDown: () => this.#seek(this.player.at - 600),
      ",": () => this.#seek(this.player.at - 1),
      ".": () => this.#seek(this.player.at + 1),
      "+": () => this.#faster(1),
      "=": () => this.#faster(1),
      "-": () => this.#faster(-1),
      e: () => this.panel.toggle(),
      "[": () => this.#mark(0),
      "]": () => this.#mark(1),
      Escape: () => (this.panel.open ? this.panel.toggle(false) : this.app.go(`#/place/${encodeURIComponent(this.id)}`)),
    }[event.key];
    if (!act || (this.#line.first_s === null && event.key !== "Escape")) return;
    event.preventDefault();
    act();
  }

  #mark(side) {
    if (!this.panel.open) this.panel.toggle(true);
    this.panel.setHere(side);
  }

  /** About once a second: what is recorded meanwhile is added, where it is in sight. */
  tick() {
    if (document.hidden) return this.player.playing && this.player.pause();
    if (performance.now() - this.#lookedAt < LOOK_EVERY_MS) return;
    if (!this.#line && !this.#to) this.#load(null, null);
    else this.#load(this.#from, this.#to);
  }

  cameras(answer) {
    const camera = answer.cameras.find((one) => one.id === this.id);
    if (camera) put(this.name, camera.name);
  }

  focus() {
    this.name.focus({ preventScroll: true });
    scrollTo(0, 0);
  }

  close() {
    this.#closed = true;
    clearTimeout(this.loading);
    clearTimeout(this.#resting);
    this.player.close();
    this.panel.close();
  }
}
