/** Sidelight in the browser: pictures drawn better from their own files and captions. */

import { clientOf } from "./client.ts";
import { packedBytes } from "./models/manifest.ts";
import { ModelStore } from "./models/store.ts";
import {
  checkDecodeOptions,
  checkFile,
  checkPicture,
  checkRuntimeOptions,
  checkUpgrade,
  type DecodeOptions,
  type RuntimeOptions,
  settingsOf,
  wishOf,
} from "./options.ts";
import { Upgrade, type UpgradeOptions } from "./page/upgrade.ts";
import type { Mask, Pixels } from "./pixels/pixels.ts";

export * from "./errors.ts";
export type { DecodeOptions, RuntimeOptions } from "./options.ts";
export type { Outcome, UpgradeOptions } from "./page/upgrade.ts";
export type { Times } from "./protocol.ts";
export type { Mask, Pixels, Upgrade };

/**
 * Finds the AVIF, JPEG and WebP images of a page and draws each anew as soon as it is near the
 * window, from its own file and from what the page says of it.
 *
 * Until a picture is drawn, and where it cannot be, the page's own is shown; `onOutcome` hears why.
 * An element with `data-sidelight="off"`, and all in it, is left alone.
 *
 * @throws ConfigError: an option is unknown, of another type or out of range.
 */
export function upgrade(
  root: ParentNode = document,
  options: UpgradeOptions & RuntimeOptions = {},
): Upgrade {
  checkUpgrade(root, options);
  return new Upgrade(root, clientOf(settingsOf(options)), options);
}

/**
 * Returns the improved picture of an AVIF, JPEG or WebP file, or the picture of a .slt file.
 *
 * It is drawn in the colours of the file's ICC profile and then converted to sRGB, in which canvases
 * show bitmaps. `decodePixels` gives it as it was drawn.
 *
 * @throws BitstreamError: the file is a broken .slt file.
 * @throws ModelMismatchError: the .slt file needs another model.
 * @throws ImageError: the file is none of these, or cannot be decoded.
 * @throws TextError: the caption is too long, or no Unicode text.
 * @throws ConfigError: an option is unknown, of another type or out of range.
 * @throws CheckpointError: the models cannot be had.
 */
export async function decode(file: Blob, options: DecodeOptions = {}): Promise<ImageBitmap> {
  return (await drawn(file, options, false, "bitmap")).shown as ImageBitmap;
}

/**
 * Returns what `decode` does, as samples in the file's own colours: those that the Python package
 * writes. What these colours are says `profile`.
 *
 * Errors as for `decode`.
 */
export async function decodePixels(file: Blob, options: DecodeOptions = {}): Promise<Pixels> {
  return (await drawn(file, options, false, "pixels")).shown as Pixels;
}

/**
 * Returns the improved picture of an AVIF, JPEG or WebP file, and where the text acted: a mask for
 * each stage of the generator, coarse to fine. None where nothing is drawn for the file's many bits.
 *
 * Errors as for `decode`.
 */
export async function inspect(
  file: Blob,
  options: DecodeOptions = {},
): Promise<{ picture: ImageBitmap; masks: readonly Mask[] }> {
  const { shown, masks } = await drawn(file, options, true, "bitmap");
  return { picture: shown as ImageBitmap, masks };
}

async function drawn(file: Blob, options: DecodeOptions, masks: boolean, as: "bitmap" | "pixels") {
  checkFile(file);
  checkDecodeOptions(options);
  const bytes = await file.arrayBuffer();
  const work = { kind: "decode", bytes, wish: { ...wishOf(options), masks }, as } as const;
  return clientOf(settingsOf(options)).ask(work, [bytes]);
}

/**
 * Returns a decoded picture improved, whatever coded it; its alpha and colour space stay as they are.
 *
 * Errors as for `decode`.
 */
export async function improve(picture: ImageData, options: DecodeOptions = {}): Promise<ImageData> {
  checkPicture(picture);
  checkDecodeOptions(options);
  const { width, height, data, colorSpace } = picture;
  const copy = { width, height, data: Uint8Array.from(data) };
  const work = { kind: "improve", picture: copy, wish: wishOf(options) } as const;
  const made = await clientOf(settingsOf(options)).ask(work, [copy.data.buffer]);
  const samples = new Uint8ClampedArray(made.picture.data.buffer);
  return new ImageData(samples, width, height, { colorSpace });
}

/** Returns how many bytes the models take on a first visit; onnxruntime comes on top. */
export async function modelBytes(options: RuntimeOptions = {}): Promise<number> {
  checkRuntimeOptions(options);
  return packedBytes(await new ModelStore(new URL(settingsOf(options).models)).manifest());
}
