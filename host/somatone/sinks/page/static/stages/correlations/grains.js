// The grains that sound, as points on a turning sphere: as many a second as are heard, and as far apart.

import { seeded } from "../../chance.js";

const MOST = 420;
const TURN_PER_S = 0.11;

export class Grains {
  constructor() {
    this.points = [];
    this.owed = 0;
    this.turn = 0;
    this.chance = seeded(7);
  }

  draw(context, { x, y, radius, unit }, model, body, now, dt) {
    this.#scatter(model, body, now, dt);
    this.turn += dt * TURN_PER_S * (1 + 5 * body.energy);
    context.fillStyle = "#fff8f0";
    for (let bin = 0; bin < 4; bin++) this.#bin(context, x, y, radius, unit, now, bin);
    context.globalAlpha = 1;
  }

  /** Points of one brightness are drawn in one go. */
  #bin(context, x, y, radius, unit, now, bin) {
    context.globalAlpha = 0.14 + 0.26 * bin;
    context.beginPath();
    for (const point of this.points) {
      const left = 1 - (now - point.born) / point.lives;
      const angle = point.azimuth + this.turn;
      const depth = Math.cos(angle) * Math.cos(point.elevation);
      const light = left * (0.55 + 0.45 * depth);
      if (Math.min(3, Math.floor(light * 4)) !== bin) continue;
      const far = radius * point.far;
      const size = unit * point.size * (1 + 0.5 * depth);
      const px = x + Math.sin(angle) * Math.cos(point.elevation) * far;
      const py = y - Math.sin(point.elevation) * far;
      context.rect(px - size / 2, py - size / 2, size, size);
    }
    context.fill();
  }

  #scatter(model, body, now, dt) {
    this.points = this.points.filter((point) => now - point.born < point.lives);
    const level = model.control("grains.level", 0.5 * body.presence);
    const spread = model.control("grains.spread", 0.5);
    this.owed += dt * model.control("grains.density", 8) * 1.6 * Math.min(1, level * 1.4);
    for (; this.owed >= 1; this.owed -= 1) {
      if (this.points.length >= MOST) continue;
      const { chance } = this;
      this.points.push({
        born: now,
        lives: 0.5 + 3 * model.control("grains.size", 0.2) + 2.2 * chance(),
        azimuth: (chance() * 2 - 1) * Math.PI * (0.25 + 0.75 * spread) - this.turn,
        elevation: Math.asin(chance() * 2 - 1),
        far: 0.55 + 0.75 * spread * chance() + 0.2 * chance(),
        size: 1.2 + 3.6 * chance() ** 3,
      });
    }
  }
}
