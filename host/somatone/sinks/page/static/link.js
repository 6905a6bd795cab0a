// The WebSocket to the daemon, which comes back by itself whatever happens to the daemon.

import { decode } from "./decode.js";

const SILENCE_MS = 2500; // the feed speaks 30 times a second: this long without a word, and the line is dead
const RETRY_MS = 700;

/** Calls `onFrame({ header, pixels })` for every frame, for ever. `heard()` says how many ms ago the last one came. */
export function connect(onFrame) {
  let heardMs = -Infinity;
  let socket = null;

  function open() {
    socket = new WebSocket(`ws://${location.host}/ws`);
    socket.binaryType = "arraybuffer";
    const begunMs = performance.now();
    const watch = setInterval(() => {
      if (performance.now() - Math.max(heardMs, begunMs) > SILENCE_MS) socket.close();
    }, 500);
    socket.onmessage = (message) => {
      heardMs = performance.now();
      onFrame(decode(message.data));
    };
    socket.onclose = () => {
      clearInterval(watch);
      setTimeout(open, RETRY_MS);
    };
  }

  open();
  return { heard: () => performance.now() - heardMs };
}
