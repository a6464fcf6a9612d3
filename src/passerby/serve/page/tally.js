// Counting by eye, for somebody at the place with a phone. No picture and no figure that was measured is shown: they would be counted instead of people.

import { element, put } from "./elements.js";
import { newId, ServerClock, TallyQueue } from "./tally_queue.js";

const MOST_PEOPLE = 9999;
const OFF_S = 2;
const CLOCK_EVERY_MS = 10 * 60 * 1000;

const main = document.getElementById("main");
const banner = document.getElementById("banner");
const kept = document.getElementById("kept");
const news = document.getElementById("news");
const clock = new ServerClock();
const queue = new TallyQueue(clock, showQueue);
let leave = () => {};
let keys = {};
let trouble = "";
let wake = null;

function say(words) {
  news.textContent = "";
  news.textContent = words;
}

function showQueue() {
  const waiting = queue.waiting;
  put(kept, queue.sent || waiting ? `${queue.sent} kept${waiting ? `, ${waiting} waiting` : ""}` : "");
  kept.classList.toggle("is-waiting", waiting > 0);
  const words = [trouble];
  if (queue.state === "lost") words.push("No network just now. Go on counting: taps wait here with their times, and are sent later.");
  if (queue.state === "busy") words.push("The server cannot keep taps just now. They wait here and are sent again.");
  if (queue.state === "login") words.push("Log in again, so that what waits here can be sent.");
  if (queue.refused) words.push(`${queue.refused} taps were refused: they were too old, or their zone or line is gone.`);
  if (clock.offset_s !== null && Math.abs(clock.offset_s) > OFF_S) {
    const seconds = Math.round(Math.abs(clock.offset_s));
    const minutes = Math.round(seconds / 60);
    const span = seconds < 120 ? `${seconds} seconds` : minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`;
    words.push(`This phone's clock is ${span} ${clock.offset_s < 0 ? "ahead" : "behind"}. Times are corrected by that.`);
  }
  const text = words.filter(Boolean).join(" ");
  banner.hidden = !text;
  if (banner.dataset.text === text + queue.state) return;
  banner.dataset.text = text + queue.state;
  banner.replaceChildren(text);
  if (queue.state === "login") banner.append(" ", element("a", { href: "/login#tally" }, "Log in"));
}

function show(...nodes) {
  main.replaceChildren(...nodes.filter(Boolean));
  main.querySelector("h2")?.focus();
  window.scrollTo(0, 0);
}

function button(words, pressed, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, words);
  made.addEventListener("click", pressed);
  return made;
}

/** That a tap was taken: felt, where the phone can. */
function felt() {
  navigator.vibrate?.(15);
}

