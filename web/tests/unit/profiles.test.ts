import { createHash } from "node:crypto";
import { deflateSync, inflateSync, crc32 as zlibCrc } from "node:zlib";
import { expect, test } from "vitest";
import { profileOf, sizeOf } from "../../src/carriers/avif-properties.ts";
import { soundProfile } from "../../src/carriers/icc.ts";
import { readCarrier } from "../../src/carriers/reading.ts";
import { pngSize, withProfile } from "../../src/pixels/png.ts";
import { PROFILES, read } from "../conformance.ts";

const PROFILE = Uint8Array.from(Buffer.from(PROFILES.profile, "hex"));

test.each(PROFILES.files)("of $file the profile is kept or dropped as by Python", (entry) => {
  const { width, height, profile } = readCarrier(read(entry.file));
  const digest = profile && createHash("sha256").update(profile).digest("hex");
  expect(digest ?? null).toBe(entry.profile_sha256);
  expect([width, height]).toEqual([entry.width, entry.height]);
});

test("damaged profiles are kept or dropped as by Python", () => {
  for (const { bytes, set, kept } of PROFILES.damaged) {
    const profile = PROFILE.slice(0, bytes);
    for (const [place, value] of set) profile[place] = value;
    expect({ set, kept: soundProfile(profile) !== undefined }).toEqual({ set, kept });
  }
});

test("an AVIF without a profile's name has none, and without a size is refused", () => {
  const file = Uint8Array.from(read("profiles/wide.avif"));
  const text = Buffer.from(file).toString("latin1");
  // the profile loses its name: it is another kind of property then
  file[text.indexOf("colrprof") + 4] = "x".charCodeAt(0);
  expect(readCarrier(file).profile).toBeUndefined();
  file[text.indexOf("ispe")] = "x".charCodeAt(0);
  expect(() => readCarrier(file)).toThrow(/without a size/);
});

test.each([0, 1])("properties of AVIF are found by ids of version %i, and by wide indices", (v) => {
  const id = (item: number) => (v ? [0, 0, 0, item] : [0, item]);
  const others = Array.from({ length: 130 }, () => box("free", []));
  const colr = box("colr", [..."nclx"].map(code));
  const profile = box("colr", [...[..."prof"].map(code), 1, 2, 3]);
  const ispe = box("ispe", [0, 0, 0, 0, 0, 0, 1, 4, 0, 0, 0, 9]);
  const ipco = box("ipco", [...others, colr, profile, ispe].flat());
  const wide = (index: number) => [128 | (index >> 8), index & 255];
  const entries = [
    ...id(1),
    1,
    ...wide(132),
    ...id(2),
    3,
    ...wide(131),
    ...wide(132),
    ...wide(133),
  ];
  const ipma = box("ipma", [v, 0, 0, 1, 0, 0, 0, 2, ...entries]);
  const data = Uint8Array.from(box("iprp", [...ipco, ...ipma]));
  const iprp = { kind: "iprp", start: 8, end: data.length };
  expect(profileOf(data, iprp, 2)).toEqual(Uint8Array.of(1, 2, 3));
  expect(sizeOf(data, iprp, 2)).toEqual({ width: 260, height: 9 });
  expect(() => sizeOf(data, iprp, 1)).toThrow(/without a size/);
  expect(profileOf(data, iprp, 3)).toBeUndefined();
});

function box(kind: string, payload: readonly number[]): number[] {
  const size = 8 + payload.length;
  return [0, 0, size >> 8, size & 255, ...[...kind].map(code), ...payload];
}

function code(letter: string): number {
  return letter.charCodeAt(0);
}

test("a profile takes the place of what a PNG said of its colours", async () => {
  const other = [chunk("gAMA", Uint8Array.of(0, 0, 177, 143)), chunk("sRGB", Uint8Array.of(0))];
  const text = chunk("tEXt", Buffer.from("Title\0Wide"));
  const png = [...HEAD, ...other, text, chunk("IDAT", PIXELS), chunk("IEND", Buffer.of())];
  const made = await withProfile(new Blob(png, { type: "image/png" }), PROFILE);
  expect(made.type).toBe("image/png");
  const bytes = Buffer.from(await made.arrayBuffer());
  const found = chunksOf(bytes);
  expect(found.map(({ kind }) => kind)).toEqual(["IHDR", "iCCP", "tEXt", "IDAT", "IEND"]);
  const iccp = found[1]!.payload;
  const name = iccp.indexOf(0);
  expect(iccp[name + 1]).toBe(0); // deflate
  expect(inflateSync(iccp.subarray(name + 2)).equals(PROFILE)).toBe(true);
  expect(pngSize(bytes)).toEqual({ width: 2, height: 1 });
});

test("what is no PNG has no size", () => {
  expect(pngSize(new Uint8Array())).toBeUndefined();
  expect(pngSize(read("files/plain.jpg"))).toBeUndefined();
  expect(pngSize(Buffer.concat(HEAD).subarray(0, 24))).toBeUndefined();
});

const PIXELS = deflateSync(Buffer.of(0, 200, 30, 90, 10, 20, 30));
const HEAD = [
  Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
  chunk("IHDR", Buffer.of(0, 0, 0, 2, 0, 0, 0, 1, 8, 2, 0, 0, 0)),
];

function chunk(kind: string, payload: Uint8Array): Buffer<ArrayBuffer> {
  const content = Buffer.concat([Buffer.from(kind), payload]);
  const whole = Buffer.alloc(content.length + 8);
  whole.writeUInt32BE(payload.length);
  content.copy(whole, 4);
  whole.writeUInt32BE(zlibCrc(content), content.length + 4);
  return whole;
}

/** Returns the chunks of a PNG, all of which have sound CRCs. */
function chunksOf(png: Buffer): { kind: string; payload: Buffer }[] {
  const found = [];
  for (let start = 8; start < png.length; ) {
    const end = start + 8 + png.readUInt32BE(start);
    expect(png.readUInt32BE(end)).toBe(zlibCrc(png.subarray(start + 4, end)));
    const kind = png.toString("latin1", start + 4, start + 8);
    found.push({ kind, payload: png.subarray(start + 8, end) });
    start = end + 4;
  }
  return found;
}
