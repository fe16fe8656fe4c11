/** WebP (RFC 9649). */

import { ImageError } from "../errors.ts";
import { latin1, littleEndian32 } from "./bytes.ts";
import type { Carrier } from "./carrier.ts";

const RIFF_HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;
const FRAME_HEADER_BYTES = 16;
const LOSSY = "VP8 ";
const LOSSLESS = "VP8L";
const FRAME = "ANMF";

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

export const WEBP: Carrier = {
  name: "webp",
  title: "WebP",
  type: "image/webp",
  starts: (data) => latin1(data, 0, 4) === "RIFF" && latin1(data, 8, 12) === "WEBP",
  codedBytes(data) {
    const chunk = pixels(data);
    return chunk.end - chunk.start;
  },
  isLossless: (data) => pixels(data).kind === LOSSLESS,
  isAnimated(data) {
    for (const chunk of chunks(data, RIFF_HEADER_BYTES, data.length)) {
      if (isPixels(chunk)) return false;
      if (chunk.kind === FRAME) return true;
    }
    return false;
  },
};
