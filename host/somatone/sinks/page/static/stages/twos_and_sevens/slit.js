// One sample as large as the wall, and a line that reads it column by column: what it has just read it draws out to the
// right as bars, so that a digit is played like a piano roll.

import { hash } from "../../chance.js";

const READ_S = 6.5;
const PULL = 0.62; // of the width is the sample

export class SlitView {
  constructor() {
    this.round = -1;
  }

  begin() {
    this.round = -1;
  }

  draw(context, { width, height, unit }, run, now) {
    const w = run.samples?.width ?? 28;
    const h = run.samples?.height ?? 28;
    const round = Math.floor(now / READ_S);
    if (round !== this.round) {
      this.round = round;
      this.sample = run.samples ? Math.floor(hash(round, 37) * run.samples.count) : 0;
      this.trail = [];
    }
    const at = (now / READ_S - round) * w;
    const value = (x, y) => (run.samples ? run.pixel(this.sample, Math.min(x, w - 1), y) / 255 : 0.4 * hash(x + round, y));
    this.#sample(context, width, height, value, w, h, at);
    this.#drawnOut(context, width, height, value, h, at, unit, w);
    const x = (at / w) * width * PULL;
    context.fillStyle = "#fff";
    context.fillRect(x - unit, 0, 3 * unit, height);
  }

  #sample(context, width, height, value, w, h, at) {
    const cellX = (width * PULL) / w;
    const cellY = height / h;
    for (const read of [true, false]) {
      context.fillStyle = read ? "#fff" : "#808080";
      context.beginPath();
      for (let x = read ? 0 : Math.ceil(at); x < (read ? at : w); x++) {
        for (let y = 0; y < h; y++) {
          const v = Math.round(value(x, y) * 8) / 8;
          if (v > 0) context.rect(x * cellX, y * cellY + (cellY * (1 - v)) / 2, cellX - 1.5, cellY * v - 0.5);
        }
      }
      context.fill();
    }
  }

  /** Every column that was read wanders off to the right, quicker and thinner. */
  #drawnOut(context, width, height, value, h, at, unit, w) {
    const from = width * PULL;
    const cellY = height / h;
    const column = Math.min(Math.floor(at), w - 1);
    context.fillStyle = "#fff";
    context.beginPath();
    for (let back = 0; back <= column; back++) {
      const near = from + ((back + (at % 1)) / w) ** 1.6 * (width - from) * 2.2;
      const next = from + ((back + 1 + (at % 1)) / w) ** 1.6 * (width - from) * 2.2;
      if (near > width) break;
      for (let y = 0; y < h; y++) {
        const v = value(column - back, y);
        if (v > 0.12) context.rect(near, y * cellY + cellY * 0.5 * (1 - v), Math.max(unit, (next - near) * 0.86), cellY * v * 0.92);
      }
    }
    context.fill();
  }
}
