// The stage on its canvas: size, the piece's own stage, and the dark that comes when the daemon is gone.

import { Model } from "./model.js";
import { STAGES } from "./stages/index.js";

const LINES = 720; // the stage is drawn at so many lines and enlarged: the same work on a 4K projector
const WIDEST = 1720;
const LEFT_S = 9; // in which the last picture fades
const DARKEST = 0.9;

export class Show {
  constructor(canvas, willRead = false) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false, willReadFrequently: willRead });
    this.model = new Model();
    this.last = 0;
    this.stage = null;
    this.drawn = "";
    this.alone = 0; // 0 with the daemon, 1 long without
  }

  /** Fit the canvas to a screen of this shape. */
  resize(width, height, lines = LINES) {
    const columns = Math.min(Math.max(Math.round((lines * width) / height), lines >> 1), WIDEST);
    if (this.canvas.width === columns && this.canvas.height === lines) return;
    this.canvas.width = columns;
    this.canvas.height = lines;
    this.stage?.resize(columns, lines);
  }

  /** Draw the moment `now` (s); `alone` says that nothing has been heard for a while. */
  draw(now, alone = false) {
    const dt = Math.min(Math.max(now - this.last, 0), 0.25);
    this.last = now;
    this.alone = Math.min(Math.max(this.alone + (alone ? dt / LEFT_S : -dt), 0), 1);
    this.model.advance(dt);
    this.#choose();
    const { context, canvas } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalAlpha = 1;
    context.globalCompositeOperation = "source-over";
    if (this.stage) {
      context.save();
      this.stage.draw(context, this.model, now, dt);
      context.restore();
    } else {
      context.fillStyle = "#000";
      context.fillRect(0, 0, canvas.width, canvas.height);
    }
    if (this.alone > 0) this.#darken(now);
  }

  #choose() {
    if (!this.model.stage || this.drawn === this.model.stage) return;
    this.drawn = this.model.stage;
    const Stage = STAGES[this.drawn] ?? STAGES.correlations;
    this.stage = new Stage(this.canvas.width, this.canvas.height);
  }

  /** A veil, and one point that breathes: somebody in the room sees that the machine is not dead. */
  #darken(now) {
    const { context, canvas } = this;
    context.fillStyle = "#000";
    context.globalAlpha = DARKEST * this.alone;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.globalAlpha = this.alone * (0.12 + 0.1 * Math.sin((now * 2 * Math.PI) / 8));
    context.fillStyle = "#fff";
    context.beginPath();
    context.arc(canvas.width / 2, canvas.height / 2, 3, 0, 2 * Math.PI);
    context.fill();
    context.globalAlpha = 1;
  }
}
