// Plays recorded scenes: fetches them ahead, keeps time, and says at each moment which scene shows how it was; or that nothing is known.
// What is looked at is written down by the server before it gives any of it: a viewing of one hour at a time. What it gave is not held for long,
// also while nothing plays: its minutes may be due, and deleted, meanwhile.
import { widthFor } from "./ground.js";

export const RATES = [1, 2, 4, 8, 16, 32, 64];
const WINDOW_S = 3600; // one viewing, and one receipt, for each hour that is looked at
const SCENES_A_SECOND = 5; // figures move at most so often; of what passes faster, some are left out
const CHUNK_S = 10; // real time that is fetched at once
const AHEAD_S = 5; // fetched when less than this real time is left
const GAP_REST_S = 1.6; // a gap is said for so long, then skipped
const GROUND_EVERY_MS = 900;
const GROUND_RETRY_MS = 3000;
const MOST_GROUNDS = 12;
const TICK_MS = 50;
const FRESH_MS = 45000; // older: it is asked for again
const HELD_MS = 60000; // older: it is not shown, whatever the server does
const LOOK_MS = 5000;

/** The scene in force at a moment, of scenes in order: the last that is not later. */
function inForce(scenes, at) {
  let low = 0;
  let high = scenes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (scenes[middle].t <= at + 0.0015) low = middle + 1;
    else high = middle;
  }
  return low ? scenes[low - 1] : null;
}

export class Player {
  #camera;
  #view;
  #told;
  #viewings = []; // {id, from, to}: those of what is shown and of what is fetched ahead
  #chunks = []; // {from, to, scenes, gaps, viewing, since}
  #fetching = null; // AbortController of what is being fetched
  #grounds = new Map(); // name -> {url, epoch, since}
  #ground = null; // the one that is shown
  #groundBusy = false;
  #groundNotBefore = 0; // where the one that is shown is of the same plate
  #groundRests = 0; // after one that could not be had
  #timer = 0;
  #look = 0;
  #shownSince = 0; // when the scene that is seen was fetched
  #last = 0;
  #gapSince = 0;
  #failures = 0;
  #closed = false;
  #opened = false;

  /**
   * @param camera id of the camera
   * @param view a SceneView
   * @param told is called with {at, playing, rate, state, words} whenever one of them changes
   */
  constructor(camera, view, told) {
    this.#camera = camera;
    this.#view = view;
    this.#told = told;
    this.at = 0;
    this.end = Infinity; // nothing is recorded after it, as yet
    this.recordedFrom = (at) => at; // when the recording goes on, as far as is known
    this.rate = 1;
    this.playing = false;
    this.scene = null;
    this.state = "closed"; // closed, loading, shown, gap, failed
    this.words = "";
    this.#look = setInterval(() => this.#opened && this.#step(), LOOK_MS);
  }

  /** Whether something is looked at, and so has been written down. */
  get opened() {
    return this.#opened;
  }

