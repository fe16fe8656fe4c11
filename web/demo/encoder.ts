/** The page's end of the AVIF encoder. */

import type { Pixels } from "../src/pixels/pixels.ts";
import { WorkerCalls } from "../src/worker-calls.ts";
import type { Coding } from "./encoder-worker.ts";

export class Encoder {
  readonly #calls = new WorkerCalls<Coding, Uint8Array<ArrayBuffer>>(
    () => new Worker(new URL("./encoder-worker.js", import.meta.url), { type: "module" }),
    "AVIF encoder",
  );

  /** Fetches and compiles the encoder. */
  async prepare(): Promise<void> {
    await this.#calls.ask({});
  }

  /**
   * Returns an AVIF file.
   *
   * @throws CodecError: the encoder cannot be had, or fails.
   */
  async code(picture: Pixels, ownQuality: number): Promise<Blob> {
    return new Blob([await this.#calls.ask({ picture, ownQuality })], { type: "image/avif" });
  }
}
