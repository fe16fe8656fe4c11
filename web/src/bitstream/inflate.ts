/**
 * Inflates (RFC 1951), with a preset dictionary and a limit, and says where the stream ended.
 *
 * The browser's own `DecompressionStream` knows no dictionary. Payloads are small: this is plain
 * rather than fast.
 */

import { CorruptBitstreamError } from "../errors.ts";

const MAX_CODE_BITS = 15;
const END_OF_BLOCK = 256;
const LENGTH_BASE = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
  163, 195, 227, 258,
];
const LENGTH_BITS = [
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
];
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049,
  3073, 4097, 6145, 8193, 12289, 16385, 24577,
];
const DISTANCE_BITS = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
];
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** A canonical Huffman code: how many codes there are of each length, and their symbols. */
interface Code {
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

export interface Inflated {
  readonly content: Uint8Array;
  /** Bytes of the stream. */
  readonly consumed: number;
}

/**
 * Returns what a raw deflate stream holds.
 *
 * @param limit Most bytes that are taken; nothing larger is allocated.
 * @throws CorruptBitstreamError: the stream is broken, has no end, or holds more.
 */
export function inflate(
  data: Uint8Array,
  what: string,
  limit: number,
  dictionary: Uint8Array = new Uint8Array(),
): Inflated {
  return new Inflater(data, what, limit, dictionary).run();
}

class Inflater {
  readonly #out: number[];
  readonly #skipped: number;
  #place = 0;
  #held = 0;
  #numHeld = 0;

  constructor(
    readonly data: Uint8Array,
    readonly what: string,
    readonly limit: number,
    dictionary: Uint8Array,
  ) {
    this.#out = Array.from(dictionary);
    this.#skipped = dictionary.length;
  }

  run(): Inflated {
    let isLast = false;
    while (!isLast) {
      isLast = this.#bits(1) === 1;
      const kind = this.#bits(2);
      if (kind === 0) this.#stored();
      else if (kind === 1) this.#compressed(FIXED_LENGTHS, FIXED_DISTANCES);
      else if (kind === 2) this.#compressed(...this.#readCodes());
      else throw this.#broken("a block of no kind");
    }
    const content = Uint8Array.from(this.#out.slice(this.#skipped));
    return { content, consumed: this.#place };
  }

  #broken(found: string): CorruptBitstreamError {
    return new CorruptBitstreamError(`${this.what} cannot be decompressed: ${found}`);
  }

  #bits(count: number): number {
    while (this.#numHeld < count) {
      const byte = this.data[this.#place++];
      if (byte === undefined) {
        throw new CorruptBitstreamError(
          `${this.what} has a compressed stream without an end, ${this.data.length} bytes`,
        );
      }
      this.#held |= byte << this.#numHeld;
      this.#numHeld += 8;
    }
    const value = this.#held & ((1 << count) - 1);
    this.#held >>>= count;
    this.#numHeld -= count;
    return value;
  }

  #put(byte: number): void {
    if (this.#out.length - this.#skipped >= this.limit) {
      throw new CorruptBitstreamError(
        `${this.what} decompresses to more than its limit, ${this.limit} bytes`,
      );
    }
    this.#out.push(byte);
  }

  #stored(): void {
    this.#held = 0;
    this.#numHeld = 0;
    const length = this.#bits(16);
    if (this.#bits(16) !== (~length & 0xffff)) throw this.#broken("a stored block of no length");
    for (let k = 0; k < length; k++) this.#put(this.#bits(8));
  }

  #symbol(code: Code): number {
    let value = 0;
    let first = 0;
    let index = 0;
    for (let bits = 1; bits <= MAX_CODE_BITS; bits++) {
      value |= this.#bits(1);
      const count = code.counts[bits]!;
      if (value - count < first) return code.symbols[index + value - first]!;
      index += count;
      first = (first + count) << 1;
      value <<= 1;
    }
    throw this.#broken("a code of no symbol");
  }

