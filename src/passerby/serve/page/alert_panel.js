// One alert, large: what was found and where, its course of events, its recordings, and what somebody can do about it.
import { isSilence, refusal } from "./alert_feed.js";
import { KINDS, course, lasted, measured, severityMark, where } from "./alert_words.js";
import { element, icon, mark, put } from "./elements.js";
import { lengthOf } from "./zone_time.js";

const STATES = { open: "Going on", ended: "Over, not closed", closed: "Closed" };
const WITHIN_MS = 20_000;
const DAY_S = 86400;
const HOLDS = [1, 3, 7, 14, 30, 90];
const GOES_ON = "It goes on. Closed, it is not told again unless it gets more urgent, or ends and comes back.";
const HELD = "Recordings from half a minute before until half a minute after are kept until then, whatever their retention. That is written down first.";
const HELD_ON = `${HELD} It goes on: what is recorded until its end is added by itself.`;

export class AlertPanel {
  #drawn = "";
  #busy = false;
  #mode = "";
  #saw = ""; // how urgent it was when the line was opened
  #now;
  #from = null;

  /** `on`: `done(alert, what)` after something was done; `changed(id)` where it is not what it was; `now()`: the server's time, seconds. */
  constructor(app, zone, on) {
    this.app = app;
    this.zone = zone;
    this.on = on;
    this.#now = on.now;
    this.alert = null;
    this.sign = element("div", { class: "al-signs" });
    this.title = element("h2", { tabindex: -1 });
    this.camera = element("p", { class: "al-camera" });
    this.says = element("p", { class: "says" });
    this.drill = element("p", { class: "al-drill", hidden: true }, element("strong", {}, "Exercise."), " Nothing happened: this alert tries out the way that alerts take.");
    this.facts = element("dl", { class: "al-facts" });
    this.events = element("ol", { class: "al-course" });
    this.times = element("p", { class: "small" });
    this.status = element("p", { class: "al-status", role: "status" });
    this.reader = element("p", { class: "small", hidden: true }, "This account can look at alerts, and do nothing about them.");
    this.buttons = {
      acknowledge: this.#button("Acknowledge", "a", () => this.acknowledge(), "al-go"),
      comment: this.#button("Comment", "c", () => this.ask("comment")),
      close: this.#button("Close", "x", () => this.ask("close")),
      hold: this.#button("Keep recordings…", "", () => this.ask("hold")),
    };
    this.clip = element("a", { class: "button", href: "#/" }, "Recordings of that time");
    this.live = element("a", { class: "button", href: "#/" }, "The place now");
    this.back = element("a", { class: "button quiet al-back", href: "#/alerts" }, icon("back"), "All alerts");
    this.note = element("p", { class: "note" });
    this.form = this.#form();
    this.body = element("div", { class: "al-large" },
      this.sign, this.title, this.camera, this.drill, this.says,
      element("div", { class: "al-do" }, ...Object.values(this.buttons)),
      this.reader, this.form, this.status,
      element("div", { class: "al-links" }, this.clip, this.live),
      this.facts,
      element("h3", {}, "Course of events"), this.events, this.times);
    this.node = element("section", { class: "al-one", "aria-label": "The chosen alert" }, this.back, this.note, this.body);
    this.show(null, "");
  }

