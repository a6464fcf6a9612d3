// One place, large, with its facts.
import { LEVELS, stateMark, tellState, withheld } from "./conditions.js";
import { drawn, element, icon, mark, put } from "./elements.js";
import { LiveView } from "./live_view.js";
import { KINDS, figure, inView } from "./scene_svg.js";

const STREAMS = [["jpg", "newest picture"], ["mjpg", "pictures one after another"], ["m3u8", "HLS"], ["ts", "MPEG-TS, for a recorder"]];
const UNCOUNTED = { heat: "coarse cells only", counts: "not shown here" };

export class Place {
  #facts = "";

  constructor(app, id) {
    this.app = app;
    this.id = id;
    const camera = app.camera(id);
    this.title = camera?.name ?? "";
    if (!camera) {
      this.node = element("div", { class: "note" }, element("h2", {}, "There is no such place here"), element("p", {}, element("a", { href: "#/" }, "All places")));
      return;
    }
    this.name = element("h2", { tabindex: -1 }, camera.name);
    this.state = stateMark(camera.condition);
    this.frame = element("div");
    this.says = element("p", { class: "says" });
    this.todo = element("p", { class: "do" });
    this.who = element("dd", { class: "who" });
    this.share = element("dd");
    this.meter = element("span", { class: "meter-fill" });
    this.facts = element("dl", { class: "facts" });
    this.steps = [this.#step(-1, "Place before", "back"), this.#step(1, "Next place", "next")];
    this.recordings = element("a", { class: "button", href: `#/recordings/${encodeURIComponent(id)}` }, "Recordings of this place");
    this.node = element("div", { class: "page place" }, this.#head(), this.#body());
    this.live = new LiveView(this.frame, camera);
    this.cameras(app.answer);
  }

  #head() {
    const back = element("a", { class: "button quiet", href: "#/" }, icon("back"), "All places");
    return element("div", { class: "place-head" }, back, element("div", { class: "place-name" }, this.name, this.state), element("div", { class: "steps" }, ...this.steps));
  }

  #body() {
    const now = element(
      "dl",
      { class: "now" },
      element("div", {}, element("dt", {}, "In view"), this.who),
      element("div", {}, element("dt", {}, "Withheld"), this.share, element("dd", { class: "meter", "aria-hidden": "true" }, this.meter)),
    );
    const others = element("details", {}, element("summary", {}, "For other programs"), element("ul", { class: "streams" }, ...STREAMS.map(([kind, words]) => this.#stream(kind, words))));
    return element(
      "div",
      { class: "place-body" },
      element("div", { class: "frame" }, this.frame),
      element("section", { class: "panel", "aria-label": "About this place" }, this.says, this.todo, now, this.recordings, this.facts, others),
    );
  }

  #step(by, words, name) {
    return element("a", { class: "button quiet", href: "#/", title: words, "data-by": by }, icon(name), element("span", { class: "unseen" }, words));
  }

  #stream(kind, words) {
    const id = encodeURIComponent(this.id);
    const address = kind === "m3u8" ? `/live/${id}/index.m3u8` : `/live/${id}.${kind}`;
    return element("li", {}, element("a", { href: address, target: "_blank", rel: "noreferrer" }, address), ` ${words}`);
  }

  cameras(answer) {
    if (!this.live) return;
    const camera = answer.cameras.find((one) => one.id === this.id);
    if (!camera) return this.app.go("#/");
    this.camera = camera;
    this.live.tell(camera);
    put(this.name, camera.name);
        put(this.todo, camera.do);
    this.todo.hidden = !camera.do;
    this.recordings.hidden = answer.recording === "off";
    for (const link of this.steps) {
      link.hidden = answer.cameras.length < 2;
      mark(link, "href", `#/place/${encodeURIComponent(this.#beside(Number(link.dataset.by)))}`);
    }
    if (camera.stream?.width_px) this.node.style.setProperty("--wide", camera.stream.width_px / camera.stream.height_px);
    this.#tellFacts(camera);
    this.#tellNow();
  }

  #tellFacts(camera) {
    const { stream } = camera;
    const [level, about] = LEVELS[camera.release_level] ?? [camera.release_level, ""];
    const rows = [["Why it is watched", camera.purpose], ["What is released", `${level}. ${about}`]];
    if (stream?.width_px) rows.push(["Stream", `${stream.codec.toUpperCase()}, ${stream.width_px} × ${stream.height_px}, ${stream.received_hz.toFixed(1)} pictures a second`]);
    if (stream?.received) rows.push(["Skipped", `${((100 * stream.skipped) / stream.received).toFixed(2)} % of the pictures`]);
    if (stream && stream.connections > 1) rows.push(["Connections", `${stream.connections} since its process began`]);
    if (camera.lost_scenes) rows.push(["Not recorded", `${camera.lost_scenes} scenes`]);
    for (const { name, word } of camera.not_protected) rows.push([`Without ${name}`, word]);
    const text = JSON.stringify(rows);
    if (this.#facts === text) return;
    this.#facts = text;
    this.facts.replaceChildren(...rows.filter(([, words]) => words).map(([term, words]) => element("div", {}, element("dt", {}, term), element("dd", {}, words))));
  }

  /** Who is in view, each kind with its figure, and how much is withheld. */
  #tellNow() {
    const { scene, known } = this.live;
    tellState(this.state, known ? this.camera.condition : "unknown");
    mark(this.node, "class", `page place is-${known ? this.camera.condition : "unknown"}`);
    put(this.says, known ? this.camera.says : this.live.view.words);
    const words = scene ? inView(scene) || UNCOUNTED[scene.level] : "not known now";
    if (this.who.dataset.words !== words) {
      this.who.dataset.words = words;
      const counts = scene?.level === "glyphs" ? KINDS.map((_, kind) => scene.g.filter((glyph) => glyph[0] === kind).length) : [];
      const parts = KINDS.flatMap((names, kind) => (counts[kind] ? [element("span", { class: "kind" }, sample(kind), `${counts[kind]} ${names[counts[kind] === 1 ? 0 : 1]}`)] : []));
      this.who.replaceChildren(...(parts.length ? parts : [words]));
    }
    const share = scene ? scene.withheld : null;
    put(this.share, share === null ? "all of it now" : withheld(share));
    this.meter.style.setProperty("width", `${100 * (share ?? 1)}%`);
  }

