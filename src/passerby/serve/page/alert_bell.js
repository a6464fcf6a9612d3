// How many alerts are open, on every page: a calm line above the places, a number beside "Alerts" in the head, and what is new read out once.
import { AlertFeed } from "./alert_feed.js";
import { SEVERITIES, countWords, inOrder, severityShape, where, whereWords, worst } from "./alert_words.js";
import { element, put } from "./elements.js";

const MOST_SAID = 2;

export class Bell {
  #app;
  #changed;
  #known = null; // id -> [severity, state] of what was told before
  #drawn = "";
  #away = false;

  /** `changed(state)` is called whenever something of alerts is another thing; the state is `{there, fresh, words, answer, since_ms, lost_ms}`. */
  constructor(app, changed) {
    this.#app = app;
    this.#changed = changed;
    this.line = document.getElementById("bell");
    this.link = document.getElementById("to-alerts");
    this.state = { there: null, fresh: false, words: "", answer: null, since_ms: 0, lost_ms: 0 };
    this.feed = new AlertFeed({
      told: (answer, since_ms) => this.#told(answer, since_ms),
      same: () => this.state.fresh || this.#become({ fresh: true, words: "" }),
      none: () => this.#become({ there: false, fresh: false, answer: null }),
      lost: (words) => this.#become({ fresh: false, words, ...(this.state.fresh && { lost_ms: performance.now() }) }),
    });
  }

  look() {
    this.feed.look();
  }

  more() {
    this.feed.more();
  }

  /** On the page of the alerts, the line says nothing that is not there. */
  hide(away) {
    this.#away = away;
    this.#draw();
  }

  #told(answer, since_ms) {
    this.#news(answer);
    this.#become({ there: true, fresh: true, words: "", answer, since_ms });
  }

  #become(change) {
    this.state = { ...this.state, ...change };
    this.#draw();
    this.#changed(this.state);
  }

  /** Reads out what is new, once: not on opening the page, not what is over and done with. */
  #news(answer) {
    const before = this.#known;
    this.#known = new Map(answer.alerts.map((alert) => [alert.id, [alert.severity, alert.state]]));
    if (!before) return;
    const fresh = inOrder(answer.alerts).filter((alert) => alert.state === "open" && (before.get(alert.id)?.[0] !== alert.severity || before.get(alert.id)[1] !== "open"));
    const over = answer.alerts.filter((alert) => alert.state === "ended" && before.get(alert.id)?.[1] === "open");
    const said = fresh.slice(0, MOST_SAID).map((alert) => `${alert.exercise ? "Exercise. " : ""}${SEVERITIES[alert.severity]}: ${whereWords(alert)}. ${alert.says}.`);
    if (fresh.length > MOST_SAID) said.push(`And ${fresh.length - MOST_SAID} more alerts.`);
    if (!said.length && over.length) said.push(`Over: ${over.slice(0, MOST_SAID).map(whereWords).join("; ")}.`);
    if (said.length) this.#app.say(said.join(" "));
  }

  #draw() {
    const { there, answer } = this.state;
    this.link.hidden = !there;
    const open = answer?.open;
    const total = open ? open.alarm + open.warning + open.notice : 0;
    const drill = answer?.alerts.filter((alert) => alert.exercise).length ?? 0;
    const rest = answer ? this.#rest(total, drill) : "";
    const text = JSON.stringify([there, this.#away, open, drill, rest, this.#first()?.id]);
    if (this.#drawn === text) return;
    this.#drawn = text;
    const count = this.link.querySelector(".count");
    count.hidden = !total;
    put(count, total > 999 ? "999+" : String(total));
    put(this.link.querySelector(".unseen"), total ? ` open${open.unacknowledged ? `, ${open.unacknowledged} not acknowledged` : ""}` : "");
    this.line.hidden = this.#away || !there || (!total && !drill);
    if (this.line.hidden) return;
    const severity = worst(open);
    this.line.className = `bell ${severity ? `is-${severity}` : "is-exercise"}${open.unacknowledged ? "" : " is-seen"}`;
    this.line.replaceChildren(
      element("a", { href: this.#first() ? `#/alerts/${this.#first().id}` : "#/alerts" },
        severityShape(severity ?? "notice"),
        element("span", { class: "bell-words" }, element("strong", {}, total ? `${countWords(open)} open` : `Exercise: ${drill} ${drill === 1 ? "alert" : "alerts"}, nothing happened`),
          element("span", { class: "bell-where" }, rest))),
    );
  }

  /** The alert that the line leads to: of those that nobody has acknowledged, the most urgent. */
  #first() {
    const all = inOrder(this.state.answer?.alerts ?? []);
    return all.find((alert) => !alert.acknowledged_by) ?? all[0];
  }

  #rest(total, drill) {
    const { answer, fresh, words } = this.state;
    const { unacknowledged } = answer.open;
    const first = this.#first();
    const over = !answer.next && !answer.alerts.some((alert) => alert.state === "open" && !alert.exercise);
    const parts = [];
    if (!fresh) parts.push(`as last known: ${words}`);
    if (first && total) parts.push(total === 1 ? whereWords(first) : unacknowledged ? `first: ${where(first).place}` : "");
    if (total && over) parts.push("over by now");
    if (total) parts.push(unacknowledged === 0 ? "all acknowledged" : unacknowledged === total ? "" : `${unacknowledged} not acknowledged`);
    if (total && drill) parts.push(drill === 1 ? "and an exercise" : `and ${drill} of an exercise`);
    return parts.filter(Boolean).join(" · ");
  }
}
