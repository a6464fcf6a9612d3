// The live feed: scenes of the places and how the cameras are, as the server tells them (docs/design/watching.md).
// It closes when in doubt: what came late is not passed on, and a connection that lags or says nothing is made anew.
const STALE_S = 5; // where the server has not said otherwise: an older scene does not show how a place is
const SILENT_MS = 25_000; // the server says how the cameras are every 10 s
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 3000; // a server that was started anew is found within seconds
const FRAME = ["w", "h", "level", "block", "shown", "cell"]; // left out of a scene where they are as they were

export class Feed {
  #listeners;
  #source = null;
  #cameras = null;
  #frames = new Map(); // id -> what scenes of this connection leave out
  #staleS = new Map();
  #lead = Infinity; // least time (s) by which this machine's own clock was ahead of a scene's time on this connection
  #pauseMs = FIRST_PAUSE_MS;
  #again = 0;
  #silence = 0;
  #closed = false;

  /**
   * Opens at once, and again whenever the connection is lost; it is closed while the page is hidden.
   *
   * Listeners, all of which may be left out: `scene(id, scene)` with all of a scene; `gone(id)`: the place is not seen now; `cameras(answer)` as
   * `/api/cameras`; `connection("open" | "lost")`.
   */
  constructor(listeners) {
    this.#listeners = listeners;
    document.addEventListener("visibilitychange", this.#seen);
    addEventListener("pagehide", this.#hidden);
    addEventListener("pageshow", this.#seen);
    this.#seen();
  }

  /** From now on, scenes of these cameras (ids), of none ([]), or of all (null). */
  watch(cameras) {
    const next = cameras === null ? null : [...cameras].sort();
    if (JSON.stringify(next) === JSON.stringify(this.#cameras)) return;
    this.#cameras = next;
    if (this.#source || this.#again) this.#open();
  }

  /** For good. */
  close() {
    this.#closed = true;
    this.#hang();
    document.removeEventListener("visibilitychange", this.#seen);
    removeEventListener("pagehide", this.#hidden);
    removeEventListener("pageshow", this.#seen);
  }

  #seen = () => {
    if (document.hidden) this.#hang();
    else if (!this.#source && !this.#again && !this.#closed) this.#open();
  };

  #hidden = () => this.#hang();

  #open() {
    this.#hang();
    const query = this.#cameras === null ? "" : `?cameras=${this.#cameras.map(encodeURIComponent).join(",")}`;
    const source = new EventSource(`/api/live${query}`);
    this.#source = source;
    this.#frames.clear();
    this.#lead = Infinity;
    const on = (name, take) => source.addEventListener(name, (event) => {
      if (source === this.#source) take(event);
    });
    on("open", () => this.#heard());
    on("error", () => this.#lose());
    on("scene", (event) => this.#scene(JSON.parse(event.data)));
    on("gone", (event) => this.#gone(JSON.parse(event.data).id));
    on("cameras", (event) => this.#answer(JSON.parse(event.data)));
    this.#listen();
  }

  /** Ends the connection without a word. */
  #hang() {
    clearTimeout(this.#silence);
    clearTimeout(this.#again);
    this.#again = 0;
    this.#source?.close();
    this.#source = null;
  }

  /** Ends the connection, says so, and makes it anew after a pause, which grows while there is no answer. */
  #lose() {
    this.#hang();
    this.#again = setTimeout(() => {
      this.#again = 0;
      this.#open();
    }, this.#pauseMs * (0.75 + Math.random() / 2));
    this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS);
    this.#listeners.connection?.("lost");
  }

  #listen() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#lose(), SILENT_MS);
  }

  #heard() {
    this.#listen();
    this.#listeners.connection?.("open");
  }

  #answer(answer) {
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#heard();
    this.#staleS = new Map(answer.cameras.map((camera) => [camera.id, camera.stale_s ?? STALE_S]));
    this.#listeners.cameras?.(answer);
  }

  #scene({ id, ...scene }) {
    this.#listen();
    for (const key of FRAME) {
      if (!(key in scene)) scene[key] = this.#frames.get(id)?.[key];
    }
    this.#frames.set(id, scene);
    const ahead = performance.now() / 1000 - scene.t;
    this.#lead = Math.min(this.#lead, ahead);
    if (ahead - this.#lead > (this.#staleS.get(id) ?? STALE_S)) {
      // It waited on its way: what comes behind it is late, too. Or the server's clock was set, which a new connection does not mind.
      this.#gone(id);
      this.#lose();
      return;
    }
    this.#listeners.scene?.(id, scene);
  }

  #gone(id) {
    this.#listen();
    this.#frames.delete(id);
    this.#listeners.gone?.(id);
  }
}
