import { expect, test } from "vitest";
import type { Pixels } from "../../src/pixels/pixels.ts";
import { keepPure } from "../../src/pixels/pure.ts";

const REACH_PX = 4;

function filled(width: number, height: number, colour: (row: number, column: number) => number[]) {
  const data = new Uint8Array(width * height * 4);
  for (let k = 0; k < width * height; k++) {
    data.set(colour(Math.floor(k / width), k % width), k * 4);
  }
  return { width, height, data } satisfies Pixels;
}

/** What a pixel becomes, found by looking at all around it. */
function expected(before: Pixels, after: Pixels, row: number, column: number): number[] {
  const at = (picture: Pixels, y: number, x: number) => {
    const place = (y * picture.width + x) * 4;
    return [...picture.data.subarray(place, place + 4)];
  };
  const around: number[] = [];
  for (let y = row - REACH_PX; y <= row + REACH_PX; y++) {
    for (let x = column - REACH_PX; x <= column + REACH_PX; x++) {
      if (y < 0 || x < 0 || y >= before.height || x >= before.width) continue;
      around.push(...at(before, y, x).slice(0, 3));
    }
  }
  const own = at(after, row, column);
  for (const level of [0, 255]) {
    if (around.every((sample) => sample === level)) return [level, level, level, own[3]!];
  }
  return own;
}

test.each([
  [40, 31],
  [3, 50],
  [50, 3],
  [1, 1],
])("pixels within pure white or black are kept and no others, %i by %i", (width, height) => {
  const before = filled(width, height, (row, column) => {
    if (row === 7 && column % 19 === 2) return [255, 254, 255, 255];
    return column < width / 2 ? [255, 255, 255, 255] : [0, 0, 0, 255];
  });
  const after = filled(width, height, (row, column) => [row * 3, column * 5, 77, 200]);
  const wanted = Array.from({ length: width * height }, (_, k) =>
    expected(before, after, Math.floor(k / width), k % width),
  ).flat();
  keepPure(before, after);
  expect([...after.data]).toEqual(wanted);
});

test("other flat colours are drawn into", () => {
  const before = filled(20, 20, () => [128, 128, 128, 255]);
  const after = filled(20, 20, () => [131, 131, 131, 255]);
  keepPure(before, after);
  expect(new Set(after.data)).toEqual(new Set([131, 255]));
});
