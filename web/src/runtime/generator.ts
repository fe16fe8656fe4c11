/** The carrier generator: draws what a codec's bits could not hold into its picture. */

import { ConfigError } from "../errors.ts";
import type { Manifest } from "../models/manifest.ts";
import { type Corner, cut, type Mask, type Pixels, padded, paste } from "../pixels/pixels.ts";
import { keepPure } from "../pixels/pure.ts";
import { type Tile, tiles } from "../pixels/tiling.ts";
import { noise } from "./noise.ts";
import { createSession, type Ort, type Runtime } from "./ort.ts";

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
    readonly session: Ort.InferenceSession,
    readonly entry: Manifest["generator"],
  ) {}

  static async create(
    runtime: Runtime,
    entry: Manifest["generator"],
    graph: Uint8Array,
  ): Promise<Generator> {
    const session = await createSession(runtime, graph);
    return new Generator(runtime, session, entry);
  }

  /**
   * Returns a decoded picture improved; alpha stays as it is.
   *
   * @throws ConfigError: the dial is out of range.
   */
  async draw(picture: Pixels, drawing: Drawing): Promise<Pixels> {
    return (await this.#draw(picture, drawing, 0)).picture;
  }

  /**
   * Returns a decoded picture improved, and where the text acted, coarse to fine.
   *
   * The masks cover the picture up to the next multiple of the stride.
   *
   * @throws ConfigError: the dial is out of range.
   */
  inspect(picture: Pixels, drawing: Drawing): Promise<{ picture: Pixels; masks: Mask[] }> {
    return this.#draw(picture, drawing, this.entry.masks);
  }

  async #draw(picture: Pixels, drawing: Drawing, numMasks: number) {
    const realism = drawing.realism ?? this.entry.default_realism;
    checkRealism(realism);
    const { width, height } = picture;
    const masks: Mask[] = [];
    if (drawing.share === 0) return { picture, masks };
    const whole = padded(picture, this.entry.stride);
    const target = { width, height, data: new Uint8Array(width * height * 4) };
    for (const tile of tiles(whole.height, whole.width, this.entry.halo)) {
      const { rows, columns } = tile;
      const source = cut(whole, rows.first, rows.last, columns.first, columns.last);
      const place = { top: rows.first, left: columns.first };
      const { drawn, found } = await this.#run(source, place, { ...drawing, realism }, numMasks);
      found.forEach((part, k) => {
        masks[k] ??= emptyMask(whole, part.stride);
        pasteMask(masks[k], part, tile);
      });
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
    keepPure(picture, target);
    return { picture: target, masks };
  }

  async #run(
    tile: Pixels,
    place: Corner,
    drawing: Drawing & { realism: number },
    numMasks: number,
  ) {
    const { Tensor } = this.runtime.ort;
    const { width, height } = tile;
    const names = Array.from({ length: numMasks }, (_, k) => `mask${k}`);
    const inputs: Record<string, Ort.Tensor> = {
      picture: new Tensor("uint8", tile.data, [1, height, width, 4]),
      text: new Tensor("float32", drawing.text, [1, drawing.text.length]),
      realism: new Tensor("float32", [drawing.realism], [1]),
      share: new Tensor("float32", [drawing.share], [1]),
    };
    if (this.entry.grain) {
      inputs.noise = new Tensor("uint8", noise(place, tile), [1, 1, height, width]);
    }
    const outputs = await this.session.run(inputs, ["drawn", ...names]);
    const data = (await outputs.drawn!.getData()) as Uint8Array<ArrayBuffer>;
    const found: Mask[] = [];
    for (const name of names) {
      const mask = outputs[name]!;
      const values = (await mask.getData()) as Float32Array;
      const [maskHeight, maskWidth] = [mask.dims[2]!, mask.dims[3]!];
      found.push({ width: maskWidth, height: maskHeight, stride: width / maskWidth, values });
    }
    return { drawn: { width, height, data }, found };
  }
}

function emptyMask(picture: Pixels, stride: number): Mask {
  const [width, height] = [picture.width / stride, picture.height / stride];
  return { width, height, stride, values: new Float32Array(width * height) };
}

/** Writes a tile's mask, without its halo, into the mask of the whole picture. */
function pasteMask(target: Mask, part: Mask, { rows, columns }: Tile): void {
  const { stride } = part;
  const skipped = (columns.start - columns.first) / stride;
  const wide = (columns.stop - columns.start) / stride;
  for (let row = rows.start / stride; row < rows.stop / stride; row++) {
    const from = (row - rows.first / stride) * part.width + skipped;
    target.values.set(
      part.values.subarray(from, from + wide),
      row * target.width + columns.start / stride,
    );
  }
}

/** @throws ConfigError: the dial is out of range. */
export function checkRealism(realism: number): void {
  if (!(realism >= 0 && realism <= 1)) {
    throw new ConfigError(`realism must be from 0 to 1, got ${realism}`);
  }
}
