/** Pictures as rows of RGBA bytes, cut and put together. */

/** A picture's samples. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** RGBA, row by row. */
  readonly data: Uint8Array<ArrayBuffer>;
  /** ICC profile that says which colours the samples are; left out for sRGB. */
  readonly profile?: Uint8Array<ArrayBuffer> | undefined;
}

/** Where one block of the generator let the text act. */
export interface Mask {
  /** Of the mask: a picture of its own, coarser than the one that it is of. */
  readonly width: number;
  readonly height: number;
  /** Pixels of the picture along one of the mask's. */
  readonly stride: number;
  /** From 0 to 1, row by row. */
  readonly values: Float32Array;
}

const CHANNELS = 4;

/** Returns the picture with its last row and column repeated up to multiples of `stride`. */
export function padded(picture: Pixels, stride: number): Pixels {
  const { width, height, data } = picture;
  const wide = Math.ceil(width / stride) * stride;
  const high = Math.ceil(height / stride) * stride;
  if (wide === width && high === height) return picture;
  const target = new Uint32Array(wide * high);
  const source = new Uint32Array(data.buffer, data.byteOffset, width * height);
  for (let row = 0; row < high; row++) {
    const from = Math.min(row, height - 1) * width;
    const to = row * wide;
    target.set(source.subarray(from, from + width), to);
    target.fill(source[from + width - 1]!, to + width, to + wide);
  }
  return { width: wide, height: high, data: new Uint8Array(target.buffer) };
}

/** Returns a part of a picture. */
export function cut(
  picture: Pixels,
  top: number,
  bottom: number,
  left: number,
  right: number,
): Pixels {
  if (top === 0 && left === 0 && bottom === picture.height && right === picture.width) {
    return picture;
  }
  const part = { width: right - left, height: bottom - top };
  const data = new Uint8Array(part.width * part.height * CHANNELS);
  const target = { ...part, data };
  paste(target, picture, { top: 0, left: 0 }, { top, left, ...part });
  return target;
}

/** Gives every pixel its luma, as Pillow rounds it. */
export function makeGray({ data }: Pixels): void {
  for (let k = 0; k < data.length; k += CHANNELS) {
    const [red, green, blue] = [data[k]!, data[k + 1]!, data[k + 2]!];
    data.fill((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16, k, k + 3);
  }
}

export interface Corner {
  readonly top: number;
  readonly left: number;
}

/** Writes a part of `source`, as far as it fits, into `target` at a corner. */
export function paste(
  target: Pixels,
  source: Pixels,
  at: Corner,
  part: Corner & { readonly width: number; readonly height: number },
): void {
  const rows = Math.min(part.height, target.height - at.top);
  const bytes = Math.min(part.width, target.width - at.left) * CHANNELS;
  for (let row = 0; row < rows; row++) {
    const from = ((part.top + row) * source.width + part.left) * CHANNELS;
    const to = ((at.top + row) * target.width + at.left) * CHANNELS;
    target.data.set(source.data.subarray(from, from + bytes), to);
  }
}
