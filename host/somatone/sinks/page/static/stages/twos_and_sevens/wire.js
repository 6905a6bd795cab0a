// The very integers on the wire, bit by bit: every new sample of every metric is a line of 24 bits, pushed in at the top.

import { letters } from "../../letters.js";
import { bits } from "./run.js";

const HEAD = 132; // pixels of 720 for the newest number
const LINE = 9;
const MOST_A_FRAME = 5;

export class WireView {
  constructor() {
    this.roll = document.createElement("canvas");
    this.seen = new Map();
    this.queue = [];
  }

  resize({ width, height }) {
    this.roll.width = width;
    this.roll.height = height;
    this.rollContext = this.roll.getContext("2d", { alpha: false });
    this.spare = document.createElement("canvas");
    this.spare.width = width;
    this.spare.height = height;
    this.spareContext = this.spare.getContext("2d", { alpha: false });
  }

  begin(run) {
    for (const { signal } of run.metrics) if (signal) this.seen.set(signal.key, signal.total - Math.min(14, signal.samples.length));
  }

  draw(context, size, run, now) {
    this.#take(run, now);
    const { unit: u, width, height } = size;
    const pushed = this.queue.splice(0, MOST_A_FRAME);
    if (pushed.length) this.#push(pushed, size);
    const head = HEAD * u;
    context.drawImage(this.roll, 0, head);
    if (!this.head) return;
    const cell = width / 24;
    context.fillStyle = "#000";
    context.fillRect(0, 0, width, head);
    context.fillStyle = "#fff";
    context.beginPath();
    for (let k = 0; k < 24; k++) {
      if (this.head.bits[k] === "1") context.rect(k * cell, 0, cell - 2 * u, head - 8 * u);
      else context.rect(k * cell + cell / 2 - u, 0, 2 * u, head - 8 * u);
    }
    context.fill();
    const word = `${this.head.name.replace("_", " ")} ${this.head.value}`;
    context.fillStyle = "#000";
    context.fillRect(0, height - 30 * u, (word.length * 4 * 3 + 24) * u, 30 * u);
    context.fillStyle = "#fff";
    context.beginPath();
    letters(context, word, 12 * u, height - 22 * u, 3 * u);
    context.fill();
  }

  #take(run, now) {
    for (const { name, signal, value, bits: text, moved } of run.metrics) {
      if (!signal) {
        if (Math.floor(now * 6) !== this.idle) this.queue.push({ name, value, bits: text, moved });
        continue;
      }
      const seen = this.seen.get(signal.key) ?? signal.total - 1;
      const fresh = Math.min(signal.total - seen, signal.samples.length, 14);
      for (let k = fresh; k > 0; k--) {
        const sample = signal.samples[signal.samples.length - k];
        this.queue.push({ name, value: sample, bits: bits(sample), moved });
      }
      this.seen.set(signal.key, signal.total);
    }
    this.idle = Math.floor(now * 6);
    if (this.queue.length > 240) this.queue.splice(0, this.queue.length - 240);
  }

  /** The roll moves down by the lines that came. */
  #push(lines, { width, unit: u }) {
    const high = LINE * u * lines.length;
    const { rollContext, spareContext, roll, spare } = this;
    spareContext.drawImage(roll, 0, 0);
    rollContext.fillStyle = "#000";
    rollContext.fillRect(0, 0, width, high);
    rollContext.drawImage(spare, 0, high);
    const cell = width / 24;
    lines.forEach(({ bits: text, moved }, k) => {
      const y = high - (k + 1) * LINE * u;
      rollContext.fillStyle = moved ? "#fff" : "#000";
      if (moved) rollContext.fillRect(0, y, width, LINE * u - 1);
      rollContext.fillStyle = moved ? "#000" : "#fff";
      rollContext.beginPath();
      for (let b = 0; b < 24; b++) if (text[b] === "1") rollContext.rect(b * cell, y + u, cell - 2 * u, (LINE - 3) * u);
      rollContext.fill();
    });
    this.head = lines[lines.length - 1];
  }
}
