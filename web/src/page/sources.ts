/** Which pictures of a page are worth fetching, and their bytes. */

import { ImageError } from "../errors.ts";

/** Names of files that no carrier has. Others are known by their first bytes. */
const OTHER_SUFFIXES = /\.(svgz?|png|apng|gif|bmp|ico|cur|jxl|tiff?|heic)$/i;
const OTHER_TYPES = /^data:image\/(?!avif|jpeg|jpg|webp)/i;

/** Returns why a source cannot be a carrier's file, undefined where it may be one. */
export function whyUnfit(source: string): string | undefined {
  if (!source) return "it has no source";
  const suffix = OTHER_SUFFIXES.exec(source.startsWith("data:") ? "" : pathOf(source))?.[1];
  if (suffix) return `a .${suffix.toLowerCase()} file, expected AVIF, JPEG or WebP`;
  const type = OTHER_TYPES.test(source) ? source.slice(5, source.search(/[;,]/)) : undefined;
  return type && `a picture of type ${type}, expected AVIF, JPEG or WebP`;
}

function pathOf(source: string): string {
  try {
    return new URL(source).pathname;
  } catch {
    return source;
  }
}

/**
 * Returns the bytes of a picture that a page shows, from the browser's cache where they are there.
 *
 * @throws ImageError: they cannot be had, as from another origin that does not allow it.
 */
export async function fetchPicture(source: string): Promise<ArrayBuffer> {
  let response: Response;
  try {
    response = await fetch(source, { cache: "force-cache" });
  } catch (error) {
    const other = new URL(source).origin !== location.origin;
    const advice = other ? "; its origin must allow this page to read it (CORS)" : "";
    throw new ImageError(`cannot fetch ${source}${advice}: ${error}`);
  }
  if (!response.ok) throw new ImageError(`cannot fetch ${source}: status ${response.status}`);
  return response.arrayBuffer();
}

/** Returns whether the reader asks pages to spare data. */
export function sparesData(): boolean {
  const { connection } = navigator as { connection?: { saveData?: boolean } };
  return connection?.saveData === true || matchMedia("(prefers-reduced-data: reduce)").matches;
}
