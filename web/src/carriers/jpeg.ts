/** JPEG (ITU-T T.81). */

import { ImageError } from "../errors.ts";
import { bigEndian } from "./bytes.ts";
import type { Carrier } from "./carrier.ts";

const SOI_BYTES = 2;
const MARKER_BYTES = 2;
const LENGTH_BYTES = 2;
const SOS = 0xda;
const EOI = 0xd9;
const COM = 0xfe;

const isApp = (marker: number) => marker >= 0xe0 && marker < 0xf0;

/** Markers without a segment. */
const isAlone = (marker: number) => marker === 0x01 || (marker >= 0xd0 && marker < EOI);

/** A stuffed zero byte, which is no marker. */
const isStuffed = (marker: number) => marker === 0x00;

/** A stuffed zero byte, or a restart marker: neither ends a scan. */
const isInScan = (marker: number) => marker === 0x00 || (marker >= 0xd0 && marker < 0xd8);

/**
 * Yields markers and the bytes of their segments, SOS with its entropy-coded data.
 *
 * Bytes between segments are passed over, as decoders do.
 */
function* segments(data: Uint8Array): Generator<readonly [marker: number, bytes: number]> {
  let position = nextMarker(data, SOI_BYTES, isStuffed);
  while (position < data.length) {
    const marker = data[position + 1]!;
    if (marker === EOI) return;
    let end = position + MARKER_BYTES;
    if (!isAlone(marker)) {
      const length = bigEndian(data, end, LENGTH_BYTES);
      if (length < LENGTH_BYTES || end + length > data.length) {
        throw new ImageError(
          `JPEG segment at byte ${position} claims ${length} bytes, ${data.length - end} are left`,
        );
      }
      end += length;
    }
    if (marker === SOS) end = nextMarker(data, end, isInScan);
    yield [marker, end - position];
    position = nextMarker(data, end, isStuffed);
  }
}

/** Returns where the next marker begins that is not to be passed, or the end of the data. */
function nextMarker(
  data: Uint8Array,
  start: number,
  isPassed: (marker: number) => boolean,
): number {
  let position = data.indexOf(0xff, start);
  while (position >= 0 && position < data.length - 1) {
    const marker = data[position + 1]!;
    if (marker !== 0xff && !isPassed(marker)) return position;
    // bytes 0xFF before a marker fill up
    position = data.indexOf(0xff, position + (marker === 0xff ? 1 : MARKER_BYTES));
  }
  return data.length;
}

export const JPEG: Carrier = {
  name: "jpeg",
  title: "JPEG",
  type: "image/jpeg",
  starts: (data) => data[0] === 0xff && data[1] === 0xd8 && data[2] === 0xff,
  codedBytes(data) {
    let total = 0;
    for (const [marker, bytes] of segments(data)) {
      if (!isApp(marker) && marker !== COM) total += bytes;
    }
    return total;
  },
  isLossless: () => false,
  isAnimated: () => false,
};
