// The inbox of alerts: what goes on, what is over, what was closed; one of them large beside it, or, on a phone, instead.
// It speaks of places: nobody is named in it but who works here.
import { SILENT, isSilence } from "./alert_feed.js";
import { Part } from "./alert_list.js";
import { AlertPanel } from "./alert_panel.js";
import { countWords, inOrder, where } from "./alert_words.js";
import { element, icon, put } from "./elements.js";
import { ZoneTime } from "./zone_time.js";

const CLOSED_PAGE = 50;
const CLOSED_AT_ONCE = 200; // the server gives no more in one answer
const MOST_CLOSED = 500;
const CLOSED_EVERY_MS = 10_000;
const PARTLY = "Older alerts cannot be asked for just now: of them, what follows is what was last known.";
const WITHIN_MS = 20_000;
const ID = /^[0-9a-f]{16}$/;
const NARROW = matchMedia("(max-width: 56rem)");
const KEYS = [
  ["j ↓", "the next alert"], ["k ↑", "the one before"], ["Enter", "show it large; then the place now"], ["a", "acknowledge"], ["c", "comment"],
  ["x", "close"], ["Esc", "back"], ["?", "these keys"],
];

let looks = null;

/** The looks of this page, once they are there: nothing is shown without them. */
export function styled() {
  looks ??= new Promise((done) => {
    const link = element("link", { rel: "stylesheet", href: "/page/alerts.css" });
    link.addEventListener("load", done);
    link.addEventListener("error", done);
    document.head.append(link);
  });
  return looks;
}

export class Alerts {
  #state = null;
  #closed = []; // among the newest alerts of all, as many as are wanted
  #closedNext = "";
  #closedWanted = CLOSED_PAGE;
  #closedAsked = 0;
  #closedMs = -Infinity;
  #closedDue = true; // something has changed since they were asked for
  #chosen;
  #single = null; // the chosen one, where it is in no list
  #missing = "";
  #left = false;

