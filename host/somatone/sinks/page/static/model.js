// How everything stands, in the page's own seconds: frames of the feed in, gates, levels, samples and pictures out.
//
// The daemon's clock begins anew when it does, so nothing here depends on it: a frame carries ages, and an age is a time
// of ours. Levels and controls glide over a few frames, so that thirty a second look smooth.

const GLIDE_S = 0.12;
const KEPT_S = 8; // of samples
const NEVER = { open: 0, count: 0, since: -Infinity, strength: 0 };

export class Model {
  constructor() {
    this.stage = "";
    this.gates = new Map();
    this.notes = new Map();
    this.levels = new Map();
    this.controls = new Map();
    this.signals = new Map();
    this.pictures = new Map();
    this.pairs = [];
    this.frames = 0;
    this.daemonS = 0;
    this.edges = []; // openings that `take` found in the last frame: { name, wearer, strength }
  }

  /** One frame, `now` in our seconds. */
  take({ header, pixels }, now) {
    if (header.t_s < this.daemonS) this.#forget();
    this.daemonS = header.t_s;
    this.frames += 1;
    this.stage = header.stage;
    this.edges = [];
    this.#gates(this.gates, header.gates, now);
    this.#gates(this.notes, header.notes, now);
    for (const [key, [value, validity]] of Object.entries(header.levels)) {
      this.#glide(this.levels, key, value).validity = validity;
    }
    for (const [key, value] of Object.entries(header.controls)) this.#glide(this.controls, key, value);
    for (const [key, signal] of Object.entries(header.signals)) this.#signal(key, signal);
    (header.pictures ?? []).forEach((picture, k) => this.#picture(picture, pixels[k], now));
    if (header.pairs) this.pairs = header.pairs.map(([first, second, r, nullR, lag, verdict, expected]) => {
      return { first, second, r, nullR, lag, verdict, expected };
    });
  }

  /** Let values glide by `dt` seconds. */
  advance(dt) {
    const share = 1 - Math.exp(-dt / GLIDE_S);
    for (const values of [this.levels, this.controls]) {
      for (const value of values.values()) value.now += (value.target - value.now) * share;
    }
  }

  /** The gate of this name that spoke last, of whoever it is. */
  gate(name) {
    let found = NEVER;
    for (const gate of this.gates.values()) {
      if (gate.name === name && (gate.since > found.since || found === NEVER)) found = gate;
    }
    return found;
  }

  /** 1 at the moment a gate opened, dying away with the time constant `decay`; stays 1 while open where `hold`. */
  felt(name, now, decay, hold = false) {
    const gate = this.gate(name);
    if (hold && gate.open) return 1;
    return Math.exp(-Math.max(now - gate.since, 0) / decay);
  }

  /** A level 0..1 of whoever has it, or `otherwise`. */
  level(name, otherwise = 0) {
    for (const [key, value] of this.levels) if (tail(key) === name) return value.now;
    return otherwise;
  }

  control(name, otherwise = 0) {
    return this.controls.get(name)?.now ?? otherwise;
  }

  /** { samples, width, rate, validity } of a signal, of whoever has it; null where nobody does. */
  signal(name) {
    for (const [key, signal] of this.signals) if (tail(key) === name) return signal;
    return null;
  }

  picture(name) {
    for (const picture of this.pictures.values()) if (picture.name === name) return picture;
    return null;
  }

  #forget() {
    for (const kept of [this.gates, this.notes, this.levels, this.controls, this.signals]) kept.clear();
    this.pairs = [];
  }

  #gates(kept, told, now) {
    for (const [key, [open, count, age, strength]] of Object.entries(told)) {
      const gate = kept.get(key) ?? { name: tail(key), wearer: head(key), ...NEVER };
      if (count > gate.count) {
        if (kept === this.gates) this.edges.push({ name: gate.name, wearer: gate.wearer, strength });
        gate.since = now - age;
      }
      kept.set(key, Object.assign(gate, { open, count, strength }));
    }
  }

  #glide(kept, key, target) {
    let value = kept.get(key);
    if (!value) kept.set(key, (value = { now: target, target }));
    value.target = target;
    return value;
  }

  #signal(key, { rate_hz, width, validity, source, new: fresh }) {
    let signal = this.signals.get(key);
    if (!signal) this.signals.set(key, (signal = { key, samples: [], total: 0 }));
    Object.assign(signal, { name: tail(key), rate: rate_hz, width, validity, source });
    signal.samples.push(...fresh);
    signal.total += fresh.length / width;
    const most = Math.ceil(KEPT_S * rate_hz) * width;
    if (signal.samples.length > most) signal.samples.splice(0, signal.samples.length - most);
  }

  #picture({ wearer, name, width, height, count, serial, age_s }, pixels, now) {
    const key = `${wearer}/${name}`;
    if (this.pictures.get(key)?.serial === serial) return;
    this.pictures.set(key, { wearer, name, width, height, count, serial, pixels, since: now - age_s });
  }
}

const tail = (key) => key.slice(key.indexOf("/") + 1);
const head = (key) => key.slice(0, key.indexOf("/"));
