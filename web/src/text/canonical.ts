/** One form for every caption, so that vectors do not depend on white space. */

import { TextError } from "../errors.ts";

/** Limit of a caption in UTF-8, that of the file format. */
export const MAX_CAPTION_BYTES = 64 * 1024;

/** What Python's `str.split` takes for white space, which is not quite what `\s` is here. */
const WHITE_SPACE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/gu;

/** Returns the caption in Unicode NFC with white space folded; no caption gives "". */
export function canonicalCaption(caption: string | null | undefined): string {
  return (caption ?? "").normalize("NFC").replace(WHITE_SPACE, " ").replace(/^ | $/g, "");
}

/**
 * Checks that a caption can be used.
 *
 * @throws TextError: it is too long, or holds half of a surrogate pair.
 */
export function checkCaption(caption: string): void {
  const half = /[\ud800-\udfff]/u.exec(caption);
  if (half) throw new TextError(`caption has half of a surrogate pair at its place ${half.index}`);
  const { length } = new TextEncoder().encode(caption);
  if (length > MAX_CAPTION_BYTES) {
    throw new TextError(`caption has ${length} bytes in UTF-8, the limit is ${MAX_CAPTION_BYTES}`);
  }
}
