// Asks for the alerts that are open, again and again: it costs a line each time while nothing has changed.
const LOOK_EVERY_MS = 2000;
const WHOLE_EVERY_MS = 60_000; // what "now" is, is said anew
const NONE_PAUSE_MS = 60_000; // a server that keeps no alerts
const LONGEST_PAUSE_MS = 10_000;
const WITHIN_MS = 8000;
const PAGE = 200;
const MOST_PAGES = 25;
export const SILENT = "Passerby does not answer.";

export class AlertFeed {
  #listeners;
  #etag = "";
  #wholeMs = -Infinity;
  #pauseMs = LOOK_EVERY_MS;
  #pages = 1;
  #asked = 0;
  #timer = 0;

  /**
   * Begins at once; it rests while the page is hidden.
   *
   * Listeners: `told(answer, since_ms)`: the answer of `/api/alerts`, and when it came; `same()`: it is still so; `none()`: no alerts are kept here;
   * `lost(words)`: it is not known.
   */
  constructor(listeners) {
    this.#listeners = listeners;
    document.addEventListener("visibilitychange", this.#seen);
    this.#seen();
  }

  #seen = () => {
    clearTimeout(this.#timer);
    this.#asked += 1;
    this.#etag = "";
    if (!document.hidden) this.#ask();
  };

  /** Asks now: something was done, or the server is there again. */
  look() {
    if (!document.hidden) this.#ask();
  }

  /** From now on, more of the older ones, too. */
  more() {
    this.#pages = Math.min(MOST_PAGES, this.#pages + 1);
    this.#etag = "";
    this.look();
  }

  async #ask() {
    clearTimeout(this.#timer);
    const asked = ++this.#asked;
    const current = () => asked === this.#asked;
    try {
      if (performance.now() - this.#wholeMs > WHOLE_EVERY_MS) this.#etag = "";
      const answer = await fetch(`/api/alerts?limit=${PAGE}`, { cache: "no-store", headers: this.#etag ? { "if-none-match": this.#etag } : {}, signal: AbortSignal.timeout(WITHIN_MS) });
      if (!current()) return;
      if (answer.status === 404) this.#none();
      else if (answer.status === 304) this.#well(() => this.#listeners.same());
      else if (!answer.ok) this.#lose(await refusal(answer));
      else {
        const told = await this.#whole(await answer.json());
        if (!current()) return;
        this.#etag = answer.headers.get("etag") ?? "";
        this.#wholeMs = performance.now();
        this.#well(() => this.#listeners.told(told, this.#wholeMs));
      }
    } catch (error) {
      if (!current()) return;
      if (!(error instanceof TypeError || error.name === "TimeoutError" || error instanceof SyntaxError)) throw error;
      this.#lose(SILENT);
    } finally {
      if (current() && !document.hidden) this.#timer = setTimeout(() => this.#ask(), this.#pauseMs);
    }
  }

  /** The answer with its further pages, and with every alarm wherever it stands. */
  async #whole(told) {
    let { next } = told;
    const found = new Map(told.alerts.map((alert) => [alert.id, alert]));
    const add = async (query) => {
      const answer = await fetch(`/api/alerts?limit=${PAGE}${query}`, { cache: "no-store", signal: AbortSignal.timeout(WITHIN_MS) });
      if (!answer.ok) return "";
      const page = await answer.json();
      for (const alert of page.alerts) if (!found.has(alert.id)) found.set(alert.id, alert);
      return page.next;
    };
    for (let page = 1; page < this.#pages && next; page += 1) next = await add(`&before=${next}`);
    const alarms = [...found.values()].filter((alert) => alert.severity === "alarm" && !alert.exercise).length;
    if (next && alarms < told.open.alarm) await add("&severity=alarm");
    return { ...told, alerts: [...found.values()], next };
  }

  #well(tell) {
    this.#pauseMs = LOOK_EVERY_MS;
    tell();
  }

  #none() {
    this.#pauseMs = NONE_PAUSE_MS;
    this.#listeners.none();
  }

  #lose(words) {
    this.#etag = "";
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, this.#pauseMs * (1.4 + Math.random() / 5));
    this.#listeners.lost(words);
  }
}

/** Why the server refused, in its words. */
export async function refusal(answer) {
  const told = await answer.json().catch(() => ({}));
  return [told.detail, told.do].filter((words) => typeof words === "string" && words).join(" ") || "Passerby cannot answer this now.";
}