  #compressed(lengths: Code, distances: Code): void {
    for (;;) {
      const symbol = this.#symbol(lengths);
      if (symbol < END_OF_BLOCK) {
        this.#put(symbol);
        continue;
      }
      if (symbol === END_OF_BLOCK) return;
      const which = symbol - END_OF_BLOCK - 1;
      if (which >= LENGTH_BASE.length) throw this.#broken("a length of no meaning");
      const length = LENGTH_BASE[which]! + this.#bits(LENGTH_BITS[which]!);
      const where = this.#symbol(distances);
      if (where >= DISTANCE_BASE.length) throw this.#broken("a distance of no meaning");
      const distance = DISTANCE_BASE[where]! + this.#bits(DISTANCE_BITS[where]!);
      if (distance > this.#out.length) throw this.#broken("a distance before the beginning");
      for (let k = 0; k < length; k++) this.#put(this.#out[this.#out.length - distance]!);
    }
  }

  #readCodes(): [Code, Code] {
    const numLengths = this.#bits(5) + 257;
    const numDistances = this.#bits(5) + 1;
    const numCodes = this.#bits(4) + 4;
    if (numLengths > 286 || numDistances > 30) throw this.#broken("too many codes");
    const ofLengths = new Uint8Array(19);
    for (let k = 0; k < numCodes; k++) ofLengths[CODE_LENGTH_ORDER[k]!] = this.#bits(3);
    const code = this.#codeOf(ofLengths, false);
    const all = new Uint8Array(numLengths + numDistances);
    for (let k = 0; k < all.length; ) {
      const symbol = this.#symbol(code);
      if (symbol < 16) {
        all[k++] = symbol;
        continue;
      }
      if (symbol === 16 && k === 0) throw this.#broken("a repetition of nothing");
      const [value, count] =
        symbol === 16
          ? [all[k - 1]!, 3 + this.#bits(2)]
          : [0, symbol === 17 ? 3 + this.#bits(3) : 11 + this.#bits(7)];
      if (k + count > all.length) throw this.#broken("too many code lengths");
      all.fill(value, k, k + count);
      k += count;
    }
    if (all[END_OF_BLOCK] === 0) throw this.#broken("a block that cannot end");
    const distances = all.subarray(numLengths);
    return [this.#codeOf(all.subarray(0, numLengths), true), this.#codeOf(distances, true)];
  }

  /** Returns the code of these lengths; only one of a single symbol may be incomplete. */
  #codeOf(lengths: Uint8Array, mayBeSingle: boolean): Code {
    const code = codeOf(lengths);
    let left = 1;
    for (let bits = 1; bits <= MAX_CODE_BITS; bits++) left = 2 * left - code.counts[bits]!;
    const used = lengths.length - code.counts[0]!;
    const isSingle = used === 0 || (used === 1 && code.counts[1] === 1);
    if (left < 0 || (left > 0 && !(mayBeSingle && isSingle))) {
      throw this.#broken("a set of codes that is none");
    }
    return code;
  }
}

function codeOf(lengths: ArrayLike<number>): Code {
  const counts = new Uint16Array(MAX_CODE_BITS + 1);
  for (let k = 0; k < lengths.length; k++) counts[lengths[k]!]!++;
  const next = new Uint16Array(MAX_CODE_BITS + 2);
  for (let bits = 1; bits <= MAX_CODE_BITS; bits++) next[bits + 1] = next[bits]! + counts[bits]!;
  const symbols = new Uint16Array(lengths.length);
  for (let k = 0; k < lengths.length; k++) {
    const bits = lengths[k]!;
    if (bits > 0) symbols[next[bits]!++] = k;
  }
  return { counts, symbols };
}

const FIXED_LENGTHS = codeOf(
  Array.from({ length: 288 }, (_, k) => (k < 144 ? 8 : k < 256 ? 9 : k < 280 ? 7 : 8)),
);
const FIXED_DISTANCES = codeOf(Array(30).fill(5));
