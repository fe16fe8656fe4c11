/** What a page asks a worker, and the worker's answers, matched by their numbers. */

import { CheckpointError } from "./errors.ts";
import { fromSent, type SentError } from "./sent-error.ts";

/** From a worker. */
export type Answer<Result> =
  | { readonly id: number; readonly result: Result }
  | { readonly id: number; readonly error: SentError };

interface Waiting<Result> {
  resolve(result: Result): void;
  reject(error: Error): void;
}

export class WorkerCalls<Question extends object, Result> {
  readonly #start: () => Worker;
  readonly #name: string;
  readonly #waiting = new Map<number, Waiting<Result>>();
  #worker: Worker | undefined;
  #numAsked = 0;

  /** Takes how to start the worker, which is done when it is first asked, and its name in errors. */
  constructor(start: () => Worker, name: string) {
    this.#start = start;
    this.#name = name;
  }

  /**
   * Returns what the worker made.
   *
   * @throws CodecError: one of its kinds, as the worker threw it.
   */
  ask(question: Question, transfer: Transferable[] = []): Promise<Result> {
    const id = this.#numAsked++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      try {
        this.#running().postMessage({ id, ...question }, transfer);
      } catch (error) {
        this.#waiting.delete(id);
        reject(new CheckpointError(`cannot start the ${this.#name}: ${error}`));
      }
    });
  }

  #running(): Worker {
    if (this.#worker) return this.#worker;
    const worker = this.#start();
    worker.onmessage = ({ data }: MessageEvent<Answer<Result>>) => this.#settle(data);
    worker.onerror = (event) => {
      // it could not be loaded, or broke down: what waits is told, what comes starts another
      event.preventDefault();
      this.#worker = undefined;
      worker.terminate();
      const error = new CheckpointError(
        `the ${this.#name} failed: ${event.message || "its script cannot be loaded"}`,
      );
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    };
    this.#worker = worker;
    return worker;
  }

  #settle(answer: Answer<Result>): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ("error" in answer) waiting?.reject(fromSent(answer.error));
    else waiting?.resolve(answer.result);
  }
}
