import { createHash } from "node:crypto";
import { deflateRawSync, deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { parseCaption, parseMetadata } from "../../src/bitstream/compression.ts";
import { parseContainer } from "../../src/bitstream/container.ts";
import { crc32 } from "../../src/bitstream/crc32.ts";
import { CAPTION_DICTIONARY } from "../../src/bitstream/dictionary.ts";
import { readArrays } from "../../src/entropy/arrays.ts";
import { BitstreamError, CodecError, CorruptBitstreamError } from "../../src/errors.ts";
import { SltReader } from "../../src/slt.ts";
import { DAMAGED, GOLDEN, GOLDEN_FILES, readGolden } from "../golden.ts";
import { MOST_GROWN_MIB, peakMib } from "../memory.ts";
import { seeded } from "../random.ts";

const arrays = readArrays(readGolden("tiny.safetensors"), "frozen.");
const reader = await SltReader.create(arrays);

test("the model is the one that the files name", () => {
  expect(reader.fingerprint).toBe(GOLDEN.model);
});

describe.each(Object.entries(GOLDEN.cases))("%s.slt", (name, entry) => {
  test("decodes to the integers that Python decodes", () => {
    const { zSymbols, fixedPoint } = reader.read(readGolden(`${name}.slt`)).latents;
    const digest = createHash("sha256").update(new Uint8Array(zSymbols.buffer));
    digest.update(new Uint8Array(fixedPoint.buffer));
    expect(digest.digest("hex")).toBe(entry.latents_sha256);
  });
});

test("sections are read", () => {
  expect(parseContainer(readGolden("caption.slt")).caption).toBe("A brown dog runs on the beach.");
  const digest = createHash("sha256").update("A brown dog runs on the beach.").digest();
  const { captionDigest } = parseContainer(readGolden("digest.slt"));
  expect(Buffer.from(captionDigest!).equals(digest.subarray(0, 4))).toBe(true);
  expect(parseContainer(readGolden("gray.slt")).gray).toBe(true);
  const { icc, exif } = parseContainer(readGolden("icc-exif.slt"));
  expect(Buffer.from(icc!).toString("latin1", 36, 40)).toBe("acsp");
  expect(exif!.length).toBeGreaterThan(8);
  const { alpha } = parseContainer(readGolden("alpha.slt"));
  expect(Buffer.from(alpha!).toString("latin1", 1, 4)).toBe("PNG");
});

test("the caption dictionary is that of docs/format.md", () => {
  expect(createHash("sha256").update(CAPTION_DICTIONARY).digest("hex")).toBe(
    "401d0334e4f7aceba9125f452fe2860668a1f1e70aaee2401986e894074dea4d",
  );
});

test.each([0, 1, 40, 70_000])("%d bytes inflate to what was deflated", (length) => {
  const random = seeded(length);
  const content = Buffer.from(Array.from({ length }, () => 97 + Math.floor(random() ** 3 * 25)));
  for (const options of [{ level: 0 }, { level: 9 }, { strategy: 4 }, { strategy: 2 }]) {
    const payload = deflateSync(content, options);
    expect(Buffer.from(parseMetadata(payload, "EXIF", length)).equals(content)).toBe(true);
    if (length > 0) {
      expect(() => parseMetadata(payload, "EXIF", length - 1)).toThrow(/more than its limit/);
    }
  }
});

test("broken streams are one kind of error", () => {
  const caption = deflateRawSync("A dog.", { dictionary: CAPTION_DICTIONARY });
  expect(parseCaption(caption)).toBe("A dog.");
  const notUtf8 = deflateRawSync(Uint8Array.of(0xff), { dictionary: CAPTION_DICTIONARY });
  const broken: [Uint8Array, RegExp][] = [
    [caption.subarray(0, -1), /without an end/],
    [Buffer.concat([caption, caption]), /after its compressed stream/],
    [notUtf8, /not UTF-8/],
    [Uint8Array.of(7), /no kind/],
    [new Uint8Array(), /without an end/],
  ];
  for (const [payload, message] of broken) {
    expect(() => parseCaption(payload)).toThrow(CorruptBitstreamError);
    expect(() => parseCaption(payload)).toThrow(message);
  }
  const zlib = deflateSync("exif");
  expect(() => parseMetadata(zlib.fill(0, zlib.length - 1), "EXIF", 9)).toThrow(/checksum/);
});

test("damaged files give the errors that Python gives", () => {
  for (const { file, bytes, set, error } of DAMAGED) {
    const data = Uint8Array.from(readGolden(file).subarray(0, bytes));
    for (const [place, value] of set) data[place] = value;
    const what = `${file} of ${bytes} bytes with ${JSON.stringify(set)}`;
    let found: string | null = null;
    try {
      reader.read(data);
    } catch (thrown) {
      found = (thrown as Error).name;
    }
    expect(found, what).toBe(error);
  }
});

test("10,000 damaged files give only the package's own errors, in bounded memory", () => {
  const before = peakMib();
  const random = seeded(2);
  const files = GOLDEN_FILES.map(readGolden);
  const kinds = new Map<string, number>();
  for (let k = 0; k < 10_000; k++) {
    const whole = Uint8Array.from(files[k % files.length]!);
    const file = random() < 0.3 ? whole.subarray(0, Math.floor(random() * whole.length)) : whole;
    for (let left = 1 + Math.floor(random() * 4); left > 0 && file.length > 0; left--) {
      file[Math.floor(random() * file.length)] = Math.floor(random() * 256);
    }
    if (random() < 0.7) mendCrcs(file);
    let kind = "sound";
    try {
      const { width, height } = parseContainer(file);
      // larger pictures would only take longer
      if (width * height < 200 ** 2) reader.read(file);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      kind = error.name;
    }
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  for (const name of ["TruncatedBitstreamError", "CorruptBitstreamError", "ModelMismatchError"]) {
    expect(kinds.get(name), name).toBeGreaterThan(30);
  }
  expect(peakMib() - before).toBeLessThan(MOST_GROWN_MIB);
});

test("every single bit flip in a file is an error", () => {
  const sound = readGolden("caption.slt");
  for (let bit = 0; bit < 8 * sound.length; bit++) {
    const file = Uint8Array.from(sound);
    file[bit >> 3]! ^= 1 << (bit & 7);
    expect(() => parseContainer(file)).toThrow(BitstreamError);
  }
});

/** Writes the CRCs that damaged bytes ask for, so that the damage is found behind them. */
function mendCrcs(file: Uint8Array): void {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let end = 14;
  for (let numbers = 0; numbers < 2 && end < file.length; end++) {
    if (file[end]! < 0x80) numbers++;
  }
  end += 5;
  if (end + 4 > file.length) return;
  view.setUint32(end, crc32(file.subarray(0, end)), true);
  for (let start = end + 4; start < file.length; ) {
    let length = 0;
    let place = start;
    for (let shift = 0; place < file.length; shift += 7) {
      const byte = file[place++]!;
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80 || shift === 21) break;
    }
    place += length;
    if (place + 4 > file.length) return;
    view.setUint32(place, crc32(file.subarray(start, place)), true);
    start = place + 4;
  }
}
