/** A file's picture by the browser's own decoders, and pictures as what a page can show. */

import type { Size } from "../carriers/carrier.ts";
import type { CarrierFile } from "../carriers/reading.ts";
import { CorruptBitstreamError, ImageError } from "../errors.ts";
import type { Pixels } from "./pixels.ts";
import { pngSize, withProfile } from "./png.ts";

/** Largest picture that is drawn: beyond it a processor takes minutes. */
export const MAX_PIXELS = 2 ** 25;

/** A colour that any conversion would change. */
const PROBE = Uint8Array.of(200, 30, 90, 255);

/**
 * Returns the picture of a file, upright, in the file's own colours where it has a profile, else in
 * sRGB, as the page itself shows it.
 *
 * @throws ImageError: the browser cannot decode it, or it is too large.
 */
export async function decodeFile(
  bytes: Uint8Array<ArrayBuffer>,
  file: CarrierFile,
): Promise<Pixels> {
  checkSize(file); // before memory is taken for it
  const { profile } = file;
  if (!profile || !(await isLeftAlone(profile))) return decoded(bytes, file.type);
  return { ...(await decoded(bytes, file.type, "none")), profile };
}

/** Returns whether this browser can decode without converting to sRGB; where not, it converts. */
async function isLeftAlone(profile: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const png = await toBlob({ width: 1, height: 1, data: PROBE, profile });
  const { data } = await decoded(new Uint8Array(await png.arrayBuffer()), png.type, "none");
  return PROBE.every((value, k) => value === data[k]);
}

async function decoded(
  bytes: Uint8Array<ArrayBuffer>,
  type: string,
  colorSpaceConversion: ColorSpaceConversion = "default",
): Promise<Pixels> {
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(new Blob([bytes], { type }), { colorSpaceConversion });
  } catch (error) {
    throw new ImageError(`the browser cannot decode this ${type} file: ${error}`);
  }
  const { width, height } = bitmap;
  try {
    checkSize(bitmap); // a header may say less than there is
    const context = canvasOf(width, height);
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    return { width, height, data: new Uint8Array(data.buffer) };
  } finally {
    bitmap.close();
  }
}

function checkSize({ width, height }: Size): void {
  if (width * height > MAX_PIXELS) {
    throw new ImageError(`picture of ${width}x${height} px, the limit is ${MAX_PIXELS} px`);
  }
}

/**
 * Writes an alpha channel, coded as a gray PNG, into a picture.
 *
 * @throws CorruptBitstreamError: it is no PNG, or has another size.
 */
export async function addAlpha(picture: Pixels, png: Uint8Array): Promise<void> {
  const stated = pngSize(png);
  if (!stated) throw new CorruptBitstreamError("alpha section cannot be decoded: it is no PNG");
  const { width, height } = picture;
  if (stated.width !== width || stated.height !== height) {
    throw new CorruptBitstreamError(
      `alpha is ${stated.width}x${stated.height} px, the picture ${width}x${height} px`,
    );
  }
  let alpha: Pixels;
  try {
    alpha = await decoded(Uint8Array.from(png), "image/png", "none");
  } catch (error) {
    throw new CorruptBitstreamError(`alpha section cannot be decoded: ${error}`);
  }
  for (let k = 0; k < picture.data.length; k += 4) picture.data[k + 3] = alpha.data[k]!;
}

/** Returns a picture as a lossless file with its profile, for an element to show. */
export async function toBlob(picture: Pixels): Promise<Blob> {
  const png = await drawn(picture).canvas.convertToBlob({ type: "image/png" });
  return picture.profile ? withProfile(png, picture.profile) : png;
}

/** Returns a picture in sRGB, whatever colours it has, as canvases show it. */
export async function toBitmap(picture: Pixels): Promise<ImageBitmap> {
  if (picture.profile) return createImageBitmap(await toBlob(picture));
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
