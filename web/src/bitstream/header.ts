/** The header of a .slt file: what the picture is, which model reads it, what sections follow. */

import {
  CorruptBitstreamError,
  NotABitstreamError,
  TruncatedBitstreamError,
  UnsupportedVersionError,
} from "../errors.ts";
import { crc32 } from "./crc32.ts";
import type { ByteReader } from "./reader.ts";

export const MAGIC = Uint8Array.of(0x89, 0x53, 0x4c, 0x54);
const VERSION = 1;
const MODEL_BYTES = 8;
const MAX_QUALITY_STEP = 128;
const MAX_SIDE = 65535;
const MAX_PIXELS = 2 ** 27;

/** Bits of the flags byte. Those that announce a section stand in the order of the file. */
export const FLAGS = {
  gray: 1,
  captionDigest: 2,
  caption: 4,
  icc: 8,
  exif: 16,
  alpha: 32,
} as const;
const KNOWN_FLAGS = 63;

export interface Header {
  readonly flags: number;
  /** Fingerprint of what decoding the latents depends on, in hexadecimal. */
  readonly model: string;
  readonly width: number;
  readonly height: number;
  /** Quality above 1, in sixteenths. */
  readonly qualityStep: number;
  readonly latentsCrc: number;
}

/**
 * Reads the header at the start of a file.
 *
 * @throws NotABitstreamError: the bytes start with something else than the magic.
 * @throws UnsupportedVersionError: the version or a flag is one of a newer writer.
 * @throws TruncatedBitstreamError: the bytes end inside the header.
 * @throws CorruptBitstreamError: the CRC fails, or a field passes its limit.
 */
export function parseHeader(reader: ByteReader): Header {
  takeMagic(reader);
  const flags = takeFlags(reader);
  const model = hexadecimal(reader.take(MODEL_BYTES));
  const width = reader.varint();
  const height = reader.varint();
  const qualityStep = reader.byte();
  const latentsCrc = reader.uint32();
  checkCrc(reader, 0, "header");
  if (width < 1 || width > MAX_SIDE || height < 1 || height > MAX_SIDE) {
    throw new CorruptBitstreamError(
      `picture is ${width}x${height} px, each side must be 1 to ${MAX_SIDE} px`,
    );
  }
  if (width * height > MAX_PIXELS) {
    throw new CorruptBitstreamError(
      `picture is ${width}x${height} px, limit is ${MAX_PIXELS} px in all`,
    );
  }
  if (qualityStep > MAX_QUALITY_STEP) {
    throw new CorruptBitstreamError(
      `quality step ${qualityStep}, expected 0 to ${MAX_QUALITY_STEP}`,
    );
  }
  return { flags, model, width, height, qualityStep, latentsCrc };
}

/** Takes a CRC and compares it with that of the bytes from `start` on. */
export function checkCrc(reader: ByteReader, start: number, what: string): void {
  const found = crc32(reader.since(start));
  const expected = reader.uint32();
  if (found !== expected) {
    throw new CorruptBitstreamError(
      `${what} has CRC ${crcText(found)}, expected ${crcText(expected)}`,
    );
  }
}

/** Returns a CRC as it is written in messages. */
export function crcText(crc: number): string {
  return crc.toString(16).padStart(8, "0");
}

function takeMagic(reader: ByteReader): void {
  const start = reader.take(Math.min(MAGIC.length, reader.remaining));
  const agrees = start.every((byte, k) => byte === MAGIC[k]);
  if (agrees && start.length === MAGIC.length) return;
  if (agrees) {
    throw new TruncatedBitstreamError(
      `need ${MAGIC.length} bytes at byte 0 for the magic, only ${start.length} left`,
    );
  }
  throw new NotABitstreamError(`starts with ${hexadecimal(start)}, expected ${hexadecimal(MAGIC)}`);
}

function takeFlags(reader: ByteReader): number {
  // the version comes first and alone: a newer format may lay out everything after it anew
  const version = reader.byte();
  if (version !== VERSION) {
    throw new UnsupportedVersionError(`format version ${version}; this release reads ${VERSION}`);
  }
  const flags = reader.byte();
  const unknown = flags & ~KNOWN_FLAGS;
  if (unknown) {
    throw new UnsupportedVersionError(
      `flags 0x${flags.toString(16)} have unknown bits 0x${unknown.toString(16)}; a newer release ` +
        "may know them",
    );
  }
  return flags;
}

function hexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
