/** A whole .slt file: the header, then one section for each thing that its flags announce. */

import { CorruptBitstreamError } from "../errors.ts";
import { MAX_EXIF_BYTES, MAX_ICC_BYTES, parseCaption, parseMetadata } from "./compression.ts";
import { checkCrc, FLAGS, type Header, parseHeader } from "./header.ts";
import { ByteReader } from "./reader.ts";

const DIGEST_BYTES = 4;
const WORD_BYTES = 4;
const OPTIONAL_SECTIONS = ["captionDigest", "caption", "icc", "exif", "alpha"] as const;
const NAMES: Record<string, string> = { captionDigest: "caption_digest" };

/** What a .slt file holds: metadata decompressed, latents still entropy coded. */
export interface Container extends Header {
  readonly gray: boolean;
  readonly caption?: string | undefined;
  readonly captionDigest?: Uint8Array | undefined;
  readonly icc?: Uint8Array | undefined;
  readonly exif?: Uint8Array | undefined;
  /** The alpha channel, as a PNG. */
  readonly alpha?: Uint8Array | undefined;
  /** Words of the entropy coder, four bytes each. */
  readonly latents: Uint8Array;
}

/**
 * Reads a file and checks every byte of it.
 *
 * @throws BitstreamError: the bytes break a rule of the format; its subclass says which kind.
 */
export function parseContainer(data: Uint8Array): Container {
  const reader = new ByteReader(data);
  const header = parseHeader(reader);
  const sections = new Map<string, Uint8Array>();
  for (const name of OPTIONAL_SECTIONS) {
    if (header.flags & FLAGS[name]) sections.set(name, takeSection(reader, NAMES[name] ?? name));
  }
  const latents = takeSection(reader, "latents");
  reader.finish();
  if (latents.length % WORD_BYTES) {
    throw new CorruptBitstreamError(
      `latents section has ${latents.length} bytes, expected whole words of ${WORD_BYTES}`,
    );
  }
  const parsed = <T>(name: string, parse: (payload: Uint8Array) => T): T | undefined => {
    const payload = sections.get(name);
    return payload && parse(payload);
  };
  return {
    ...header,
    gray: (header.flags & FLAGS.gray) !== 0,
    caption: parsed("caption", parseCaption),
    captionDigest: parsed("captionDigest", parseDigest),
    icc: parsed("icc", (payload) => parseMetadata(payload, "ICC", MAX_ICC_BYTES)),
    exif: parsed("exif", (payload) => parseMetadata(payload, "EXIF", MAX_EXIF_BYTES)),
    alpha: sections.get("alpha"),
    latents,
  };
}

function takeSection(reader: ByteReader, name: string): Uint8Array {
  const start = reader.position;
  const payload = reader.take(reader.varint());
  // the length is under the CRC too: a flipped length cannot pass for a shorter payload
  checkCrc(reader, start, `${name} section at byte ${start}`);
  return payload;
}

function parseDigest(payload: Uint8Array): Uint8Array {
  if (payload.length !== DIGEST_BYTES) {
    throw new CorruptBitstreamError(
      `caption_digest section has ${payload.length} bytes, expected ${DIGEST_BYTES}`,
    );
  }
  return payload;
}
