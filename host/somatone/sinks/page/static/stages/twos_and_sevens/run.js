// The training run as the views draw it: its samples as little pictures, its integers, and what has happened to it.

import { hash } from "../../chance.js";

const APPEAR_S = 1.2;
const LEAVE_S = 4;
const BODY = new Set(["bvp", "eda", "temp", "acc"]);
const BITS = 24;
const USABLE = ["worn", "estimated"];

export class Run {
  constructor() {
    this.atlas = document.createElement("canvas");
    this.samples = null; // { width, height, count, pixels }
    this.activations = null;
    this.serials = new Map();
    this.presence = 0;
    this.metrics = []; // { name, bits, text, moved }
    this.plateauS = null;
    this.changed = 0; // how many sample pictures have come
  }

  follow(model, now, dt) {
    this.model = model;
    this.#pictures(model);
    this.#numbers(model, now);
    const there = this.metrics.some(({ valid }) => valid) || (this.samples && now - this.samples.since < 3);
    this.presence += ((there ? 1 : 0) - this.presence) * (1 - Math.exp(-dt / (there ? APPEAR_S : LEAVE_S)));
    this.collapsed = ["similarity", "entropy", "digits"].some((name) => model.gate(`${name}.collapse`).open);
    this.collapsedS = Math.max(...["similarity", "entropy", "digits"].map((n) => model.gate(`${n}.collapse`).since));
    const plateau = model.gate("loss_g.plateau");
    this.plateauS = plateau.open ? plateau.since : null;
    this.entropy = model.level("entropy.level", 0.5);
    this.drive = model.control("drive.amount", 0);
  }

  /** Value 0..255 of a pixel of a sample. */
  pixel(sample, x, y) {
    const { width, height, pixels } = this.samples;
    return pixels[(sample * height + y) * width + x];
  }

  /** Draw a sample as a tile. */
  tile(context, sample, x, y, size) {
    const { width, height } = this.samples;
    const column = sample % this.across;
    const row = Math.floor(sample / this.across);
    context.drawImage(this.atlas, column * width, row * height, width, height, x, y, size, size);
  }

  /** How bright each sample is, 0..1: what they are sorted by. */
  #pictures(model) {
    const samples = model.picture("samples");
    if (samples && this.serials.get("samples") !== samples.serial) {
      this.serials.set("samples", samples.serial);
      this.samples = samples;
      this.changed += 1;
      this.#atlas(samples);
    }
    this.activations = model.picture("activations");
  }

  #atlas({ width, height, count, pixels }) {
    this.across = Math.ceil(Math.sqrt(count));
    const down = Math.ceil(count / this.across);
    if (this.atlas.width !== this.across * width || this.atlas.height !== down * height) {
      this.atlas.width = this.across * width;
      this.atlas.height = down * height;
      this.atlasContext = this.atlas.getContext("2d", { alpha: false, willReadFrequently: true });
      this.image = this.atlasContext.createImageData(this.atlas.width, this.atlas.height);
      this.words = new Uint32Array(this.image.data.buffer);
    }
    this.keys = new Float32Array(count);
    for (let sample = 0, from = 0; sample < count; sample++) {
      const left = (sample % this.across) * width;
      const top = Math.floor(sample / this.across) * height;
      let sum = 0;
      for (let y = 0; y < height; y++) {
        let to = (top + y) * this.atlas.width + left;
        for (let x = 0; x < width; x++) {
          const v = pixels[from++];
          sum += v;
          this.words[to++] = 0xff000000 | (v * 0x10101);
        }
      }
      this.keys[sample] = sum / (255 * width * height);
    }
    this.atlasContext.putImageData(this.image, 0, 0);
  }

  #numbers(model, now) {
    this.metrics = [];
    for (const signal of model.signals.values()) {
      if (BODY.has(signal.name) || !signal.samples.length) continue;
      const value = signal.samples[signal.samples.length - 1];
      const moved = model.gate(`${signal.name}.rise`).open - model.gate(`${signal.name}.fall`).open;
      const valid = USABLE.includes(signal.validity);
      this.metrics.push({ name: signal.name, value, bits: bits(value), moved, valid, signal });
    }
    this.metrics.sort((a, b) => (a.name < b.name ? -1 : 1));
    if (!this.metrics.length) this.metrics = silence(now);
  }
}

/** Two's complement, the highest bit first. */
export function bits(value) {
  let text = "";
  for (let k = BITS - 1; k >= 0; k--) text += (value >> k) & 1;
  return text;
}

/** Nobody trains: lines of noughts, in which now and then one is a one. */
function silence(now) {
  return Array.from({ length: 12 }, (_, k) => {
    const value = hash(Math.floor(now * 2), k) < 0.08 ? 1 << Math.floor(24 * hash(k, Math.floor(now))) : 0;
    return { name: "", value, bits: bits(value), moved: 0, valid: false, signal: null };
  });
}
