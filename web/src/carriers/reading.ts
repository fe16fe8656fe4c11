/** The carriers by a file's first bytes, and how much may be drawn into a file's picture. */

import { ImageError } from "../errors.ts";
import { AVIF } from "./avif.ts";
import { hex } from "./bytes.ts";
import type { Carrier, Size } from "./carrier.ts";
import { soundProfile } from "./icc.ts";
import { JPEG } from "./jpeg.ts";
import { WEBP } from "./webp.ts";

export const CARRIERS: readonly Carrier[] = [AVIF, JPEG, WEBP];

const START_BYTES = 12;

/** About what a JPEG's tables take, which say nothing of how well a small picture is coded. */
const TABLE_BYTES = 600;

/** What a file's bytes say of it. */
export interface CarrierFile extends Size {
  readonly codec: string;
  readonly type: string;
  /** As the carrier has it. */
  readonly drawnRange: readonly [number, number];
  /** Bytes of the coded pixels alone: the same whatever metadata the file carries. */
  readonly codedBytes: number;
  /** Whether the file surely holds every pixel as it was. */
  readonly isLossless: boolean;
  /** The ICC profile of the picture's colours; undefined for sRGB, or where it cannot be kept. */
  readonly profile: Uint8Array<ArrayBuffer> | undefined;
}

/** Returns the carrier whose file this is by its first bytes, undefined for any other file. */
export function sniff(data: Uint8Array): Carrier | undefined {
  return CARRIERS.find((carrier) => carrier.starts(data));
}

/**
 * Returns what is in a file, known by its first bytes and not by its name.
 *
 * @throws ImageError: it is no still picture of a carrier, or a broken one.
 */
export function readCarrier(data: Uint8Array): CarrierFile {
  const carrier = sniff(data);
  if (!carrier) {
    const titles = CARRIERS.map((known) => known.title).join(", ");
    const found = data.length
      ? `${data.length} bytes that start with '${hex(data.subarray(0, START_BYTES))}'`
      : "an empty file";
    throw new ImageError(`${found}, expected a file of one of ${titles}`);
  }
  if (carrier.isAnimated(data)) {
    throw new ImageError(`a moving ${carrier.title} file, expected a still picture`);
  }
  return {
    ...carrier.size(data),
    profile: soundProfile(carrier.profile(data)),
    codec: carrier.name,
    type: carrier.type,
    drawnRange: carrier.drawnRange,
    codedBytes: carrier.codedBytes(data),
    isLossless: carrier.isLossless(data),
  };
}

/** Returns the bits of the coded pixels per pixel of the picture. */
export function codedBpp(file: CarrierFile, numPixels: number): number {
  return (8 * file.codedBytes) / numPixels;
}

/**
 * Returns how much of what the generator draws is to be used.
 *
 * 1 where bits were few for what there was to code, less where they were many, and 0 where the file
 * holds the picture so well that drawing could only take it further away.
 *
 * @param detail what `bitsOfDetail` finds in the file's picture.
 */
export function drawnShare(file: CarrierFile, numPixels: number, detail: number): number {
  if (file.isLossless) return 0;
  if (detail === 0) return 1;
  const bpp = (8 * Math.max(file.codedBytes - TABLE_BYTES, 0)) / numPixels;
  const [allUpTo, nothingFrom] = file.drawnRange;
  const share = (nothingFrom - bpp / detail) / (nothingFrom - allUpTo);
  return Math.min(1, Math.max(0, share));
}
