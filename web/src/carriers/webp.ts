/** WebP (RFC 9649). */

import { ImageError } from "../errors.ts";
import { latin1, littleEndian16, littleEndian32 } from "./bytes.ts";
import type { Carrier, Size } from "./carrier.ts";

const RIFF_HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;
const FRAME_HEADER_BYTES = 16;
const LOSSY = "VP8 ";
const LOSSLESS = "VP8L";
const FRAME = "ANMF";
const EXTENDED = "VP8X";
const PROFILE = "ICCP";
const HAS_PROFILE = 0x20;
const LOSSY_SIZE = 6;
const LOSSY_HEADER_BYTES = 10;
const LOSSLESS_SIZE = 1;
const LOSSLESS_HEADER_BYTES = 5;
const SIDE_BITS = 14;
const SIDE_MASK = 2 ** SIDE_BITS - 1;

interface Chunk {
  readonly kind: string;
  readonly start: number;
  readonly end: number;
}

/** Yields the chunks between two places. */
function* chunks(data: Uint8Array, first: number, end: number): Generator<Chunk> {
  let position = first;
  while (position < end) {
    const start = position + CHUNK_HEADER_BYTES;
    if (start > end) throw new ImageError(`WebP chunk at byte ${position} is cut short`);
    const kind = latin1(data, position, position + 4);
    const size = littleEndian32(data, position + 4);
    if (start + size > end) {
      throw new ImageError(
        `WebP chunk '${kind}' at byte ${position} claims ${size} bytes, ${end - start} are left`,
      );
    }
    yield { kind, start, end: start + size };
    position = start + size + (size % 2);
  }
}

const isPixels = (chunk: Chunk) => chunk.kind === LOSSY || chunk.kind === LOSSLESS;

/** Returns the chunk that codes the picture; of an animation, its first frame's. */
function pixels(data: Uint8Array): Chunk {
  for (const chunk of chunks(data, RIFF_HEADER_BYTES, data.length)) {
    if (isPixels(chunk)) return chunk;
    if (chunk.kind !== FRAME) continue;
    for (const inner of chunks(data, chunk.start + FRAME_HEADER_BYTES, chunk.end)) {
      if (isPixels(inner)) return inner;
    }
  }
  throw new ImageError("WebP file without a picture, expected a chunk 'VP8 ' or 'VP8L'");
}

/** Returns the size that the coded picture's own header states. */
function size(data: Uint8Array): Size {
  const { kind, start, end } = pixels(data);
  const headerBytes = kind === LOSSY ? LOSSY_HEADER_BYTES : LOSSLESS_HEADER_BYTES;
  if (end - start < headerBytes) {
    throw new ImageError(`WebP chunk '${kind}' has ${end - start} bytes, expected a header`);
  }
  if (kind === LOSSY) {
    // above the sides are two bits on how to scale the picture, which nobody does
    const width = littleEndian16(data, start + LOSSY_SIZE) & SIDE_MASK;
    return { width, height: littleEndian16(data, start + LOSSY_SIZE + 2) & SIDE_MASK };
  }
  const sides = littleEndian32(data, start + LOSSLESS_SIZE);
  return { width: 1 + (sides & SIDE_MASK), height: 1 + ((sides >>> SIDE_BITS) & SIDE_MASK) };
}

/** Returns the profile that the file's extended header announces. */
function profile(data: Uint8Array): Uint8Array | undefined {
  let isAnnounced = false;
  for (const chunk of chunks(data, RIFF_HEADER_BYTES, data.length)) {
    if (isPixels(chunk)) return undefined;
    if (chunk.kind === EXTENDED) isAnnounced = (data[chunk.start]! & HAS_PROFILE) !== 0;
    if (chunk.kind === PROFILE && isAnnounced) return data.subarray(chunk.start, chunk.end);
  }
  return undefined;
}

export const WEBP: Carrier = {
  name: "webp",
  title: "WebP",
  type: "image/webp",
  drawnRange: [0.4, 0.8],
  starts: (data) => latin1(data, 0, 4) === "RIFF" && latin1(data, 8, 12) === "WEBP",
  codedBytes(data) {
    const chunk = pixels(data);
    return chunk.end - chunk.start;
  },
  size,
  profile,
  isLossless: (data) => pixels(data).kind === LOSSLESS,
  isAnimated(data) {
    for (const chunk of chunks(data, RIFF_HEADER_BYTES, data.length)) {
      if (isPixels(chunk)) return false;
      if (chunk.kind === FRAME) return true;
    }
    return false;
  },
};
