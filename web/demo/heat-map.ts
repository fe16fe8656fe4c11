/** A mask in colour over its picture in gray, as `sidelight inspect` draws it. */

import type { Mask, Pixels } from "../src/pixels/pixels.ts";

/** Dark blue, teal, yellow: rises in brightness, so it also reads in gray. */
const COLOURS = [
  [18, 24, 70],
  [24, 96, 120],
  [60, 170, 120],
  [190, 210, 70],
  [255, 240, 150],
] as const;
/** How much of the picture shines through. */
const PICTURE_SHARE = 0.35;

export interface Range {
  readonly low: number;
  readonly high: number;
  readonly mean: number;
}

/** Returns by how many levels two pictures of a size differ, as a map. */
export function changeOf(before: Pixels, after: Pixels): Mask {
  const { width, height } = before;
  const values = new Float32Array(width * height);
  for (let at = 0; at < values.length; at++) {
    let sum = 0;
    for (let k = 4 * at; k < 4 * at + 3; k++) sum += Math.abs(after.data[k]! - before.data[k]!);
    values[at] = sum / 3;
  }
  return { width, height, stride: 1, values };
}

export function rangeOf({ values }: Mask): Range {
  let [low, high, sum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
    sum += value;
  }
  return { low, high, mean: sum / values.length };
}

/** Returns a mask, from its lowest value in dark blue to its highest in yellow, over a picture. */
export function heatMap(mask: Mask, picture: Pixels): Pixels {
  const { width, height, data } = picture;
  const { low, high } = rangeOf(mask);
  const made = new Uint8Array(width * height * 4);
  for (let row = 0; row < height; row++) {
    const from = Math.floor(row / mask.stride) * mask.width;
    for (let column = 0; column < width; column++) {
      const value = mask.values[from + Math.floor(column / mask.stride)]!;
      const colour = colourAt((value - low) / Math.max(high - low, 1e-9));
      const at = (row * width + column) * 4;
      const gray = 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!;
      for (let k = 0; k < 3; k++) {
        made[at + k] = Math.round((1 - PICTURE_SHARE) * colour[k]! + PICTURE_SHARE * gray);
      }
      made[at + 3] = 255;
    }
  }
  return { width, height, data: made };
}

/** Returns the colour of a share from 0 to 1. */
export function colourAt(share: number): number[] {
  const place = Math.min(1, Math.max(0, share)) * (COLOURS.length - 1);
  const below = Math.min(Math.floor(place), COLOURS.length - 2);
  return [0, 1, 2].map((k) => {
    const [from, to] = [COLOURS[below]![k]!, COLOURS[below + 1]![k]!];
    return from + (place - below) * (to - from);
  });
}
