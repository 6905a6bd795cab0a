// A surprise of the run displaces slices of the picture for half a second. Seldom, for a large one, it turns to negative:
// never more than once in three seconds, because a wall that flashes can hurt people.

import { hash } from "../../chance.js";

const LASTS_S = 0.55;
const SHAPES_PER_S = 15;
const NEGATIVE_APART_S = 3;
const NEGATIVE_S = 0.12;

export class Glitch {
  constructor() {
    this.copy = document.createElement("canvas");
    this.since = -Infinity;
    this.negativeS = -Infinity;
    this.seed = 0;
  }

  resize(width, height) {
    this.copy.width = width;
    this.copy.height = height;
    this.copyContext = this.copy.getContext("2d", { alpha: false });
  }

  hear({ name }, now) {
    if (!name.endsWith(".surprise") && !name.endsWith(".collapse")) return;
    this.seed += 1;
    this.since = now;
    if (now - this.negativeS >= NEGATIVE_APART_S) this.negativeS = now;
  }

  draw(context, run, now) {
    const { canvas } = context;
    const age = now - this.since;
    if (age < LASTS_S) this.#slices(context, canvas, 1 - age / LASTS_S, Math.floor(now * SHAPES_PER_S));
    if (now - this.negativeS < NEGATIVE_S) {
      context.globalCompositeOperation = "difference";
      context.fillStyle = "#fff";
      context.fillRect(0, 0, canvas.width, canvas.height);
      context.globalCompositeOperation = "source-over";
    }
  }

  #slices(context, { width, height }, strength, shape) {
    this.copyContext.drawImage(context.canvas, 0, 0);
    const slices = 4 + Math.floor(12 * strength * hash(this.seed, shape));
    for (let k = 0; k < slices; k++) {
      const y = Math.floor(hash(shape, k * 3 + this.seed) * height);
      const high = Math.max(3, Math.floor(hash(shape, k * 3 + 1) ** 2 * height * 0.16));
      const by = Math.round((hash(shape, k * 3 + 2) - 0.5) * width * 0.4 * strength);
      context.drawImage(this.copy, 0, y, width, high, by, y, width, high);
      if (by > 0) context.drawImage(this.copy, width - by, y, by, high, 0, y, by, high);
      else if (by < 0) context.drawImage(this.copy, 0, y, -by, high, width + by, y, -by, high);
    }
  }
}
