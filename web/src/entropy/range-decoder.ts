/**
 * constriction's range decoder (32-bit words, a state of 64 bits, probabilities of 24).
 *
 * Only two numbers of its state decide what comes: the range, and how far the point lies above the
 * lower end. Both are below 2^64 and are kept as two halves; every product is taken in parts that
 * float64 holds exactly.
 */

import { CorruptBitstreamError } from "../errors.ts";
import { type CoderModel, PRECISION_BITS } from "./tables.ts";

const WORD = 2 ** 32;
const WORD_BYTES = 4;
const LARGEST_WORD = WORD - 1;
const HALF_SCALE = 2 ** 20;
const LOW_SHARE = 2 ** 12;
const QUANTILES = 2 ** PRECISION_BITS;

export class RangeDecoder {
  readonly #words: DataView;
  #next = 0;
  #rangeHigh = LARGEST_WORD;
  #rangeLow = LARGEST_WORD;
  #aboveHigh: number;
  #aboveLow: number;

  /** @throws CorruptBitstreamError: the bytes are no whole words. */
  constructor(payload: Uint8Array) {
    if (payload.length % WORD_BYTES) {
      throw new CorruptBitstreamError(
        `coded latents have ${payload.length} bytes, expected a multiple of ${WORD_BYTES}`,
      );
    }
    this.#words = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    this.#aboveHigh = this.#take();
    this.#aboveLow = this.#take();
  }

  /** Returns the next word, 0 after the last. */
  #take(): number {
    if (this.#next >= this.#words.byteLength) return 0;
    const word = this.#words.getUint32(this.#next, true);
    this.#next += WORD_BYTES;
    return word;
  }

  /**
   * Returns the next symbol, a place in the model.
   *
   * @throws CorruptBitstreamError: the words cannot have come from this model.
   */
  decode(model: CoderModel): number {
    const scale = this.#rangeHigh * 256 + Math.floor(this.#rangeLow / QUANTILES);
    const quantile = this.#quantile(scale);
    const symbol = find(model, quantile);
    this.#subtract(model[symbol]!, scale);
    const share = model[symbol + 1]! - model[symbol]!;
    const [high, low] = product(share, scale);
    if (high > 0) {
      this.#rangeHigh = high;
      this.#rangeLow = low;
    } else {
      this.#rangeHigh = low;
      this.#rangeLow = 0;
      this.#aboveHigh = this.#aboveLow;
      this.#aboveLow = this.#take();
    }
    return symbol;
  }

  /** Returns how many whole steps of `scale` lie below the point. */
  #quantile(scale: number): number {
    // the quotient of two rounded numbers is off by less than one; the products settle it
    let quantile = Math.floor((this.#aboveHigh * WORD + this.#aboveLow) / scale);
    if (quantile <= QUANTILES) {
      if (this.#isBelow(quantile, scale)) quantile--;
      else if (!this.#isBelow(quantile + 1, scale)) quantile++;
    }
    if (quantile >= QUANTILES) {
      throw new CorruptBitstreamError("coded latents are damaged: no symbol lies there");
    }
    return quantile;
  }

  /** Returns whether the point lies below so many steps. */
  #isBelow(count: number, scale: number): boolean {
    const [high, low] = product(count, scale);
    return this.#aboveHigh < high || (this.#aboveHigh === high && this.#aboveLow < low);
  }

  #subtract(count: number, scale: number): void {
    const [high, low] = product(count, scale);
    this.#aboveHigh -= high;
    this.#aboveLow -= low;
    if (this.#aboveLow < 0) {
      this.#aboveLow += WORD;
      this.#aboveHigh--;
    }
  }

  /** @throws CorruptBitstreamError: words are left over. */
  finish(): void {
    const isUntouched = this.#rangeHigh === LARGEST_WORD && this.#rangeLow === LARGEST_WORD;
    const above = this.#aboveHigh * WORD + this.#aboveLow;
    const isUsedUp = this.#next >= this.#words.byteLength;
    if (!isUsedUp || !(isUntouched || above < 2 * WORD - 1)) {
      throw new CorruptBitstreamError("coded latents go on after the last symbol");
    }
  }
}

/** Returns the two halves of a product of up to 25 and 40 bits. */
function product(count: number, scale: number): [high: number, low: number] {
  const coarse = count * Math.floor(scale / HALF_SCALE);
  const fine = count * (scale % HALF_SCALE);
  const low = (coarse % LOW_SHARE) * HALF_SCALE + fine;
  return [Math.floor(coarse / LOW_SHARE) + Math.floor(low / WORD), low % WORD];
}

/** Returns the symbol whose share a quantile lies in. */
function find(model: CoderModel, quantile: number): number {
  let low = 0;
  let high = model.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (model[middle]! <= quantile) low = middle;
    else high = middle - 1;
  }
  return low;
}
