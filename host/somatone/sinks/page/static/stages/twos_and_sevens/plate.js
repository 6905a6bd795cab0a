// One sample on a plate, scanned in line by line: every pixel a bar as wide as it is light, so that a digit is a stack of
// barcodes. Beside it all samples, small; the integers of the run; and its activations as a strip that is being read.

import { hash } from "../../chance.js";
import { letters } from "../../letters.js";

const SCAN_S = 1.7;
const REST_S = 1.1;
const STEPS = 9; // widths of a bar
const SIDE = 28; // bars in a row where there is no sample
const FEW = 24; // a sample of fewer pixels is drawn with two bars for each

export class PlateView {
  constructor() {
    this.rows = [];
    this.scans = -1;
  }

  begin() {
    this.scans = -1;
  }

  draw(context, size, run, now) {
    const { unit: u, width } = size;
    const left = (width - 1200 * u) / 2;
    const top = 40 * u;
    this.#scan(run, now);
    context.fillStyle = "#fff";
    this.#plate(context, left, top, 640 * u, u, now, run);
    this.#tiles(context, run, left + 664 * u, top, 416 * u);
    this.#numbers(context, run, left + 664 * u, top + 440 * u, u);
    this.#strip(context, run, left + 1104 * u, top, 96 * u, 640 * u, now);
  }

  /** Take rows of the sample in as the line passes them. */
  #scan(run, now) {
    const through = now / (SCAN_S + REST_S);
    const scans = Math.floor(through);
    const at = (through - scans) * (1 + REST_S / SCAN_S);
    this.finer = (run.samples?.width ?? SIDE) < FEW ? 2 : 1;
    const w = (run.samples?.width ?? SIDE) * this.finer;
    const h = (run.samples?.height ?? SIDE) * this.finer;
    if (this.rows.length !== h || this.width !== w) {
      this.rows = Array.from({ length: h }, () => new Float32Array(w));
      this.width = w;
      this.done = 0;
    }
    if (scans !== this.scans) {
      this.scans = scans;
      this.sample = run.samples ? Math.floor(hash(scans, 91) * run.samples.count) : 0;
      this.done = 0;
    }
    const until = Math.min(h, Math.floor(at * h));
    for (; this.done < until; this.done++) this.#read(run, this.done, w);
    this.line = at < 1 ? at : -1;
  }

  #read(run, y, w) {
    const row = this.rows[y];
    for (let x = 0; x < w; x++) row[x] = run.samples ? this.#light(run, x, y) : 0.5 * hash(x + this.scans, y);
  }

  /** Lightness 0..1 of a bar: between the pixels where there are two bars for each, and clearer than it is. */
  #light(run, x, y) {
    const { width, height } = run.samples;
    const u = Math.min(Math.max((x + 0.5) / this.finer - 0.5, 0), width - 1);
    const v = Math.min(Math.max((y + 0.5) / this.finer - 0.5, 0), height - 1);
    const [i, j] = [Math.floor(u), Math.floor(v)];
    const at = (a, b) => run.pixel(this.sample, Math.min(a, width - 1), Math.min(b, height - 1));
    const top = at(i, j) + (at(i + 1, j) - at(i, j)) * (u - i);
    const low = at(i, j + 1) + (at(i + 1, j + 1) - at(i, j + 1)) * (u - i);
    const light = Math.min(Math.max((top + (low - top) * (v - j)) / 255 / 0.8 - 0.12, 0), 1);
    return light * light * (3 - 2 * light);
  }

  #plate(context, left, top, side, u, now, run) {
    const h = this.rows.length;
    const cellY = side / h;
    const cellX = side / this.width;
    const flicker = Math.floor(now * 12);
    context.beginPath();
    for (let y = 0; y < h; y++) {
      const row = this.rows[y];
      const y0 = Math.round(top + y * cellY);
      const high = Math.round(top + (y + 1) * cellY) - y0 - Math.max(1, Math.round(2 * u));
      for (let x = 0; x < this.width; x++) {
        const live = row[x] + (hash(x + y * 64, flicker) - 0.5) * 0.18 * run.entropy;
        const wide = (Math.round(Math.max(0, Math.min(1, live)) * STEPS) / STEPS) * cellX;
        if (wide > 0.5) context.rect(left + x * cellX, y0, wide, high);
      }
    }
    context.fill();
    if (this.line < 0) return;
    const y = top + this.line * side;
    context.fillRect(left - 24 * u, y - u, side + 48 * u, 2 * u);
    context.beginPath();
    letters(context, String(this.sample).padStart(2, "0"), left - 24 * u, y + 6 * u, 2 * u);
    context.fill();
  }

  #tiles(context, run, left, top, side) {
    if (!run.samples) return;
    const n = Math.ceil(Math.sqrt(run.samples.count));
    const cell = side / n;
    for (let k = 0; k < run.samples.count; k++) {
      run.tile(context, k, left + (k % n) * cell, top + Math.floor(k / n) * cell, cell - 2);
    }
    context.strokeStyle = "#fff";
    context.lineWidth = Math.max(1.5, cell / 26);
    const { sample } = this;
    context.strokeRect(left + (sample % n) * cell - 1, top + Math.floor(sample / n) * cell - 1, cell, cell);
  }

  /** Each metric's newest integer. A line stands on white while its metric rises or falls. */
  #numbers(context, run, left, top, u) {
    const pitch = 200 / Math.max(run.metrics.length, 12);
    run.metrics.slice(0, 12).forEach(({ name, bits, moved }, k) => {
      const y = top + k * pitch * u;
      context.fillStyle = "#fff";
      if (moved) context.fillRect(left, y - 2 * u, 416 * u, 13 * u);
      if (moved) context.fillStyle = "#000";
      context.beginPath();
      letters(context, name.replace("accuracy", "acc").replace("_", " "), left + 3 * u, y, 1.8 * u);
      for (let bit = 0; bit < bits.length; bit++) {
        const x = left + (120 + bit * 12.25) * u;
        if (bits[bit] === "1") context.rect(x, y - u, 9 * u, 11 * u);
        else context.rect(x + 4 * u, y - u, 1 * u, 11 * u);
      }
      context.fill();
    });
    context.fillStyle = "#fff";
  }

  /** The activations: one bar a unit, layer under layer, and a line that reads them. */
  #strip(context, run, left, top, wide, high, now) {
    const picture = run.activations;
    const values = picture?.pixels;
    context.beginPath();
    if (values?.length) {
      const rows = Math.min(values.length, 160);
      for (let k = 0; k < rows; k++) {
        const v = values[Math.floor((k * values.length) / rows)] / 255;
        context.rect(left, top + (k * high) / rows, wide, (v * v * high) / rows);
      }
    } else {
      run.metrics.forEach(({ bits }, k) => {
        for (let b = 0; b < bits.length; b++) {
          const row = k * bits.length + b;
          if (bits[b] === "1") context.rect(left, top + (row * high) / (run.metrics.length * bits.length), wide, 2);
        }
      });
    }
    context.fill();
    const y = top + ((now * 0.21) % 1) * high;
    context.globalCompositeOperation = "difference";
    context.fillRect(left - wide * 0.25, y, wide * 1.5, Math.max(3, high / 90));
    context.globalCompositeOperation = "source-over";
  }
}
