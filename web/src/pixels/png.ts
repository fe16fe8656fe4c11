/** The few chunks of PNG (ISO/IEC 15948) that say how large a picture is and what its colours mean. */

import { crc32 } from "../bitstream/crc32.ts";
import { bigEndian, latin1 } from "../carriers/bytes.ts";
import type { Size } from "../carriers/carrier.ts";

const SIGNATURE = "\x89PNG\r\n\x1a\n";
const LENGTH_BYTES = 4;
const CHUNK_BYTES = 12;
const WIDTH = 16;
const HEIGHT = 20;
const HEADER_END = 33;
/** Chunks that would say something else of the colours. */
const COLOURS = ["cHRM", "cICP", "gAMA", "iCCP", "sRGB"];
/** A profile's name, its end, and how it is compressed. */
const NAMED_PROFILE = "ICC profile\0\0";

/** Returns the size that a PNG states, undefined where the bytes are none. */
export function pngSize(data: Uint8Array): Size | undefined {
  if (latin1(data, 0, SIGNATURE.length) !== SIGNATURE || data.length < HEADER_END) return undefined;
  return { width: bigEndian(data, WIDTH, 4), height: bigEndian(data, HEIGHT, 4) };
}

/** Returns a sound PNG with this ICC profile in the place of what it said of its colours. */
export async function withProfile(png: Blob, profile: Uint8Array): Promise<Blob> {
  const data = new Uint8Array(await png.arrayBuffer());
  const parts = [data.subarray(0, HEADER_END), await profileChunk(profile)];
  for (let start = HEADER_END; start < data.length; ) {
    const end = start + CHUNK_BYTES + bigEndian(data, start, LENGTH_BYTES);
    const kind = latin1(data, start + LENGTH_BYTES, start + LENGTH_BYTES + 4);
    if (!COLOURS.includes(kind)) parts.push(data.subarray(start, end));
    start = end;
  }
  return new Blob(parts, { type: png.type });
}

async function profileChunk(profile: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const packing = new CompressionStream("deflate"); // with zlib's header, as PNG has it
  const packed = new Blob([Uint8Array.from(profile)]).stream().pipeThrough(packing);
  const payload = [`iCCP${NAMED_PROFILE}`, await new Response(packed).arrayBuffer()];
  const content = new Uint8Array(await new Blob(payload).arrayBuffer());
  const chunk = new Uint8Array(LENGTH_BYTES + content.length + 4);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, content.length - 4);
  chunk.set(content, LENGTH_BYTES);
  view.setUint32(LENGTH_BYTES + content.length, crc32(content));
  return chunk;
}