  /** Goes to a moment and shows it. */
  seek(at) {
    this.at = at;
    this.#opened = true;
    this.#gapSince = 0;
    this.#expire();
    if (!this.#chunkAt(at)) this.#drop();
    this.#step();
  }

  play() {
    if (this.playing) return;
    this.playing = true;
    this.#opened = true;
    this.#last = performance.now();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    this.#step();
  }

  pause() {
    this.playing = false;
    clearInterval(this.#timer);
    this.#tell();
  }

  setRate(rate) {
    if (rate === this.rate) return;
    this.rate = rate;
    if (this.#opened) {
      this.#drop();
      this.#step();
    } else this.#tell();
  }

  close() {
    this.#closed = true;
    clearInterval(this.#look);
    this.pause();
    this.#drop();
    for (const { url } of this.#grounds.values()) URL.revokeObjectURL(url);
    this.#grounds.clear();
    this.#leave();
  }

  #tick() {
    const now = performance.now();
    const passed = Math.min(0.5, (now - this.#last) / 1000);
    this.#last = now;
    if (this.state === "loading") return; // time waits for what is fetched
    if (this.state === "gap") {
      this.#gapSince ||= now;
      const gap = this.#gapAt(this.at);
      if (now - this.#gapSince > GAP_REST_S * 1000 && gap) {
        this.#gapSince = 0;
        this.at = Math.max(gap.next, this.recordedFrom(gap.next));
      }
    } else if (this.state !== "failed") {
      this.#gapSince = 0;
      this.at += passed * this.rate;
    }
    if (this.at >= this.end) {
      this.at = this.end;
      this.pause();
    }
    this.#step();
  }

  /** Shows what is known of this moment, and fetches what is needed. */
  #step() {
    this.#expire();
    const chunk = this.#chunkAt(this.at);
    const gap = chunk && this.#gapAt(this.at);
    if (!chunk) this.#become(this.state === "failed" ? "failed" : "loading", this.state === "failed" ? this.words : "Fetching the recording…");
    else if (gap) this.#become("gap", "Not recorded");
    else this.#become("shown", "");
    this.scene = chunk && !gap ? inForce(chunk.scenes, this.at) : null;
    if (this.scene) {
      this.#shownSince = chunk.since;
      this.#show(this.scene, chunk.viewing);
    } else if (this.state !== "loading" || !this.#view.shows || performance.now() - this.#shownSince > HELD_MS) this.#view.hide(this.words);
    this.#fetchAhead(chunk);
    this.#tell();
  }

  /** Lets go of what was fetched too long ago. */
  #expire() {
    const now = performance.now();
    const fresh = this.#chunks.filter((chunk) => now - chunk.since < FRESH_MS);
    if (fresh.length < this.#chunks.length) {
      this.#chunks = fresh;
      this.#tidy();
    }
    const kept = (ground) => now - ground.since < HELD_MS;
    const old = new Set([...this.#grounds.values()].filter((ground) => !kept(ground)));
    for (const [name, ground] of this.#grounds) if (old.has(ground)) this.#grounds.delete(name);
    if (this.#ground && !kept(this.#ground)) {
      old.add(this.#ground);
      this.#ground = null;
    }
    for (const { url } of old) URL.revokeObjectURL(url);
  }

  #become(state, words) {
    // The scene of before stays while another moment is fetched, and is seen not to be that of the time that stands below.
    this.#view.container.classList.toggle("is-fetching", state === "loading");
    this.state = state;
    this.words = words;
  }

  #tell() {
    if (!this.#closed) this.#told(this);
  }

  #chunkAt(at) {
    return this.#chunks.find((chunk) => at >= chunk.from && at < chunk.to) ?? null;
  }

  /** The gap that a moment lies in, and where to go on: gaps that touch, also over the borders of what was fetched, are one. */
  #gapAt(at) {
    const gaps = this.#chunks.flatMap((chunk) => chunk.gaps);
    const found = gaps.find(([from, to]) => at >= from && at < to);
    if (!found) return null;
    let next = found[1];
    for (let more = found; more; more = gaps.find(([from, to]) => from <= next + 0.01 && to > next + 0.01)) next = Math.max(next, more[1]);
    return { from: found[0], next };
  }

  #drop() {
    this.#fetching?.abort();
    this.#fetching = null;
    this.#chunks = [];
    this.#tidy();
    if (this.state === "failed") this.#become("loading", "");
  }

  #fetchAhead(chunk) {
    if (this.#fetching || this.#closed || !this.#opened || this.state === "failed") return;
    let from = this.at;
    if (chunk) {
      let last = chunk;
      for (let next = chunk; next; next = this.#chunkAt(last.to)) last = next;
      if (last.to - this.at > AHEAD_S * this.rate || last.to >= this.end) return;
      from = last.to;
    } else if (this.at >= this.end) {
      from = this.end - 1;
      this.at = from;
    }
    this.#fetch(from);
  }

  async #fetch(from) {
    const aborter = new AbortController();
    this.#fetching = aborter;
    try {
      const viewing = await this.#viewingOf(from, aborter);
      const to = Math.min(viewing.to, from + Math.max(CHUNK_S, CHUNK_S * this.rate));
      const since = performance.now();
      const step = this.rate > 1 ? this.rate / SCENES_A_SECOND : 0;
      const answer = await fetch(`/api/viewings/${viewing.id}/scenes?from=${from}&to=${to}&step=${step}`, { signal: AbortSignal.any([aborter.signal, AbortSignal.timeout(30000)]) });
      if (answer.status === 404) this.#forget(viewing);
      if (!answer.ok) throw new Error((await answer.json()).detail);
      this.#take(await answer.json(), from, viewing, since);
      this.#failures = 0;
    } catch (error) {
      if (aborter.signal.aborted) return;
      if (this.#fetching === aborter) this.#fetching = null;
      this.#fail(error);
      return;
    }
    if (this.#fetching === aborter) this.#fetching = null;
    if (!this.#closed) this.#step();
  }

  #fail(error) {
    this.#failures += 1;
    if (this.#chunkAt(this.at)) return void setTimeout(() => !this.#closed && this.#step(), 1000);
    this.#become("failed", error instanceof TypeError || error.name === "TimeoutError" ? "Passerby does not answer." : error.message);
    this.scene = null;
    this.#view.hide(this.words);
    this.#tell();
    setTimeout(() => {
      if (this.#closed || this.state !== "failed") return;
      this.#become("loading", this.words);
      this.#step();
    }, Math.min(8000, 1000 * 2 ** this.#failures));
  }

  #take({ scenes, gaps, to }, from, viewing, since) {
    let whole = {};
    const told = scenes.map((scene) => (whole = { ...whole, ...scene })); // what is left out is as in the scene before
    // An answer that reaches no further would be asked for again and again.
    this.#chunks.push({ from, to: Math.max(to, from + 0.5), scenes: told, gaps, viewing, since });
    while (this.#chunks.length > 6) this.#chunks.shift();
    this.#tidy();
  }

  /** A viewing that is over, or whose recordings were deleted meanwhile: what it gave is asked for anew, with another one. */
  #forget(viewing) {
    this.#viewings = this.#viewings.filter((one) => one !== viewing);
    this.#chunks = this.#chunks.filter((chunk) => chunk.viewing !== viewing);
  }

  /** Ends the viewings of which nothing is held any more; the last one stays, for whoever goes on in its hour. */
  #tidy() {
    const over = this.#viewings.slice(0, -1).filter((viewing) => !this.#chunks.some((chunk) => chunk.viewing === viewing));
    this.#viewings = this.#viewings.filter((viewing) => !over.includes(viewing));
    over.forEach((viewing) => this.#end(viewing));
  }

  /** The viewing of the hour that a moment lies in: begun, and so written down, where there is none. */
  async #viewingOf(at, aborter) {
    const known = this.#viewings.find((one) => at >= one.from && at < one.to);
    if (known) return known;
    const from = Math.floor(at / WINDOW_S) * WINDOW_S;
    const answer = await fetch(`/api/recordings/${encodeURIComponent(this.#camera)}/viewings`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-passerby": "1" },
      body: JSON.stringify({ from_s: from, to_s: from + WINDOW_S }),
      signal: AbortSignal.timeout(15000),
    });
    const told = await answer.json();
    if (!answer.ok) throw new Error([told.detail, told.do].filter(Boolean).join(" "));
    const viewing = { id: told.viewing, from: told.from_s, to: told.to_s };
    this.#viewings.push(viewing);
    if (this.#closed) this.#leave();
    if (this.#closed || aborter.signal.aborted) throw new DOMException("", "AbortError");
    return viewing;
  }

  #leave() {
    this.#viewings.forEach((viewing) => this.#end(viewing));
    this.#viewings = [];
  }

  #end({ id }) {
    fetch(`/api/viewings/${id}`, { method: "DELETE", headers: { "x-passerby": "1" }, keepalive: true }).catch(() => null);
  }

  #show(scene, viewing) {
    const ground = this.#grounds.get(scene.ground);
    if (ground) this.#ground = ground;
    if (!ground || performance.now() - ground.since > FRESH_MS) this.#fetchGround(scene, viewing);
    this.#view.show(scene, this.#ground?.url ?? null, this.#ground?.epoch ?? -1);
  }

  /** Fetches the place below a scene: at once where the one below is of another plate, else now and then. */
  async #fetchGround(scene, viewing) {
    const now = performance.now();
    if (this.#groundBusy || now < this.#groundRests || (this.#ground?.epoch === scene.epoch && now < this.#groundNotBefore)) return;
    this.#groundBusy = true;
    this.#groundNotBefore = now + GROUND_EVERY_MS;
    const width = widthFor(this.#view.container.clientWidth * Math.min(2, devicePixelRatio));
    const size = width === Infinity ? "" : `&w=${width}`;
    try {
      const answer = await fetch(`/api/viewings/${viewing.id}/ground.jpg?at=${scene.t}${size}`, { signal: AbortSignal.timeout(20000) });
      if (answer.status === 404) this.#forget(viewing);
      if (!answer.ok) throw new Error(String(answer.status));
      const ground = { url: URL.createObjectURL(await answer.blob()), epoch: Number(answer.headers.get("x-epoch")), since: now };
      const name = answer.headers.get("x-ground");
      this.#keep(name, ground);
      if (name !== scene.ground) this.#keep(scene.ground, ground);
    } catch {
      this.#groundRests = performance.now() + GROUND_RETRY_MS;
    } finally {
      this.#groundBusy = false;
    }
    if (!this.#closed && this.#opened) this.#step();
  }

  #keep(name, ground) {
    if (this.#closed) return URL.revokeObjectURL(ground.url);
    const before = this.#grounds.get(name);
    this.#grounds.set(name, ground);
    if (before && ![...this.#grounds.values()].includes(before)) {
      if (before === this.#ground) this.#ground = ground;
      URL.revokeObjectURL(before.url);
    }
    while (this.#grounds.size > MOST_GROUNDS) {
      const [oldest, { url }] = this.#grounds.entries().next().value;
      this.#grounds.delete(oldest);
      if (url !== this.#ground?.url && ![...this.#grounds.values()].some((one) => one.url === url)) URL.revokeObjectURL(url);
    }
  }
}
