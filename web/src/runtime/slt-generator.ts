/** The generator of .slt files: shows the integers that a file carries. */

import type { Latents } from "../entropy/model.ts";
import { LATENT_STRIDE } from "../entropy/model.ts";
import { CheckpointError } from "../errors.ts";
import type { CodecEntry } from "../models/manifest.ts";
import { type Pixels, paste } from "../pixels/pixels.ts";
import { tiles } from "../pixels/tiling.ts";
import { createSession, type Ort, type Runtime } from "./ort.ts";

export class SltGenerator {
  private constructor(
    readonly runtime: Runtime,
    readonly session: Ort.InferenceSession,
    readonly entry: CodecEntry,
    /** By quality step and channel: what brings a latent back to its range. */
    readonly gains: Float32Array,
  ) {}

  /** @throws CheckpointError: the gains are of another type. */
  static async create(
    runtime: Runtime,
    entry: CodecEntry,
    graph: Uint8Array,
    gains: unknown,
  ): Promise<SltGenerator> {
    if (!(gains instanceof Float32Array)) throw new CheckpointError("the codec has no gains");
    const session = await createSession(runtime, graph);
    return new SltGenerator(runtime, session, entry, gains);
  }

  /** Returns the picture of a size, shown with a caption's vector. */
  async show(
    latents: Latents,
    step: number,
    text: Float32Array,
    size: { readonly width: number; readonly height: number },
  ): Promise<Pixels> {
    const { width, height } = size;
    const target = { width, height, data: new Uint8Array(width * height * 4) };
    const { channels } = latents;
    const gain = this.gains.subarray(step * channels, (step + 1) * channels);
    const { tile, halo } = this.entry;
    for (const { rows, columns } of tiles(latents.height, latents.width, halo, tile)) {
      const part = cutLatents(latents, rows, columns);
      const shown = await this.#run(part, channels, gain, text, rows, columns);
      const top = rows.start * LATENT_STRIDE;
      const left = columns.start * LATENT_STRIDE;
      if (top >= height || left >= width) continue;
      paste(
        target,
        shown,
        { top, left },
        {
          top: (rows.start - rows.first) * LATENT_STRIDE,
          left: (columns.start - columns.first) * LATENT_STRIDE,
          height: (rows.stop - rows.start) * LATENT_STRIDE,
          width: (columns.stop - columns.start) * LATENT_STRIDE,
        },
      );
    }
    return target;
  }

  async #run(
    part: Int32Array,
    channels: number,
    gain: Float32Array,
    text: Float32Array,
    rows: Span,
    columns: Span,
  ): Promise<Pixels> {
    const { Tensor } = this.runtime.ort;
    const [high, wide] = [rows.last - rows.first, columns.last - columns.first];
    const { shown } = await this.session.run({
      latents: new Tensor("int32", part, [1, channels, high, wide]),
      gain: new Tensor("float32", gain, [1, channels, 1, 1]),
      text: new Tensor("float32", text, [1, text.length]),
    });
    const data = (await shown!.getData()) as Uint8Array<ArrayBuffer>;
    return { width: wide * LATENT_STRIDE, height: high * LATENT_STRIDE, data };
  }
}

type Span = { readonly first: number; readonly last: number };

function cutLatents(latents: Latents, rows: Span, columns: Span): Int32Array {
  const { channels, height, width, fixedPoint } = latents;
  const [high, wide] = [rows.last - rows.first, columns.last - columns.first];
  const part = new Int32Array(channels * high * wide);
  for (let channel = 0; channel < channels; channel++) {
    for (let row = 0; row < high; row++) {
      const from = (channel * height + rows.first + row) * width + columns.first;
      part.set(fixedPoint.subarray(from, from + wide), (channel * high + row) * wide);
    }
  }
  return part;
}
