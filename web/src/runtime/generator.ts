/** The carrier generator: draws what a codec's bits could not hold into its picture. */

import { ConfigError } from "../errors.ts";
import type { Manifest } from "../models/manifest.ts";
import { cut, type Pixels, padded, paste } from "../pixels/pixels.ts";
import { tiles } from "../pixels/tiling.ts";
import type { Runtime } from "./ort.ts";

export interface Drawing {
  /** The caption's vector; zeros for none. */
  readonly text: Float32Array;
  /** The dial, from 0 (faithful) to 1 (natural); undefined for the model's default. */
  readonly realism: number | undefined;
  /** How much of what is drawn is used, from 0 to 1. */
  readonly share: number;
}

export class Generator {
  private constructor(
    readonly runtime: Runtime,
    readonly session: Awaited<ReturnType<Runtime["ort"]["InferenceSession"]["create"]>>,
    readonly entry: Manifest["generator"],
  ) {}

  static async create(
    runtime: Runtime,
    entry: Manifest["generator"],
    graph: Uint8Array,
  ): Promise<Generator> {
    const session = await runtime.ort.InferenceSession.create(graph, {
      executionProviders: [runtime.provider],
    });
    return new Generator(runtime, session, entry);
  }

  /**
   * Returns a decoded picture improved; alpha stays as it is.
   *
   * @throws ConfigError: the dial is out of range.
   */
  async draw(picture: Pixels, drawing: Drawing): Promise<Pixels> {
    const realism = drawing.realism ?? this.entry.default_realism;
    checkRealism(realism);
    const { width, height } = picture;
    if (drawing.share === 0) return picture;
    const whole = padded(picture, this.entry.stride);
    const target = { width, height, data: new Uint8Array(width * height * 4) };
    for (const { rows, columns } of tiles(whole.height, whole.width, this.entry.halo)) {
      const source = cut(whole, rows.first, rows.last, columns.first, columns.last);
      const drawn = await this.#run(source, { ...drawing, realism });
      paste(
        target,
        drawn,
        { top: rows.start, left: columns.start },
        {
          top: rows.start - rows.first,
          left: columns.start - columns.first,
          height: rows.stop - rows.start,
          width: columns.stop - columns.start,
        },
      );
    }
    return target;
  }

  async #run(tile: Pixels, drawing: Drawing & { realism: number }): Promise<Pixels> {
    const { Tensor } = this.runtime.ort;
    const { width, height } = tile;
    const { drawn } = await this.session.run({
      picture: new Tensor("uint8", tile.data, [1, height, width, 4]),
      text: new Tensor("float32", drawing.text, [1, drawing.text.length]),
      realism: new Tensor("float32", [drawing.realism], [1]),
      share: new Tensor("float32", [drawing.share], [1]),
    });
    return { width, height, data: (await drawn!.getData()) as Uint8Array<ArrayBuffer> };
  }
}

/** @throws ConfigError: the dial is out of range. */
export function checkRealism(realism: number): void {
  if (!(realism >= 0 && realism <= 1)) {
    throw new ConfigError(`realism must be from 0 to 1, got ${realism}`);
  }
}
