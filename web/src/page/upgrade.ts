/** A page's pictures, drawn better from their own files and words, one after the other. */

import type { Client } from "../client.ts";
import { CheckpointError } from "../errors.ts";
import { REST_MS } from "../once.ts";
import type { Times } from "../protocol.ts";
import { captionOf } from "./captions.ts";
import { Replacement } from "./replacement.ts";
import { fetchPicture, sparesData, whyUnfit } from "./sources.ts";

/** An element with this attribute, and all in it, is left alone: `data-sidelight="off"`. */
export const OPT_OUT = '[data-sidelight="off"]';

/** What became of one picture. */
export interface Outcome {
  readonly image: HTMLImageElement;
  /** `drawn`, or `left` as it was. */
  readonly state: "drawn" | "left";
  /** Of the file that was shown. */
  readonly source: string;
  /** What the page says of the picture, as far as it was read. */
  readonly caption: string;
  /** Why it was left. */
  readonly reason?: string;
  /** What failed, if something did. */
  readonly error?: Error;
  /** How much of the drawing was used, from 0 to 1: less where the file has many bits. */
  readonly share?: number;
  /** Milliseconds of the parts. */
  readonly times?: Times & { readonly fetch: number };
  /** Milliseconds from the page's start to this outcome. */
  readonly at: number;
}

export interface UpgradeOptions {
  /** The dial, from 0 (faithful) to 1 (natural); left out for the model's default. */
  readonly realism?: number;
  /** Called once per picture, and again when its source changes or it is tried again. */
  readonly onOutcome?: (outcome: Outcome) => void;
  /** How far outside the window a picture is begun, as for `IntersectionObserver`. */
  readonly margin?: string;
}

type Left = Pick<Outcome, "reason"> & Partial<Pick<Outcome, "error">>;

/** Pictures that some upgrade already looks after. */
const known = new WeakSet<HTMLImageElement>();

/** The pictures of one root, as long as they are looked after. */
export class Upgrade {
  /** The last outcome of each picture that has one. */
  readonly outcomes = new Map<HTMLImageElement, Outcome>();

  readonly #client: Client;
  readonly #options: UpgradeOptions;
  readonly #observer: IntersectionObserver;
  readonly #images: HTMLImageElement[];
  readonly #shown = new Map<HTMLImageElement, Replacement>();
  readonly #sources = new WeakMap<HTMLImageElement, string>();
  /** Pictures that were left since the models or the worker failed, and when. */
  readonly #failed = new Map<HTMLImageElement, number>();
  /** Sources that were tried again, which is done once. */
  readonly #retried = new WeakMap<HTMLImageElement, string>();
  #isStopped = false;

  constructor(root: ParentNode, client: Client, options: UpgradeOptions) {
    this.#client = client;
    this.#options = options;
    this.#observer = new IntersectionObserver((entries) => this.#onSeen(entries), {
      rootMargin: options.margin ?? "50%",
    });
    this.#images = imagesIn(root).filter((image) => !known.has(image));
    for (const image of this.#images) known.add(image);
    if (sparesData()) {
      const reason = "the reader asks to spare data";
      for (const image of this.#images) this.#leave(image, "", { reason });
      return;
    }
    for (const image of this.#images) this.#observer.observe(image);
    document.addEventListener("visibilitychange", this.#onVisible);
  }

  /** Looks after the pictures no longer; those that are drawn stay. */
  stop(): void {
    this.#isStopped = true;
    this.#observer.disconnect();
    document.removeEventListener("visibilitychange", this.#onVisible);
    for (const image of this.#images) {
      image.removeEventListener("load", this.#onLoad);
      known.delete(image);
    }
  }

  /** Stops, and shows every picture as the page has it. */
  undo(): void {
    this.stop();
    for (const replacement of this.#shown.values()) replacement.undo();
    this.#shown.clear();
  }

  #onSeen(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      this.#observer.unobserve(target);
      const image = target as HTMLImageElement;
      image.addEventListener("load", this.#onLoad); // also when srcset picks another file
      if (image.complete) void this.#draw(image);
      else image.addEventListener("error", () => this.#draw(image), { once: true });
    }
  }

  readonly #onLoad = (event: Event): void => {
    void this.#draw(event.currentTarget as HTMLImageElement);
  };

  /** What failed is made anew after a rest: before, trying again would only hear the same. */
  readonly #onVisible = (): void => {
    if (!document.hidden) this.#retry((at) => performance.now() >= at + REST_MS);
  };

  #retry(isDue: (at: number) => boolean): void {
    for (const [image, at] of this.#failed) {
      if (!isDue(at)) continue;
      this.#failed.delete(image);
      this.#sources.delete(image);
      this.#retried.set(image, image.currentSrc);
      void this.#draw(image);
    }
  }

  async #draw(image: HTMLImageElement): Promise<void> {
    const source = image.currentSrc;
    if (this.#isStopped || (source && this.#sources.get(image) === source)) return;
    this.#sources.set(image, source);
    this.#failed.delete(image);
    this.#shown.get(image)?.undo();
    this.#shown.delete(image);
    const isCurrent = () => !this.#isStopped && image.currentSrc === source;
    const caption = captionOf(image);
    try {
      const reason = whyLeft(image);
      if (reason) return this.#leave(image, caption, { reason });
      await this.#client.ask({ kind: "prepare" });
      const begin = performance.now();
      const bytes = await fetchPicture(image);
      const fetched = performance.now() - begin;
      const wish = { caption, realism: this.#options.realism };
      const made = await this.#client.ask({ kind: "decode", bytes, wish, as: "blob" }, [bytes]);
      if (!isCurrent()) return;
      if (made.share === 0) {
        const reason = `coded with ${made.bpp.toFixed(1)} bits per pixel: needs nothing drawn`;
        return this.#leave(image, caption, { reason });
      }
      const shown = await Replacement.show(image, made.shown as Blob, made.width);
      if (!isCurrent()) return shown.undo();
      this.#shown.set(image, shown);
      const { used, share } = made;
      const times = { ...made.times, fetch: fetched };
      this.#tell(image, { state: "drawn", caption: used, share, times });
      this.#retry(() => true); // models and worker are there
    } catch (thrown) {
      const error = thrown as Error;
      if (!isCurrent()) return;
      if (error instanceof CheckpointError && this.#retried.get(image) !== source) {
        this.#failed.set(image, performance.now());
      }
      this.#leave(image, caption, { reason: error.message, error });
    }
  }

  #leave(image: HTMLImageElement, caption: string, left: Left): void {
    this.#tell(image, { state: "left", caption, ...left });
  }

  #tell(image: HTMLImageElement, what: Omit<Outcome, "image" | "source" | "at">): void {
    const outcome = { image, source: image.currentSrc, at: performance.now(), ...what };
    this.outcomes.set(image, outcome);
    this.#options.onOutcome?.(outcome);
  }
}

/** Returns the images of a root, itself included, that are not opted out. */
function imagesIn(root: ParentNode): HTMLImageElement[] {
  const own = root instanceof HTMLImageElement ? [root] : [];
  return [...own, ...root.querySelectorAll("img")].filter((image) => !image.closest(OPT_OUT));
}

function whyLeft(image: HTMLImageElement): string | undefined {
  if (image.naturalWidth === 0) return "the page itself cannot show it";
  return whyUnfit(image);
}
