// The pulse: its wave drawn round a ring, newest at the top, and the push that goes outwards at every beat.

const SHOWN_S = 7;
const SWELL = 0.075; // of the radius, at a beat
const HEIGHT = 0.26; // of the radius, the wave's
const RINGS_S = 1.5;

/** What a beat sends outwards: a bright flash of the ring, and rings that thin out. */
export function drawBeats(context, { x, y, radius, unit }, body, now) {
  const age = now - body.beat.since;
  const swelling = 0.35 * body.felt + 0.12 * body.breath * (1 - body.presence);
  const glow = context.createRadialGradient(x, y, 0, x, y, radius * (1.15 + 0.5 * body.felt));
  glow.addColorStop(0, `rgba(255,236,220,${0.5 * swelling})`);
  glow.addColorStop(0.6, `rgba(255,190,160,${0.22 * swelling})`);
  glow.addColorStop(1, "rgba(255,160,130,0)");
  context.fillStyle = glow;
  context.fillRect(x - 2 * radius, y - 2 * radius, 4 * radius, 4 * radius);
  if (age >= RINGS_S) return;
  context.strokeStyle = "#ffe9db";
  for (const [delay, weight] of [[0, 3], [0.09, 1.5], [0.2, 0.8]]) {
    const t = (age - delay) / RINGS_S;
    if (t <= 0) continue;
    context.globalAlpha = body.presence * 0.6 * (1 - t) ** 2;
    context.lineWidth = unit * weight * (1 - t) + 0.3;
    context.beginPath();
    context.arc(x, y, radius * (1 + 1.35 * (1 - (1 - t) ** 2.2)), 0, 2 * Math.PI);
    context.stroke();
  }
  context.globalAlpha = 1;
}

/** The wave of the last seconds; dotted while it is not to be believed. */
export function drawRing(context, { x, y, radius, unit }, signal, body, now) {
  const swollen = radius * (1 + SWELL * body.felt);
  context.strokeStyle = "#fff";
  context.lineWidth = unit * (1.2 + 2.6 * body.felt);
  context.globalAlpha = 0.1 + 0.1 * body.breath * (1 - body.presence) + body.presence * 0.75;
  context.setLineDash(body.settled ? [] : [unit, 7 * unit]);
  context.beginPath();
  if (signal && body.settled) wave(context, x, y, swollen, signal);
  else context.arc(x, y, swollen * (1 + 0.02 * body.breath * (1 - body.presence)), 0, 2 * Math.PI);
  context.stroke();
  context.setLineDash([]);
  if (body.energy > 0.05) {
    context.globalAlpha = Math.min(0.5, body.energy) * body.presence;
    context.lineWidth = unit * 0.7;
    for (const side of [-1, 1]) {
      context.beginPath();
      const off = side * unit * 34 * body.energy * (0.6 + 0.4 * Math.sin(now * 9));
      context.arc(x + off, y, swollen, 0, 2 * Math.PI);
      context.stroke();
    }
  }
  context.globalAlpha = 1;
}

function wave(context, x, y, radius, { samples, rate }) {
  const n = Math.min(samples.length, Math.round(SHOWN_S * rate));
  if (n < 8) return context.arc(x, y, radius, 0, 2 * Math.PI);
  const recent = samples.slice(-n);
  const mean = recent.reduce((sum, value) => sum + value, 0) / n; // a board's counts stand on a level of their own
  const most = recent.reduce((so, value) => Math.max(so, Math.abs(value - mean)), 1);
  const whole = SHOWN_S * rate;
  for (let k = 0; k < n; k++) {
    const back = n - 1 - k; // samples ago
    const angle = -Math.PI / 2 - (back / whole) * 2 * Math.PI;
    const old = back / whole;
    const out = radius * (1 + (HEIGHT * (1 - old) ** 0.7 * (recent[k] - mean)) / most / 2);
    const px = x + Math.cos(angle) * out;
    const py = y + Math.sin(angle) * out;
    if (k) context.lineTo(px, py);
    else context.moveTo(px, py);
  }
  return undefined;
}
