/** The page's end of the worker. */

import type { Settings } from "./decoder.ts";
import { CheckpointError } from "./errors.ts";
import type { Reply, Request, Result, Work } from "./protocol.ts";
import { fromSent } from "./sent-error.ts";

interface Waiting {
  resolve(result: Result): void;
  reject(error: Error): void;
}

export class Client {
  readonly #settings: Settings;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #numAsked = 0;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /**
   * Returns what the worker made.
   *
   * @throws CodecError: one of its kinds, as the worker threw it.
   */
  ask<K extends Work["kind"]>(
    work: Extract<Work, { kind: K }>,
    transfer: Transferable[] = [],
  ): Promise<Extract<Result, { kind: Answer[K] }>> {
    const id = this.#numAsked++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (result: Result) => void, reject });
      try {
        const request: Request = { id, settings: this.#settings, work };
        this.#start().postMessage(request, transfer);
      } catch (error) {
        this.#waiting.delete(id);
        reject(new CheckpointError(`cannot start the worker: ${error}`));
      }
    });
  }

  #start(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }: MessageEvent<Reply>) => this.#settle(data);
    worker.onerror = (event) => {
      // it could not be loaded, or broke down: what waits is told, what comes starts another
      event.preventDefault();
      this.#worker = undefined;
      worker.terminate();
      const error = new CheckpointError(
        `the worker failed: ${event.message || "its script cannot be loaded"}`,
      );
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    };
    this.#worker = worker;
    return worker;
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ("error" in reply) waiting?.reject(fromSent(reply.error));
    else waiting?.resolve(reply.result);
  }
}

interface Answer {
  prepare: "prepared";
  decode: "decoded";
  improve: "improved";
}

const clients = new Map<string, Client>();

/** Returns the client of these settings; all who ask for the same share a worker. */
export function clientOf(settings: Settings): Client {
  const key = JSON.stringify(settings);
  let client = clients.get(key);
  if (!client) {
    client = new Client(settings);
    clients.set(key, client);
  }
  return client;
}
