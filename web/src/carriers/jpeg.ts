/** JPEG (ITU-T T.81). */

import { ImageError } from "../errors.ts";
import { bigEndian, joined, latin1 } from "./bytes.ts";
import type { Carrier, Size } from "./carrier.ts";

const SOI_BYTES = 2;
const MARKER_BYTES = 2;
const LENGTH_BYTES = 2;
const SOS = 0xda;
const EOI = 0xd9;
const COM = 0xfe;
const APP2 = 0xe2;
const ICC = "ICC_PROFILE\0";
/** After its name, a part of a profile has its number and how many there are. */
const ICC_NUMBER = ICC.length;
const ICC_COUNT = ICC.length + 1;
const ICC_HEADER_BYTES = ICC.length + 2;
const FRAME_HEADER_BYTES = 8;

/** Frame headers: among their numbers are tables (C4, CC) and one that is kept free (C8). */
const isFrame = (marker: number) =>
  marker >= 0xc0 && marker < 0xd0 && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

const isApp = (marker: number) => marker >= 0xe0 && marker < 0xf0;

/** Markers without a segment. */
const isAlone = (marker: number) => marker === 0x01 || (marker >= 0xd0 && marker < EOI);

/** A stuffed zero byte, which is no marker. */
const isStuffed = (marker: number) => marker === 0x00;

/** A stuffed zero byte, or a restart marker: neither ends a scan. */
const isInScan = (marker: number) => marker === 0x00 || (marker >= 0xd0 && marker < 0xd8);

/** A marker with what belongs to it: its segment, and of SOS the entropy-coded data. */
interface Segment {
  readonly marker: number;
  readonly start: number;
  readonly end: number;
}

/** Yields the segments. Bytes between them are passed over, as decoders do. */
function* segments(data: Uint8Array): Generator<Segment> {
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
    yield { marker, start: position, end };
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

/** Returns the size that the frame header states. */
function size(data: Uint8Array): Size {
  for (const { marker, start, end } of segments(data)) {
    if (!isFrame(marker)) continue;
    const header = start + MARKER_BYTES;
    if (end - header < FRAME_HEADER_BYTES) {
      throw new ImageError(`JPEG frame header at byte ${start} has ${end - header} bytes`);
    }
    // after its length and the bits of a sample
    return { height: bigEndian(data, header + 3, 2), width: bigEndian(data, header + 5, 2) };
  }
  throw new ImageError("JPEG file without a frame header, so without a picture");
}

/** Returns the profile that stands in parts before the frame, if all of them are there. */
function profile(data: Uint8Array): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  for (const { marker, start, end } of segments(data)) {
    if (isFrame(marker)) break;
    const payload = data.subarray(start + MARKER_BYTES + LENGTH_BYTES, end);
    if (marker === APP2 && latin1(payload, 0, ICC.length) === ICC) parts.push(payload);
  }
  parts.sort((a, b) => (a[ICC_NUMBER] ?? 0) - (b[ICC_NUMBER] ?? 0));
  if (parts[0]?.[ICC_COUNT] !== parts.length) return undefined;
  return joined(parts.map((part) => part.subarray(ICC_HEADER_BYTES)));
}

export const JPEG: Carrier = {
  name: "jpeg",
  title: "JPEG",
  type: "image/jpeg",
  drawnRange: [0.5, 1.2],
  starts: (data) => data[0] === 0xff && data[1] === 0xd8 && data[2] === 0xff,
  codedBytes(data) {
    let total = 0;
    for (const { marker, start, end } of segments(data)) {
      if (!isApp(marker) && marker !== COM) total += end - start;
    }
    return total;
  },
  size,
  profile,
  isLossless: () => false,
  isAnimated: () => false,
};
