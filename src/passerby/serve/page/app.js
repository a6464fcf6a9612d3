// Draws the page from /api/cameras and the newest pictures. Everything comes from this server; nothing is kept.
const STATE_EVERY_MS = 2000;
const PICTURE_EVERY_MS = 200; // figures move at most five times a second
const PICTURE_EVERY_MS_A_CAMERA = 20; // many cameras share what the server can answer
const WORDS = { live: "Live", learning: "Learning", waiting: "Waiting", trouble: "Needs a look", ended: "Ended" };
const SUMS = { ...WORDS, trouble: "Need a look" };
const ORDER = ["trouble", "live", "learning", "waiting", "ended"];

const $ = (id) => document.getElementById(id);
const wall = $("cameras");
const cards = new Map();
let openId = null;

function set(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function shape(condition) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("viewBox", "0 0 12 12");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#${condition}`);
  svg.append(use);
  return svg;
}

class Card {
  constructor(camera) {
    this.node = $("card").content.firstElementChild.cloneNode(true);
    this.frame = this.node.querySelector(".frame");
    this.image = this.node.querySelector("img");
    this.empty = this.node.querySelector(".empty");
    this.etag = null;
    this.url = null;
    this.visible = false;
    this.busy = false;
    this.frame.addEventListener("click", () => enlarge(this.camera.id));
    this.tell(camera);
  }

  find(selector) {
    return this.node.querySelector(selector);
  }

  tell(camera) {
    const before = this.camera;
    this.camera = camera;
    const { condition } = camera;
    this.node.classList.toggle("trouble", condition === "trouble");
    this.find(".state").className = `state is-${condition}`;
    this.find(".state use").setAttribute("href", `#${condition}`);
    set(this.find(".state-word"), WORDS[condition] ?? condition);
    set(this.find("h2"), camera.name);
    set(this.find(".purpose"), camera.purpose);
    set(this.find(".says"), camera.says);
    set(this.find(".do"), camera.do);
    this.find(".do").hidden = !camera.do;
    set(this.find(".empty-words"), camera.has_picture ? "The picture is on its way." : camera.says);
    this.frame.setAttribute("aria-label", `${camera.name}: ${camera.says} Show large.`);
    if (camera.stream?.width_px) {
      this.node.style.setProperty("--shape", `${camera.stream.width_px} / ${camera.stream.height_px}`);
      wall.style.setProperty("--wide", camera.stream.width_px / camera.stream.height_px); // counts where there is one camera only
    }
    if (!camera.has_picture) this.blank();
    if (this.find("details").open || !before) this.facts();
    if (before && before.condition !== condition) set($("news"), `${camera.name}: ${camera.says}`);
  }

  facts() {
    const { camera } = this;
    const stream = camera.stream;
    const rows = [["Id", camera.id], ["Releases", { counts: "counts only", heat: "coarse cells", glyphs: "figures" }[camera.release_level] ?? camera.release_level]];
    if (stream?.width_px) rows.push(["Stream", `${stream.codec.toUpperCase()} ${stream.width_px} × ${stream.height_px}, ${stream.received_hz.toFixed(1)} pictures a second`]);
    if (stream) rows.push(["Skipped", stream.received ? `${((100 * stream.skipped) / stream.received).toFixed(2)} %` : "nothing yet"], ["Connections", String(stream.connections)]);
    if (camera.withheld_share !== null) rows.push(["Withheld", `${(100 * camera.withheld_share).toFixed(1)} % of the place`]);
    if (camera.lost_scenes) rows.push(["Not recorded", `${camera.lost_scenes} scenes`]);
    for (const { name, word } of camera.not_protected) rows.push([`Without ${name}`, word]);
    this.find("dl").replaceChildren(...rows.flatMap(([term, words]) => {
      const dt = document.createElement("dt");
      const dd = document.createElement("dd");
      dt.textContent = term;
      dd.textContent = words;
      return [dt, dd];
    }));
  }

  blank() {
    this.image.hidden = true;
    this.empty.hidden = false;
    this.etag = null;
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = null;
    this.image.removeAttribute("src");
    if (openId === this.camera.id) showLarge();
  }

  async refresh() {
    if (this.busy || !this.camera.has_picture || !(this.visible || openId === this.camera.id)) return;
    this.busy = true;
    try {
      const answer = await fetch(this.camera.picture, { headers: this.etag ? { "If-None-Match": this.etag } : {}, cache: "no-store", signal: AbortSignal.timeout(8000) });
      if (answer.status === 200) await this.draw(await answer.blob(), answer.headers.get("ETag"));
      else if (answer.status !== 304 && this.url === null) set(this.find(".empty-words"), (await answer.json()).detail);
    } catch {
      // The next look at the state says what is wrong.
    } finally {
      this.busy = false;
    }
  }

  async draw(blob, etag) {
    const url = URL.createObjectURL(blob);
    const next = new Image();
    next.src = url;
    await next.decode();
    const old = this.url;
    this.url = url;
    this.etag = etag;
    this.image.src = url;
    this.image.alt = `${this.camera.name}, without persons`;
    this.image.hidden = false;
    this.empty.hidden = true;
    if (openId === this.camera.id) showLarge();
    if (old) setTimeout(() => URL.revokeObjectURL(old), 1000);
  }
}

