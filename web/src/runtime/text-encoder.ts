/** The text encoder: a caption becomes a vector of unit RMS; no caption becomes zeros. */

import type { Manifest } from "../models/manifest.ts";
import { checkCaption } from "../text/canonical.ts";
import { WordPieces } from "../text/word-pieces.ts";
import { createSession, type Ort, type Runtime } from "./ort.ts";

export class TextEncoder {
  private constructor(
    readonly runtime: Runtime,
    readonly session: Ort.InferenceSession,
    readonly pieces: WordPieces,
    readonly width: number,
  ) {}

  /** Takes the model's bytes. Words are few: the processor is fast enough for them. */
  static async create(
    runtime: Runtime,
    entry: Manifest["text"],
    graph: Uint8Array,
    tokenizer: string,
  ): Promise<TextEncoder> {
    const pieces = new WordPieces(tokenizer, entry.max_tokens);
    const session = await createSession(runtime, graph, "wasm");
    return new TextEncoder(runtime, session, pieces, entry.width);
  }

  /**
   * Returns the vector, and how much of the caption it covers.
   *
   * @throws TextError: the caption is too long, or no Unicode text.
   */
  async read(caption: string): Promise<{ vector: Float32Array; used: string }> {
    checkCaption(caption);
    const { ids, used } = this.pieces.read(caption);
    if (ids.length === 0) return { vector: new Float32Array(this.width), used };
    const { Tensor } = this.runtime.ort;
    const fed = { ids: new Tensor("int32", ids, [1, ids.length]) };
    const { vector } = await this.session.run(fed);
    return { vector: (await vector!.getData()) as Float32Array, used };
  }
}
