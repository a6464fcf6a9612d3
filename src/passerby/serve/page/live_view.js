// One place as it is now: its newest scene over its ground picture, or the reason why it is not shown.
// It closes when in doubt: without word from the server, a picture stands for at most `STALE_S`.
import { LiveGround, plateOf } from "./ground.js";
import { SceneView } from "./scene_svg.js";

const STALE_S = 5;
const STOPPED = "No new picture comes from this place.";
const ON_ITS_WAY = "The picture is on its way.";

export class LiveView {
  #until = -Infinity; // up to when, by this machine's own clock (ms), the scene may be shown if no other comes; the feed says one a second
  #visible = true;
  #lost = false;

  /** Fills an element with the place of a camera, as `/api/cameras` describes it. */
  constructor(container, camera) {
    this.view = new SceneView(container);
    this.ground = new LiveGround(camera.id, () => this.#show());
    this.scene = null;
    this.tell(camera);
  }

  /** Whether what the server said last of this place still holds. */
  get known() {
    return !this.#lost;
  }

  /** Takes in how the camera is. */
  tell(camera) {
    if (!camera.has_picture) this.#lost = false;
    this.camera = camera;
    this.view.label(camera.name);
    if (!camera.has_picture) return this.#hide(camera.says, camera.condition === "trouble" || camera.condition === "ended" ? camera.do : "");
    if (!this.scene && !this.#lost) this.#hide(ON_ITS_WAY);
  }

  /** Takes in the newest scene. */
  take(scene) {
    if (!this.camera.has_picture) return;
    this.scene = scene;
    this.#lost = false;
    this.#until = performance.now() + (this.camera.stale_s ?? STALE_S) * 1000;
    this.#show();
  }

  /** Takes in that the place is not seen now; where that is known already, the reason stands. */
  gone() {
    if (this.camera.has_picture) this.lose(STOPPED);
  }

  /** What lies outside of the window is not drawn, and no picture of it is fetched. */
  see(visible) {
    this.#visible = visible;
    if (visible) this.#show();
    else if (this.view.shows) this.view.hide(ON_ITS_WAY);
  }

  /** To be called once in a second. */
  tick(now = performance.now()) {
    if (this.scene && now > this.#until) this.lose(STOPPED);
  }

  /** Forgets what was shown: it may not be so any more. */
  lose(words) {
    this.#lost = true;
    this.#hide(words);
  }

  /** Nobody looks, or listens: what is shown here next is a new scene. */
  rest() {
    if (this.scene) this.#hide(ON_ITS_WAY);
  }

  close() {
    this.ground.close();
    this.view.hide("");
  }

  #hide(words, todo = "") {
    this.scene = null;
    this.view.hide(words, todo);
  }

  #show() {
    if (!this.scene || !this.#visible) return;
    // Without a name there is no ground picture that belongs below this scene, whatever was fetched before.
    const { ground, epoch } = this.scene;
    if (ground && this.view.width) this.ground.want(ground, this.view.width * devicePixelRatio);
    this.view.note = this.scene.withheld === 1 && this.camera.condition !== "live" ? this.camera.says : "";
    this.view.show({ ...this.scene, epoch: plateOf(ground, epoch) ?? "none" }, this.ground.url, this.ground.plate);
  }
}
