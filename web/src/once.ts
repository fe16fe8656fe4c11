/** What is made once, when it is first asked for. */

/** For so long a failure is told again, so that a page of pictures does not fetch it for each. */
export const REST_MS = 30_000;

export class Once<T> {
  readonly #make: () => Promise<T>;
  #made?: Promise<T> | undefined;
  #forgottenAt = Number.POSITIVE_INFINITY;

  constructor(make: () => Promise<T>) {
    this.#make = make;
  }

  /** Returns what was made; what failed is tried again by the first who asks after a while. */
  get(): Promise<T> {
    if (performance.now() >= this.#forgottenAt) this.#made = undefined;
    if (!this.#made) {
      this.#forgottenAt = Number.POSITIVE_INFINITY;
      this.#made = this.#make();
      this.#made.catch(() => {
        this.#forgottenAt = performance.now() + REST_MS;
      });
    }
    return this.#made;
  }
}
