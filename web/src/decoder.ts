/** Models that are loaded once, and what they make of pictures. */

import type { Container } from "./bitstream/container.ts";
import { readArrays } from "./entropy/arrays.ts";
import { CheckpointError, ConfigError } from "./errors.ts";
import { ModelStore } from "./models/store.ts";
import { Once } from "./once.ts";
import type { Mask, Pixels } from "./pixels/pixels.ts";
import { Generator } from "./runtime/generator.ts";
import { loadRuntime } from "./runtime/ort.ts";
import { SltGenerator } from "./runtime/slt-generator.ts";
import { TextEncoder } from "./runtime/text-encoder.ts";
import { SltReader } from "./slt.ts";
import { canonicalCaption } from "./text/canonical.ts";

export interface Settings {
  /** Folder of the models' manifest. */
  readonly models: string;
  readonly threads?: number | undefined;
  readonly webgpu?: boolean | undefined;
}

/** What is asked of the generator. */
export interface Wish {
  /** "" for none; left out for the one inside a .slt file, if any. */
  readonly caption?: string | undefined;
  /** The dial, from 0 (faithful) to 1 (natural); undefined for the model's default. */
  readonly realism?: number | undefined;
  /** Whether to tell where the text acted. */
  readonly masks?: boolean;
}

/** Milliseconds of the parts. */
export interface DrawTimes {
  /** Until the models were there, if that had to be waited for. */
  readonly models: number;
  readonly text: number;
  readonly generator: number;
}

/** A picture, how much of the caption it was drawn by, and how long that took. */
export interface Improved {
  readonly picture: Pixels;
  /** Where the text acted, if that was asked for. */
  readonly masks: Mask[];
  readonly used: string;
  readonly times: DrawTimes;
}

export class Decoder {
  readonly #store: ModelStore;
  readonly #settings: Settings;
  readonly #manifest = new Once(() => this.#store.manifest());
  readonly #runtime = new Once(() => loadRuntime(this.#settings.threads, this.#settings.webgpu));
  readonly #generator = new Once(() => this.#loadGenerator());
  readonly #text = new Once(() => this.#loadText());
  readonly #codec = new Once(() => this.#loadCodec());

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#store = new ModelStore(new URL(settings.models));
  }

  /** Begins to load what every picture needs. */
  prepare(): void {
    this.#generator.get().catch(() => {}); // the first picture tells
  }

  /** Returns a picture improved by its caption; `share` is how much of the drawing is used. */
  async improve(picture: Pixels, wish: Wish, share: number): Promise<Improved> {
    const asked = performance.now();
    const [generator, encoder] = await Promise.all([
      this.#generator.get(),
      this.#encoderFor(wish.caption),
    ]);
    const loaded = performance.now();
    const { vector, used } = await this.#vector(encoder, wish.caption);
    const read = performance.now();
    const drawing = { text: vector, realism: wish.realism, share };
    const drawn = wish.masks
      ? await generator.inspect(picture, drawing)
      : { picture: await generator.draw(picture, drawing), masks: [] };
    const times = {
      models: loaded - asked,
      text: read - loaded,
      generator: performance.now() - read,
    };
    return { ...drawn, used, times };
  }

  /**
   * Returns the picture of a .slt file, opaque.
   *
   * @throws BitstreamError: the bytes are no sound .slt file.
   * @throws ModelMismatchError: the file needs another model.
   */
  async decodeSlt(data: Uint8Array, wish: Wish): Promise<Improved & { container: Container }> {
    if (wish.realism !== undefined) {
      throw new ConfigError("realism is for ordinary files: .slt files have no dial");
    }
    if (wish.masks) throw new ConfigError("masks are told of ordinary files, this is a .slt file");
    const asked = performance.now();
    const { reader, generator } = await this.#codec.get();
    const { container, latents } = reader.read(data);
    const caption = wish.caption ?? container.caption;
    const encoder = await this.#encoderFor(caption);
    const loaded = performance.now();
    const { vector, used } = await this.#vector(encoder, caption);
    const read = performance.now();
    const picture = await generator.show(latents, container.qualityStep, vector, container);
    const times = {
      models: loaded - asked,
      text: read - loaded,
      generator: performance.now() - read,
    };
    return { picture, masks: [], used, times, container };
  }

  /** Without a caption the text encoder, a third of the models' bytes, is not needed. */
  async #encoderFor(caption: string | undefined): Promise<TextEncoder | undefined> {
    return canonicalCaption(caption) ? this.#text.get() : undefined;
  }

  async #vector(encoder: TextEncoder | undefined, caption = "") {
    if (encoder) return encoder.read(caption);
    const { width } = (await this.#manifest.get()).text;
    return { vector: new Float32Array(width), used: "" };
  }

  async #loadGenerator(): Promise<Generator> {
    const runtime = this.#runtime.get();
    runtime.catch(() => {}); // awaited below, after what may fail first
    const { generator } = await this.#manifest.get();
    const graph = await this.#store.read(generator.file);
    return Generator.create(await runtime, generator, graph);
  }

  async #loadCodec(): Promise<{ reader: SltReader; generator: SltGenerator }> {
    const { codec } = await this.#manifest.get();
    if (!codec) {
      throw new CheckpointError("the models were exported without a codec of .slt files");
    }
    const [integers, gains, graph] = await Promise.all([
      this.#store.read(codec.integers),
      this.#store.read(codec.gains),
      this.#store.read(codec.file),
    ]);
    const reader = await SltReader.create(readArrays(integers));
    const inverse = readArrays(gains).get("inverse_gains")?.values;
    const runtime = await this.#runtime.get();
    return { reader, generator: await SltGenerator.create(runtime, codec, graph, inverse) };
  }

  async #loadText(): Promise<TextEncoder> {
    const { text } = await this.#manifest.get();
    const [graph, tokenizer] = await Promise.all([
      this.#store.read(text.file),
      this.#store.read(text.tokenizer),
    ]);
    const serialised = new TextDecoder().decode(tokenizer);
    return TextEncoder.create(await this.#runtime.get(), text, graph, serialised);
  }
}
