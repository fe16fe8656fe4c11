/** What the page and its worker say to each other. */

import type { DrawTimes, Settings, Wish } from "./decoder.ts";
import type { Mask, Pixels } from "./pixels/pixels.ts";
import type { Answer } from "./worker-calls.ts";

/** A bitmap is in sRGB; pixels and the PNG in a blob have the file's own colours and its profile. */
export type Form = "bitmap" | "blob" | "pixels";

export type Work =
  | { readonly kind: "prepare" }
  /** Improve the picture of a carrier's file. */
  | {
      readonly kind: "decode";
      readonly bytes: ArrayBuffer;
      readonly wish: Wish;
      readonly as: Form;
    }
  /** Improve a picture that is decoded already. */
  | { readonly kind: "improve"; readonly picture: Pixels; readonly wish: Wish };

/** To the worker. The first message carries the settings. */
export interface Request {
  readonly id: number;
  readonly settings: Settings;
  readonly work: Work;
}

/** Milliseconds of the parts of one picture. */
export interface Times extends DrawTimes {
  /** The browser's own decoder. */
  readonly decode: number;
  /** From pixels to what the page shows. */
  readonly hand_over: number;
}

export type Result =
  | { readonly kind: "prepared" }
  | {
      readonly kind: "decoded";
      readonly shown: ImageBitmap | Blob | Pixels;
      readonly masks: Mask[];
      readonly width: number;
      readonly height: number;
      /** How much of the drawing was used. */
      readonly share: number;
      /** Bits of the coded pixels per pixel. */
      readonly bpp: number;
      /** As much of the caption as the text encoder reads. */
      readonly used: string;
      readonly times: Times;
    }
  | { readonly kind: "improved"; readonly picture: Pixels };

/** From the worker. */
export type Reply = Answer<Result>;