const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) for (const card of cards.values()) if (card.node === entry.target) card.visible = entry.isIntersecting;
}, { rootMargin: "200px" });

function tellAll(answer) {
  set($("site"), answer.site);
  document.title = `${answer.site} · Passerby`;
  const ids = new Set(answer.cameras.map((camera) => camera.id));
  for (const [id, card] of cards) {
    if (!ids.has(id)) {
      card.blank();
      seen.unobserve(card.node);
      card.node.remove();
      cards.delete(id);
    }
  }
  for (const camera of answer.cameras) {
    const card = cards.get(camera.id);
    if (card) card.tell(camera);
    else {
      const fresh = new Card(camera);
      cards.set(camera.id, fresh);
      wall.append(fresh.node);
      seen.observe(fresh.node);
    }
  }
  wall.className = `wall ${answer.cameras.length === 1 ? "one" : answer.cameras.length <= 4 ? "few" : ""}`;
  sums(answer);
  if (openId) showLarge();
}

function sums(answer) {
  const counts = new Map();
  for (const { condition } of answer.cameras) counts.set(condition, (counts.get(condition) ?? 0) + 1);
  const items = ORDER.filter((condition) => counts.has(condition)).map((condition) => [condition, `${counts.get(condition)} ${(counts.get(condition) > 1 ? SUMS : WORDS)[condition].toLowerCase()}`]);
  const recording = { off: ["waiting", "not recording"], on: ["ended", "recording scenes"] }[answer.recording] ?? ["trouble", "recording fails"];
  const text = JSON.stringify([items, recording]);
  if ($("sums").dataset.text === text) return;
  $("sums").dataset.text = text;
  $("sums").replaceChildren(...[...items, recording].map(([condition, words]) => {
    const item = document.createElement("li");
    item.className = words.startsWith("recording s") ? "" : `is-${condition}`;
    item.append(shape(condition), words);
    return item;
  }));
}

function banner(text) {
  set($("banner"), text);
  $("banner").hidden = !text;
}

async function state() {
  try {
    const answer = await fetch("/api/cameras", { cache: "no-store", signal: AbortSignal.timeout(8000) });
    const all = await answer.json();
    if (!answer.ok) throw new Error(all.detail);
    tellAll(all);
    banner(["on", "off"].includes(all.recording) ? "" : `Scenes are not being recorded: ${all.recording}`);
  } catch {
    banner("Passerby does not answer. This page tries again by itself.");
    for (const card of cards.values()) card.blank();
  }
  setTimeout(state, STATE_EVERY_MS);
}

function pictures() {
  if (!document.hidden) for (const card of cards.values()) card.refresh();
  setTimeout(pictures, Math.max(PICTURE_EVERY_MS, cards.size * PICTURE_EVERY_MS_A_CAMERA));
}

function enlarge(id) {
  openId = id;
  showLarge();
  if (!$("large").open) $("large").showModal();
}

function showLarge() {
  const card = cards.get(openId);
  if (!card) return $("large").close();
  const { stream } = card.camera;
  if (stream?.width_px) {
    $("large").style.setProperty("--shape", `${stream.width_px} / ${stream.height_px}`);
    $("large").style.setProperty("--wide", stream.width_px / stream.height_px);
  }
  set($("large-name"), card.camera.name);
  set($("large-says"), `${card.camera.says} ${card.camera.do}`.trim());
  $("large-empty").hidden = Boolean(card.url);
  $("large-picture").hidden = !card.url;
  if (card.url) $("large-picture").src = card.url;
  $("large-picture").alt = card.image.alt;
}

function step(by) {
  const all = [...cards.values()];
  const at = all.findIndex((card) => (openId ? card.camera.id === openId : card.node.contains(document.activeElement)));
  const next = all[(at + by + all.length) % all.length];
  if (!next) return;
  if (openId) enlarge(next.camera.id);
  else next.frame.focus();
}

function stepRows(by) {
  if (openId) return step(by);
  step(by * getComputedStyle(wall).gridTemplateColumns.split(" ").length);
}

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const move = { ArrowLeft: () => step(-1), ArrowRight: () => step(1), ArrowUp: () => stepRows(-1), ArrowDown: () => stepRows(1) }[event.key];
  const atCard = openId || document.activeElement?.classList.contains("frame");
  if (move && (atCard || event.key === "ArrowRight")) {
    event.preventDefault();
    move();
  }
});
$("close").addEventListener("click", () => $("large").close());
$("large").addEventListener("click", (event) => event.target === $("large") && $("large").close());
$("large").addEventListener("close", () => {
  const card = cards.get(openId);
  openId = null;
  card?.frame.focus();
});
wall.addEventListener("toggle", (event) => {
  const card = [...cards.values()].find((each) => each.node.contains(event.target));
  card?.facts();
}, true);

state();
pictures();
