/** Gives back symbols in the order in which they were coded: in groups that share a table. */

import { RangeDecoder } from "./range-decoder.ts";
import { type SymbolTables, uniformModel } from "./tables.ts";

const DIGIT_BITS = 4;
const MAX_DIGITS = 8;
const DIGIT_COUNT = uniformModel(MAX_DIGITS + 1);
const DIGIT = uniformModel(2 ** DIGIT_BITS);

export class SymbolDecoder {
  readonly #coder: RangeDecoder;

  constructor(payload: Uint8Array) {
    this.#coder = new RangeDecoder(payload);
  }

  /**
   * Returns one symbol per entry of `index`, which names its table.
   *
   * @throws CorruptBitstreamError: the words cannot have come from these tables.
   */
  pull(index: Uint8Array | Uint16Array, tables: SymbolTables): Int32Array {
    const symbols = new Int32Array(index.length);
    for (const [table, places] of groups(index, tables.length)) {
      const model = tables.models[table]!;
      const first = tables.first[table]!;
      const outside = tables.lengths[table]! - 1;
      const escaped: number[] = [];
      for (const place of places) {
        const entry = this.#coder.decode(model);
        if (entry === outside) escaped.push(place);
        symbols[place] = entry + first;
      }
      if (escaped.length > 0) this.#pullEscaped(escaped, symbols);
    }
    return symbols;
  }

  #pullEscaped(places: readonly number[], symbols: Int32Array): void {
    const counts = places.map(() => this.#coder.decode(DIGIT_COUNT));
    places.forEach((place, k) => {
      let zigzag = 0;
      for (let digit = 0; digit < counts[k]!; digit++) {
        zigzag |= this.#coder.decode(DIGIT) << (DIGIT_BITS * digit);
      }
      symbols[place] = (zigzag >>> 1) ^ -(zigzag & 1);
    });
  }

  /** @throws CorruptBitstreamError: words are left over. */
  finish(): void {
    this.#coder.finish();
  }
}

/** Yields each used table with the places of its symbols, both ascending. */
function* groups(
  index: Uint8Array | Uint16Array,
  numTables: number,
): Generator<[table: number, places: Uint32Array]> {
  const ends = new Uint32Array(numTables + 1);
  for (const table of index) ends[table + 1]!++;
  for (let table = 0; table < numTables; table++) ends[table + 1]! += ends[table]!;
  const next = ends.slice(0, numTables);
  const places = new Uint32Array(index.length);
  index.forEach((table, place) => {
    places[next[table]!++] = place;
  });
  for (let table = 0; table < numTables; table++) {
    const members = places.subarray(ends[table], ends[table + 1]);
    if (members.length > 0) yield [table, members];
  }
}
