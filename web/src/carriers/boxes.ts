/** Boxes of ISO base media files (ISO/IEC 14496-12), the frame of AVIF. */

import { ImageError } from "../errors.ts";
import { bigEndian, latin1 } from "./bytes.ts";

/** Of those boxes that begin with them. */
export const VERSION_AND_FLAGS_BYTES = 4;

const HEADER_BYTES = 8;
const LARGE_SIZE_BYTES = 8;
const SIZE_IS_LARGE = 1;
const SIZE_TO_END = 0;

/** A box's type and where its payload lies in the file. */
export interface Box {
  readonly kind: string;
  readonly start: number;
  readonly end: number;
}

/** Yields the boxes that follow each other between two places; looks into none. */
export function* findBoxes(data: Uint8Array, first: number, end: number): Generator<Box> {
  let start = first;
  while (start < end) {
    let payload = start + HEADER_BYTES;
    if (payload > end) {
      throw new ImageError(`box at byte ${start} is cut short: ${end - start} bytes are left`);
    }
    const kind = latin1(data, start + 4, payload);
    let size = bigEndian(data, start, 4);
    if (size === SIZE_IS_LARGE && payload + LARGE_SIZE_BYTES <= end) {
      size = bigEndian(data, payload, LARGE_SIZE_BYTES);
      payload += LARGE_SIZE_BYTES;
    } else if (size === SIZE_TO_END) {
      size = end - start;
    }
    if (size < payload - start || size > end - start) {
      throw new ImageError(
        `box '${kind}' at byte ${start} claims ${size} bytes, ${end - start} are left`,
      );
    }
    yield { kind, start: payload, end: start + size };
    start += size;
  }
}

/** Returns the first box of each kind. */
export function byKind(boxes: Iterable<Box>): Map<string, Box> {
  const found = new Map<string, Box>();
  for (const box of boxes) if (!found.has(box.kind)) found.set(box.kind, box);
  return found;
}

/** Takes big-endian numbers one after the other out of a box with a version and flags. */
export class BoxReader {
  readonly version: number;
  readonly flags: number;
  #position: number;

  constructor(
    readonly data: Uint8Array,
    readonly box: Box,
    { versioned = true } = {},
  ) {
    this.#position = box.start;
    this.version = versioned ? this.take(1) : 0;
    this.flags = versioned ? this.take(3) : 0;
  }

  /** Returns the next number, 0 where it has no bytes. */
  take(numBytes: number): number {
    const start = this.#position;
    this.skip(numBytes);
    return bigEndian(this.data, start, numBytes);
  }

  /** Passes over so many bytes. */
  skip(numBytes: number): void {
    if (numBytes > this.box.end - this.#position) {
      throw new ImageError(
        `AVIF box ends at byte ${this.box.end}, expected ${numBytes} more bytes at byte ` +
          `${this.#position}`,
      );
    }
    this.#position += numBytes;
  }
}
