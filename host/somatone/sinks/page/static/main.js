// Starts the stage: live from the feed, or (with ?film) frame by frame for a film.

import { connect } from "./link.js";
import { playFilm } from "./film.js";
import { Meter } from "./meter.js";
import { Show } from "./show.js";

const ALONE_MS = 1500;
const DEAR_MS = 6; // a picture that costs more is not drawn at every one of the screen's
const wishes = new URLSearchParams(location.search);
const canvas = document.getElementById("stage");

function live() {
  const show = new Show(canvas);
  const meter = new Meter(wishes.has("debug") ? document.getElementById("debug") : null);
  const lines = Number(wishes.get("lines")) || undefined;
  const fit = () => show.resize(innerWidth, innerHeight, lines);
  addEventListener("resize", fit);
  fit();
  const link = connect((frame) => show.model.take(frame, performance.now() / 1000));

  let skipped = false;
  let lastMs = performance.now();
  let askedMs = 17; // between two pictures of the screen

  function draw() {
    requestAnimationFrame(draw);
    const begunMs = performance.now();
    askedMs += 0.05 * (begunMs - lastMs - askedMs);
    lastMs = begunMs;
    skipped = !skipped && meter.costMs > DEAR_MS && askedMs < 17.5; // every second one is enough: the rest is the sound's
    if (skipped) return;
    const heardMs = link.heard();
    show.draw(begunMs / 1000, heardMs > ALONE_MS);
    meter.drawn(begunMs, performance.now() - begunMs, heardMs, show.model.frames);
  }

  window.somatone = { show, meter }; // for tests and for a curious console
  draw();
}

if (wishes.has("film")) playFilm(new Show(canvas, true), Number(wishes.get("width")), Number(wishes.get("height")));
else live();
