/**
 * Shows another picture in an image element without touching what the page wrote there.
 *
 * CSS `content` replaces what is painted: attributes, alternative text, `picture` and `srcset`, and
 * the layout stay as they are.
 */

import { ImageError } from "../errors.ts";

/** A picture that is shown in an element's place, until it is taken back. */
export class Replacement {
  readonly #image: HTMLImageElement;
  readonly #url: string;
  readonly #before: string;

  private constructor(image: HTMLImageElement, url: string) {
    this.#image = image;
    this.#url = url;
    this.#before = image.style.content;
  }

  /**
   * Shows the picture once it is decoded, so that nothing flickers.
   *
   * @throws ImageError: the page forbids it.
   */
  static async show(image: HTMLImageElement, picture: Blob, width: number): Promise<Replacement> {
    const url = URL.createObjectURL(picture);
    const probe = new Image();
    probe.src = url;
    try {
      await probe.decode();
    } catch {
      URL.revokeObjectURL(url);
      throw new ImageError(
        "the page cannot show the drawn picture; its Content-Security-Policy must allow " +
          "'img-src blob:'",
      );
    }
    const replacement = new Replacement(image, url);
    // with srcset, one CSS pixel may be several of the file's
    const density = width / (image.naturalWidth || width);
    image.style.content = density === 1 ? `url("${url}")` : `image-set(url("${url}") ${density}x)`;
    return replacement;
  }

  /** Shows again what the page wrote. */
  undo(): void {
    this.#image.style.content = this.#before;
    if (!this.#image.getAttribute("style")) this.#image.removeAttribute("style");
    URL.revokeObjectURL(this.#url);
  }
}
