/**
 * Where the tiles of a large picture lie, for a network that must not see it whole.
 *
 * A tile is computed with a halo at least as wide as the network's receptive field, and the halo is
 * cut off its output, so that no seam is left. The grid is the Python package's.
 */

export const TILE_PX = 1024;

/** A stretch of a row or column: what the network is given, and what is kept of it. */
interface Span {
  readonly start: number;
  readonly stop: number;
  readonly first: number;
  readonly last: number;
}

export interface Tile {
  readonly rows: Span;
  readonly columns: Span;
}

/** Yields the tiles of a picture, row by row; a small one is a single tile. */
export function* tiles(
  height: number,
  width: number,
  halo: number,
  side = TILE_PX,
): Generator<Tile> {
  if (height <= side && width <= side) {
    yield { rows: whole(height), columns: whole(width) };
    return;
  }
  for (const rows of spans(height, halo, side)) {
    for (const columns of spans(width, halo, side)) yield { rows, columns };
  }
}

const whole = (length: number): Span => ({ start: 0, stop: length, first: 0, last: length });

function* spans(length: number, halo: number, side: number): Generator<Span> {
  for (let start = 0; start < length; start += side) {
    const stop = Math.min(start + side, length);
    yield { start, stop, first: Math.max(0, start - halo), last: Math.min(stop + halo, length) };
  }
}
