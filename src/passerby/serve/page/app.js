// The page: which view is shown, the head with the site's name and sums, appearance, and what comes from the feed.
// Everything comes from this server; nothing of a place is kept.
import { Bell } from "./alert_bell.js";
import { ORDER, WORDS, shape } from "./conditions.js";
import { element, mark, put } from "./elements.js";
import { Feed } from "./feed.js";
import { Place } from "./place.js";
import { Wall } from "./wall.js";

const SILENT = "Passerby does not answer. This page tries again by itself.";
const FIRST_WORD_MS = 4000;
const APPEARANCES = ["system", "light", "dark"];

const $ = (id) => document.getElementById(id);
const main = $("main");

/** What the views are given. */
const app = {
  answer: null, // as /api/cameras gave it last
  go: (hash) => { location.hash = hash; },
  say: (words) => put($("news"), words),
  camera: (id) => app.answer?.cameras.find((camera) => camera.id === id) ?? null,
  rights: [], // what whoever looks may do here
  session: () => session(),
};
const wall = new Wall(app);
let view = null;
let connected = false;
app.bell = new Bell(app, (state) => {
  wall.alerts(state);
  view?.alerts?.(state);
});

const feed = new Feed({ scene: (id, scene) => view?.scene?.(id, scene), gone: (id) => view?.gone?.(id), cameras, connection });

function cameras(answer) {
  const before = app.answer;
  app.answer = answer;
  connection("open");
  put($("site"), answer.site);
  $("to-recordings").hidden = answer.recording === "off" || !answer.cameras.length;
  sums(answer);
  news(before, answer);
  wall.cameras(answer);
  if (!before) {
    route();
    session();
  }
  if (before && view !== wall) view?.cameras?.(answer);
  banner();
}

function connection(state) {
  const open = state === "open";
  if (open === connected && (open || app.answer)) return;
  connected = open;
  app.bell.look();
  if (!open) {
    view?.lost?.("Passerby does not answer.");
    wall.lost("Passerby does not answer.");
    session();
  }
  banner();
}

/** Where accounts are in use, a session that ended is the likeliest reason for silence. */
async function session() {
  try {
    const answer = await fetch("/api/session", { cache: "no-store", signal: AbortSignal.timeout(8000) });
    const who = answer.ok ? await answer.json() : null;
    if (answer.status === 401 || (who?.accounts && !who.account)) location.assign("/login");
    $("logout").hidden = who?.by !== "session";
    app.rights = who && who.by !== "token" ? who.rights : [];
  } catch {
    // It does not answer at all: the feed tries again.
  }
}

async function logOut() {
  await fetch("/logout", { method: "POST", headers: { "x-passerby": "1" } }).catch(() => null);
  location.assign("/login");
}

function banner() {
  const recording = app.answer?.recording ?? "off";
  const words = !connected ? SILENT : ["on", "off"].includes(recording) ? "" : `Scenes are not being recorded: ${recording}`;
  put($("banner"), words);
  $("banner").hidden = !words;
  $("sums").hidden = !connected;
  if (!app.answer) put($("note"), connected ? "Looking for the places…" : "No place can be shown yet.");
}

function sums(answer) {
  const counts = new Map();
  for (const { condition } of answer.cameras) counts.set(condition, (counts.get(condition) ?? 0) + 1);
  const word = (condition, many) => (condition === "trouble" && many > 1 ? "need a look" : WORDS[condition].toLowerCase());
  const items = ORDER.filter((condition) => counts.has(condition)).map((condition) => [condition, `${counts.get(condition)} ${word(condition, counts.get(condition))}`]);
  if (answer.recording !== "off") items.push(answer.recording === "on" ? ["recording", "recording scenes"] : ["trouble", "recording fails"]);
  const text = JSON.stringify(items);
  if ($("sums").dataset.text === text) return;
  $("sums").dataset.text = text;
  $("sums").replaceChildren(...items.map(([condition, words]) => element("li", { class: `is-${condition}` }, condition === "recording" ? null : shape(condition), counted(words))));
}

