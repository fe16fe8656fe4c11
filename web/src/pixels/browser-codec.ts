/** A file's picture by the browser's own decoders, and pictures as what a page can show. */

import { CorruptBitstreamError, ImageError } from "../errors.ts";
import type { Pixels } from "./pixels.ts";

/** Largest picture that is drawn: beyond it a processor takes minutes. */
export const MAX_PIXELS = 2 ** 25;

/**
 * Returns the picture of a file, upright, in sRGB, as the page itself shows it.
 *
 * @throws ImageError: the browser cannot decode it, or it is too large.
 */
export async function decodePixels(bytes: Uint8Array<ArrayBuffer>, type: string): Promise<Pixels> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(new Blob([bytes], { type }));
  } catch (error) {
    throw new ImageError(`the browser cannot decode this ${type} file: ${error}`);
  }
  const { width, height } = bitmap;
  try {
    if (width * height > MAX_PIXELS) {
      throw new ImageError(`picture of ${width}x${height} px, the limit is ${MAX_PIXELS} px`);
    }
    const context = canvasOf(width, height);
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    return { width, height, data: new Uint8Array(data.buffer) };
  } finally {
    bitmap.close();
  }
}

/**
 * Writes an alpha channel, coded as a gray PNG, into a picture.
 *
 * @throws CorruptBitstreamError: it is no PNG, or has another size.
 */
export async function addAlpha(picture: Pixels, png: Uint8Array): Promise<void> {
  let alpha: Pixels;
  try {
    alpha = await decodePixels(Uint8Array.from(png), "image/png");
  } catch (error) {
    throw new CorruptBitstreamError(`alpha section cannot be decoded: ${error}`);
  }
  const { width, height } = picture;
  if (alpha.width !== width || alpha.height !== height) {
    throw new CorruptBitstreamError(
      `alpha is ${alpha.width}x${alpha.height} px, the picture ${width}x${height} px`,
    );
  }
  for (let k = 0; k < picture.data.length; k += 4) picture.data[k + 3] = alpha.data[k]!;
}

/** Returns a picture as a lossless file, for an element to show. */
export function toBlob(picture: Pixels): Promise<Blob> {
  return drawn(picture).canvas.convertToBlob({ type: "image/png" });
}

export function toBitmap(picture: Pixels): ImageBitmap {
  return drawn(picture).canvas.transferToImageBitmap();
}

function drawn({ width, height, data }: Pixels): OffscreenCanvasRenderingContext2D {
  const context = canvasOf(width, height);
  const clamped = new Uint8ClampedArray(data.buffer, data.byteOffset, data.byteLength);
  context.putImageData(new ImageData(clamped, width, height), 0, 0);
  return context;
}

function canvasOf(width: number, height: number): OffscreenCanvasRenderingContext2D {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new ImageError(`no canvas of ${width}x${height} px`);
  return context;
}
