/** Properties of AVIF's items (ISO/IEC 23008-12, 6.5): how large a picture is, and its colours. */

import { ImageError } from "../errors.ts";
import { type Box, BoxReader, byKind, findBoxes } from "./boxes.ts";
import { latin1 } from "./bytes.ts";
import type { Size } from "./carrier.ts";

const KIND_BYTES = 4;
const PROFILE_KINDS = ["prof", "rICC"];
const WIDE_INDEX = 1;

/**
 * Returns the size that an item has as a whole, also where it is put together from tiles.
 *
 * @throws ImageError: it states none.
 */
export function sizeOf(data: Uint8Array, iprp: Box, item: number): Size {
  const box = propertiesOf(data, iprp, item).find(({ kind }) => kind === "ispe");
  if (!box) throw new ImageError(`AVIF item ${item} without a size, expected a property 'ispe'`);
  const reader = new BoxReader(data, box);
  return { width: reader.take(4), height: reader.take(4) };
}

/** Returns an item's ICC profile, undefined where it has none. */
export function profileOf(data: Uint8Array, iprp: Box, item: number): Uint8Array | undefined {
  const box = propertiesOf(data, iprp, item).find(
    ({ kind, start }) =>
      kind === "colr" && PROFILE_KINDS.includes(latin1(data, start, start + KIND_BYTES)),
  );
  return box && data.subarray(box.start + KIND_BYTES, box.end);
}

/** Returns the properties that are associated with an item. */
function propertiesOf(data: Uint8Array, iprp: Box, item: number): Box[] {
  const inside = [...findBoxes(data, iprp.start, iprp.end)];
  const ipco = byKind(inside).get("ipco");
  if (!ipco) throw new ImageError("AVIF file without a box 'ipco', so without properties");
  const properties = [...findBoxes(data, ipco.start, ipco.end)];
  const found: Box[] = [];
  for (const box of inside) {
    if (box.kind !== "ipma") continue;
    for (const index of indices(new BoxReader(data, box), item)) {
      const property = properties[index - 1]; // 0 is none
      if (property) found.push(property);
    }
  }
  return found;
}

/** Yields which properties an item has, by their places from 1 on. */
function* indices(reader: BoxReader, item: number): Generator<number> {
  const indexBytes = reader.flags & WIDE_INDEX ? 2 : 1;
  const essential = 2 ** (8 * indexBytes - 1); // the first bit says whether it must be understood
  for (let left = reader.take(4); left > 0; left--) {
    const id = reader.take(reader.version ? 4 : 2);
    const count = reader.take(1);
    if (id !== item) {
      reader.skip(count * indexBytes);
      continue;
    }
    for (let k = 0; k < count; k++) yield reader.take(indexBytes) % essential;
  }
}