  #button(words, key, act, kind = "quiet") {
    const button = element("button", { type: "button", class: kind, "aria-keyshortcuts": key || null }, element("span", {}, words), key ? element("kbd", { "aria-hidden": "true" }, key) : null);
    button.addEventListener("click", act);
    return button;
  }

  #form() {
    this.words = element("input", { type: "text", maxlength: 500, autocomplete: "off", id: "al-words" });
    this.label = element("label", { for: "al-words" });
    this.until = element("select", { id: "al-until" }, ...HOLDS.map((days) => element("option", { value: days, selected: days === 7 }, days === 1 ? "1 day from now" : `${days} days from now`)));
    this.untilRow = element("p", {}, element("label", { for: "al-until" }, "Until"), this.until);
    this.explained = element("p", { class: "small" });
    this.send = element("button", { type: "button", class: "al-go" });
    const cancel = element("button", { type: "button", class: "quiet" }, "Cancel");
    const form = element("div", { class: "al-form", role: "group", hidden: true }, this.untilRow, element("p", {}, this.label, this.words), this.explained, element("div", { class: "al-do" }, this.send, cancel));
    this.words.addEventListener("input", () => this.#busy || put(this.status, ""));
    this.send.addEventListener("click", () => this.#submit());
    cancel.addEventListener("click", () => this.leave());
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.leave();
      else if (event.key === "Enter" && event.target === this.words && !event.isComposing) this.#submit();
      else return;
      event.preventDefault();
    });
    return form;
  }

  /** Shows an alert; without one, some words. */
  show(alert, words) {
    if (alert?.id !== this.alert?.id) {
      this.#ask("");
      put(this.status, "");
    }
    this.alert = alert;
    this.note.hidden = alert !== null;
    this.body.hidden = alert === null;
    put(this.note, words);
    if (alert) this.tick();
  }

  /** What is written anew as time goes on. */
  tick() {
    const { alert } = this;
    if (!alert) return;
    const rights = this.app.rights ?? [];
    const text = JSON.stringify([alert, rights, this.zone.name, this.app.answer?.recording, Math.floor(this.#now() / (this.#now() - alert.opened_s < 60 ? 1 : 20))]);
    if (this.#drawn === text) return;
    this.#drawn = text;
    this.#head(alert);
    this.#allow(alert, rights);
    const rows = this.#rows(alert);
    this.facts.replaceChildren(...rows.map(([term, said]) => element("div", {}, element("dt", {}, term), element("dd", {}, said))));
    put(this.times, `Times of ${this.zone.name}.`);
    this.events.replaceChildren(...course(alert).map((one) => this.#event(one)));
  }

  #head(alert) {
    const { place, camera } = where(alert);
    mark(this.node, "class", `al-one is-${alert.severity}${alert.exercise ? " is-exercise" : ""}`);
    this.sign.replaceChildren(severityMark(alert.severity), element("span", {}, KINDS[alert.kind] ?? alert.kind), element("span", { class: "al-state" }, STATES[alert.state] ?? alert.state));
    put(this.title, place);
    put(this.camera, camera);
    this.camera.hidden = !camera;
    put(this.says, alert.says);
    this.drill.hidden = !alert.exercise;
  }

  #allow(alert, rights) {
    const acts = rights.includes("alerts");
    const { acknowledge, comment, close, hold } = this.buttons;
    acknowledge.hidden = !acts || Boolean(alert.acknowledged_by) || alert.state === "closed";
    comment.hidden = !acts;
    close.hidden = !acts || alert.state === "closed";
    const recorded = alert.clip && this.app.answer?.recording !== "off";
    hold.hidden = !rights.includes("admin") || !recorded;
    this.reader.hidden = acts || !rights.length;
    this.clip.hidden = !recorded || !rights.includes("recordings");
    this.live.hidden = !this.app.camera(alert.camera);
    if (alert.clip) mark(this.clip, "href", `#/recordings/${encodeURIComponent(alert.clip.camera)}?at=${Math.round(alert.clip.from_s)}`);
    mark(this.live, "href", `#/place/${encodeURIComponent(alert.camera)}`);
  }

  #rows(alert) {
    const end = alert.ended_s ?? alert.closed_s;
    const rows = [["Since", `${this.#moment(alert.opened_s)}, ${end === null ? `for ${lasted(this.#now() - alert.opened_s)}` : `lasted ${lasted(end - alert.opened_s)}`}`], ...measured(alert)];
    rows.push(["Acknowledged", alert.acknowledged_by ? `${alert.acknowledged_by}, ${this.#moment(alert.acknowledged_s)}` : alert.state === "closed" ? "by nobody" : "by nobody yet"]);
    if (alert.state === "open" && this.#now() - alert.seen_s > 30) rows.push(["Last seen", this.#moment(alert.seen_s)]);
    if (alert.returns) rows.push(["Came back", alert.returns === 1 ? "once" : `${alert.returns} times`]);
    rows.push(["Rule", alert.rule]);
    return rows;
  }

  /** A moment by the site's clocks; the day where it is not today's. */
  #moment(at) {
    const today = this.zone.day(at) === this.zone.day(this.#now());
    return `${today ? "" : `${this.zone.day(at)}, `}${this.zone.clock(at)}`;
  }

  #event({ at_s: at, who, words, said }) {
    const time = element("span", { class: "al-time" }, this.#moment(at));
    const what = said ? [element("strong", {}, who), element("q", {}, said)] : [element("span", {}, who ? `${words} by ` : words), who ? element("strong", {}, who) : null];
    return element("li", { class: said ? "is-said" : "" }, time, element("span", { class: "al-happened" }, ...what));
  }

  acknowledge() {
    if (this.alert && !this.buttons.acknowledge.hidden) this.#act("acknowledge", { words: "", severity: this.alert.severity }, "Acknowledged.");
  }

  /** Opens the line for a comment, for the last word, or for what recordings are kept for. */
  ask(mode) {
    if (!this.alert || this.buttons[mode].hidden) return;
    if (!this.form.contains(document.activeElement)) this.#from = document.activeElement;
    this.#ask(mode);
    this.words.focus();
  }

  get asking() {
    return this.#mode !== "";
  }

  #ask(mode) {
    this.#mode = mode;
    this.#saw = this.alert?.severity;
    this.form.hidden = !mode;
    for (const [name, button] of Object.entries(this.buttons)) mark(button, "aria-expanded", name === "acknowledge" ? "false" : String(name === mode));
    this.buttons.acknowledge.removeAttribute("aria-expanded");
    this.words.value = "";
    this.words.maxLength = mode === "hold" ? 200 : 500;
    this.untilRow.hidden = mode !== "hold";
    put(this.label, { comment: "Comment", close: "What it was (may be left out)", hold: "What for" }[mode] ?? "");
    put(this.send, { comment: "Write it down", close: "Close the alert", hold: "Keep them" }[mode] ?? "");
    mark(this.form, "aria-label", { comment: "Comment", close: "Close the alert", hold: "Keep the recordings" }[mode] ?? "");
    const explained = mode === "hold" ? (this.alert?.ended_s === null ? HELD_ON : HELD) : mode === "close" && this.alert?.state === "open" ? GOES_ON : "";
    put(this.explained, explained);
    this.explained.hidden = !explained;
  }

  /** Closes the line that was opened. */
  leave() {
    this.#ask("");
    put(this.status, "");
    this.#return();
  }

  async #submit() {
    const words = this.words.value.trim();
    const mode = this.#mode;
    if (!words && mode !== "close") {
      put(this.status, mode === "hold" ? "Write down what for." : "Write something first.");
      return this.words.focus();
    }
    if (mode === "close") return this.#act("close", { words, severity: this.#saw }, "Closed.");
    if (mode === "comment") return this.#act("comment", { words }, "Written down.");
    const until_s = Math.round(this.#now() + Number(this.until.value) * DAY_S);
    return this.#act("hold", { until_s, why: words }, "");
  }

  async #act(what, body, words) {
    if (this.#busy) return;
    const { alert } = this;
    this.#busy = true;
    put(this.status, "Writing it down…");
    try {
      const answer = await fetch(`/api/alerts/${encodeURIComponent(alert.id)}/${what}`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-passerby": "1" },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(WITHIN_MS),
      });
      if (answer.status === 401) this.app.session();
      if (!answer.ok) {
        const why = await refusal(answer);
        if (answer.status === 409) await this.#look(alert.id);
        throw new Error(why);
      }
      const told = await answer.json();
      if (this.alert?.id === alert.id) this.#done(what, told, words);
      this.on.done(what === "hold" ? alert : told, what);
    } catch (error) {
      if (this.alert?.id !== alert.id) return;
      put(this.status, isSilence(error) ? "Passerby does not answer, so it is not known whether this was done." : error.message);
    } finally {
      this.#busy = false;
    }
  }

  /** It is not what it was when somebody looked: from now on, what is shown now is what they saw. */
  async #look(id) {
    await this.on.changed(id);
    if (this.alert?.id === id) this.#saw = this.alert.severity;
  }

  #done(what, told, words) {
    const inForm = this.form.contains(document.activeElement) || document.activeElement === this.buttons.acknowledge;
    this.#ask("");
    put(this.status, what === "hold" ? this.#held(told) : words);
    if (inForm) this.#return();
  }

  #held({ until_s: until, minutes, goes_on: goesOn }) {
    const more = goesOn ? " so far, and what follows until half a minute after its end" : "";
    return `Kept until ${this.zone.day(until)}, ${this.zone.minutes(until)}: ${lengthOf(60 * minutes)} of recordings${more}.`;
  }

  /** The focus goes back to where it was before the line was opened. */
  #return() {
    const to = this.#from?.isConnected && this.#from.checkVisibility() ? this.#from : this.title;
    this.#from = null;
    to.focus({ preventScroll: true });
  }
}
