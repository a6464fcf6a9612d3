// The line of time: how much happened when, what was not recorded, where one is, and what is chosen for export. Shows no picture and no position.
import { drawn, element, mark, put } from "./elements.js";
import { lengthOf } from "./zone_time.js";

const HEIGHT = 6; // in letters of the page, as what follows
const AXIS = 1.4; // below the bars
const BAND = 0.32; // what was recorded, below the bars
const LABEL = 4.3;
const QUIET = 1; // scenes a second where nothing moves
const BUSY = 5; // where something always does
const STEPS_S = [10, 30, 60, 300, 600, 1800, 3600, 7200, 10800, 21600, 43200, 86400];
export const SHORTEST_S = 300;

export class Timeline {
  #zone;
  #on;
  #line = null; // what the server said
  #from = 0;
  #to = 1;
  #at = null;
  #span = null; // [from, to] chosen for export
  #dragging = null;
  #width = 1;
  #em = 16; // pixels

  /**
   * @param zone a ZoneTime
   * @param on {seek(at, done), span([from, to]), zoom(factor, at), pan(share)}
   */
  constructor(zone, on) {
    this.#zone = zone;
    this.#on = on;
    this.night = drawn("path", { class: "tl-none" });
    this.runs = drawn("path", { class: "tl-runs" });
    this.bars = drawn("path", { class: "tl-bars" });
    this.ticks = drawn("path", { class: "tl-ticks" });
    this.labels = drawn("g", { class: "tl-labels" });
    this.chosen = drawn("rect", { class: "tl-chosen", y: 0 });
    this.changes = drawn("path", { class: "tl-changes" });
    this.cursor = drawn("path", { class: "tl-cursor" });
    this.hover = element("output", { class: "tl-hover", hidden: true });
    this.svg = drawn("svg", { class: "tl-svg", "aria-hidden": "true", preserveAspectRatio: "none" },
      this.night, this.runs, this.bars, this.chosen, this.ticks, this.changes, this.labels, this.cursor);
    this.slider = element("div", { class: "tl-slider", role: "slider", tabindex: 0, "aria-label": "Time" });
    this.handles = ["begin", "end"].map((which, side) => {
      const handle = element("div", { class: `tl-handle tl-${which}`, role: "slider", tabindex: 0, "aria-label": side ? "End of the export" : "Begin of the export", hidden: true });
      handle.addEventListener("keydown", (event) => this.#handleKey(event, side));
      return handle;
    });
    this.track = element("div", { class: "tl-track" }, this.svg, this.slider, ...this.handles, this.hover);
    this.node = element("div", { class: "timeline" }, this.track);
    this.track.addEventListener("pointerdown", (event) => this.#down(event));
    this.track.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of ["pointerup", "pointercancel"]) this.track.addEventListener(name, (event) => this.#up(event));
    this.track.addEventListener("pointerleave", () => { this.hover.hidden = true; });
    this.track.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    new ResizeObserver(([entry]) => {
      this.#width = Math.max(1, entry.contentRect.width);
      this.#em = parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
      this.#draw();
    }).observe(this.track);
  }

  /** Takes over what the server said of a time, and which part of it is shown. */
  tell(line, from, to) {
    [this.#line, this.#from, this.#to] = [line, from, to];
    this.#draw();
  }

  moveTo(at) {
    this.#at = at;
    this.#drawCursor();
  }

  choose(span) {
    this.#span = span;
    this.#drawChosen();
  }

  #x(at) {
    return ((at - this.#from) / (this.#to - this.#from)) * this.#width;
  }

  #time(event) {
    const box = this.track.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    return this.#from + share * (this.#to - this.#from);
  }

  #draw() {
    if (!this.#line) return;
    const width = this.#width;
    const height = HEIGHT * this.#em;
    mark(this.svg, "viewBox", `0 0 ${width} ${height}`);
    mark(this.svg, "width", String(width));
    mark(this.svg, "height", String(height));
    const bottom = height - AXIS * this.#em;
    const band = BAND * this.#em;
    const rect = (from, to, top, height) => {
      const left = Math.max(0, this.#x(from));
      const right = Math.min(width, this.#x(to));
      return right > left ? `M${left.toFixed(1)} ${top.toFixed(1)}h${Math.max(0.8, right - left).toFixed(1)}v${height.toFixed(1)}H${left.toFixed(1)}z` : "";
    };
    const { runs, bins, bin_s: binS } = this.#line;
    mark(this.runs, "d", runs.map((run) => rect(run.from_s, run.to_s, bottom - band, band)).join(""));
    const room = bottom - band - 0.5 * this.#em;
    mark(this.bars, "d", this.#parts(bins, runs, binS).map(([from, to, rate]) => {
      const share = Math.min(1, Math.max(0, (rate - QUIET) / (BUSY - QUIET)));
      return share > 0.005 ? rect(from, to, bottom - band - 2 - share * room, share * room) : "";
    }).join(""));
    mark(this.night, "d", this.#gaps().map(([from, to]) => rect(from, to, 0, bottom)).join(""));
    this.#drawTicks(bottom);
    mark(this.changes, "d", this.#zone.changes(this.#from, this.#to).map((at) => `M${this.#x(at).toFixed(1)} 0V${height}`).join(""));
    this.#drawChosen();
    this.#drawCursor();
  }

  /** The parts of bins of which there are recordings, as [from, to, scenes a second]. */
  #parts(bins, runs, binS) {
    const parts = [];
    let first = 0;
    for (const bin of bins) {
      const end = bin.from_s + binS;
      while (first < runs.length && runs[first].to_s <= bin.from_s) first++;
      for (let at = first; at < runs.length && runs[at].from_s < end; at++) {
        parts.push([Math.max(bin.from_s, runs[at].from_s), Math.min(end, runs[at].to_s), bin.scenes / Math.max(1, bin.recorded_s)]);
      }
    }
    return parts;
  }

  /** Time of what is shown of which there is no recording. */
  #gaps() {
    const gaps = [];
    let known = this.#from;
    for (const run of this.#line.runs) {
      if (run.from_s > known) gaps.push([known, run.from_s]);
      known = Math.max(known, run.to_s);
    }
    if (known < this.#to) gaps.push([known, this.#to]);
    return gaps;
  }

  #drawTicks(bottom) {
    const span = this.#to - this.#from;
    const step = STEPS_S.find((one) => (one / span) * this.#width >= LABEL * this.#em) ?? STEPS_S.at(-1);
    const fine = Math.min(step, 3600);
    const ticks = [];
    const labels = [];
    for (let at = Math.ceil(this.#from / fine) * fine; at < this.#to; at += fine) {
      // Counted on the site's clocks: they show whole hours also where summer time began in between.
      if (Math.round(this.#zone.ofDay(at)) % step) continue;
      const x = this.#x(at);
      ticks.push(`M${x.toFixed(1)} ${bottom}v5`);
      if (x > this.#em && x < this.#width - this.#em) labels.push(drawn("text", { x: x.toFixed(1), y: HEIGHT * this.#em - 4, "text-anchor": "middle" }, step < 60 ? this.#zone.clock(at) : this.#zone.minutes(at)));
    }
    mark(this.ticks, "d", `M0 ${bottom}H${this.#width}${ticks.join("")}`);
    this.labels.replaceChildren(...labels);
  }

  #drawCursor() {
    const { slider } = this;
    const there = this.#at !== null && this.#at >= this.#from && this.#at <= this.#to;
    mark(this.cursor, "d", there ? `M${this.#x(this.#at).toFixed(1)} 0V${(HEIGHT - AXIS) * this.#em + 4}` : "");
    mark(slider, "aria-valuemin", String(Math.round(this.#from)));
    mark(slider, "aria-valuemax", String(Math.round(this.#to)));
    mark(slider, "aria-valuenow", String(Math.round(Math.min(this.#to, Math.max(this.#from, this.#at ?? this.#from)))));
    mark(slider, "aria-valuetext", this.#at === null ? "no time chosen" : `${this.#zone.day(this.#at)}, ${this.#zone.clock(this.#at)}`);
    slider.style.setProperty("left", `${there ? this.#x(this.#at) : 0}px`);
  }

  #drawChosen() {
    const span = this.#span;
    this.chosen.toggleAttribute("hidden", !span);
    this.handles.forEach((handle, side) => {
      handle.hidden = !span || span[side] < this.#from || span[side] > this.#to;
      if (!span) return;
      handle.style.setProperty("left", `${this.#x(span[side])}px`);
      mark(handle, "aria-valuemin", String(Math.round(this.#from)));
      mark(handle, "aria-valuemax", String(Math.round(this.#to)));
      mark(handle, "aria-valuenow", String(Math.round(span[side])));
      mark(handle, "aria-valuetext", this.#zone.clock(span[side]));
    });
    if (!span) return;
    const left = Math.max(0, this.#x(span[0]));
    const right = Math.min(this.#width, this.#x(span[1]));
    mark(this.chosen, "x", left.toFixed(1));
    mark(this.chosen, "height", String((HEIGHT - AXIS) * this.#em));
    mark(this.chosen, "width", Math.max(0, right - left).toFixed(1));
  }

  #down(event) {
    if (event.button) return;
    const side = this.handles.indexOf(event.target);
    this.#dragging = side >= 0 ? side : "cursor";
    this.track.setPointerCapture(event.pointerId);
    event.preventDefault();
    (side >= 0 ? this.handles[side] : this.slider).focus({ preventScroll: true });
    this.#move(event);
  }

  #move(event) {
    const at = this.#time(event);
    if (this.#dragging === "cursor") this.#on.seek(at, false);
    else if (this.#dragging !== null) this.#drag(this.#dragging, at);
    this.#tellHover(event, at);
  }

  #up(event) {
    if (this.#dragging === "cursor") this.#on.seek(this.#time(event), true);
    this.#dragging = null;
  }

  #drag(side, at) {
    const span = [...this.#span];
    span[side] = Math.round(side ? Math.max(at, span[0] + 1) : Math.min(at, span[1] - 1));
    this.#on.span(span);
  }

  #handleKey(event, side) {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -60, PageUp: 60 }[event.key];
    if (!by || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.#drag(side, this.#span[side] + by * (event.shiftKey ? 10 : 1));
  }

  #tellHover(event, at) {
    if (event.pointerType === "touch" && this.#dragging === null) return;
    const bin = this.#line?.bins.find((one) => at >= one.from_s && at < one.from_s + this.#line.bin_s);
    const known = this.#line?.runs.some((run) => at >= run.from_s && at < run.to_s);
    const rate = bin ? bin.scenes / Math.max(1, bin.recorded_s) : 0;
    const what = !known ? "not recorded" : rate < 1.25 ? "quiet" : rate < 3 ? "some movement" : "much movement";
    put(this.hover, `${this.#zone.clock(at)} · ${what}`);
    this.hover.hidden = false;
    const half = this.hover.offsetWidth / 2;
    this.hover.style.setProperty("left", `${Math.min(this.#width - half, Math.max(half, this.#x(at)))}px`);
  }

  #wheel(event) {
    if (!event.deltaX && !event.deltaY) return;
    event.preventDefault();
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) this.#on.pan(Math.sign(event.deltaX || event.deltaY) * 0.1);
    else this.#on.zoom(event.deltaY > 0 ? 1.35 : 1 / 1.35, this.#time(event));
  }

  /** What is shown, in words. */
  describe() {
    const { runs } = this.#line ?? { runs: [] };
    const recorded = runs.reduce((sum, run) => sum + Math.max(0, Math.min(run.to_s, this.#to) - Math.max(run.from_s, this.#from)), 0);
    return recorded ? `${lengthOf(recorded)} recorded of ${lengthOf(this.#to - this.#from)} shown` : "Nothing was recorded in this time";
  }
}
