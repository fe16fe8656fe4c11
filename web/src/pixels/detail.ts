import type { Pixels } from "./pixels.ts";

const LEVELS = 256;

/**
 * Returns about how many bits a pixel's luma takes when its left neighbour is known, 0 for one
 * colour; as `sidelight.pixels.detail` in Python.
 *
 * Pixels that equal their left and upper neighbours do not count: they take nothing.
 */
export function bitsOfDetail({ width, height, data }: Pixels): number {
  const counts = new Float64Array(LEVELS);
  let above = lumaOfRow(data, 0, width);
  for (let row = 1; row < height; row++) {
    const luma = lumaOfRow(data, row, width);
    for (let column = 1; column < width; column++) {
      const across = Math.abs(luma[column]! - luma[column - 1]!);
      if (across !== 0 || luma[column] !== above[column]) counts[across]!++;
    }
    above = luma;
  }
  let bits = 0;
  let numPixels = 0;
  counts.forEach((count, difference) => {
    bits += count * Math.log2(1 + difference);
    numPixels += count;
  });
  return numPixels && bits / numPixels;
}

/** Returns a row in BT.601's luma, in 256ths rounded down. */
function lumaOfRow(data: Uint8Array, row: number, width: number): Uint8Array {
  const luma = new Uint8Array(width);
  for (let column = 0, k = 4 * row * width; column < width; column++, k += 4) {
    luma[column] = (77 * data[k]! + 150 * data[k + 1]! + 29 * data[k + 2]!) >> 8;
  }
  return luma;
}
