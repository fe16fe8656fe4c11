import { describe, expect, test } from "vitest";
import { drawnShare, readCarrier, sniff } from "../../src/carriers/reading.ts";
import { CodecError, ImageError } from "../../src/errors.ts";
import { CONFORMANCE, PROFILES, read } from "../conformance.ts";
import { MOST_GROWN_MIB, peakMib } from "../memory.ts";
import { seeded } from "../random.ts";

const sound = CONFORMANCE.files.filter((entry) => !entry.error);

describe.each(sound)("$file", (entry) => {
  const data = read(entry.file);

  test("is known by its first bytes", () => {
    expect(sniff(data)?.name).toBe(entry.codec);
  });

  if (entry.moves) {
    test("is refused, since it moves", () => {
      expect(() => readCarrier(data)).toThrow(/moving/);
    });
    return;
  }

  test("has the coded bytes and the share that Python finds", () => {
    const file = readCarrier(data);
    expect(file.codedBytes).toBe(entry.coded_bytes);
    expect(file.isLossless).toBe(entry.lossless);
    expect([file.width, file.height]).toEqual([entry.width, entry.height]);
    expect(file.profile).toBeUndefined();
    const share = drawnShare(file, entry.width * entry.height, entry.detail);
    expect(share).toBeCloseTo(entry.drawn_share, 12);
  });
});

const broken = CONFORMANCE.files.filter((entry) => entry.error);

test.each(broken)("$file throws what Python raises", (entry) => {
  expect(() => readCarrier(read(entry.file))).toThrow(
    expect.objectContaining({ name: entry.error }),
  );
});

test("an empty file is named as one", () => {
  expect(() => readCarrier(new Uint8Array())).toThrow(/an empty file/);
});

test("less is drawn the more bits there are, and nothing from some rate on", () => {
  const someBits = readCarrier(read("files/some-bits.jpg"));
  const [allUpTo, nothingFrom] = someBits.drawnRange;
  const rates = [0.1, allUpTo, (allUpTo + nothingFrom) / 2, nothingFrom, 7];
  const shares = rates.map((bits) =>
    drawnShare({ ...someBits, codedBytes: 600 + 2 * bits * 1000 }, 8000, 2),
  );
  expect(shares).toEqual([1, 1, expect.closeTo(0.5, 12), 0, 0]);
});

test("10,000 damaged files give only the package's own errors, in bounded memory", () => {
  const before = peakMib();
  const random = seeded(1);
  const files = [...sound, ...PROFILES.files].map((entry) => read(entry.file));
  let numRefused = 0;
  for (let k = 0; k < 10_000; k++) {
    const file = Uint8Array.from(files[k % files.length]!);
    const cut = random() < 0.3 ? file.subarray(0, Math.floor(random() * file.length)) : file;
    for (let left = 1 + Math.floor(random() * 4); left > 0 && cut.length > 0; left--) {
      cut[Math.floor(random() * Math.min(cut.length, 400))] = Math.floor(random() * 256);
    }
    try {
      expect(readCarrier(cut).codedBytes).toBeLessThanOrEqual(cut.length);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      expect(error).toBeInstanceOf(ImageError);
      numRefused++;
    }
  }
  expect(numRefused).toBeGreaterThan(2000);
  expect(peakMib() - before).toBeLessThan(MOST_GROWN_MIB);
});
