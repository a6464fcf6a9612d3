// Fetches the newest ground picture of one camera: the learned place and its hatch, without figures.
const WIDTHS = [240, 480, 960];
const SHARP_ENOUGH = 0.75; // a picture may be so much smaller than its room on the screen
const AGAIN_MS = 1500;

/** The smallest width, of those that the server draws, that fills a room of so many pixels; Infinity = the camera's own. */
export function widthFor(roomPx) {
  return WIDTHS.find((width) => width >= roomPx * SHARP_ENOUGH) ?? Infinity;
}

/** Which plate a ground picture shows: the part after the dot of its name, and the plate's epoch. */
export function plateOf(name, epoch) {
  const dot = name?.indexOf(".") ?? -1;
  return dot < 0 ? null : `${name.slice(dot + 1)} ${epoch}`;
}

export class LiveGround {
  #camera;
  #came;
  #wanted = { name: "", width: 0 };
  #here = { name: null, width: 0 };
  #busy = false;
  #notBefore = 0;
  #timer = 0;
  #closed = false;

  /** `came` is called whenever another picture is there. */
  constructor(camera, came) {
    this.#camera = camera;
    this.#came = came;
    this.url = null;
    this.plate = null; // of the picture at `url`
  }

  /** Says which ground picture is the newest, and how wide it is shown in pixels. */
  want(name, roomPx) {
    this.#wanted = { name, width: Math.max(widthFor(roomPx), this.#wanted.width) };
    this.#fetch();
  }

  async #fetch() {
    const { name, width } = this.#wanted;
    if (this.#busy || this.#closed || this.#timer || (this.#here.name === name && this.#here.width === width)) return;
    const waitMs = this.#notBefore - performance.now();
    if (waitMs > 0) {
      this.#timer = setTimeout(() => {
        this.#timer = 0;
        this.#fetch();
      }, waitMs);
      return;
    }
    this.#busy = true;
    this.#notBefore = performance.now() + AGAIN_MS;
    const size = width === Infinity ? "" : `?w=${width}`;
    try {
      const answer = await fetch(`/live/${encodeURIComponent(this.#camera)}/ground.jpg${size}`, { signal: AbortSignal.timeout(8000) });
      if (answer.ok) this.#take(await answer.blob(), answer.headers, width);
    } catch {
      // The next scene asks again.
    } finally {
      this.#busy = false;
    }
  }

  #take(blob, headers, width) {
    if (this.#closed) return;
    const old = this.url;
    this.url = URL.createObjectURL(blob);
    this.#here = { name: headers.get("x-ground"), width };
    this.plate = plateOf(this.#here.name, headers.get("x-epoch"));
    if (old) setTimeout(() => URL.revokeObjectURL(old), 4000);
    this.#came();
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = null;
  }
}