function timeText() {
  return new Date(clock.now_s() * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

async function stayAwake(yes) {
  try {
    if (yes) wake = await navigator.wakeLock?.request("screen");
    else await wake?.release();
  } catch {
    // The screen goes dark as it likes.
  }
}

function places(found) {
  const list = (words, table) => {
    const of = found.filter((one) => one.table === table);
    if (!of.length) return null;
    const many = new Set(of.map((one) => one.camera)).size > 1 || new Set(of.map((one) => one.name)).size < of.length;
    const rows = of.map((one) => {
      const row = button(element("span", { class: "name" }, one.name), () => begin(one, found), { class: "choice" });
      if (many) row.append(element("span", { class: "camera" }, one.camera_name));
      return element("li", {}, row);
    });
    return element("section", { "aria-label": words }, element("h3", {}, words), element("ul", {}, ...rows));
  };
  leave();
  leave = () => {};
  keys = {};
  stayAwake(false);
  show(
    element("h2", { tabindex: "-1" }, "What do you count?"),
    element("p", { class: "soft" }, "Stand where you see all of it. Count people of any age, also those who are carried; no dogs, no things."),
    list("People in a zone", "zones"),
    list("People who cross a line", "lines"),
    found.length ? null : element("p", { class: "note" }, "The site file draws no zone and no line yet. The guide to zones tells how."),
  );
}

function begin(place, found) {
  stayAwake(true);
  (place.table === "zones" ? countZone : countLine)(place, () => places(found));
}

function head(place, back, words) {
  return element("div", { class: "head" }, element("h2", { tabindex: "-1" }, place.name), button("Done", back, { class: "quiet" }), element("p", { class: "soft" }, words));
}

function sittingOf({ table, camera, place }) {
  return { sitting: newId(), table, camera, place };
}

function countZone(place, back) {
  const sitting = sittingOf(place);
  const stamps = [];
  let people = 0;
  const number = element("input", { id: "people", type: "number", inputmode: "numeric", min: 0, max: MOST_PEOPLE, step: 1, value: 0, autocomplete: "off" });
  const last = element("p", { class: "last" }, "No stamp yet.");
  const undo = button("Undo the last stamp", undone, { class: "quiet", disabled: true });
  const less = button("−1", () => set(people - 1), { class: "step", "aria-label": "One less" });
  const more = button("+1", () => set(people + 1), { class: "step", "aria-label": "One more" });
  const here = element("strong");
  const stamp = button(here, stamped, { class: "stamp" });
  stamp.append(element("span", {}, "Tap at the moment when this is right"));

  function draw() {
    if (document.activeElement !== number || number.value !== "") number.value = people;
    less.disabled = people === 0;
    // In place: a tap on the stamp first takes the focus from the number, and must still find what it began on.
    put(here, people === 0 ? "Nobody is here now" : people === 1 ? "1 person is here now" : `${people} people are here now`);
  }

  function set(wanted) {
    const next = Math.min(MOST_PEOPLE, Math.max(0, Math.round(wanted) || 0));
    if (next === people) {
      draw();
      return;
    }
    people = next;
    queue.add(sitting, "count", { people });
    felt();
    draw();
    say(String(people));
  }

  function stamped() {
    stamps.push({ id: queue.add(sitting, "now", { people }), people, at: timeText() });
    felt();
    told(`Stamped: ${people} at ${stamps.at(-1).at}.`);
  }

  function undone() {
    const gone = stamps.pop();
    if (!gone) return;
    queue.add(sitting, "undo", { of: gone.id });
    told(`Taken back: ${gone.people} at ${gone.at}.`);
  }

  function told(words) {
    undo.disabled = !stamps.length;
    put(last, `${words} ${stamps.length === 1 ? "1 stamp" : `${stamps.length} stamps`} so far.`);
    say(words);
  }

  number.addEventListener("input", () => {
    if (/^\d{1,4}$/.test(number.value)) set(Number(number.value));
  });
  number.addEventListener("blur", draw);
  number.addEventListener("focus", () => number.select());
  leave = () => {};
  keys = { ArrowUp: () => set(people + 1), ArrowDown: () => set(people - 1), Backspace: undone };
  draw();
  show(
    head(place, back, "Keep the number right, and stamp it about once a minute. Ten stamps are a beginning."),
    element("div", { class: "counter" }, less, element("div", { class: "number" }, element("label", { for: "people" }, "People in the zone"), number), more),
    stamp,
    element("div", { class: "foot" }, last, undo),
  );
}

function countLine(place, back) {
  let sitting = null;
  let taps = [];
  const counts = { ab: 0, ba: 0 };
  const last = element("p", { class: "last" });
  const undo = button("Undo the last tap", undone, { class: "quiet", disabled: true });
  const shown = { ab: element("span", { class: "count" }), ba: element("span", { class: "count" }) };
  const make = (way, words) => {
    const made = button(element("strong", {}, words), () => crossed(way, words), { class: `way ${way}` });
    made.append(shown[way]);
    return made;
  };
  const [ab, ba] = place.ways;

  function draw(words = "") {
    for (const way of ["ab", "ba"]) put(shown[way], `${counts[way]}`);
    undo.disabled = !taps.length;
    put(last, words || `Counting since ${since}.`);
  }

  function open() {
    sitting = sittingOf(place);
    taps = [];
    since = timeText();
    queue.add(sitting, "begin");
    draw();
  }

  function close() {
    if (sitting) queue.add(sitting, "end");
    sitting = null;
  }

  function crossed(way, words) {
    if (!sitting) return;
    taps.push({ id: queue.add(sitting, way), way, words });
    counts[way] += 1;
    felt();
    draw();
    say(`${words}: ${counts[way]}`);
  }

  function undone() {
    const gone = taps.pop();
    if (!gone || !sitting) return;
    queue.add(sitting, "undo", { of: gone.id });
    counts[gone.way] -= 1;
    draw(`Taken back: one ${gone.words.toLowerCase()}.`);
    say(`Taken back. ${gone.words}: ${counts[gone.way]}`);
  }

  // Somebody who looks at another page, or whose screen is dark, does not count: those minutes say nothing.
  function looksAway() {
    if (document.hidden) close();
    else open();
  }

  let since = "";
  document.addEventListener("visibilitychange", looksAway);
  leave = () => {
    document.removeEventListener("visibilitychange", looksAway);
    close();
  };
  keys = { ArrowLeft: () => crossed("ab", ab), ArrowRight: () => crossed("ba", ba), Backspace: undone };
  show(
    head(place, back, "Tap once for each person whose feet cross the line; not for whoever turns back on it. Stay ten minutes or more, also while nobody comes."),
    element("div", { class: "ways" }, make("ab", ab), make("ba", ba)),
    element("div", { class: "foot" }, last, undo),
  );
  open();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches?.("input")) return;
  const act = keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

addEventListener("pagehide", () => leave());
addEventListener("pageshow", (event) => event.persisted && location.reload());

async function compareClocks() {
  try {
    await clock.measure();
  } catch {
    // The one of before goes on; without one, nothing begins.
  }
  showQueue();
}

async function start() {
  for (let wait_ms = 1000; ; wait_ms = Math.min(15000, wait_ms * 2)) {
    try {
      const answer = await fetch("/api/tallies/places", { cache: "no-store", signal: AbortSignal.timeout(8000) });
      if (answer.status === 401) {
        location.replace("/login#tally");
        return;
      }
      if (answer.status === 403) {
        show(element("p", { class: "note" }, "This account may not count. Ask whoever runs Passerby."));
        return;
      }
      if (!answer.ok) throw new Error("refused");
      const told = await answer.json();
      await clock.measure();
      trouble = "";
      put(document.getElementById("site"), told.site);
      document.title = `Count at ${told.site} – Passerby`;
      places(told.places);
      queue.start();
      showQueue();
      setInterval(compareClocks, CLOCK_EVERY_MS);
      return;
    } catch {
      trouble = "The server cannot be reached. This page tries again.";
      showQueue();
      await new Promise((resolve) => setTimeout(resolve, wait_ms));
    }
  }
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden && clock.offset_s !== null) compareClocks();
});
start();
