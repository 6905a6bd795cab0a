// Letters of 3 x 5 dots, drawn by ourselves: the same on every machine, and sharp at any size.

const ROWS = {
  a: "75575", b: "65656", c: "34443", d: "65556", e: "74647", f: "74644", g: "34553", h: "55755", i: "72227",
  j: "11152", k: "55655", l: "44447", m: "57755", n: "65555", o: "25552", p: "65644", q: "25563", r: "65655",
  s: "34216", t: "72222", u: "55557", v: "55552", w: "55775", x: "55255", y: "55222", z: "71247",
  0: "75557", 1: "26227", 2: "61247", 3: "61216", 4: "55711", 5: "74616", 6: "34757", 7: "71122", 8: "75757",
  9: "75716", ".": "00002", "-": "00700", "+": "02720", "/": "11244", "_": "00007", ":": "02020", "%": "51245",
};

/** Add `text` to the context's path as squares of `dot` pixels, its top left corner at x, y. Fill afterwards. */
export function letters(context, text, x, y, dot) {
  for (const letter of text) {
    const rows = ROWS[letter];
    if (rows) {
      for (let row = 0; row < 5; row++) {
        const bits = rows.charCodeAt(row) - 48;
        for (let column = 0; column < 3; column++) {
          if (bits & (4 >> column)) context.rect(x + column * dot, y + row * dot, dot, dot);
        }
      }
    }
    x += 4 * dot;
  }
}

export const lettersWidth = (text, dot) => (text.length * 4 - 1) * dot;
