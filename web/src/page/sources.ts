/** Which pictures of a page are worth fetching, and their bytes. */

import { ImageError } from "../errors.ts";

/** Names of files that no carrier has. Others are known by their first bytes. */
const OTHER_SUFFIXES = /\.(svgz?|png|apng|gif|bmp|ico|cur|jxl|tiff?|heic)$/i;
const OTHER_TYPES = /^data:image\/(?!avif|jpeg|jpg|webp)/i;

/** Returns why a picture cannot be drawn, undefined where it may be. */
export function whyUnfit({
  currentSrc: source,
  crossOrigin,
}: HTMLImageElement): string | undefined {
  if (!source) return "it has no source";
  if (crossOrigin === null && isOfAnotherOrigin(source)) {
    // asking would fail, and the browser would write that into the page's console
    return "of another origin, and its element does not ask to read it (attribute crossorigin)";
  }
  const suffix = OTHER_SUFFIXES.exec(source.startsWith("data:") ? "" : pathOf(source))?.[1];
  if (suffix) return `a .${suffix.toLowerCase()} file, expected AVIF, JPEG or WebP`;
  const type = OTHER_TYPES.test(source) ? source.slice(5, source.search(/[;,]/)) : undefined;
  return type && `a picture of type ${type}, expected AVIF, JPEG or WebP`;
}

function isOfAnotherOrigin(source: string): boolean {
  const { protocol, origin } = new URL(source, document.baseURI);
  return protocol.startsWith("http") && origin !== location.origin;
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
export async function fetchPicture(image: HTMLImageElement): Promise<ArrayBuffer> {
  const source = image.currentSrc;
  const credentials = image.crossOrigin === "use-credentials" ? "include" : "same-origin";
  let response: Response;
  try {
    response = await fetch(source, { cache: "force-cache", credentials });
  } catch (error) {
    throw new ImageError(`cannot fetch ${source}: ${error}`);
  }
  if (!response.ok) throw new ImageError(`cannot fetch ${source}: status ${response.status}`);
  return response.arrayBuffer();
}

/** Returns whether the reader asks pages to spare data. */
export function sparesData(): boolean {
  const { connection } = navigator as { connection?: { saveData?: boolean } };
  return connection?.saveData === true || matchMedia("(prefers-reduced-data: reduce)").matches;
}
