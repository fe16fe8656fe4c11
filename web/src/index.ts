/** Sidelight in the browser: pictures drawn better from their own files and captions. */

import { clientOf } from "./client.ts";
import type { Settings, Wish } from "./decoder.ts";
import { ImageError } from "./errors.ts";
import { packedBytes } from "./models/manifest.ts";
import { ModelStore } from "./models/store.ts";
import { Upgrade, type UpgradeOptions } from "./page/upgrade.ts";
import type { Mask } from "./pixels/pixels.ts";

export * from "./errors.ts";
export type { Outcome, UpgradeOptions } from "./page/upgrade.ts";
export type { Times } from "./protocol.ts";
export type { Mask, Upgrade };

/** Where the models lie and how they are computed. */
export interface RuntimeOptions {
  /** Folder with the models' `manifest.json`; left out for the package's own folder `models`. */
  readonly models?: string | URL;
  /** Most threads where the page is isolated; at most 4 are used. */
  readonly threads?: number;
  /** Whether WebGPU is used where there is an adapter; it is by default. */
  readonly webgpu?: boolean;
}

export interface DecodeOptions extends RuntimeOptions {
  /** What the picture shows; left out for the one inside a .slt file, else none. */
  readonly caption?: string;
  /** The dial, from 0 (faithful) to 1 (natural); left out for the model's default. */
  readonly realism?: number;
}

/**
 * Finds the AVIF, JPEG and WebP images of a page and draws each anew as soon as it is near the
 * window, from its own file and from what the page says of it.
 *
 * Until a picture is drawn, and where it cannot be, the page's own is shown; `onOutcome` hears why.
 * An element with `data-sidelight="off"`, and all in it, is left alone.
 */
export function upgrade(
  root: ParentNode = document,
  options: UpgradeOptions & RuntimeOptions = {},
): Upgrade {
  return new Upgrade(root, clientOf(settingsOf(options)), options);
}

/**
 * Returns the improved picture of an AVIF, JPEG or WebP file, or the picture of a .slt file.
 *
 * @throws BitstreamError: the file is a broken .slt file.
 * @throws ModelMismatchError: the .slt file needs another model.
 * @throws ImageError: the file is none of these, or cannot be decoded.
 * @throws TextError: the caption is too long, or no Unicode text.
 * @throws ConfigError: `realism` is out of range.
 * @throws CheckpointError: the models cannot be had.
 */
export async function decode(file: Blob, options: DecodeOptions = {}): Promise<ImageBitmap> {
  return (await drawn(file, options, false)).picture;
}

/**
 * Returns the improved picture of an AVIF, JPEG or WebP file, and where the text acted: a mask for
 * each stage of the generator, coarse to fine. None where nothing is drawn for the file's many bits.
 *
 * Errors as for `decode`.
 */
export function inspect(
  file: Blob,
  options: DecodeOptions = {},
): Promise<{ picture: ImageBitmap; masks: readonly Mask[] }> {
  return drawn(file, options, true);
}

async function drawn(file: Blob, options: DecodeOptions, masks: boolean) {
  const bytes = await file.arrayBuffer();
  const wish = { ...wishOf(options), masks };
  const work = { kind: "decode", bytes, wish, as: "bitmap" } as const;
  const result = await clientOf(settingsOf(options)).ask(work, [bytes]);
  return { picture: result.shown as ImageBitmap, masks: result.masks };
}

/**
 * Returns a decoded picture improved, whatever coded it; its alpha stays as it is.
 *
 * Errors as for `decode`.
 */
export async function improve(picture: ImageData, options: DecodeOptions = {}): Promise<ImageData> {
  const { width, height, data } = picture;
  if (!(data instanceof Uint8ClampedArray)) {
    throw new ImageError("expected an ImageData of 8 bits");
  }
  if (data.length === 0 || data.length !== 4 * width * height) {
    throw new ImageError(`picture of ${width}x${height} px has ${data.length} bytes`);
  }
  const copy = { width, height, data: Uint8Array.from(data) };
  const work = { kind: "improve", picture: copy, wish: wishOf(options) } as const;
  const made = await clientOf(settingsOf(options)).ask(work, [copy.data.buffer]);
  return new ImageData(new Uint8ClampedArray(made.picture.data.buffer), width, height);
}

/** Returns how many bytes the models take on a first visit; onnxruntime comes on top. */
export async function modelBytes(options: RuntimeOptions = {}): Promise<number> {
  return packedBytes(await new ModelStore(new URL(settingsOf(options).models)).manifest());
}

function settingsOf({ models, threads, webgpu }: RuntimeOptions): Settings {
  const own = new URL("../models/", import.meta.url);
  const folder = models === undefined ? own : new URL(models, document.baseURI);
  return { models: folder.href.replace(/\/?$/, "/"), threads, webgpu };
}

function wishOf({ caption, realism }: DecodeOptions): Wish {
  return { caption, realism };
}
