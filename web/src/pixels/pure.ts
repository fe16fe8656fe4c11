/** Areas of pure white or black, which stay as they are: a page's ground shows what is drawn there. */

import type { Pixels } from "./pixels.ts";

/** A pixel lies within such an area where all are alike so far around it. */
const REACH_PX = 4;
const CHANNELS = 4;
const NEITHER = 2;

/** Gives `after` the pixels that lie within pure white or black in `before`, of the same size. */
export function keepPure(before: Pixels, after: Pixels): void {
  const { width, height } = before;
  const kinds = new Uint8Array(width * height);
  let found = false;
  for (let k = 0, at = 0; k < kinds.length; k++, at += CHANNELS) {
    const red = before.data[at]!;
    const alike = before.data[at + 1] === red && before.data[at + 2] === red;
    kinds[k] = alike && red === 0 ? 0 : alike && red === 255 ? 1 : NEITHER;
    found ||= kinds[k] !== NEITHER;
  }
  if (!found) return;
  const rows = alikeAlong(kinds, height, width, width, 1);
  const within = alikeAlong(rows, width, height, 1, width);
  for (let k = 0, at = 0; k < within.length; k++, at += CHANNELS) {
    if (within[k] !== NEITHER) after.data.fill(within[k]! * 255, at, at + 3);
  }
}

/** Returns what stays of each kind where all up to `REACH_PX` along a line are of it. */
function alikeAlong(
  kinds: Uint8Array,
  numLines: number,
  length: number,
  lineStep: number,
  step: number,
): Uint8Array {
  const result = new Uint8Array(kinds.length).fill(NEITHER);
  for (let line = 0; line < numLines; line++) {
    const start = line * lineStep;
    let first = 0; // of the run of one kind that `k` lies in
    for (let k = 0; k <= length; k++) {
      if (k < length && kinds[start + k * step] === kinds[start + first * step]) continue;
      const from = first === 0 ? 0 : first + REACH_PX;
      const to = k === length ? length : k - REACH_PX;
      const kind = kinds[start + first * step]!;
      for (let inside = from; inside < to; inside++) result[start + inside * step] = kind;
      first = k;
    }
  }
  return result;
}