/** The number, and the words that have no room on a phone. */
function counted(words) {
  const [, number = "", word = words] = words.match(/^(\d+)( .*)$/) ?? [];
  return element("span", {}, number, element("span", { class: "sum-word" }, word));
}

/** Says aloud what changed. */
function news(before, answer) {
  const changed = answer.cameras.filter((camera) => {
    const known = before?.cameras.find((one) => one.id === camera.id);
    return known && known.condition !== camera.condition;
  });
  if (changed.length) app.say(changed.slice(0, 3).map((camera) => `${camera.name}: ${camera.says}`).join(" "));
}

/** Shows what the address names: `#/`, `#/place/ID`, `#/recordings/ID?at=...`, `#/alerts/ID`. */
async function route() {
  if (!app.answer) return;
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [page = "", id = ""] = path.split("/").map(decoded);
  const camera = app.camera(id);
  const from = view;
  if (page === "main") return main.focus();
  if (page === "alerts" && from?.turn) return from.turn(id);
  if (from === wall) wall.rest();
  else from?.close();
  const here = ["recordings", "alerts"].includes(page) ? page : "live";
  for (const name of ["live", "recordings", "alerts"]) mark($(`to-${name}`), "aria-current", name === here ? "page" : "false");
  app.bell.hide(page === "alerts");
  if (page === "place") open(new Place(app, id), camera ? [id] : []);
  else if (page === "recordings" && app.answer.cameras.length) await recordings(camera ?? app.answer.cameras[0], new URLSearchParams(query));
  else if (page === "alerts") await alerts(id);
  else open(wall, null);
  document.title = [view.title, app.answer.site, "Passerby"].filter(Boolean).join(" · ");
  if (from) view.focus?.(from);
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}

function open(next, watched) {
  view = next;
  main.replaceChildren(next.node);
  feed.watch(watched);
  next.opened?.();
  next.cameras?.(app.answer);
  if (!connected) next.lost?.("Passerby does not answer.");
}

async function recordings(camera, query) {
  const here = location.hash;
  try {
    const { Recordings } = await import("./recordings.js");
    if (location.hash === here) open(new Recordings(app, camera.id, query), []);
  } catch {
    open({ node: element("p", { class: "note" }, "The page of the recordings could not be loaded."), close() {} }, []);
  }
}

async function alerts(id) {
  const here = location.hash;
  try {
    const { Alerts, styled } = await import("./alerts.js");
    await styled();
    if (location.hash === here) open(new Alerts(app, id), []);
  } catch {
    open({ node: element("p", { class: "note" }, "The page of the alerts could not be loaded."), close() {} }, []);
  }
}

function appearance(by = 0) {
  const root = document.documentElement;
  const next = APPEARANCES[(APPEARANCES.indexOf(root.dataset.theme ?? "system") + by) % APPEARANCES.length];
  if (next === "system") delete root.dataset.theme;
  else root.dataset.theme = next;
  try {
    if (next === "system") localStorage.removeItem("appearance");
    else localStorage.setItem("appearance", next);
  } catch {
    // It holds until this page is closed.
  }
  const words = { system: "Appearance: as the system", light: "Appearance: light", dark: "Appearance: dark" }[next];
  put($("appearance").querySelector("span"), words);
  $("appearance").title = words;
}

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  if (event.target.closest?.("input, select, textarea, [role=slider]")) return;
  view?.key?.(event);
});
$("appearance").addEventListener("click", () => appearance(1));
$("legend").addEventListener("click", async () => (await import("./legend.js")).openLegend());
$("logout").addEventListener("click", logOut);
$("fullscreen").hidden = !document.fullscreenEnabled;
$("fullscreen").addEventListener("click", () => (document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen()));
$("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener("hashchange", route);
document.addEventListener("visibilitychange", () => document.hidden && view?.rest?.());
setInterval(() => view?.tick?.(), 1000);
setTimeout(() => connected || connection("lost"), FIRST_WORD_MS);
appearance();