  scene(id, scene) {
    if (id !== this.id || !this.live) return;
    this.live.take(scene);
    this.#tellNow();
  }

  gone(id) {
    if (id !== this.id) return;
    this.live?.gone();
    this.tick();
  }

  tick() {
    this.live?.tick();
    if (this.live) this.#tellNow();
  }

  rest() {
    this.live?.rest();
    this.tick();
  }

  lost(words) {
    this.live?.lose(words);
    this.tick();
  }

  focus() {
    (this.name ?? document.getElementById("main")).focus({ preventScroll: true });
    scrollTo(0, 0);
  }

  #beside(by) {
    const { cameras } = this.app.answer;
    const at = cameras.findIndex((camera) => camera.id === this.id);
    return cameras[(at + by + cameras.length) % cameras.length].id;
  }

  key(event) {
    const hash = { Escape: "#/", ArrowLeft: this.steps?.[0].getAttribute("href"), ArrowRight: this.steps?.[1].getAttribute("href") }[event.key];
    if (!hash || (event.key !== "Escape" && this.app.answer.cameras.length < 2)) return;
    event.preventDefault();
    this.app.go(hash);
  }

  close() {
    this.live?.close();
  }
}

/** A small figure of a kind, as it stands in the picture. */
export function sample(kind) {
  const [width, height] = [[22, 56], [48, 52], [84, 48], [44, 30]][kind];
  return drawn("svg", { viewBox: `${-width / 2 - 3} ${-height - 3} ${width + 6} ${height + 6}`, "aria-hidden": "true", class: "sample" }, figure([kind, 0, 0, width, height]));
}
