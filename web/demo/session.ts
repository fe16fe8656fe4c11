/**
 * One picture at work: what was made of it, what is out of date, and what is made next.
 *
 * One job runs at a time. What is shown comes first, and a wish that changes while a job runs is
 * looked at when that job is done, so that a reader who types is never behind by more than one.
 */

import type { Mask } from "../src/pixels/pixels.ts";
import { ownQuality, type Size } from "./coding.ts";

export type ViewName = "original" | "plain" | "caption" | "none" | "other";

export const VIEW_TITLES: Readonly<Record<ViewName, string>> = {
  original: "Original",
  plain: "Plain AVIF",
  caption: "Sidelight with the caption",
  none: "Sidelight without a caption",
  other: "Sidelight with the other caption",
};

const DRAWN: readonly ViewName[] = ["caption", "none", "other"];

export interface Wishes {
  readonly quality: number;
  readonly realism: number;
  readonly caption: string;
  readonly other: string;
}

/** A picture of one view. */
export interface View<Picture> {
  readonly picture: Picture;
  readonly masks: readonly Mask[];
  /** What it was made by; another key means that it is out of date. */
  readonly key: string;
  readonly seconds: number;
}

export interface Coded {
  readonly file: Blob;
  readonly quality: number;
  readonly key: string;
  readonly seconds: number;
}

/** What does the work; the picture is an ImageBitmap on the page. */
export interface Tools<Picture> {
  code(original: Picture, ownQuality: number): Promise<Blob>;
  open(file: Blob): Promise<Picture>;
  draw(
    file: Blob,
    caption: string,
    realism: number,
  ): Promise<{ picture: Picture; masks: readonly Mask[] }>;
}

export type Job = "code" | ViewName;

export interface Listener {
  /** Something was begun, made or failed; `job` is what is at work now. */
  onChange(job: Job | undefined): void;
  onError(error: unknown): void;
}

export class Session<Picture extends Size> {
  readonly views = new Map<ViewName, View<Picture>>();
  coded: Coded | undefined;
  /** The views that are looked at: they are made first. */
  shown: readonly ViewName[] = ["plain", "caption"];

  readonly #failed = new Set<string>();
  #isAtWork = false;
  #isClosed = false;

  constructor(
    readonly original: Picture,
    public wishes: Wishes,
    readonly tools: Tools<Picture>,
    readonly listener: Listener,
  ) {
    this.views.set("original", { picture: original, masks: [], key: "original", seconds: 0 });
  }

  /** Takes up what is out of date, until nothing is. */
  async work(): Promise<void> {
    if (this.#isAtWork) return;
    this.#isAtWork = true;
    for (let job = this.next(); job; job = this.next()) {
      this.listener.onChange(job);
      const key = this.#key(job);
      try {
        await this.#perform(job, key);
      } catch (error) {
        this.#failed.add(key);
        if (!this.#isClosed) this.listener.onError(error);
      }
    }
    this.#isAtWork = false;
    if (!this.#isClosed) this.listener.onChange(undefined);
  }

  /** Another picture has been chosen: what is at work is not waited for. */
  close(): void {
    this.#isClosed = true;
  }

  /** Returns whether a view is there and what the wishes ask for. */
  isFresh(name: ViewName): boolean {
    return name === "original" || this.views.get(name)?.key === this.#key(name);
  }

  /** Returns what is to be made next, undefined where everything is there. */
  next(): Job | undefined {
    if (this.#isClosed) return undefined;
    const wanted = [...this.shown, ...DRAWN].filter((name) => !this.isFresh(name));
    const jobs: Job[] = this.coded?.key === this.#key("code") ? wanted : ["code"];
    return jobs.find((job) => !this.#failed.has(this.#key(job)) && this.#isPossible(job));
  }

  /** Tries again what has failed. */
  retry(): void {
    this.#failed.clear();
  }

  #isPossible(job: Job): boolean {
    return job !== "other" || this.wishes.other.trim() !== "";
  }

  #key(job: Job): string {
    const { quality, realism, caption, other } = this.wishes;
    if (job === "code") return `code ${quality}`;
    if (job === "original") return job;
    if (job === "plain") return `plain ${quality}`;
    const text = { caption, none: "", other }[job];
    return `drawn ${quality} ${realism} ${text}`;
  }

  async #perform(job: Job, key: string): Promise<void> {
    const begin = performance.now();
    const seconds = () => (performance.now() - begin) / 1000;
    if (job === "code") {
      const { quality } = this.wishes;
      const file = await this.tools.code(this.original, ownQuality(quality));
      this.coded = { file, quality, key, seconds: seconds() };
      return;
    }
    const { file } = this.coded!;
    const made = await (job === "plain"
      ? this.tools.open(file).then((picture) => ({ picture, masks: [] }))
      : this.tools.draw(file, this.#caption(job), this.wishes.realism));
    this.views.set(job, { ...made, key, seconds: seconds() });
  }

  #caption(job: ViewName): string {
    if (job === "none") return "";
    return job === "other" ? this.wishes.other : this.wishes.caption;
  }
}
