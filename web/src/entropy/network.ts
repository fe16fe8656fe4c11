/**
 * Exact integer convolutions: the same integers on every machine (docs/determinism.md).
 *
 * Weights, activations and sums are integers carried in JavaScript's numbers, which are float64. As
 * long as no partial sum reaches 2^53 they add without rounding, whatever the order.
 * `ExactStack` proves the bound when it is made.
 */

import { CheckpointError } from "../errors.ts";

const EXACT_LIMIT = 2 ** 53;
/** Activations between the layers are integers in units of 2^-12. */
export const FRACTION_BITS = 12;
/** Activations are clamped to this magnitude: 4096 in units of one. */
export const ACTIVATION_LIMIT = 2 ** 24 - 1;
const MAX_SHIFT = 53;

/** Integers by row, column and channel. */
export interface Features {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly values: Float64Array;
}

export interface LayerArrays {
  /** (outputs, inputs, k, k), or (inputs, outputs, k, k) for the transposed convolution. */
  readonly weight: ArrayLike<number>;
  readonly shape: readonly number[];
  readonly bias: Float64Array;
  readonly shift: number;
  /** A transposed convolution of stride 2 that doubles the size, else one of stride 1. */
  readonly transposed: boolean;
  /** Whether negative sums become 0. */
  readonly relu: boolean;
}

/** `floor((conv(x, weight) + bias) / 2^shift + 1/2)`, clamped. */
export class ExactLayer {
  readonly inputs: number;
  readonly outputs: number;
  readonly #arrays: LayerArrays;
  readonly #kernel: number;
  /** By row and column of the kernel, input and output. */
  readonly #weights: Float64Array;

  constructor(arrays: LayerArrays) {
    const [first = 0, second = 0, kernel = 0, wide = 0] = arrays.shape;
    if (arrays.shape.length !== 4 || kernel !== wide || kernel % 2 === 0 || first * second === 0) {
      throw new CheckpointError(`weights have shape ${arrays.shape}, expected o, i, k, k (odd)`);
    }
    this.#arrays = arrays;
    this.#kernel = kernel;
    [this.inputs, this.outputs] = arrays.transposed ? [first, second] : [second, first];
    if (arrays.bias.length !== this.outputs) {
      throw new CheckpointError(`${this.outputs} outputs have ${arrays.bias.length} biases`);
    }
    this.#weights = this.#arranged();
    this.#prove();
  }

  #arranged(): Float64Array {
    const { weight, transposed } = this.#arrays;
    const taps = this.#kernel ** 2;
    const arranged = new Float64Array(weight.length);
    for (let output = 0; output < this.outputs; output++) {
      for (let input = 0; input < this.inputs; input++) {
        const pair = transposed ? input * this.outputs + output : output * this.inputs + input;
        for (let tap = 0; tap < taps; tap++) {
          arranged[(tap * this.inputs + input) * this.outputs + output] =
            weight[pair * taps + tap]!;
        }
      }
    }
    return arranged;
  }

  #prove(): void {
    const { shift, bias } = this.#arrays;
    if (!(shift >= 0 && shift < MAX_SHIFT)) {
      throw new CheckpointError(`shift must be 0 to ${MAX_SHIFT - 1}, got ${shift}`);
    }
    const sums = new Float64Array(this.outputs);
    this.#weights.forEach((value, k) => {
      sums[k % this.outputs]! += Math.abs(value);
    });
    const rounding = 2 ** Math.max(shift - 1, 0);
    sums.forEach((sum, output) => {
      const bound = rounding + sum * ACTIVATION_LIMIT + Math.abs(bias[output]!);
      if (bound >= EXACT_LIMIT) {
        throw new CheckpointError(`sums may reach ${bound}, the exact limit is ${EXACT_LIMIT}`);
      }
    });
  }

  run(x: Features): Features {
    const { transposed, bias, shift, relu } = this.#arrays;
    const sums = transposed ? this.#doubled(x) : this.#same(x);
    const { values } = sums;
    const unit = 2 ** -shift;
    const lowest = relu ? 0 : -ACTIVATION_LIMIT;
    for (let k = 0; k < values.length; k++) {
      const rounded = Math.floor((values[k]! + bias[k % this.outputs]!) * unit + 0.5);
      values[k] = Math.min(Math.max(rounded, lowest), ACTIVATION_LIMIT);
    }
    return sums;
  }

  #empty(height: number, width: number): Features {
    const values = new Float64Array(height * width * this.outputs);
    return { height, width, channels: this.outputs, values };
  }

  #same(x: Features): Features {
    const target = this.#empty(x.height, x.width);
    const radius = this.#kernel >> 1;
    for (let row = 0; row < x.height; row++) {
      for (let column = 0; column < x.width; column++) {
        const to = (row * x.width + column) * this.outputs;
        for (let down = 0; down < this.#kernel; down++) {
          for (let right = 0; right < this.#kernel; right++) {
            const tap = down * this.#kernel + right;
            this.#add(target, to, x, row + down - radius, column + right - radius, tap);
          }
        }
      }
    }
    return target;
  }

  #doubled(x: Features): Features {
    const target = this.#empty(2 * x.height, 2 * x.width);
    const radius = this.#kernel >> 1;
    for (let row = 0; row < target.height; row++) {
      for (let column = 0; column < target.width; column++) {
        const to = (row * target.width + column) * this.outputs;
        // an input at (r, c) is spread over outputs (2 r + down - radius, 2 c + right - radius)
        for (let down = (row + radius) % 2; down < this.#kernel; down += 2) {
          for (let right = (column + radius) % 2; right < this.#kernel; right += 2) {
            const from = (row + radius - down) / 2;
            const beside = (column + radius - right) / 2;
            this.#add(target, to, x, from, beside, down * this.#kernel + right);
          }
        }
      }
    }
    return target;
  }

  /** Adds what one input position gives to one output position through one tap. */
  #add(target: Features, to: number, x: Features, row: number, column: number, tap: number): void {
    if (row < 0 || row >= x.height || column < 0 || column >= x.width) return;
    const { inputs, outputs } = this;
    const weights = this.#weights;
    const sums = target.values;
    const from = (row * x.width + column) * inputs;
    for (let input = 0; input < inputs; input++) {
      const value = x.values[from + input]!;
      if (value === 0) continue;
      const start = (tap * inputs + input) * outputs;
      for (let output = 0; output < outputs; output++) {
        sums[to + output]! += value * weights[start + output]!;
      }
    }
  }
}

/** Exact layers one after another. */
export class ExactStack {
  readonly inputs: number;
  readonly outputs: number;

  /** @throws CheckpointError: a layer does not fit the one before it. */
  constructor(readonly layers: readonly ExactLayer[]) {
    layers.forEach((layer, k) => {
      const before = layers[k - 1];
      if (before && before.outputs !== layer.inputs) {
        throw new CheckpointError(
          `a layer of ${layer.inputs} channels follows one of ${before.outputs}`,
        );
      }
    });
    this.inputs = layers[0]?.inputs ?? 0;
    this.outputs = layers.at(-1)?.outputs ?? 0;
  }

  /** Returns the integers of the last layer; inputs are clamped to the activation limit. */
  run(x: Features): Features {
    const clamped = x.values.map((v) => Math.min(Math.max(v, -ACTIVATION_LIMIT), ACTIVATION_LIMIT));
    let features: Features = { ...x, values: clamped };
    for (const layer of this.layers) features = layer.run(features);
    return features;
  }
}
