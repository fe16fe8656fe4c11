/** The folder that the Python tests read as well. */

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Pixels } from "../src/pixels/pixels.ts";

export const FOLDER = resolve(import.meta.dirname, "../../conformance/carrier");

interface CaptionCase {
  readonly caption: string;
  readonly used: string;
  readonly ids: readonly number[];
}

interface PictureCase {
  readonly picture: string;
  readonly caption: string;
  readonly realism: number | null;
  readonly share: number;
  readonly expected: string;
}

interface FileCase {
  readonly file: string;
  readonly moves: boolean;
  readonly error?: string;
  readonly codec: string;
  readonly width: number;
  readonly height: number;
  readonly coded_bytes: number;
  readonly lossless: boolean;
  readonly detail: number;
  readonly drawn_share: number;
}

export const CONFORMANCE: {
  readonly captions: readonly CaptionCase[];
  readonly pictures: readonly PictureCase[];
  readonly files: readonly FileCase[];
  /** Bits of detail of pictures. */
  readonly detail: Readonly<Record<string, number>>;
} = JSON.parse(read("manifest.json").toString("utf8"));

/** What is to be known of ICC profiles: which are kept, and what is drawn in their colours. */
export const PROFILES: {
  /** A sound one, as hexadecimal digits. */
  readonly profile: string;
  readonly files: readonly {
    file: string;
    width: number;
    height: number;
    profile_sha256: string | null;
  }[];
  readonly drawn: readonly {
    file: string;
    caption: string;
    /** In the file's own colours. */
    expected: string;
    srgb: string;
  }[];
  readonly damaged: readonly {
    bytes: number;
    set: readonly (readonly [place: number, value: number])[];
    kept: boolean;
  }[];
} = JSON.parse(read("profiles/manifest.json").toString("utf8"));

interface MaskCase {
  readonly picture: string;
  readonly caption: string;
  readonly realism: number;
  /** Coarse to fine; of some pictures only the first. */
  readonly masks: readonly { width: number; height: number; values: number[] }[];
}

export const MASKS: readonly MaskCase[] = JSON.parse(read("masks.json").toString("utf8"));

export function read(name: string): Buffer {
  return readFileSync(join(FOLDER, name));
}

/** Returns a binary PPM as opaque RGBA. */
export function readPpm(name: string): Pixels {
  const bytes = read(name);
  const header = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(bytes.toString("latin1", 0, 40));
  if (!header) throw new Error(`${name} is no binary PPM of 8 bits`);
  const [width, height] = [Number(header[1]), Number(header[2])];
  const data = new Uint8Array(width * height * 4).fill(255);
  const samples = bytes.subarray(header[0].length);
  for (let k = 0; k < width * height; k++) data.set(samples.subarray(3 * k, 3 * k + 3), 4 * k);
  return { width, height, data };
}

/** Returns the largest difference of two pictures' samples. */
export function largestDifference(a: Pixels, b: Pixels): number {
  if (a.width !== b.width || a.height !== b.height) return Number.POSITIVE_INFINITY;
  return a.data.reduce((most, value, k) => Math.max(most, Math.abs(value - b.data[k]!)), 0);
}

/** Returns the mean difference of two pictures' colours, of equal size. */
export function meanDifference(a: Pixels, b: Pixels): number {
  const total = a.data.reduce((sum, value, k) => sum + Math.abs(value - b.data[k]!), 0);
  return total / (0.75 * a.data.length); // alpha is the same
}
