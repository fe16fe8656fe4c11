/** Pictures as files, bitmaps and pixels. */

import { ImageError } from "../src/errors.ts";
import type { Pixels } from "../src/pixels/pixels.ts";
import { codedSize, type Size } from "./coding.ts";
import { whyRefused, whyUnreadable } from "./unreadable.ts";

export interface Opened {
  readonly bitmap: ImageBitmap;
  /** Of the file, where it had to be scaled down. */
  readonly before: Size | undefined;
}

/**
 * Returns the picture of a file, upright, scaled down where it is too large to be drawn in seconds.
 *
 * @throws ImageError: it cannot be opened; the message is for the reader.
 */
export async function openPicture(file: File): Promise<Opened> {
  const refused = whyRefused(file);
  if (refused) throw new ImageError(refused);
  let whole: ImageBitmap;
  try {
    whole = await createImageBitmap(file);
  } catch {
    const start = new Uint8Array(await file.slice(0, 64).arrayBuffer());
    throw new ImageError(whyUnreadable(file.name, start));
  }
  const before = { width: whole.width, height: whole.height };
  const size = codedSize(before);
  if (size.width === before.width && size.height === before.height) {
    return { bitmap: whole, before: undefined };
  }
  const canvas = canvasOf(size);
  const context = contextOf(canvas);
  context.imageSmoothingQuality = "high";
  context.drawImage(whole, 0, 0, size.width, size.height);
  whole.close();
  return { bitmap: canvas.transferToImageBitmap(), before };
}

export function pixelsOf(bitmap: ImageBitmap): Pixels {
  const { width, height } = bitmap;
  const context = contextOf(canvasOf(bitmap));
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  return { width, height, data: new Uint8Array(data.buffer) };
}

export function toPng(bitmap: ImageBitmap): Promise<Blob> {
  const canvas = canvasOf(bitmap);
  contextOf(canvas).drawImage(bitmap, 0, 0);
  return canvas.convertToBlob({ type: "image/png" });
}

/** Shows pixels or a bitmap in a canvas of the page, in their own size. */
export function showIn(canvas: HTMLCanvasElement, picture: ImageBitmap | Pixels): void {
  if (canvas.width !== picture.width) canvas.width = picture.width;
  if (canvas.height !== picture.height) canvas.height = picture.height;
  const context = canvas.getContext("2d");
  if (!context) return;
  if (picture instanceof ImageBitmap) {
    context.clearRect(0, 0, picture.width, picture.height);
    context.drawImage(picture, 0, 0);
    return;
  }
  const clamped = new Uint8ClampedArray(picture.data.buffer);
  context.putImageData(new ImageData(clamped, picture.width, picture.height), 0, 0);
}

function canvasOf({ width, height }: Size): OffscreenCanvas {
  return new OffscreenCanvas(width, height);
}

function contextOf(canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D {
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new ImageError(`no canvas of ${canvas.width}x${canvas.height} px`);
  return context;
}