  constructor(app, id) {
    this.app = app;
    this.title = "Alerts";
    this.#chosen = ID.test(id) ? id : "";
    this.#missing = id && !this.#chosen ? "There is no such alert." : "";
    this.zone = new ZoneTime();
    this.panel = new AlertPanel(app, this.zone, { done: (alert, what) => this.#done(alert, what), changed: (id) => this.#anew(id), now: () => this.#now() });
    this.parts = { open: new Part("Going on", "al-open"), ended: new Part("Over, not closed", "al-ended"), closed: new Part("Closed", "al-closed") };
    this.name = element("h2", { tabindex: -1 }, "Alerts");
    this.sum = element("p", { class: "al-sum" });
    this.trouble = element("p", { class: "banner", role: "status", hidden: true });
    this.further = this.#button("Show more", () => app.bell.more());
    this.earlier = this.#button("Show earlier ones", () => this.#lookFurther());
    this.elsewhere = element("p", { class: "small", hidden: true }, "Earlier ones are told by ", element("code", {}, "passerby alerts list"), ".");
    this.calm = element("div", { class: "note al-calm", hidden: true });
    this.keysButton = this.#button("Keys", () => this.#keys());
    this.keysButton.append(element("kbd", { "aria-hidden": "true" }, "?"));
    const lists = element("div", { class: "al-lists" }, this.calm, this.parts.open.node, this.parts.ended.node, this.further, this.parts.closed.node, this.earlier, this.elsewhere);
    this.node = element("div", { class: "page al", tabindex: -1 },
      element("div", { class: "al-head" }, this.name, this.sum, this.keysButton), this.trouble, element("div", { class: "al-body" }, lists, this.panel.node));
    this.dialog = null;
    NARROW.addEventListener("change", this.#shape);
    this.#shape();
  }

  #button(words, act) {
    const button = element("button", { type: "button", class: "quiet" }, words);
    button.addEventListener("click", act);
    return button;
  }

  #shape = () => this.#draw();

  /** The server's time, seconds: its own at its last answer, and what has passed since; while it does not answer, time stands still. */
  #now() {
    const { answer, since_ms, fresh, lost_ms } = this.#state ?? {};
    return answer ? answer.now_s + ((fresh ? performance.now() : lost_ms) - since_ms) / 1000 : Date.now() / 1000;
  }

  /** What the bell knows: the open alerts, and whether that is of now. */
  alerts(state) {
    const before = this.#state;
    this.#state = state;
    const { answer } = state;
    if (answer && answer !== before?.answer) {
      if (answer.zone) this.zone.learn(answer.zone, answer.offsets);
      else this.zone.learn("this device", [{ from_s: 0, offset_s: -60 * new Date().getTimezoneOffset() }]);
      const gone = before?.answer?.alerts.some((alert) => !answer.alerts.some((one) => one.id === alert.id));
      this.#closedDue = true;
      if (gone) this.#look();
      this.#find();
    }
    this.#draw();
  }

  /** Asks for the alerts that were closed, all that are shown anew: so none between is left out, and none stays that was deleted. */
  async #look() {
    const asked = ++this.#closedAsked;
    this.#closedMs = performance.now();
    this.#closedDue = false;
    const to = Math.ceil(this.#now()) + 60;
    const found = [];
    let next = "";
    for (let left = this.#closedWanted; left > 0; ) {
      const limit = Math.min(CLOSED_AT_ONCE, left);
      const told = (await asking(`/api/alerts?limit=${limit}&to=${to}${next && `&before=${next}`}`)).told;
      if (asked !== this.#closedAsked || this.#left) return;
      this.#closedDue ||= !told;
      if (!told) return;
      found.push(...told.alerts);
      next = told.next;
      left = next ? left - limit : 0;
    }
    this.#closedNext = next;
    const chosen = this.#closed.find((alert) => alert.id === this.#chosen);
    this.#closed = found.filter((alert) => alert.state === "closed");
    if (chosen && !this.#closed.some((alert) => alert.id === chosen.id)) {
      this.#single = chosen;
      this.#find();
    }
    this.#draw();
  }

  #lookFurther() {
    this.#closedWanted = Math.min(MOST_CLOSED, this.#closedWanted + CLOSED_PAGE);
    this.#look();
  }

  /** The chosen alert, where it is in no list: it was closed long ago, or it does not exist. */
  async #find() {
    const id = this.#chosen;
    if (!id || this.#state?.answer?.alerts.some((alert) => alert.id === id)) return;
    const { told, gone } = await asking(`/api/alerts/${id}`);
    if (id !== this.#chosen || this.#left) return;
    if (gone) {
      this.#missing = "There is no such alert, or none any more.";
      this.#single = null;
      this.#closed = this.#closed.filter((alert) => alert.id !== id);
    } else if (told) this.#single = told;
    this.#draw();
  }

  /** The lists as they are shown. The chosen alert is among the closed ones, however long ago that was. */
  #lists() {
    const now = this.#state?.answer?.alerts ?? [];
    const ids = new Set(now.map((alert) => alert.id));
    const all = new Map(this.#closed.map((alert) => [alert.id, alert]));
    if (this.#single?.id === this.#chosen && this.#single.state === "closed") all.set(this.#single.id, this.#single);
    const closed = [...all.values()].filter((alert) => !ids.has(alert.id)).sort((one, other) => other.opened_s - one.opened_s);
    return { open: inOrder(now.filter((alert) => alert.state === "open")), ended: inOrder(now.filter((alert) => alert.state === "ended")), closed };
  }

  #draw() {
    if (!this.parts || this.#left) return;
    if (this.#closedDue && this.#state?.fresh && performance.now() - this.#closedMs > CLOSED_EVERY_MS) this.#look();
    const state = this.#state;
    const lists = this.#lists();
    const all = [...lists.open, ...lists.ended, ...lists.closed];
    if (!this.#chosen && !this.#missing && !NARROW.matches) this.#chosen = all.find((alert) => alert.state !== "closed")?.id ?? "";
    const now_s = this.#now();
    for (const [name, part] of Object.entries(this.parts)) part.tell(lists[name], now_s, this.zone, this.#chosen);
    const open = state?.answer?.open;
    put(this.sum, open && all.some((one) => one.state !== "closed") ? [countWords(open) ? `${countWords(open)} open` : "Nothing is open", open.unacknowledged && `${open.unacknowledged} not acknowledged`].filter(Boolean).join(", ") : "");
    const hidden = Boolean(state?.answer?.next);
    this.further.hidden = !hidden;
    const most = this.#closedWanted >= MOST_CLOSED;
    this.earlier.hidden = !this.#closedNext || most;
    this.elsewhere.hidden = !this.#closedNext || !most;
    const stale = state?.answer && !state.fresh;
    const partly = state?.answer?.partly ? PARTLY : "";
    put(this.trouble, stale ? `${state.words === SILENT ? "" : `${state.words} `}What follows is what was last known.` : partly);
    this.trouble.hidden = !stale && !partly;
    this.node.classList.toggle("is-stale", Boolean(stale));
    this.#calm(lists, state);
    const alert = all.find((one) => one.id === this.#chosen) ?? (this.#single?.id === this.#chosen ? this.#single : null);
    this.node.classList.toggle("has-one", Boolean(this.#chosen || this.#missing));
    this.panel.show(alert, this.#missing || (this.#chosen ? "Looking for the alert…" : ""));
    this.panel.node.hidden = !this.#chosen && !this.#missing;
  }

  /** What is said where nothing goes on, or nothing is known. */
  #calm(lists, state) {
    const words = state?.there === false ? ["No alerts are kept here", "This Passerby does not watch for hazards."]
      : !state?.answer ? (state?.words ? ["The alerts cannot be shown", `${state.words} This page tries again by itself.`] : ["Looking for alerts…", ""])
      : lists.open.length || lists.ended.length ? null
      : ["Nothing is open", "What the site's rules find appears here by itself."];
    this.calm.hidden = !words;
    const text = JSON.stringify(words);
    if (!words || this.calm.dataset.text === text) return;
    this.calm.dataset.text = text;
    this.calm.replaceChildren(element("p", { class: "al-calm-head" }, words[0]), element("p", {}, words[1]));
  }

  /** The address names another alert. */
  turn(id) {
    const from = this.#chosen;
    this.#chosen = ID.test(id) ? id : "";
    this.#missing = id && !this.#chosen ? "There is no such alert." : "";
    this.#find();
    this.#draw();
    if (!NARROW.matches) {
      if (document.activeElement?.closest?.(".al-row")) this.#row(this.#chosen)?.link.focus();
      return;
    }
    scrollTo(0, 0);
    if (this.#chosen) this.panel.title.focus({ preventScroll: true });
    else this.#row(from)?.link.focus();
  }

  #row(id) {
    return Object.values(this.parts).map((part) => part.row(id)).find(Boolean);
  }

  /** Something was done: it is shown at once, and what else has changed is asked for. After a close, the next one is chosen. */
  #done(alert, what) {
    if (what === "close") {
      const { open, ended } = this.#lists();
      const before = [...open, ...ended];
      const at = before.findIndex((one) => one.id === alert.id);
      this.#closed.push(alert);
      const next = before[at + 1] ?? before[at - 1];
      if (at >= 0 && this.#chosen === alert.id && next && !NARROW.matches) this.#choose(next.id);
      this.app.say(`Closed: ${where(alert).place}.${next && !NARROW.matches ? ` Next: ${where(next).place}.` : ""}`);
    }
    if (what !== "hold") this.#take(alert);
    this.#draw();
    this.app.bell.look();
    if (what === "close") this.#look();
    this.#find();
  }

  /** Takes over how an alert is now. */
  #take(alert) {
    const state = this.#state;
    if (state?.answer) {
      const rest = state.answer.alerts.filter((one) => one.id !== alert.id || alert.state !== "closed").map((one) => (one.id === alert.id ? alert : one));
      this.#state = { ...state, answer: { ...state.answer, alerts: rest } };
    }
    this.#closed = this.#closed.map((one) => (one.id === alert.id ? alert : one));
    if (this.#single?.id === alert.id) this.#single = alert;
  }

  /** An alert is not what it was when somebody looked: it is shown as it is now. */
  async #anew(id) {
    const { told } = await asking(`/api/alerts/${id}`);
    if (told && !this.#left) {
      this.#take(told);
      this.#draw();
    }
    this.app.bell.look();
  }

  /** Chooses an alert without a step in the browser's history, and goes to its line. */
  #choose(id) {
    if (!NARROW.matches) {
      this.#chosen = id;
      this.#missing = "";
      history.replaceState(null, "", `#/alerts/${id}`);
      this.#draw();
    }
    this.#row(id)?.link.focus();
  }

  key(event) {
    // Letters count only while the focus is in here (WCAG 2.1.4): speech input and screen readers are not in their way.
    const inside = this.node.contains(document.activeElement);
    const letter = event.key.length === 1;
    const narrowOne = NARROW.matches && this.#chosen;
    const onRow = event.target.closest?.(".al-row");
    const onControl = event.target.closest?.("button, a") && !onRow;
    const step = (by) => (narrowOne ? null : () => this.#step(by));
    const act = {
      j: step(1), k: step(-1), ArrowDown: onControl ? null : step(1), ArrowUp: onControl ? null : step(-1), Home: onRow ? step(-Infinity) : null, End: onRow ? step(Infinity) : null,
      Enter: onControl ? null : this.#enter(onRow),
      a: () => this.panel.acknowledge(), c: () => this.panel.ask("comment"), x: () => this.panel.ask("close"),
      "?": () => this.#keys(),
      Escape: () => (this.panel.asking ? this.panel.leave() : this.app.go(narrowOne ? "#/alerts" : "#/")),
    }[event.key];
    if (!act || (letter && !inside)) return;
    event.preventDefault();
    act();
  }

  #step(by) {
    const { open, ended, closed } = this.#lists();
    const all = [...open, ...ended, ...closed];
    if (!all.length) return;
    const focused = document.activeElement?.closest?.(".al-row") ? document.activeElement.id.slice(3) : this.#chosen;
    const at = all.findIndex((alert) => alert.id === focused);
    const next = at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + by));
    this.#choose(all[next].id);
  }

  /** On a line that is not shown large: that one; else the place of the one that is. */
  #enter(row) {
    const id = row?.querySelector("a").id.slice(3);
    if (id && id !== this.#chosen) return () => this.app.go(`#/alerts/${id}`);
    const { alert } = this.panel;
    return alert && !this.panel.live.hidden ? () => this.app.go(`#/place/${encodeURIComponent(alert.camera)}`) : null;
  }

  #keys() {
    this.dialog ??= this.#legend();
    this.dialog.showModal();
  }

  #legend() {
    const close = element("button", { type: "button", class: "quiet", title: "Close", autofocus: true }, icon("close"), element("span", { class: "unseen" }, "Close"));
    const row = ([names, about]) => element("div", {}, element("dt", {}, ...names.split(" ").map((one) => element("kbd", {}, one))), element("dd", {}, about));
    const made = element("dialog", { class: "legend al-legend", "aria-labelledby": "al-legend-name" },
      element("div", { class: "legend-head" }, element("h2", { id: "al-legend-name" }, "Keys of the alerts"), close),
      element("dl", { class: "keys" }, ...KEYS.map(row)),
      element("p", { class: "small" }, "Letters count while the list or the chosen alert has the focus."));
    close.addEventListener("click", () => made.close());
    made.addEventListener("click", (event) => event.target === made && made.close());
    document.body.append(made);
    return made;
  }

  tick() {
    this.#draw();
  }

  opened() {
    this.alerts(this.app.bell.state);
    this.focus();
  }

  focus() {
    scrollTo(0, 0);
    (this.#row(this.#chosen)?.link ?? this.name).focus({ preventScroll: true });
  }

  close() {
    this.#left = true;
    NARROW.removeEventListener("change", this.#shape);
    this.dialog?.remove();
  }
}

/** What the server says: `told`, or that it is `gone`; neither where no answer came, or one that says that it cannot be said now. */
async function asking(path) {
  try {
    const answer = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(WITHIN_MS) });
    return { told: answer.ok ? await answer.json() : null, gone: answer.status === 404 };
  } catch (error) {
    if (!isSilence(error)) throw error;
    return { told: null, gone: false };
  }
}
