/** Models that are loaded once, and what they make of pictures. */

import type { Manifest } from "./models/manifest.ts";
import { ModelStore } from "./models/store.ts";
import type { Pixels } from "./pixels/pixels.ts";
import { Generator } from "./runtime/generator.ts";
import { loadRuntime, type Runtime } from "./runtime/ort.ts";
import { TextEncoder } from "./runtime/text-encoder.ts";
import { canonicalCaption } from "./text/canonical.ts";

export interface Settings {
  /** Folder of the models' manifest. */
  readonly models: string;
  readonly threads?: number | undefined;
  readonly webgpu?: boolean | undefined;
}

/** What is asked of the generator. */
export interface Wish {
  /** "" for none. */
  readonly caption: string;
  /** The dial, from 0 (faithful) to 1 (natural); undefined for the model's default. */
  readonly realism?: number | undefined;
}

/** Milliseconds of the parts. */
export interface DrawTimes {
  /** Until the models were there, if that had to be waited for. */
  readonly models: number;
  readonly text: number;
  readonly generator: number;
}

export class Decoder {
  readonly #store: ModelStore;
  readonly #settings: Settings;
  #manifest?: Promise<Manifest>;
  #runtime?: Promise<Runtime>;
  #generator?: Promise<Generator>;
  #text?: Promise<TextEncoder>;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#store = new ModelStore(new URL(settings.models));
  }

  /** Begins to load what every picture needs. */
  prepare(): void {
    this.#loadGenerator().catch(() => {}); // the first picture tells
  }

  /** Returns a picture improved by its caption; `share` is how much of the drawing is used. */
  async improve(
    picture: Pixels,
    wish: Wish,
    share: number,
  ): Promise<{ picture: Pixels; used: string; times: DrawTimes }> {
    const asked = performance.now();
    // a picture without a caption needs no text encoder, which is a third of the models' bytes
    const needsText = canonicalCaption(wish.caption) !== "";
    const [generator, encoder] = await Promise.all([
      this.#loadGenerator(),
      needsText ? this.#loadText() : undefined,
    ]);
    const loaded = performance.now();
    const { width } = (await this.#loadManifest()).text;
    const none = { vector: new Float32Array(width), used: "" };
    const { vector, used } = encoder ? await encoder.read(wish.caption) : none;
    const read = performance.now();
    const drawn = await generator.draw(picture, { text: vector, realism: wish.realism, share });
    const times = {
      models: loaded - asked,
      text: read - loaded,
      generator: performance.now() - read,
    };
    return { picture: drawn, used, times };
  }

  #loadManifest(): Promise<Manifest> {
    this.#manifest ??= this.#store.manifest();
    return this.#manifest;
  }

  #loadRuntime(): Promise<Runtime> {
    this.#runtime ??= loadRuntime(this.#settings.threads, this.#settings.webgpu);
    return this.#runtime;
  }

  #loadGenerator(): Promise<Generator> {
    this.#generator ??= (async () => {
      const runtime = this.#loadRuntime();
      runtime.catch(() => {}); // awaited below, after what may fail first
      const { generator } = await this.#loadManifest();
      const graph = await this.#store.read(generator.file);
      return Generator.create(await runtime, generator, graph);
    })();
    return this.#generator;
  }

  #loadText(): Promise<TextEncoder> {
    this.#text ??= (async () => {
      const { text } = await this.#loadManifest();
      const [graph, tokenizer] = await Promise.all([
        this.#store.read(text.file),
        this.#store.read(text.tokenizer),
      ]);
      const serialised = new TextDecoder().decode(tokenizer);
      return TextEncoder.create(await this.#loadRuntime(), text, graph, serialised);
    })();
    return this.#text;
  }
}
