// One frame of the feed as bytes -> { header, pixels }: the other end of frame.py.

const TEXT = new TextDecoder();

/** `buffer` is the whole message; the pixels are views into it, one Uint8Array a picture. */
export function decode(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(TEXT.decode(new Uint8Array(buffer, 4, length)));
  let offset = 4 + length;
  const pixels = (header.pictures ?? []).map(({ width, height, count }) => {
    const bytes = new Uint8Array(buffer, offset, width * height * count);
    offset += bytes.length;
    return bytes;
  });
  return { header, pixels };
}
