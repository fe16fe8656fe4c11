/** The page's end of the worker. */

import type { Settings } from "./decoder.ts";
import type { Request, Result, Work } from "./protocol.ts";
import { WorkerCalls } from "./worker-calls.ts";

export class Client {
  readonly #settings: Settings;
  readonly #calls = new WorkerCalls<Omit<Request, "id">, Result>(
    () => new Worker(new URL("./worker.js", import.meta.url), { type: "module" }),
    "worker",
  );

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
  ): Promise<Extract<Result, { kind: Made[K] }>> {
    const result = this.#calls.ask({ settings: this.#settings, work }, transfer);
    return result as Promise<Extract<Result, { kind: Made[K] }>>;
  }
}

interface Made {
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
