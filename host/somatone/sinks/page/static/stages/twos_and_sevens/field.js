// All samples over the whole wall, being sorted by lightness, two compared at a time; each new batch spoils the order.

import { hash } from "../../chance.js";

const ROWS = 9;
const SWAPS = 5; // comparisons a frame
const GLIDE_S = 0.16;

export class FieldView {
  constructor() {
    this.tiles = [];
  }

  begin() {
    this.tiles = [];
  }

  draw(context, { width, height }, run, now, dt) {
    const cell = height / ROWS;
    const columns = Math.ceil(width / cell);
    if (!run.samples) return this.#noise(context, columns, cell, now);
    this.#lay(run, columns * ROWS);
    this.#sort(run, now);
    const share = 1 - Math.exp(-dt / GLIDE_S);
    for (let k = 0; k < this.tiles.length; k++) {
      const tile = this.tiles[k];
      tile.x += ((k % columns) - tile.x) * share;
      tile.y += (Math.floor(k / columns) - tile.y) * share;
      run.tile(context, tile.sample % run.samples.count, tile.x * cell, tile.y * cell, cell - 1);
    }
    this.#compared(context, columns, cell);
    return undefined;
  }

  #lay(run, n) {
    if (this.tiles.length === n) return;
    const columns = n / ROWS;
    this.tiles = Array.from({ length: n }, (_, k) => {
      const sample = Math.floor(hash(k, 5) * run.samples.count);
      return { sample, x: k % columns, y: Math.floor(k / columns) };
    });
    this.gap = n >> 1;
    this.at = 0;
  }

  /** A comb sort, a few steps a frame; when it is through it begins again, for the samples have changed. */
  #sort(run) {
    const { tiles } = this;
    const key = (k) => run.keys[tiles[k].sample % run.samples.count];
    this.pairs = [];
    for (let step = 0; step < SWAPS; step++) {
      const other = this.at + this.gap;
      if (other >= tiles.length) {
        this.gap = this.gap > 1 ? Math.floor(this.gap / 1.3) : tiles.length >> 1;
        this.at = 0;
        continue;
      }
      this.pairs.push([this.at, other]);
      if (key(this.at) > key(other)) [tiles[this.at], tiles[other]] = [tiles[other], tiles[this.at]];
      this.at += 1;
    }
  }

  #compared(context, columns, cell) {
    context.strokeStyle = "#fff";
    context.lineWidth = Math.max(1, cell / 60);
    context.beginPath();
    for (const [a, b] of this.pairs) {
      const [ax, ay, bx, by] = [a % columns, Math.floor(a / columns), b % columns, Math.floor(b / columns)];
      context.rect(ax * cell, ay * cell, cell, cell);
      context.rect(bx * cell, by * cell, cell, cell);
      context.moveTo((ax + 0.5) * cell, (ay + 0.5) * cell);
      context.lineTo((bx + 0.5) * cell, (by + 0.5) * cell);
    }
    context.stroke();
  }

  #noise(context, columns, cell, now) {
    const beat = Math.floor(now * 3);
    context.fillStyle = "#fff";
    context.beginPath();
    for (let k = 0; k < columns * ROWS; k++) {
      const side = cell * 0.5 * hash(k, beat + Math.floor(5 * hash(k)));
      context.rect((k % columns) * cell, Math.floor(k / columns) * cell, side, 2);
    }
    context.fill();
  }
}
