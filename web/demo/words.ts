/** Numbers as people read them. */

import type { Size } from "./coding.ts";

const GROUPS = new Intl.NumberFormat("en");

export function bytesInWords(bytes: number): string {
  return `${GROUPS.format(bytes)} bytes`;
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

export function sizeInWords({ width, height }: Size): string {
  return `${width}×${height} px`;
}

/** Returns a file's bytes and what that is for each pixel. */
export function rateInWords(bytes: number, { width, height }: Size): string {
  return `${bytesInWords(bytes)}, ${((8 * bytes) / (width * height)).toFixed(2)} bits per pixel`;
}

/** Returns a name without its suffix, fit for a file. */
export function stemOf(name: string): string {
  return name.replace(/\.[^.]*$/, "").replace(/[^\p{L}\p{N} _-]+/gu, "_") || "picture";
}
