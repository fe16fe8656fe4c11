import { expect, test } from "vitest";
import { cut, makeGray, type Pixels, padded, paste } from "../../src/pixels/pixels.ts";
import { TILE_PX, tiles } from "../../src/pixels/tiling.ts";
import { noise } from "../../src/runtime/noise.ts";

function numbered(width: number, height: number): Pixels {
  const data = Uint8Array.from({ length: width * height * 4 }, (_, k) => k % 251);
  return { width, height, data };
}

const at = (picture: Pixels, row: number, column: number) => {
  const place = (row * picture.width + column) * 4;
  return [...picture.data.subarray(place, place + 4)];
};

test("gray has Pillow's luma in every channel", () => {
  const data = Uint8Array.of(255, 0, 0, 9, 0, 255, 0, 9, 0, 0, 255, 9, 10, 10, 10, 9);
  makeGray({ width: 4, height: 1, data });
  expect([...data]).toEqual([76, 150, 29, 10].flatMap((luma) => [luma, luma, luma, 9]));
});

test("padding repeats the last row and column", () => {
  const picture = numbered(5, 3);
  const whole = padded(picture, 4);
  expect([whole.width, whole.height]).toEqual([8, 4]);
  expect(at(whole, 2, 4)).toEqual(at(picture, 2, 4));
  expect(at(whole, 3, 7)).toEqual(at(picture, 2, 4));
  expect(at(whole, 1, 6)).toEqual(at(picture, 1, 4));
  expect(padded(whole, 4)).toBe(whole);
});

test("tiles with a halo are put together to the whole", () => {
  const picture = numbered(TILE_PX + 40, 33);
  const target = { ...picture, data: new Uint8Array(picture.data.length) };
  let numTiles = 0;
  for (const { rows, columns } of tiles(picture.height, picture.width, 16)) {
    const tile = cut(picture, rows.first, rows.last, columns.first, columns.last);
    paste(
      target,
      tile,
      { top: rows.start, left: columns.start },
      {
        top: rows.start - rows.first,
        left: columns.start - columns.first,
        height: rows.stop - rows.start,
        width: columns.stop - columns.start,
      },
    );
    numTiles++;
  }
  expect(numTiles).toBe(2);
  expect(Buffer.from(target.data).equals(picture.data)).toBe(true);
});

test("noise is Python's, wherever a tile begins", () => {
  const whole = noise({ top: 0, left: 0 }, { width: 40, height: 30 });
  expect([...whole.subarray(0, 8)]).toEqual([126, 129, 77, 172, 97, 213, 143, 115]);
  expect([...noise({ top: 2999, left: 4996 }, { width: 4, height: 1 })]).toEqual([
    142, 99, 202, 51,
  ]);
  const part = noise({ top: 20, left: 30 }, { width: 10, height: 5 });
  expect([...part.subarray(0, 10)]).toEqual([...whole.subarray(20 * 40 + 30, 21 * 40)]);
});
