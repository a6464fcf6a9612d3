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
  #known = []; // the alerts of the answer before

  /**
   * Begins at once; it rests while the page is hidden.
   *
   * Listeners: `told(answer, since_ms)`: the answer of `/api/alerts`, and when it came; its `partly` says that of the older alerts some are what was known
   * before; `same()`: it is still so; `none()`: no alerts are kept here; `lost(words)`: it is not known.
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
        const pauseMs = this.#pauseMs;
        this.#etag = told.partly ? "" : (answer.headers.get("etag") ?? "");
        this.#wholeMs = performance.now();
        this.#known = told.alerts;
        this.#well(() => this.#listeners.told(told, this.#wholeMs));
        if (told.partly) this.#pauseMs = longer(pauseMs);
      }
    } catch (error) {
      if (!current()) return;
      if (!isSilence(error)) throw error;
      this.#lose(SILENT);
    } finally {
      if (current() && !document.hidden) this.#timer = setTimeout(() => this.#ask(), this.#pauseMs);
    }
  }

  /** The answer with its further pages, and with every alarm wherever it stands. Where a page does not come, what was known before stands for the rest. */
  async #whole(told) {
    const found = new Map(told.alerts.map((alert) => [alert.id, alert]));
    let partly = false;
    /** Adds so many pages of those that follow a place; the place after them, "" = there are no more. */
    const add = async (next, pages, query) => {
      for (let page = 0; page < pages && next; page += 1) {
        const further = await furtherPage(`&before=${next}${query}`);
        if (!further) {
          partly = true;
          break;
        }
        for (const alert of further.alerts) if (!found.has(alert.id)) found.set(alert.id, alert);
        next = further.next;
      }
      return next;
    };
    const next = await add(told.next, this.#pages - 1, "");
    const alarms = [...found.values()].filter((alert) => alert.severity === "alarm" && !alert.exercise).length;
    if (next && alarms < told.open.alarm) await add(next, MOST_PAGES, "&severity=alarm");
    if (partly) for (const alert of this.#known) if (!found.has(alert.id) && isAfter(alert, next)) found.set(alert.id, alert);
    return { ...told, alerts: [...found.values()], next, partly };
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
    this.#pauseMs = longer(this.#pauseMs);
    this.#listeners.lost(words);
  }
}

/** A longer pause before it is tried again. */
function longer(pauseMs) {
  return Math.min(LONGEST_PAUSE_MS, pauseMs * (1.4 + Math.random() / 5));
}

/** A page of the list; null = it does not come. */
async function furtherPage(query) {
  try {
    const answer = await fetch(`/api/alerts?limit=${PAGE}${query}`, { cache: "no-store", signal: AbortSignal.timeout(WITHIN_MS) });
    return answer.ok ? await answer.json() : null;
  } catch (error) {
    if (!isSilence(error)) throw error;
    return null;
  }
}

/** Whether an alert stands after a place of the list, which the server writes as "milliseconds-id". */
function isAfter(alert, place) {
  const [at_ms, id] = place.split("-");
  const opened_ms = Math.round(alert.opened_s * 1000);
  return opened_ms < Number(at_ms) || (opened_ms === Number(at_ms) && alert.id < id);
}

/** Whether an error of `fetch` says that no answer came, or half of one. */
export function isSilence(error) {
  return error instanceof TypeError || error.name === "TimeoutError" || error instanceof SyntaxError;
}

/** Why the server refused, in its words. */
export async function refusal(answer) {
  const told = await answer.json().catch(() => ({}));
  return [told.detail, told.do].filter((words) => typeof words === "string" && words).join(" ") || "Passerby cannot answer this now.";
}
