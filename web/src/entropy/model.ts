/**
 * The entropy model as files are coded with it: integers in, integers out, tables stored.
 *
 * Read are models whose scales and means come from two stacks over the hyper-latent, as those of the
 * shipped weights; models with a context are not.
 */

import { crc32 } from "../bitstream/crc32.ts";
import { crcText } from "../bitstream/header.ts";
import { CheckpointError, CorruptBitstreamError, ModelMismatchError } from "../errors.ts";
import type { StoredArray } from "./arrays.ts";
import { ExactLayer, ExactStack, type Features } from "./network.ts";
import { SymbolDecoder } from "./symbol-decoder.ts";
import { SymbolTables } from "./tables.ts";

export const LATENT_STRIDE = 16;
const HYPER_STRIDE = 64;
const NUM_QUALITY_STEPS = 129;
const MEAN_BITS = 6;
const SLACK_BYTES = 8;
const FINGERPRINT_BYTES = 8;
const NUM_LAYERS = 3;

export type Arrays = ReadonlyMap<string, StoredArray>;

/** Integers by channel, row and column. */
export interface Latents {
  /** Hyper-latent. */
  readonly zSymbols: Int32Array;
  /** y_hat in units of 1/64 of a quantisation step. */
  readonly fixedPoint: Int32Array;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** What of a container decides its latents. */
export interface CodedLatents {
  readonly width: number;
  readonly height: number;
  readonly qualityStep: number;
  readonly latents: Uint8Array;
  readonly latentsCrc: number;
}

export class EntropyModel {
  readonly #scale: ExactStack;
  readonly #mean: ExactStack;
  readonly #thresholds: Int32Array;
  readonly #latentTables: SymbolTables;
  readonly #hyperTables: SymbolTables;
  readonly #inverseGains: Int32Array;

  /**
   * Takes the arrays of a checkpoint, by their names there.
   *
   * @throws CheckpointError: one is missing, or a table or bound does not hold.
   */
  constructor(arrays: Arrays) {
    if (arrays.has("h_s.0.weight")) {
      throw new CheckpointError("an entropy model of a kind that is not read in the browser");
    }
    this.#scale = readStack("scale", arrays);
    this.#mean = readStack("mean", arrays);
    this.#thresholds = integers("thresholds", arrays);
    this.#latentTables = readTables("latent", arrays);
    this.#hyperTables = readTables("hyper", arrays);
    this.#inverseGains = integers("inverse_gains", arrays);
    const { inputs, outputs } = this.#scale;
    if (this.#mean.inputs !== inputs || this.#mean.outputs !== outputs) {
      throw new CheckpointError("scale and mean disagree on their channels");
    }
    if (this.#hyperTables.length !== inputs) {
      throw new CheckpointError(`${this.#hyperTables.length} tables for ${inputs} channels`);
    }
    if (this.#inverseGains.length !== NUM_QUALITY_STEPS * inputs) {
      throw new CheckpointError(`${this.#inverseGains.length} inverse gains`);
    }
    if (this.#thresholds.length !== this.#latentTables.length) {
      throw new CheckpointError("one scale threshold is needed for each latent table");
    }
  }

