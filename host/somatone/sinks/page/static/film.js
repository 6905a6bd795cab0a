// The stage for a film: the maker sends a frame of the feed with its time, and gets the picture back; no clock runs.
//
//     maker -> f64 time in s | u8 wanted: 0 nothing, 1 JPEG, 2 PNG | frame of the feed
//     page  -> the picture, or nothing
//
// Surprise: pictures are made aside, so answers would overtake each other; each frame waits for the one before.

import { decode } from "./decode.js";

const NOTHING = 0;
const PNG = 2;
const BEST = 0.97;

export function playFilm(show, width, height) {
  show.resize(width, height, height);
  const { canvas, model } = show;

  async function picture(data) {
    const now = new DataView(data).getFloat64(0, true);
    const wanted = new Uint8Array(data)[8];
    model.take(decode(data.slice(9)), now);
    show.draw(now);
    if (wanted === NOTHING) return new ArrayBuffer(0);
    const kind = wanted === PNG ? "image/png" : "image/jpeg";
    return (await new Promise((resolve) => canvas.toBlob(resolve, kind, BEST))).arrayBuffer();
  }

  const socket = new WebSocket(`ws://${location.host}/ws`);
  socket.binaryType = "arraybuffer";
  let before = Promise.resolve();
  socket.onmessage = ({ data }) => {
    before = before.then(() => picture(data)).then((answer) => socket.send(answer));
  };
}
