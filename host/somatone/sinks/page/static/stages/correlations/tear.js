// Skin-conductance responses: each tears the field open along a line of its own, and heals as slowly as skin does.
//
// The field asks for the shapes in its own cells; edges and threads are drawn here, sharp, over it.

import { hash, noise } from "../../chance.js";

const OPEN_S = 0.35;
const HEAL_S = 6.5;
const WIDEST = 8.5; // hundredths of the height, half the gap
const MOST = 3;
const THREADS = 90;
const EDGE = 110; // points of an edge, to either side

export class Tears {
  constructor() {
    this.tears = [];
    this.count = -1;
  }

  hear(gate, now) {
    if (gate.count === this.count) return;
    if (this.count >= 0 || now - gate.since < HEAL_S) {
      if (gate.count > 0) this.tears.push({ seed: gate.count, since: gate.since, strength: gate.strength });
    }
    this.count = gate.count;
    this.tears = this.tears.slice(-MOST);
  }

  /** How far open, 0..1: quickly, then slowly less. */
  #opening(tear, now) {
    const age = now - tear.since;
    return (1 - Math.exp(-age / OPEN_S)) * Math.exp(-age / HEAL_S);
  }

  /** What is open now, in hundredths of the height: its axis, its half gap and its bend along that axis. */
  shapes(columns, now) {
    this.tears = this.tears.filter((tear) => now - tear.since < 5 * HEAL_S);
    return this.tears.map((tear) => {
      const angle = (hash(tear.seed, 5) - 0.5) * 1.5 + (hash(tear.seed, 6) < 0.25 ? 1.2 : 0);
      const length = columns * (0.3 + 0.22 * hash(tear.seed, 7));
      const offset = (hash(tear.seed, 8) - 0.5) * 45;
      const size = 0.6 + 0.4 * Math.min(1, Math.log10(Math.max(1, tear.strength / 10)) / 1.3);
      const half = WIDEST * this.#opening(tear, now) * size;
      const lane = tear.seed * 13;
      return {
        tear,
        length,
        ax: Math.cos(angle),
        ay: Math.sin(angle),
        bend: (s) =>
          offset +
          (noise(s * 0.04, lane) - 0.5) * 28 +
          (noise(s * 0.23, lane + 1) - 0.5) * 3.4 +
          (noise(s * 0.9, lane + 3) - 0.5) * 1.3,
        half: (s) => {
          const x = s / length;
          return x * x >= 1 ? 0 : half * (1 - x * x) ** 0.8 * (0.25 + 1.3 * noise(s * 0.16, lane + 2) ** 1.5);
        },
      };
    });
  }

  /** The same as tables for a field of this size, one value a cell along the axis from `-reach` on. */
  tables(columns, rows, now) {
    const scale = rows / 100;
    return this.shapes(columns / scale, now).map(({ ax, ay, bend, half, length }) => {
      const reach = Math.ceil(length * scale);
      const of = (value) => Float32Array.from({ length: 2 * reach + 1 }, (_, k) => value((k - reach) / scale) * scale);
      return { ax, ay, reach, bends: of(bend), halves: of(half) };
    });
  }

  /** Edges and threads. */
  draw(context, body, now) {
    const scale = context.canvas.height / 100;
    const columns = context.canvas.width / scale;
    for (const shape of this.shapes(columns, now)) {
      const open = this.#opening(shape.tear, now);
      if (open < 0.02) continue;
      const place = (s, off) => this.#place(context, shape, s, off, scale);
      context.globalAlpha = Math.min(1, open * 1.3) * body.presence;
      context.strokeStyle = "#fff3e6";
      this.#edges(context, shape, place);
      this.#threads(context, shape, place, open, now);
    }
    context.globalAlpha = 1;
  }

  #place(context, { ax, ay, bend }, s, off, scale) {
    const across = bend(s) + off;
    return [
      context.canvas.width / 2 + (s * ax - across * ay) * scale,
      context.canvas.height / 2 + (s * ay + across * ax) * scale,
    ];
  }

  #edges(context, { half, length }, place) {
    const along = Array.from({ length: 2 * EDGE + 1 }, (_, k) => (k / EDGE - 1) * length);
    const gaps = along.map(half);
    const middle = along.map((s) => place(s, 0));
    const [ox, oy] = place(0, 1).map((value, k) => value - place(0, 0)[k]); // one hundredth across, in pixels
    for (const side of [-1, 1]) {
      for (const [lane, wide, out] of [[0, 620, 0], [1, 1600, 1.1], [2, 1600, 2.4]]) {
        context.lineWidth = context.canvas.height / wide;
        context.beginPath();
        for (let k = 0; k < along.length; k++) {
          const fray = out && out * noise(along[k] * 0.7, 900 + lane + side) * Math.min(1, gaps[k] / 2);
          const off = side * (gaps[k] + fray);
          context.lineTo(middle[k][0] + ox * off, middle[k][1] + oy * off);
        }
        context.stroke();
      }
    }
  }

  /** Threads hold the edges together until they break, the middle ones first. */
  #threads(context, { half, length, tear }, place, open, now) {
    context.lineWidth = context.canvas.height / 1100;
    context.beginPath();
    for (let k = 0; k < THREADS; k++) {
      const s = (hash(tear.seed, k + 50) * 2 - 1) * length;
      const gap = half(s);
      if (gap < 0.7) continue;
      const lean = (hash(tear.seed, k + 150) - 0.5) * 9;
      const whole = hash(tear.seed, k + 250) > open * 0.8;
      const tremble = 0.4 * Math.sin(now * (5 + 9 * hash(tear.seed, k)) + k);
      context.moveTo(...place(s, -gap));
      if (whole) context.lineTo(...place(s + lean, gap));
      else {
        context.lineTo(...place(s + lean * 0.3, -gap * (0.35 + 0.3 * hash(tear.seed, k + 350)) + tremble));
        context.moveTo(...place(s + lean * 0.7, gap * (0.4 + 0.3 * hash(tear.seed, k + 450)) - tremble));
        context.lineTo(...place(s + lean, gap));
      }
    }
    context.stroke();
  }
}
