// Exports a chosen span as a video: orders it, lets the browser fetch it, and says how far it is.
import { element, mark, put } from "./elements.js";
import { lengthOf } from "./zone_time.js";

const LOOK_EVERY_MS = 600;
const LONGEST_S = 86400;
const SHOWS = [["glyphs", "figures"], ["heat", "coarse cells"], ["counts", "the place alone"]];

export class ExportPanel {
  #camera;
  #zone;
  #on;
  #span = null;
  #export = null;
  #timer = 0;

  /** @param on {span(span or null), here() -> the moment that is shown, around() -> a span to begin with, near(span)} */
  constructor(camera, zone, on) {
    [this.#camera, this.#zone, this.#on] = [camera, zone, on];
    this.begin = element("output", { class: "xp-time" });
    this.finish = element("output", { class: "xp-time" });
    this.length = element("p", { class: "xp-length" });
    this.show = element("select", { "aria-label": "What is drawn over the place" }, ...SHOWS.map(([value, words]) => element("option", { value }, words)));
    this.go = element("button", { type: "button", class: "xp-go" }, "Save as video");
    this.cancel = element("button", { type: "button", class: "quiet", hidden: true }, "Cancel");
    this.bar = element("progress", { max: 1, value: 0, hidden: true, "aria-label": "How far the export is" });
    this.says = element("p", { class: "xp-says", role: "status" });
    const here = (side, words) => {
      const button = element("button", { type: "button", class: "quiet" }, words);
      button.addEventListener("click", () => this.setHere(side));
      return button;
    };
    this.node = element("section", { class: "panel xp", "aria-label": "Export", hidden: true },
      element("h3", {}, "Export as video"),
      element("div", { class: "xp-row" }, element("span", {}, "from"), this.begin, here(0, "Begin here")),
      element("div", { class: "xp-row" }, element("span", {}, "to"), this.finish, here(1, "End here")),
      this.length,
      element("label", { class: "xp-row" }, element("span", {}, "showing"), this.show),
      element("div", { class: "xp-row xp-actions" }, this.go, this.cancel),
      this.bar,
      this.says,
      element("p", { class: "small" }, "The export is written down: who, when, which time. Persons are figures in it as they are here."));
    this.go.addEventListener("click", () => this.#order());
    this.cancel.addEventListener("click", () => this.#forget("Cancelled."));
  }

  get open() {
    return !this.node.hidden;
  }

  toggle(open = !this.open) {
    this.node.hidden = !open;
    if (open && !this.#span) this.choose(this.#on.around());
    else this.#on.span(open ? this.#span : null);
    if (open) this.#on.near(this.#span);
  }

  /** Takes over a span that was chosen on the line of time. */
  choose(span) {
    this.#span = span;
    this.#on.span(span);
    const [from, to] = span;
    put(this.begin, this.#zone.clock(from));
    put(this.finish, this.#zone.clock(to));
    const long = to - from > LONGEST_S;
    put(this.length, long ? "A day at most." : `${lengthOf(to - from)}, ${this.#zone.day(from)}`);
    if (!this.#export) this.go.disabled = long;
  }

  /** Begin or end of the span are where one is. */
  setHere(side) {
    const at = Math.round(this.#on.here());
    const [from, to] = this.#span ?? [at, at];
    this.choose(side ? [Math.min(from, at - 1), at] : [at, Math.max(to, at + 1)]);
  }

  async #order() {
    const [from_s, to_s] = this.#span;
    this.#busy(true);
    put(this.says, "It is looked whether all of it is there…");
    try {
      const answer = await fetch(`/api/recordings/${encodeURIComponent(this.#camera)}/exports`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-passerby": "1" },
        body: JSON.stringify({ from_s, to_s, show: this.show.value }),
      });
      const told = await answer.json();
      if (!answer.ok) throw new Error([told.detail, told.do].filter(Boolean).join(" "));
      this.#export = told;
      put(this.says, "Drawing…");
      element("a", { href: told.download, download: told.name }).click();
      this.#look();
    } catch (error) {
      this.#busy(false);
      put(this.says, error instanceof TypeError ? "Passerby does not answer." : error.message);
    }
  }

  #look() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(async () => {
      const known = this.#export;
      if (!known) return;
      let told = null;
      try {
        const answer = await fetch(`/api/exports/${known.export}`, { signal: AbortSignal.timeout(8000) });
        told = answer.ok ? await answer.json() : null;
        if (answer.status === 404) return this.#over("The export is over.");
      } catch {
        // It is asked again.
      }
      if (this.#export !== known) return;
      if (told) this.#tell(told);
      if (this.#export) this.#look();
    }, LOOK_EVERY_MS);
  }

  #tell({ state, done, sent_bytes: bytes, says, name }) {
    mark(this.bar, "value", String(done));
    this.bar.value = done;
    if (state === "done") this.#over(`${name}: ${(bytes / 1e6).toFixed(1)} MB. Your browser has saved it.`);
    else if (state === "failed") this.#over(says || "It was not saved.");
    else put(this.says, state === "running" ? `Drawing: ${Math.floor(100 * done)} %` : "Waiting for your browser to fetch it…");
  }

  #over(words) {
    this.#export = null;
    this.#busy(false);
    put(this.says, words);
  }

  #forget(words) {
    const known = this.#export;
    this.#over(words);
    if (known) fetch(`/api/exports/${known.export}`, { method: "DELETE", headers: { "x-passerby": "1" } }).catch(() => null);
  }

  #busy(is) {
    this.go.disabled = is;
    this.cancel.hidden = this.bar.hidden = !is;
    this.bar.value = 0;
  }

  close() {
    clearTimeout(this.#timer);
    // What is being fetched goes on: the browser has it. It is only not looked after any more.
    this.#export = null;
  }
}
