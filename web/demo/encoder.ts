/** The page's end of the AVIF encoder. */

import { CheckpointError } from "../src/errors.ts";
import type { Pixels } from "../src/pixels/pixels.ts";
import { fromSent } from "../src/sent-error.ts";
import type { CodingReply, CodingRequest } from "./encoder-worker.ts";

interface Waiting {
  resolve(bytes: Uint8Array<ArrayBuffer>): void;
  reject(error: Error): void;
}

export class Encoder {
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #numAsked = 0;

  /** Fetches and compiles the encoder. */
  async prepare(): Promise<void> {
    await this.#ask({});
  }

  /**
   * Returns an AVIF file.
   *
   * @throws CodecError: the encoder cannot be had, or fails.
   */
  async code(picture: Pixels, ownQuality: number): Promise<Blob> {
    return new Blob([await this.#ask({ picture, ownQuality })], { type: "image/avif" });
  }

  #ask(work: Omit<CodingRequest, "id">): Promise<Uint8Array<ArrayBuffer>> {
    const id = this.#numAsked++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#start().postMessage({ id, ...work } satisfies CodingRequest);
    });
  }

  #start(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(new URL("./encoder-worker.js", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<CodingReply>) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if ("error" in data) waiting?.reject(fromSent(data.error));
      else waiting?.resolve(data.bytes);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#worker = undefined;
      worker.terminate();
      const error = new CheckpointError(
        `the AVIF encoder failed: ${event.message || "not loaded"}`,
      );
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    };
    this.#worker = worker;
    return worker;
  }
}
