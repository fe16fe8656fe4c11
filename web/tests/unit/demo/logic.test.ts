import { describe, expect, test } from "vitest";
import { codedSize, MOST_PIXELS, ownQuality } from "../../../demo/coding.ts";
import { EXAMPLES } from "../../../demo/examples.ts";
import { changeOf, colourAt, heatMap, rangeOf } from "../../../demo/heat-map.ts";
import { MOST_BYTES, whyRefused, whyUnreadable } from "../../../demo/unreadable.ts";
import { rateInWords, stemOf } from "../../../demo/words.ts";
import { read } from "../../conformance.ts";

describe("coding", () => {
  test("own qualities are Python's at its knots, and rise between them", () => {
    expect([1, 3, 5, 7, 9].map(ownQuality)).toEqual([0, 18, 34, 44, 60]);
    const all = [1, 2, 3, 4, 5, 6, 7, 8, 9].map(ownQuality);
    expect(all).toEqual([...new Set(all)].sort((a, b) => a - b));
  });

  test("a large picture keeps its shape and is no larger than the limit", () => {
    expect(codedSize({ width: 1024, height: 768 })).toEqual({ width: 1024, height: 768 });
    for (const [width, height] of [
      [4000, 3000],
      [1, 9_000_000],
      [16_384, 16_384],
    ] as const) {
      const size = codedSize({ width, height });
      expect(size.width).toBeGreaterThan(0);
      expect(size.width * size.height).toBeLessThanOrEqual(MOST_PIXELS);
    }
    expect(codedSize({ width: 4000, height: 3000 })).toEqual({ width: 1024, height: 768 });
  });
});

describe("files that are refused", () => {
  const start = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

  test.each([
    ["\0\0\0\x18ftypheic\0\0\0\0", /HEIC photograph/],
    ["%PDF-1.7", /PDF/],
    ["<svg xmlns", /SVG/],
    ["\0\0\0\x18ftypmp42", /a video/],
    ["\xff\xd8\xff\xe0", /damaged/],
    ["Dear all,", /not a picture/],
    ["", /not a picture/],
  ])("%j", (bytes, expected) => {
    expect(whyUnreadable("x.bin", start(bytes))).toMatch(expected);
  });

  test("a cut AVIF is damaged, not a video", () => {
    expect(whyUnreadable("x.avif", read("files/cut-plain.avif"))).toMatch(/damaged/);
  });

  test("empty and huge files are not read at all", () => {
    expect(whyRefused({ name: "a.png", size: 0 })).toMatch(/empty/);
    expect(whyRefused({ name: "a.png", size: MOST_BYTES + 1 })).toMatch(/limit is 100 MB/);
    expect(whyRefused({ name: "a.png", size: 1 })).toBeUndefined();
  });
});

describe("masks", () => {
  const mask = { width: 2, height: 1, stride: 2, values: Float32Array.of(0.2, 0.6) };

  test("run from their lowest to their highest value, each over its own pixels", () => {
    const white = { width: 3, height: 2, data: new Uint8Array(24).fill(255) };
    const { data } = heatMap(mask, white);
    const red = (column: number, row: number) => data[(row * 3 + column) * 4]!;
    const blend = (share: number) => Math.round(0.65 * colourAt(share)[0]! + 0.35 * 255);
    expect([red(0, 0), red(1, 1), red(2, 0)]).toEqual([blend(0), blend(0), blend(1)]);
  });

  test("a change is the mean of three channels, alpha aside", () => {
    const of = (...data: number[]) => ({ width: 1, height: 1, data: Uint8Array.from(data) });
    const { values, stride } = changeOf(of(10, 20, 30, 0), of(13, 14, 30, 255));
    expect([values[0], stride]).toEqual([3, 1]);
  });

  test("have a range", () => {
    const { low, high, mean } = rangeOf(mask);
    expect([low, high, mean].map((value) => value.toFixed(2))).toEqual(["0.20", "0.60", "0.40"]);
  });
});

test("numbers and names in words", () => {
  expect(rateInWords(4219, { width: 600, height: 400 })).toBe("4,219 bytes, 0.14 bits per pixel");
  expect(stemOf("my photo.v2.JPG")).toBe("my photo_v2");
  expect(stemOf(".png")).toBe("picture");
});

test("every example lies in the repository", () => {
  for (const { file } of EXAMPLES) {
    expect(read(`../../examples/article/${file}`).length).toBeGreaterThan(0);
  }
});
