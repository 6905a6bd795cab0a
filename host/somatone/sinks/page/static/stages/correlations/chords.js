// What two streams have in common, as a chord between them, and as a dotted ghost what chance makes of the same two.
//
// Both are as wide as the correlation they stand for, on one scale: a chord that fills less than its ghost says nothing.
// Red are those that nobody expects. Broken ones are drawn broken.

import { letters, lettersWidth } from "../../letters.js";

const WIDE = 74; // pixels of 720, at a correlation of 1
const OUT = 1.5; // of the ring's radius, where the streams stand
const APPEAR_S = 2;
const MOST = 14; // pairs

export class Chords {
  constructor() {
    this.shown = new Map(); // pair -> { r, nullR } as they glide
  }

  draw(context, frame, model, body, now, dt) {
    const names = this.#names(model);
    if (!names.length) return;
    const places = new Map(names.map((name, k) => [name, this.#place(frame, k, names.length)]));
    for (const pair of model.pairs.slice(0, MOST)) this.#chord(context, frame, places, pair, body, now, dt);
    this.#marks(context, frame, places, model, body);
    context.globalAlpha = 1;
  }

  #names(model) {
    const names = new Set();
    for (const { first, second } of model.pairs) names.add(first).add(second);
    return [...names].sort();
  }

  #place({ x, y, radius }, k, n) {
    const angle = -Math.PI / 2 + ((k + 0.5) / n) * 2 * Math.PI;
    return { x: x + Math.cos(angle) * radius * OUT * 1.22, y: y + Math.sin(angle) * radius * OUT, angle };
  }

  #chord(context, frame, places, pair, body, now, dt) {
    const shown = this.#glide(pair, dt);
    const a = places.get(pair.first);
    const b = places.get(pair.second);
    if (!a || !b) return;
    const above = Math.abs(shown.r) > shown.nullR;
    context.lineWidth = frame.unit * 0.8;
    context.strokeStyle = "#cfd8e0";
    context.globalAlpha = body.presence * (above ? 0.8 : 0.4);
    context.setLineDash([frame.unit * 1.5, frame.unit * 5]);
    lens(context, frame, a, b, shown.nullR * WIDE * frame.unit);
    context.stroke();
    context.setLineDash(pair.verdict === "broken" ? [frame.unit * 9, frame.unit * 7] : []);
    context.fillStyle = context.strokeStyle = pair.expected ? "#fff6ec" : "#ff5a3c";
    context.globalAlpha = body.presence * (above ? 0.62 + 0.3 * body.felt : 0.13);
    lens(context, frame, a, b, Math.abs(shown.r) * WIDE * frame.unit);
    if (shown.r < 0) context.stroke(); // against each other: hollow
    else context.fill();
    context.setLineDash([]);
  }

  #glide(pair, dt) {
    const key = `${pair.first} ${pair.second}`;
    const shown = this.shown.get(key) ?? { r: 0, nullR: pair.nullR };
    const share = 1 - Math.exp(-dt / APPEAR_S);
    shown.r += (pair.r - shown.r) * share;
    shown.nullR += (pair.nullR - shown.nullR) * share;
    this.shown.set(key, shown);
    return shown;
  }

  #marks(context, { unit }, places, model, body) {
    const wearers = new Set([...places.keys()].map((name) => name.split("/")[0]));
    context.fillStyle = "#fff";
    context.beginPath();
    for (const [name, { x, y, angle }] of places) {
      const word = (wearers.size > 1 ? name.replace("/", " ") : name.split("/")[1]).replaceAll("_", " ");
      context.rect(x - 2 * unit, y - 2 * unit, 4 * unit, 4 * unit);
      const wide = lettersWidth(word, 2 * unit);
      const side = Math.cos(angle);
      letters(context, word, x + 12 * unit * side - (wide * (1 - side)) / 2, y + (Math.sin(angle) * 18 - 5) * unit, 2 * unit);
    }
    context.globalAlpha = body.presence * 0.5;
    context.fill();
  }
}

/** Between two places through the middle's neighbourhood, `wide` at its widest. */
function lens(context, { x, y }, a, b, wide) {
  const mx = x + ((a.x + b.x) / 2 - x) * 0.45;
  const my = y + ((a.y + b.y) / 2 - y) * 0.45;
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const long = Math.hypot(dx, dy) || 1;
  const nx = (-dy / long) * wide;
  const ny = (dx / long) * wide;
  context.beginPath();
  context.moveTo(a.x, a.y);
  context.quadraticCurveTo(mx + nx, my + ny, b.x, b.y);
  context.quadraticCurveTo(mx - nx, my - ny, a.x, a.y);
  context.closePath();
}
