// The stage of `correlations`: a skin that is warmed, torn and pushed from within by a pulse, and over it what the body's
// signals have in common, each beside what chance would make of them.
//
//     conductance  the field; an onset tears it open            field.js, tear.js
//     pulse        the ring is the wave itself; a beat pushes   ring.js
//     movement     everything shakes, and leaves traces
//     temperature  from ash to ember
//     correlation  chords, with their null ghosts               chords.js
//     the grains   points on a sphere, one for each grain        grains.js
//
// Nobody there: nearly dark, and it breathes.

import { Chords } from "./chords.js";
import { Field } from "./field.js";
import { Grains } from "./grains.js";
import { drawBeats, drawRing } from "./ring.js";
import { Tears } from "./tear.js";

const APPEAR_S = 2.5;
const LEAVE_S = 5;
const SHAKE = 26; // pixels of 720, at full movement
const BREATHS_PER_S = 0.1;
const BODY = ["bvp", "eda", "temp", "acc"];

export class Correlations {
  constructor(width, height) {
    this.field = new Field();
    this.tears = new Tears();
    this.grains = new Grains();
    this.chords = new Chords();
    this.presence = 0;
    this.warmth = 0.5;
    this.energy = 0;
    this.resize(width, height);
  }

  resize(width, height) {
    this.width = width;
    this.height = height;
    this.field.resize(width, height);
  }

  draw(context, model, now, dt) {
    const body = this.#body(model, now, dt);
    this.tears.hear(model.gate("eda.onset"), now);
    this.field.draw(context, body, this.tears, now);
    this.tears.draw(context, body, now);
    const [x, y] = this.#centre(model, now);
    const frame = { x, y, radius: this.height * 0.285, unit: this.height / 720 };
    drawBeats(context, frame, body, now);
    this.grains.draw(context, frame, model, body, now, dt);
    this.chords.draw(context, frame, model, body, now, dt);
    drawRing(context, frame, model.signal("bvp"), body, now);
  }

  /** What is known of the body, as the parts draw it. */
  #body(model, now, dt) {
    const there = model.gate("contact.worn").open || this.#believed(model);
    this.presence += ((there ? 1 : 0) - this.presence) * (1 - Math.exp(-dt / (there ? APPEAR_S : LEAVE_S)));
    this.warmth += (model.level("temp.level", 0.5) - this.warmth) * (1 - Math.exp(-dt / 4));
    this.energy += (model.level("motion.energy") - this.energy) * (1 - Math.exp(-dt / 0.25));
    return {
      presence: this.presence,
      breath: 0.5 - 0.5 * Math.cos(2 * Math.PI * BREATHS_PER_S * now),
      warmth: this.warmth,
      energy: this.energy * this.presence,
      tonic: model.level("eda.tonic", 0.3),
      beat: model.gate("pulse.beat"),
      felt: this.presence * model.felt("pulse.beat", now, 0.22),
      settled: ["worn", "estimated"].includes(model.signal("bvp")?.validity),
    };
  }

  #believed(model) {
    return BODY.some((name) => ["worn", "estimated"].includes(model.signal(name)?.validity));
  }

  /** Where the middle is: the wrist leans and shakes it. */
  #centre(model, now) {
    const acc = model.signal("acc")?.samples ?? [];
    const [ax, ay] = acc.length >= 3 ? acc.slice(-3) : [0, 0];
    const shake = (SHAKE * this.height) / 720;
    this.leanX = (this.leanX ?? 0) * 0.8 + 0.2 * Math.max(-1.5, Math.min(ax / 64, 1.5));
    this.leanY = (this.leanY ?? 0) * 0.8 + 0.2 * Math.max(-1.5, Math.min(ay / 64, 1.5));
    const lean = this.presence * shake * (0.35 + this.energy);
    const sway = 6 * Math.sin(now * 0.23);
    return [this.width / 2 + lean * this.leanX + sway, this.height / 2 + lean * this.leanY + 4 * Math.cos(now * 0.19)];
  }
}
