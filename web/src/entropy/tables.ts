/** Integer frequency tables, and the coder's own 24-bit model of each. */

import { CheckpointError } from "../errors.ts";

const FREQUENCY_TOTAL = 2 ** 20;
/** Bits of the range coder's probabilities. */
export const PRECISION_BITS = 24;
const WHOLE = 2 ** PRECISION_BITS;
/** More than the coder's model adds to a probability. */
const ROUNDING = 2 ** -21;

/** Where each symbol's share begins, and after the last one 2^24. */
export type CoderModel = Uint32Array;

/** Tables stored end to end; the last entry of each is the escape symbol. */
export class SymbolTables {
  readonly models: readonly CoderModel[];

  /** The fewest bits that one symbol of each table can take together. */
  readonly leastBits: number;

  /**
   * Takes the arrays of a checkpoint.
   *
   * @param first The value of each table's first entry.
   * @throws CheckpointError: they are no tables.
   */
  constructor(
    frequencies: Int32Array,
    readonly lengths: Int32Array,
    readonly first: Int32Array,
  ) {
    if (lengths.length !== first.length || lengths.length > 2 ** 16) {
      throw new CheckpointError(`${lengths.length} table lengths, ${first.length} offsets`);
    }
    let start = 0;
    let bits = 0;
    this.models = Array.from(lengths, (length) => {
      const table = frequencies.subarray(start, start + length);
      start += length;
      const total = table.reduce((sum, value) => sum + value, 0);
      if (length < 2 || total !== FREQUENCY_TOTAL || table.some((value) => value < 1)) {
        throw new CheckpointError(`every table must be positive and sum to ${FREQUENCY_TOTAL}`);
      }
      const likeliest = table.reduce((most, value) => Math.max(most, value), 0);
      bits -= Math.log2(likeliest / FREQUENCY_TOTAL + ROUNDING);
      return coderModel(table);
    });
    this.leastBits = bits;
    if (start !== frequencies.length) {
      throw new CheckpointError("table lengths do not add up to the number of frequencies");
    }
  }

  get length(): number {
    return this.models.length;
  }
}

/** Returns the model that constriction makes of float32 probabilities, its roundings included. */
function coderModel(frequencies: Int32Array): CoderModel {
  const round = Math.fround;
  let sum = 0;
  for (const frequency of frequencies) sum = round(sum + round(frequency / FREQUENCY_TOTAL));
  const scale = round(round(WHOLE - frequencies.length) / sum);
  const model = new Uint32Array(frequencies.length + 1);
  let before = 0;
  frequencies.forEach((frequency, k) => {
    model[k] = Math.trunc(round(before * scale)) + k;
    before = round(before + round(frequency / FREQUENCY_TOTAL));
  });
  model[frequencies.length] = WHOLE;
  return model;
}

/** Returns the model of equally likely symbols; the last one takes what is left. */
export function uniformModel(count: number): CoderModel {
  const share = Math.floor(WHOLE / count);
  return Uint32Array.from({ length: count + 1 }, (_, k) => (k === count ? WHOLE : k * share));
}
