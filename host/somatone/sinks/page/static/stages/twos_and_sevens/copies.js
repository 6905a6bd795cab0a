// Mode collapse: the picture freezes into copies of one sample, and the copies into more copies.

const DOUBLE_S = 1.6;
const MOST = 5; // doublings: 32 x 32

export class Copies {
  draw(context, { width, height }, run, now) {
    const since = Math.max(0, now - run.collapsedS);
    const doublings = Math.min(MOST, Math.floor(since / DOUBLE_S));
    const rows = 2 ** doublings;
    const cell = height / rows;
    const columns = Math.ceil(width / cell / 2) * 2 + 1;
    const left = (width - columns * cell) / 2;
    if (since < 0.05 || this.run !== run.collapsedS) {
      this.run = run.collapsedS;
      this.sample = middle(run.keys);
      this.frozen = null;
    }
    const { canvas } = this.#freeze(run);
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < columns; x++) context.drawImage(canvas, left + x * cell, y * cell, cell, cell);
    }
    if (doublings < MOST) return;
    const dead = Math.floor((since - MOST * DOUBLE_S) * 8) % (rows * columns); // one copy after another is crossed out
    context.fillStyle = "#fff";
    context.fillRect(left + (dead % columns) * cell, Math.floor(dead / columns) * cell, cell, cell);
  }

  /** The sample at the moment of the collapse. */
  #freeze(run) {
    if (this.frozen) return this.frozen;
    const { width, height } = run.samples;
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    run.tile(canvas.getContext("2d", { alpha: false }), this.sample, 0, 0, Math.max(width, height));
    this.frozen = { canvas };
    return this.frozen;
  }
}

/** The sample of middling lightness. */
function middle(keys) {
  const order = [...keys.keys()].sort((a, b) => keys[a] - keys[b]);
  return order[order.length >> 1];
}
