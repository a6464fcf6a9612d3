// The list of alerts: its lines and parts. A line stays the same element as long as its alert is listed, so that the focus stays, too.
import { SEVERITIES, lasted, severityShape, where } from "./alert_words.js";
import { element, mark, put } from "./elements.js";

/** A line of the list. */
class Row {
  #drawn = "";

  constructor(id) {
    this.link = element("a", { href: `#/alerts/${id}`, id: `al-${id}` });
    this.age = element("span", { class: "al-age" });
    this.node = element("li", {}, this.link);
  }

  tell(alert, now_s, zone, chosen) {
    this.alert = alert;
    mark(this.link, "aria-current", String(chosen));
    const open = alert.state === "open";
    put(this.age, open ? lasted(now_s - alert.opened_s) : zone.day(alert.opened_s) === zone.day(now_s) ? zone.minutes(alert.opened_s) : zone.day(alert.opened_s).replace(/ \d+$/, ""));
    const text = JSON.stringify([alert.severity, alert.state, alert.exercise, alert.says, alert.acknowledged_by, alert.closed_by, alert.place_name, alert.camera_name]);
    if (this.#drawn === text) return;
    this.#drawn = text;
    const { place, camera } = where(alert);
    const who = alert.state === "closed" ? (alert.closed_by === "passerby" ? "closed by itself" : `closed by ${alert.closed_by}`) : alert.acknowledged_by ? `acknowledged by ${alert.acknowledged_by}` : "not acknowledged";
    mark(this.node, "class", `al-row is-${alert.severity} is-${alert.state}${alert.exercise ? " is-exercise" : ""}${alert.acknowledged_by ? " is-seen" : ""}`);
    this.link.replaceChildren(
      severityShape(alert.severity),
      element("span", { class: "al-where" }, element("strong", {}, place), camera ? element("span", {}, ` ${camera}`) : null),
      this.age,
      element("span", { class: "al-says" }, alert.says),
      element("span", { class: "al-meta" }, element("span", { class: "al-word" }, SEVERITIES[alert.severity]), element("span", {}, who), alert.exercise ? element("span", { class: "al-tag" }, "Exercise") : null),
    );
  }
}

/** A part of the list, with its name and how many there are. */
export class Part {
  #rows = new Map();

  constructor(name, id) {
    this.count = element("span", { class: "al-count" });
    this.list = element("ul", { class: "al-rows" });
    this.node = element("section", { "aria-labelledby": id, hidden: true }, element("h3", { id }, name, this.count), this.list);
  }

  tell(alerts, now_s, zone, chosen) {
    const ids = new Set(alerts.map((alert) => alert.id));
    for (const [id, row] of this.#rows) {
      if (ids.has(id)) continue;
      row.node.remove();
      this.#rows.delete(id);
    }
    alerts.forEach((alert, at) => {
      let row = this.#rows.get(alert.id);
      if (!row) this.#rows.set(alert.id, (row = new Row(alert.id)));
      row.tell(alert, now_s, zone, alert.id === chosen);
      if (this.list.children[at] !== row.node) this.list.insertBefore(row.node, this.list.children[at] ?? null);
    });
    this.node.hidden = !alerts.length;
    put(this.count, alerts.length ? ` ${alerts.length}` : "");
  }

  row(id) {
    return this.#rows.get(id);
  }
}
