/** Captions and metadata as section payloads: compressed, and bounded when decompressed. */

import { CorruptBitstreamError } from "../errors.ts";
import { MAX_CAPTION_BYTES } from "../text/canonical.ts";
import { CAPTION_DICTIONARY } from "./dictionary.ts";
import { type Inflated, inflate } from "./inflate.ts";

export const MAX_ICC_BYTES = 4 * 1024 * 1024;
export const MAX_EXIF_BYTES = 1024 * 1024;

const ZLIB_HEADER_BYTES = 2;
const ADLER_BYTES = 4;
const ADLER_MODULUS = 65521;
const DEFLATE = 8;
const HAS_DICTIONARY = 0x20;

/** @throws CorruptBitstreamError: the stream is damaged or too long, or its text is not UTF-8. */
export function parseCaption(payload: Uint8Array): string {
  const inflated = inflate(payload, "caption", MAX_CAPTION_BYTES, CAPTION_DICTIONARY);
  checkEnd(inflated, payload.length, "caption");
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(inflated.content);
  } catch {
    throw new CorruptBitstreamError("caption is not UTF-8");
  }
}

/**
 * Returns an ICC profile or EXIF block out of its zlib stream, at most `limit` bytes.
 *
 * @throws CorruptBitstreamError: the stream is damaged or too long.
 */
export function parseMetadata(payload: Uint8Array, what: string, limit: number): Uint8Array {
  const [method = 0, flags = 0] = payload;
  const isZlib = (256 * method + flags) % 31 === 0 && method % 16 === DEFLATE && method >> 4 < 8;
  if (payload.length >= ZLIB_HEADER_BYTES && (!isZlib || flags & HAS_DICTIONARY)) {
    throw new CorruptBitstreamError(`${what} cannot be decompressed: no zlib stream`);
  }
  const { content, consumed } = inflate(payload.subarray(ZLIB_HEADER_BYTES), what, limit);
  const end = ZLIB_HEADER_BYTES + consumed;
  const checksum = payload.subarray(end, end + ADLER_BYTES);
  checkEnd({ content, consumed: end + checksum.length }, payload.length, what);
  if (checksum.length < ADLER_BYTES) {
    throw new CorruptBitstreamError(
      `${what} has a compressed stream without an end, ${payload.length} bytes`,
    );
  }
  const stated = new DataView(checksum.buffer, checksum.byteOffset).getUint32(0);
  if (stated !== adler32(content)) {
    throw new CorruptBitstreamError(`${what} cannot be decompressed: its checksum fails`);
  }
  return content;
}

function checkEnd({ consumed }: Inflated, numBytes: number, what: string): void {
  if (consumed < numBytes) {
    throw new CorruptBitstreamError(
      `${what} has ${numBytes - consumed} bytes after its compressed stream`,
    );
  }
}

function adler32(data: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (const byte of data) {
    a = (a + byte) % ADLER_MODULUS;
    b = (b + a) % ADLER_MODULUS;
  }
  return b * 65536 + a;
}
