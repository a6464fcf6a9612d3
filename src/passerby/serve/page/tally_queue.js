// What was tapped, until the server has it: kept in this browser, sent again after a lost network, and taken off once the server says that it is kept.
// Times are by the server's clock, as a handshake measured it; a phone's own clock may be wrong.

const KEY = "passerby.tally";
const MOST_TAPS = 100;
const TRIES = 5;
const PAUSE_MS = 1500;
const MOST_PAUSE_MS = 15000;
const WITHIN_MS = 8000;

export function newId() {
  return [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function stored() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY));
    return Array.isArray(found) ? found : [];
  } catch {
    return [];
  }
}

/** How far the server's clock is ahead of this phone's, by the quickest of some answers. */
export class ServerClock {
  offset_s = null;
  trip_s = Infinity;

  async measure() {
    let best = { trip_s: Infinity, offset_s: 0 };
    for (let number = 0; number < TRIES; number += 1) {
      const begun_s = Date.now() / 1000;
      const answer = await fetch("/api/tallies/clock", { cache: "no-store", signal: AbortSignal.timeout(WITHIN_MS) });
      const ended_s = Date.now() / 1000;
      if (!answer.ok) throw Object.assign(new Error("refused"), { status: answer.status });
      const trip_s = ended_s - begun_s;
      const { now_s } = await answer.json();
      if (trip_s >= 0 && trip_s < best.trip_s) best = { trip_s, offset_s: now_s - (begun_s + ended_s) / 2 };
    }
    this.trip_s = best.trip_s;
    this.offset_s = best.offset_s;
  }

  now_s() {
    return Date.now() / 1000 + (this.offset_s ?? 0);
  }
}

/** Taps on their way to the server. `changed(queue)` is called whenever something about them is another thing. */
export class TallyQueue {
  #waiting = stored();
  #sending = false;
  #timer = 0;
  #pause_ms = PAUSE_MS;
  sent = 0;
  refused = 0;
  state = "idle";

  constructor(clock, changed) {
    this.clock = clock;
    this.changed = changed;
    addEventListener("online", () => this.#soon(0));
    addEventListener("pagehide", () => this.#keep());
  }

  get waiting() {
    return this.#waiting.length;
  }

  /** Takes a tap of a sitting ({sitting, table, camera, place}); gives its id. */
  add(sitting, what, more = {}) {
    const tap = { id: newId(), at_s: Math.round(this.clock.now_s() * 1000) / 1000, what, ...more };
    this.#waiting.push({ ...sitting, offset_s: Math.round((this.clock.offset_s ?? 0) * 1000) / 1000, tap });
    this.#keep();
    this.changed(this);
    if (!this.#timer) this.#soon(this.#pause_ms);
    return tap.id;
  }

  /** Sends what is left from before. */
  start() {
    if (this.waiting) this.#soon(0);
  }

  #soon(wait_ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#send(), wait_ms);
  }

  #keep() {
    try {
      if (this.#waiting.length) localStorage.setItem(KEY, JSON.stringify(this.#waiting));
      else localStorage.removeItem(KEY);
    } catch {
      // A browser that keeps nothing: what waits is lost with the page.
    }
  }

  async #send() {
    this.#timer = 0;
    if (this.#sending || !this.#waiting.length) return;
    this.#sending = true;
    const first = this.#waiting[0];
    const batch = this.#waiting.filter((one) => one.sitting === first.sitting && one.offset_s === first.offset_s).slice(0, MOST_TAPS);
    const { sitting, table, camera, place, offset_s } = first;
    try {
      const answer = await fetch("/api/tallies", {
        method: "POST",
        headers: { "content-type": "application/json", "x-passerby": "1" },
        body: JSON.stringify({ sitting, table, camera, place, offset_s, taps: batch.map((one) => one.tap) }),
        cache: "no-store",
        signal: AbortSignal.timeout(WITHIN_MS),
      });
      if (answer.ok) {
        const { kept, refused } = await answer.json();
        this.#drop(new Set([...kept, ...refused]));
        this.sent += kept.length;
        this.refused += refused.length;
        this.#went("idle");
      } else if (answer.status === 400 || answer.status === 404 || answer.status === 409) {
        this.#drop(new Set(batch.map((one) => one.tap.id))); // no second try would end otherwise
        this.refused += batch.length;
        this.#went("idle");
      } else {
        this.#failed(answer.status === 401 || answer.status === 403 ? "login" : "busy");
      }
    } catch {
      this.#failed("lost");
    }
    this.#sending = false;
    this.changed(this);
    if (this.#waiting.length) this.#soon(this.#pause_ms);
  }

  #went(state) {
    this.state = state;
    this.#pause_ms = PAUSE_MS;
  }

  #failed(state) {
    this.state = state;
    this.#pause_ms = Math.min(MOST_PAUSE_MS, this.#pause_ms * 2);
  }

  #drop(ids) {
    this.#waiting = this.#waiting.filter((one) => !ids.has(one.tap.id));
    this.#keep();
  }
}
