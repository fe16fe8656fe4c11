/** What is asked of the AVIF encoder. */

/** Sidelight's qualities, from the smallest file up. */
export const QUALITIES = { least: 1, most: 9 };

/** libavif's own quality at 1, 3, 5, 7 and 9, as in the Python package's carriers. */
const KNOTS = [0, 18, 34, 44, 60];
const KNOT_STEP = 2;

/** Returns libavif's quality for one of Sidelight's, along straight lines between the knots. */
export function ownQuality(quality: number): number {
  const place = (quality - QUALITIES.least) / KNOT_STEP;
  const below = Math.min(Math.floor(place), KNOTS.length - 2);
  const [low, high] = [KNOTS[below]!, KNOTS[below + 1]!];
  return Math.round(low + (place - below) * (high - low));
}

/** Beyond it one picture would take a processor more than some seconds. */
export const MOST_PIXELS = 1024 * 768;
const MOST_SIDE = 8192;

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Returns the size that a picture is coded in: its own, or the largest of its shape. */
export function codedSize({ width, height }: Size): Size {
  const ofArea = Math.sqrt(MOST_PIXELS / (width * height));
  const scale = Math.min(1, ofArea, MOST_SIDE / Math.max(width, height));
  const side = (length: number) => Math.max(1, Math.floor(length * scale));
  return scale === 1 ? { width, height } : { width: side(width), height: side(height) };
}
