// Chance that can be repeated: everything random on the stage comes from a seed, so a film is the same twice.

/** A generator of numbers 0..1 (mulberry32). */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** 0..1 from two integers, without a state. */
export function hash(a, b = 0) {
  let h = Math.imul(a | 0, 0x9e3779b1) ^ Math.imul(b | 0, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return ((h ^ (h >>> 15)) >>> 0) / 4294967296;
}

const smooth = (x) => x * x * (3 - 2 * x);

/** Smooth noise over one line, 0..1, `lane` chooses which. */
export function noise(x, lane = 0) {
  const i = Math.floor(x);
  return hash(i, lane) + (hash(i + 1, lane) - hash(i, lane)) * smooth(x - i);
}

/** A tile of smooth noise in `octaves`, size x size (a power of two), 0..1, which joins at its edges. */
export function noiseTile(size, cells, octaves, seed) {
  const tile = new Float32Array(size * size);
  let weight = 1;
  for (let octave = 0; octave < octaves; octave++, cells *= 2, weight /= 2) {
    for (let y = 0; y < size; y++) {
      const v = (y / size) * cells;
      const j = Math.floor(v);
      const fy = smooth(v - j);
      for (let x = 0; x < size; x++) {
        const u = (x / size) * cells;
        const i = Math.floor(u);
        const fx = smooth(u - i);
        const at = (a, b) => hash((a % cells) + octave * 7919, (b % cells) + seed * 104729);
        const top = at(i, j) + (at(i + 1, j) - at(i, j)) * fx;
        const low = at(i, j + 1) + (at(i + 1, j + 1) - at(i, j + 1)) * fx;
        tile[y * size + x] += weight * (top + (low - top) * fy);
      }
    }
  }
  let least = Infinity;
  let most = -Infinity;
  for (const v of tile) {
    least = Math.min(least, v);
    most = Math.max(most, v);
  }
  return tile.map((v) => (v - least) / (most - least));
}
