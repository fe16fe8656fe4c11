/** A picture's columns and rows. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** What is to be known of a standard codec: how its files are recognised and measured. */
export interface Carrier {
  /** Its key, such as `avif`; the same as in the Python package. */
  readonly name: string;

  /** Its name in messages. */
  readonly title: string;

  /** The media type of its files. */
  readonly type: string;

  /** Coded bits per bit of detail between which drawing stops to help; as in the Python package. */
  readonly drawnRange: readonly [number, number];

  /** Returns whether a file begins as this codec's do. */
  starts(data: Uint8Array): boolean;

  /**
   * Returns the bytes that code the pixels in a file of this codec, metadata not counted.
   *
   * @throws ImageError: the file's structure is broken.
   */
  codedBytes(data: Uint8Array): number;

  /**
   * Returns the picture's size by the file's header, as it is stored, before it is turned upright.
   *
   * @throws ImageError: the header is broken.
   */
  size(data: Uint8Array): Size;

  /**
   * Returns the ICC profile as the file has it, sound or not, undefined where there is none.
   *
   * @throws ImageError: the file's structure is broken.
   */
  profile(data: Uint8Array): Uint8Array | undefined;

  /** Returns whether a file of this codec surely holds every pixel as it was. */
  isLossless(data: Uint8Array): boolean;

  /** Returns whether a file of this codec moves, so that one picture cannot stand for it. */
  isAnimated(data: Uint8Array): boolean;
}
