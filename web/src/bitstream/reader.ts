/** Bounded reads from bytes, and the variable-length integers of the format. */

import { CorruptBitstreamError, TruncatedBitstreamError } from "../errors.ts";

const VARINT_MAX_BYTES = 4;

/** Walks through bytes and never past their end. */
export class ByteReader {
  readonly #data: Uint8Array;
  #position = 0;

  constructor(data: Uint8Array) {
    this.#data = data;
  }

  get position(): number {
    return this.#position;
  }

  get remaining(): number {
    return this.#data.length - this.#position;
  }

  /** @throws TruncatedBitstreamError: fewer bytes are left. */
  take(count: number): Uint8Array {
    if (count > this.remaining) {
      throw new TruncatedBitstreamError(
        `need ${count} bytes at byte ${this.#position}, only ${this.remaining} left`,
      );
    }
    const start = this.#position;
    this.#position += count;
    return this.#data.subarray(start, this.#position);
  }

  byte(): number {
    return this.take(1)[0]!;
  }

  /** Returns an unsigned little-endian number of 4 bytes. */
  uint32(): number {
    const [a, b, c, d] = this.take(4);
    return (a! | (b! << 8) | (c! << 16) | (d! << 24)) >>> 0;
  }

  /**
   * Returns the unsigned LEB128 integer that comes next.
   *
   * @throws CorruptBitstreamError: it has over four bytes, or more than its value needs.
   */
  varint(): number {
    const start = this.#position;
    let value = 0;
    for (let k = 0; k < VARINT_MAX_BYTES; k++) {
      const byte = this.byte();
      value |= (byte & 0x7f) << (7 * k);
      if (byte >= 0x80) continue;
      if (byte === 0 && k > 0) {
        throw new CorruptBitstreamError(
          `varint at byte ${start} spends ${k + 1} bytes on ${value}, which needs fewer`,
        );
      }
      return value;
    }
    throw new CorruptBitstreamError(
      `varint at byte ${start} goes on after ${VARINT_MAX_BYTES} bytes`,
    );
  }

  /** Returns the bytes from `start` up to the position, for a checksum. */
  since(start: number): Uint8Array {
    return this.#data.subarray(start, this.#position);
  }

  /** @throws CorruptBitstreamError: bytes are left over. */
  finish(): void {
    if (this.remaining > 0) {
      throw new CorruptBitstreamError(
        `${this.remaining} bytes follow the last section, which ends at byte ${this.#position}`,
      );
    }
  }
}
