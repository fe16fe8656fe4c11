/** A caption as the ids of its word pieces, cut where the text encoder's limit asks for it. */

import { Tokenizer } from "@huggingface/tokenizers";
import { CheckpointError } from "../errors.ts";
import { canonicalCaption } from "./canonical.ts";

/** A sentence's end; also the full-width marks, which no space follows. */
const SENTENCE_END = /[.!?…](?=\s)|[\u3002\uff01\uff1f]/gu;
const IS_ALPHANUMERIC = /[\p{L}\p{N}]/u;

export class WordPieces {
  readonly #tokenizer: Tokenizer;

  /**
   * Takes a tokenizer as the Python library `tokenizers` serialises it.
   *
   * @throws CheckpointError: it is none.
   */
  constructor(
    serialised: string,
    readonly maxTokens: number,
  ) {
    try {
      this.#tokenizer = new Tokenizer(JSON.parse(serialised), {});
    } catch (error) {
      throw new CheckpointError(`cannot read the tokenizer: ${error}`);
    }
  }

  /** Returns the ids of a caption, none for no caption; and how much of it they cover. */
  read(caption: string | null | undefined): { ids: Int32Array; used: string } {
    const whole = canonicalCaption(caption);
    if (!whole) return { ids: new Int32Array(), used: "" };
    const used = this.#fit(whole);
    return { ids: Int32Array.from(this.#encode(used).slice(0, this.maxTokens)), used };
  }

  #encode(text: string): number[] {
    // the Python library lowers each letter alone, so that a sigma at a word's end stays one
    const normal = text.normalize("NFKC").replaceAll("Σ", "σ");
    return this.#tokenizer.encode(normal, { add_special_tokens: false }).ids;
  }

  /** Returns the caption up to its last whole sentence, or word, that is read. */
  #fit(whole: string): string {
    const characters = Array.from(whole);
    const limit = this.#charactersRead(characters);
    if (limit >= characters.length) return whole;
    const head = characters.slice(0, limit).join("");
    const withNext = head + characters[limit];
    const ends = [...withNext.matchAll(SENTENCE_END)].map((end) => end.index + end[0].length);
    const lastEnd = ends.findLast((end) => end <= head.length);
    if (lastEnd !== undefined) return head.slice(0, lastEnd);
    const wordEnd = IS_ALPHANUMERIC.test(characters[limit]!) ? head.lastIndexOf(" ") : head.length;
    return wordEnd > 0 ? head.slice(0, wordEnd) : head;
  }

  /** Returns where the last word piece ends that the encoder has a place for. */
  #charactersRead(characters: readonly string[]): number {
    const ids = this.#encode(characters.join(""));
    if (ids.length <= this.maxTokens) return characters.length;
    const pieces = ids.slice(0, this.maxTokens).map((id) => this.#tokenizer.id_to_token(id) ?? "");
    const bytes = pieces.join("").length - 1; // a piece's letter is a byte; the first is a space
    let low = 0;
    let high = characters.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const lowered = characters.slice(0, middle).join("").normalize("NFKC").toLowerCase();
      if (new TextEncoder().encode(lowered).length < bytes) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
