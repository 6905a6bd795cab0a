// Skin conductance as a slow field: drawn small, pixel by pixel, and enlarged. A beat pushes it outwards, a tear pulls
// it apart, temperature colours it from ash to ember.

import { noiseTile } from "../../chance.js";

const CELL = 6; // pixels of the stage in one of the field
const SLOW_S = 0.024;
const TILE = 256;
const MASK = TILE - 1;
const WAVE_PER_S = 68; // cells that a beat's wave travels
const WAVE_WIDTH = 6.4;
const WAVE_S = 1.6;
const PUSH = 6;
const REACH = 37; // cells to either side that a tear pulls

export class Field {
  constructor() {
    this.coarse = noiseTile(TILE, 4, 5, 1);
    this.fine = noiseTile(TILE, 24, 3, 2);
    this.small = document.createElement("canvas");
    this.palette = new Uint32Array(256);
    this.warmth = -1;
    this.drift = 0;
    this.last = 0;
  }

  resize(width, height) {
    this.columns = Math.ceil(width / CELL);
    this.rows = Math.ceil(height / CELL);
    this.small.width = this.columns;
    this.small.height = this.rows;
    this.context = this.small.getContext("2d", { alpha: false, willReadFrequently: true });
    this.image = this.context.createImageData(this.columns, this.rows);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.#measure();
    this.filled = -Infinity;
  }

  /** What depends on the size alone: distance from the middle, direction away from it, and the dark at the edges. */
  #measure() {
    const { columns, rows } = this;
    const of = () => new Float32Array(columns * rows);
    Object.assign(this, { far: of(), awayX: of(), awayY: of(), edge: of() });
    for (let at = 0; at < columns * rows; at++) {
      const dx = (at % columns) - columns / 2;
      const dy = Math.floor(at / columns) - rows / 2;
      const far = Math.hypot(dx, dy) + 0.001;
      this.far[at] = far;
      this.awayX[at] = dx / far;
      this.awayY[at] = dy / far;
      this.edge[at] = 1.12 - 0.55 * (far / (columns / 2)) ** 2;
    }
  }

  draw(context, body, tears, now) {
    this.#colour(body);
    this.drift += Math.max(now - this.last, 0) * (0.5 + 2.2 * body.tonic + 4 * body.energy);
    this.last = now;
    if (!(now - this.filled < SLOW_S)) {
      this.filled = now; // a skin is slow: on a screen of 60 Hz every second picture has a new one
      this.#fill(body, tears.tables(this.columns, this.rows, now), now);
      this.context.putImageData(this.image, 0, 0);
    }
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "low";
    context.drawImage(this.small, 0, 0, this.columns * CELL, this.rows * CELL);
  }

  #fill(body, tears, now) {
    const { columns, rows, pixels, palette, coarse, fine, far, awayX, awayY, edge } = this;
    const wave = this.#wave(body, now);
    const gain = (0.1 + 0.05 * body.breath) * (1 - body.presence) + body.presence * (0.42 + 0.36 * body.tonic);
    const grit = body.presence * (0.16 + 0.3 * body.energy);
    const a = this.drift * 1.1;
    const b = now * 1.7;
    const cx = columns / 2;
    const cy = rows / 2;
    for (let y = 0, at = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++, at++) {
        const dx = x - cx;
        const dy = y - cy;
        const pushed = wave[far[at] | 0];
        let u = x - awayX[at] * pushed;
        let v = y - awayY[at] * pushed;
        let inside = 0;
        for (const tear of tears) {
          const along = Math.round(dx * tear.ax + dy * tear.ay) + tear.reach;
          const half = tear.halves[along];
          if (!(half > 0)) continue;
          const off = -dx * tear.ay + dy * tear.ax - tear.bends[along];
          const distance = Math.abs(off);
          if (distance < half) inside = Math.max(inside, 1 - distance / half);
          if (distance > REACH) continue;
          const near = 1 - distance / REACH;
          const pull = (off < 0 ? -half : half) * near * near;
          u += tear.ay * pull;
          v -= tear.ax * pull;
        }
        const warp = coarse[(((v * 0.64 + b) & MASK) << 8) | ((u * 0.64 + a) & MASK)] * 46;
        const skin = coarse[(((v * 1.15 + warp) & MASK) << 8) | ((u * 0.86 + warp * 0.6 - a) & MASK)];
        const furrow = 1 - Math.abs(2 * coarse[(((v * 1.6 - warp * 0.8) & MASK) << 8) | ((u * 1.4 + warp * 1.3 + a * 0.7) & MASK)] - 1);
        const grain = fine[(((v * 2.2 + b) & MASK) << 8) | ((u * 2.2 + warp) & MASK)];
        const lines = furrow * furrow * furrow * furrow;
        let light = skin * (0.55 * skin + 0.75 * lines * lines) * gain + (grain - 0.5) * grit * skin + pushed * 0.035;
        light *= edge[at];
        if (inside) light = light * (1 - inside) ** 2 * 0.6;
        pixels[at] = palette[Math.max(0, Math.min(255, (light * 255) | 0))];
      }
    }
  }

  /** How far the last beats push outwards, by distance from the middle (cells). */
  #wave(body, now) {
    const reach = Math.ceil(Math.hypot(this.columns, this.rows) / 2) + 2;
    this.pushes ??= new Float32Array(512);
    const wave = this.pushes.subarray(0, reach).fill(0);
    const age = now - body.beat.since;
    if (age < 0 || age > WAVE_S) return wave;
    const at = 9 + WAVE_PER_S * age;
    const strength = PUSH * body.presence * Math.exp(-age * 1.9);
    const first = Math.max(0, Math.floor(at - 3 * WAVE_WIDTH));
    for (let far = first; far < Math.min(reach, at + 3 * WAVE_WIDTH); far++) {
      wave[far] = strength * Math.exp(-(((far - at) / WAVE_WIDTH) ** 2));
    }
    return wave;
  }

  /** Ash when cool, ember when warm; the lightest is bone. */
  #colour(body) {
    const warmth = Math.round(body.warmth * 64) / 64;
    if (warmth === this.warmth) return;
    this.warmth = warmth;
    const ash = [0.5, 0.62, 0.74];
    const ember = [1.0, 0.4, 0.22];
    for (let light = 0; light < 256; light++) {
      const x = light / 255;
      const bone = Math.min(1, x * x * 1.5);
      const [r, g, b] = ash.map((cool, k) => {
        const tint = cool + (ember[k] - cool) * (0.25 + 0.75 * warmth);
        return Math.min(255, 255 * x * (tint + (1 - tint) * bone));
      });
      this.palette[light] = (255 << 24) | (b << 16) | (g << 8) | r;
    }
  }
}
