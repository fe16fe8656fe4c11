/**
 * AVIF: the items inside a file (HEIF, ISO/IEC 23008-12), which one is the picture, how large.
 *
 * The bytes may be hostile: what they claim is compared with what is there, nothing is allocated by
 * it, and no loop is longer than the bytes that it reads.
 */

import { ImageError } from "../errors.ts";
import { profileOf, sizeOf } from "./avif-properties.ts";
import { type Box, BoxReader, byKind, findBoxes, VERSION_AND_FLAGS_BYTES } from "./boxes.ts";
import { bigEndian, latin1 } from "./bytes.ts";
import type { Carrier } from "./carrier.ts";

const BRANDS = ["avif", "avis"];
const SEQUENCE_BRAND = "avis";
const MAX_BRANDS = 64;
const BRAND_BYTES = 4;
const FIRST_BRAND = 8;
const COMPATIBLE_BRANDS = 16;
const TILES = "dimg";
const IN_FILE = 0;
const IN_IDAT = 1;

/** Returns whether the file's type, or one that it is compatible with, is AVIF. */
function starts(data: Uint8Array): boolean {
  if (latin1(data, 4, 8) !== "ftyp") return false;
  const end = Math.min(bigEndian(data, 0, 4), COMPATIBLE_BRANDS + MAX_BRANDS * BRAND_BYTES);
  if (BRANDS.includes(brandAt(data, FIRST_BRAND))) return true;
  for (let place = COMPATIBLE_BRANDS; place < end; place += BRAND_BYTES) {
    if (BRANDS.includes(brandAt(data, place))) return true;
  }
  return false;
}

const brandAt = (data: Uint8Array, place: number) => latin1(data, place, place + BRAND_BYTES);

/**
 * Returns the coded bytes of the primary item, or of the tiles that it is put together from.
 *
 * Alpha, thumbnails, gain maps and metadata are items of their own and do not count.
 */
function codedBytes(data: Uint8Array): number {
  const inside = boxesInMeta(data);
  const primary = readPrimary(data, inside);
  const references = inside.get("iref");
  const tiles = references ? readTiles(data, references, primary) : new Set<number>();
  const items = tiles.size > 0 ? tiles : new Set([primary]);
  return readSize(data, needed(inside, "iloc"), items, inside.get("idat"));
}

function boxesInMeta(data: Uint8Array): ReadonlyMap<string, Box> {
  const meta = needed(byKind(findBoxes(data, 0, data.length)), "meta");
  return byKind(findBoxes(data, meta.start + VERSION_AND_FLAGS_BYTES, meta.end));
}

function needed(boxes: ReadonlyMap<string, Box>, kind: string): Box {
  const box = boxes.get(kind);
  if (!box) throw new ImageError(`AVIF file without a box '${kind}', so without a still picture`);
  return box;
}

function readPrimary(data: Uint8Array, inside: ReadonlyMap<string, Box>): number {
  const reader = new BoxReader(data, needed(inside, "pitm"));
  return reader.take(reader.version ? 4 : 2);
}

/** Returns the items that a grid is put together from, none for any other item. */
function readTiles(data: Uint8Array, box: Box, item: number): Set<number> {
  const idBytes = new BoxReader(data, box).version ? 4 : 2;
  const tiles = new Set<number>();
  for (const reference of findBoxes(data, box.start + VERSION_AND_FLAGS_BYTES, box.end)) {
    const reader = new BoxReader(data, reference, { versioned: false });
    if (reference.kind !== TILES || reader.take(idBytes) !== item) continue;
    for (let left = reader.take(2); left > 0; left--) tiles.add(reader.take(idBytes));
  }
  return tiles;
}

/** Returns the bytes of these items together. */
function readSize(
  data: Uint8Array,
  box: Box,
  items: ReadonlySet<number>,
  idat: Box | undefined,
): number {
  const reader = new BoxReader(data, box);
  const { version } = reader;
  const offsetAndLength = reader.take(1);
  const baseAndIndex = reader.take(1);
  const fields = {
    index: version === 0 ? 0 : baseAndIndex % 16,
    offset: offsetAndLength >> 4,
    length: offsetAndLength % 16,
  };
  const baseBytes = baseAndIndex >> 4;
  const sizes = new Map<number, number>();
  for (let left = reader.take(version === 2 ? 4 : 2); left > 0; left--) {
    const item = reader.take(version === 2 ? 4 : 2);
    const method = version ? reader.take(2) % 16 : IN_FILE;
    reader.skip(2); // which file: this one
    const base = reader.take(baseBytes);
    const numExtents = reader.take(2);
    if (!items.has(item)) {
      reader.skip(numExtents * (fields.index + fields.offset + fields.length));
      continue;
    }
    if (fields.length === 0 || (method !== IN_FILE && method !== IN_IDAT)) {
      throw new ImageError(
        `AVIF item ${item} has ${fields.length} bytes of length and method ${method}, expected 4 ` +
          "or 8 bytes and method 0 or 1; write the file again with libavif",
      );
    }
    const end = method === IN_FILE ? data.length : idat ? idat.end - idat.start : 0;
    sizes.set(item, extentsBytes(reader, numExtents, fields, end - base));
  }
  let total = 0;
  for (const item of items) {
    const size = sizes.get(item);
    if (size === undefined) throw new ImageError(`AVIF item ${item} is missing in the box 'iloc'`);
    total += size;
  }
  if (total > data.length) {
    throw new ImageError(`AVIF items claim ${total} bytes, the file has ${data.length}`);
  }
  return total;
}

/** Returns the bytes of one item's extents, each of which must end within `room`. */
function extentsBytes(
  reader: BoxReader,
  numExtents: number,
  fields: { index: number; offset: number; length: number },
  room: number,
): number {
  let total = 0;
  for (let k = 0; k < numExtents; k++) {
    reader.skip(fields.index);
    const offset = reader.take(fields.offset);
    const length = reader.take(fields.length);
    if (offset + length > room) {
      throw new ImageError(
        `AVIF extent of ${length} bytes at ${offset} ends beyond the ${room} bytes there are`,
      );
    }
    total += length;
  }
  return total;
}

export const AVIF: Carrier = {
  name: "avif",
  title: "AVIF",
  type: "image/avif",
  drawnRange: [0.33, 0.7],
  starts,
  codedBytes,
  size(data) {
    const inside = boxesInMeta(data);
    return sizeOf(data, needed(inside, "iprp"), readPrimary(data, inside));
  },
  profile(data) {
    const inside = boxesInMeta(data);
    return profileOf(data, needed(inside, "iprp"), readPrimary(data, inside));
  },
  isLossless: () => false,
  isAnimated: (data) => brandAt(data, FIRST_BRAND) === SEQUENCE_BRAND,
};
