// Frames a second, time to draw one, and the age of what is shown: for ?debug, for tests, for whoever sets up a room.

const OVER = 120; // frames

export class Meter {
  constructor(element) {
    this.element = element;
    if (element) element.hidden = false;
    this.frames = 0;
    this.times = [];
    this.costs = [];
    this.heardMs = 0;
    this.received = 0;
  }

  drawn(atMs, costMs, heardMs, received) {
    this.frames += 1;
    this.times.push(atMs);
    this.costs.push(costMs);
    if (this.times.length > OVER) {
      this.times.shift();
      this.costs.shift();
    }
    Object.assign(this, { heardMs, received });
    if (this.element && this.frames % 15 === 0) this.element.textContent = this.line();
  }

  get fps() {
    const n = this.times.length;
    return n > 1 ? (1000 * (n - 1)) / (this.times[n - 1] - this.times[0]) : 0;
  }

  get costMs() {
    return this.costs.reduce((sum, cost) => sum + cost, 0) / Math.max(this.costs.length, 1);
  }

  line() {
    const age = Number.isFinite(this.heardMs) ? `${this.heardMs.toFixed(0)} ms old` : "nothing heard";
    return `${this.fps.toFixed(1)} frames/s, ${this.costMs.toFixed(1)} ms each, ${age}, frame ${this.received}`;
  }
}
