// The stage of `twos_and_sevens`: what a network makes of twos and sevens while it learns, in black and white.
//
// Four views of one run follow each other, each long enough to be read; which comes next is drawn by lot, the same lot
// every time. What happens in the run cuts through all of them:
//
//     a surprise   slices of the picture are displaced            glitch.js
//     a collapse   everything freezes into copies of one sample   copies.js
//     a plateau    the numbers themselves, and nothing else
//
//     plate.js     one sample, scanned in as bars, with all that was measured
//     field.js     all samples, sorted
//     slit.js      one sample, drawn out by the line that reads it
//     wire.js      the integers on the wire, bit by bit

import { hash } from "../../chance.js";
import { Copies } from "./copies.js";
import { FieldView } from "./field.js";
import { Glitch } from "./glitch.js";
import { PlateView } from "./plate.js";
import { Run } from "./run.js";
import { SlitView } from "./slit.js";
import { WireView } from "./wire.js";

const SCENE_S = 22;
const WIPE_S = 0.45;
const IDLE_LIGHT = 0.22;
const WIRE = 3;
const PLATEAU_S = 14; // a plateau shows the numbers for so long

export class TwosAndSevens {
  constructor(width, height) {
    this.run = new Run();
    this.views = [new PlateView(), new FieldView(), new SlitView(), new WireView()];
    this.copies = new Copies();
    this.glitch = new Glitch();
    this.scene = 0;
    this.section = -1;
    this.wasCollapsed = false;
    this.cutS = -Infinity;
    this.resize(width, height);
  }

  resize(width, height) {
    this.size = { width, height, unit: height / 720 };
    for (const view of this.views) view.resize?.(this.size);
    this.glitch.resize(width, height);
    this.cleared = true;
  }

  draw(context, model, now, dt) {
    const { run, size } = this;
    run.follow(model, now, dt);
    for (const edge of model.edges) this.glitch.hear(edge, now);
    model.edges = [];
    this.#choose(model, now);
    context.imageSmoothingEnabled = false;
    context.save();
    const wipe = Math.min(1, (now - this.cutS) / WIPE_S);
    if (wipe < 1 && !this.cleared) {
      context.beginPath();
      context.rect(0, 0, size.width, size.height * wipe);
      context.clip();
    }
    this.cleared = false;
    context.fillStyle = "#000";
    context.fillRect(0, 0, size.width, size.height);
    if (run.collapsed && run.samples) this.copies.draw(context, size, run, now);
    else this.views[this.scene].draw(context, size, run, now, dt);
    context.restore();
    if (wipe < 1) this.#wipeLine(context, size, wipe);
    this.glitch.draw(context, run, now);
    this.#dim(context, size, run);
  }

  #choose(model, now) {
    const { run } = this;
    const plateau = run.plateauS !== null && now - run.plateauS < PLATEAU_S;
    const collapsed = run.collapsed;
    const section = Math.floor(now / SCENE_S);
    const called = plateau && !this.wasPlateau && this.scene !== WIRE;
    if (collapsed !== this.wasCollapsed || called) this.#cut(called && !collapsed ? WIRE : this.scene, now);
    else if (section !== this.section && !collapsed) this.#cut(sceneOf(section), now);
    this.section = section;
    this.wasCollapsed = collapsed;
    this.wasPlateau = plateau;
  }

  #cut(scene, now) {
    this.scene = scene;
    this.cutS = now;
    this.views[scene].begin?.(this.run, now);
  }

  #wipeLine(context, { width, height, unit }, wipe) {
    context.fillStyle = "#fff";
    context.fillRect(0, height * wipe - 2 * unit, width, 2 * unit);
  }

  /** Nobody trains: nearly dark. */
  #dim(context, { width, height }, run) {
    const veil = (1 - IDLE_LIGHT) * (1 - run.presence);
    if (veil < 0.01) return;
    context.globalAlpha = veil;
    context.fillStyle = "#000";
    context.fillRect(0, 0, width, height);
    context.globalAlpha = 1;
  }
}

/** Which view a section shows: the plate, then the other three in an order by lot, and again. */
function sceneOf(section) {
  const place = section % 4;
  if (!place) return 0;
  const others = [1, 2, WIRE].sort((a, b) => hash(Math.floor(section / 4), a + 40) - hash(Math.floor(section / 4), b + 40));
  return others[place - 1];
}