  /**
   * Returns the integers of a picture.
   *
   * @throws CorruptBitstreamError: the words are damaged, or too few for the picture's size.
   * @throws ModelMismatchError: other integers came out than the encoder's.
   */
  decode(coded: CodedLatents): Latents {
    const rows = Math.ceil(coded.height / HYPER_STRIDE);
    const columns = Math.ceil(coded.width / HYPER_STRIDE);
    this.#checkLength(coded, rows * columns);
    const decoder = new SymbolDecoder(coded.latents);
    const numHyper = this.#scale.inputs;
    const channelOf = Uint16Array.from({ length: numHyper * rows * columns }, (_, place) =>
      Math.floor(place / (rows * columns)),
    );
    const zSymbols = decoder.pull(channelOf, this.#hyperTables);
    const x = this.#features(zSymbols, rows, columns, coded.qualityStep);
    const scales = this.#scale.run(x);
    const means = byChannel(this.#mean.run(x), (value) => value);
    const index = Uint8Array.from(byChannel(scales, (value) => this.#tableOf(value)));
    const symbols = decoder.pull(index, this.#latentTables);
    decoder.finish();
    const fixedPoint = symbols.map((symbol, place) => (symbol << MEAN_BITS) + means[place]!);
    const crc = crc32(littleEndian(fixedPoint), crc32(littleEndian(zSymbols)));
    if (crc !== coded.latentsCrc) {
      throw new ModelMismatchError(
        `latents have CRC ${crcText(crc)}, the file says ${crcText(coded.latentsCrc)}: this machine ` +
          "computed other integers than the encoder; please report it",
      );
    }
    const { height, width, channels } = scales;
    return { zSymbols, fixedPoint, channels, height, width };
  }

  #checkLength({ latents, width, height }: CodedLatents, numHyperPositions: number): void {
    // the coder reads zeros after its last word, so a tiny file could ask for minutes
    const bits = numHyperPositions * this.#hyperTables.leastBits;
    const least = Math.ceil(bits / 8) - SLACK_BYTES;
    if (latents.length < least) {
      throw new CorruptBitstreamError(
        `latents have ${latents.length} bytes, a picture of ${width}x${height} px takes at least ` +
          `${least}`,
      );
    }
  }

  #features(zSymbols: Int32Array, height: number, width: number, step: number): Features {
    const channels = this.#scale.inputs;
    const values = new Float64Array(zSymbols.length);
    const area = height * width;
    for (let channel = 0; channel < channels; channel++) {
      const gain = this.#inverseGains[step * channels + channel]!;
      for (let place = 0; place < area; place++) {
        values[place * channels + channel] = zSymbols[channel * area + place]! * gain;
      }
    }
    return { height, width, channels, values };
  }

  /** Returns the first table whose threshold is not below a scale, or the last one. */
  #tableOf(scale: number): number {
    let low = 0;
    let high = this.#thresholds.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#thresholds[middle]! < scale) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Returns the 16 hexadecimal digits that a file names its model by. */
export async function fingerprint(arrays: Arrays): Promise<string> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (const [name, { shape, values }] of [...arrays].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
    parts.push(new TextEncoder().encode(`${name} ${tuple}\n`));
    const wide = new BigInt64Array(values.length);
    values.forEach((value, k) => {
      wide[k] = BigInt(value);
    });
    parts.push(new Uint8Array(wide.buffer));
  }
  const whole = await new Blob(parts).arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
  return Array.from(digest.subarray(0, FINGERPRINT_BYTES), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

function find(name: string, arrays: Arrays): StoredArray {
  const found = arrays.get(name);
  if (!found) throw new CheckpointError(`tensor '${name}' is missing`);
  return found;
}

function integers(name: string, arrays: Arrays): Int32Array {
  const { values } = find(name, arrays);
  if (!(values instanceof Int32Array)) throw new CheckpointError(`'${name}' is not of int32`);
  return values;
}

function readStack(name: string, arrays: Arrays): ExactStack {
  const layers = Array.from({ length: NUM_LAYERS }, (_, k) => {
    const { values: weight, shape } = find(`${name}.${k}.weight`, arrays);
    const isLast = k === NUM_LAYERS - 1;
    return new ExactLayer({
      weight,
      shape,
      bias: Float64Array.from(find(`${name}.${k}.bias`, arrays).values),
      shift: integers(`${name}.${k}.shift`, arrays)[0]!,
      transposed: !isLast,
      relu: !isLast,
    });
  });
  return new ExactStack(layers);
}

function readTables(name: string, arrays: Arrays): SymbolTables {
  return new SymbolTables(
    integers(`${name}_tables.frequencies`, arrays),
    integers(`${name}_tables.lengths`, arrays),
    integers(`${name}_tables.first`, arrays),
  );
}

/** Returns features by channel, row and column. */
function byChannel(features: Features, change: (value: number) => number): Int32Array {
  const { channels, values } = features;
  const area = values.length / channels;
  const arranged = new Int32Array(values.length);
  for (let place = 0; place < area; place++) {
    for (let channel = 0; channel < channels; channel++) {
      arranged[channel * area + place] = change(values[place * channels + channel]!);
    }
  }
  return arranged;
}

function littleEndian(values: Int32Array): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, k) => {
    bytes.setInt32(4 * k, value, true);
  });
  return new Uint8Array(bytes.buffer);
}
