/**
 * White noise that follows from a pixel's place alone: the same as in Python, tile by tile.
 *
 * A hash of row and column, whose four bytes are added up (src/sidelight/runtime/noise.py).
 */

import type { Corner } from "../pixels/pixels.ts";

const ROW = 0x9e3779b1;

/** Returns the noise of a tile, row by row. */
export function noise(
  { top, left }: Corner,
  { width, height }: { width: number; height: number },
): Uint8Array<ArrayBuffer> {
  const values = new Uint8Array(width * height);
  for (let row = 0, k = 0; row < height; row++) {
    const start = Math.imul(top + row + 1, ROW) + left;
    for (let column = 0; column < width; column++, k++) {
      const mixed = mix(start + column);
      const total = (mixed & 255) + ((mixed >>> 8) & 255) + ((mixed >>> 16) & 255) + (mixed >>> 24);
      values[k] = total >> 2;
    }
  }
  return values;
}

/** MurmurHash3's last step: every bit of the result depends on every bit of the number. */
function mix(number: number): number {
  let mixed = number | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
