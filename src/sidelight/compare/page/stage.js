// @ts-check
"use strict";

/**
 * The three pictures on the screen, and a detail of each.
 *
 * @typedef {Side | "original"} Shown
 */

const SIDES = /** @type {const} */ (["left", "original", "right"]);
const TITLES = { left: "Left", original: "Original", right: "Right" };
const MAGNIFICATIONS = [1, 2, 3, 4, 6, 8];
const NARROW = matchMedia("(max-width: 700px)");

/** @param {string} source */
async function load(source) {
  const image = new Image();
  image.draggable = false;
  image.alt = "";
  image.src = source;
  try {
    await image.decode();
  } catch {
    throw new Error(`${source} cannot be shown; is the folder whole?`);
  }
  return image;
}

class Stage {
  /** @type {Partial<Record<Shown, HTMLImageElement>>} */
  #images = {};
  #figures = new Map(
    SIDES.map((side) => {
      const figure = /** @type {HTMLElement} */ (
        document.querySelector(`#stage [data-side=${side}]`)
      );
      return [side, figure];
    }),
  );
  /** At first a picture's pixel is about as wide as one of CSS, as on any page. */
  #magnification = MAGNIFICATIONS.filter((factor) => factor < Math.round(devicePixelRatio)).length;
  #centre = { x: 0.5, y: 0.5 };
  #isHeld = false;
  /** @type {Record<Shown, string> | undefined} */
  #wanted;

  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    /** Whether all three stand in one place, one of them to be seen. */
    this.isInOnePlace = NARROW.matches;
    /** @type {Shown} */
    this.shown = "left";
    for (const figure of this.#figures.values()) {
      const whole = /** @type {HTMLElement} */ (figure.querySelector(".whole"));
      for (const event of /** @type {const} */ (["pointerdown", "pointermove"])) {
        whole.addEventListener(event, (pointer) => {
          const box = whole.getBoundingClientRect();
          const [x, y] = [pointer.clientX - box.left, pointer.clientY - box.top];
          this.#look(x / box.width, y / box.height);
        });
      }
    }
    new ResizeObserver(() => this.draw()).observe(element);
  }

  get magnification() {
    return MAGNIFICATIONS[this.#magnification];
  }

  /**
   * Shows three pictures once all have come, and till then none; returns whether it does, or others
   * were asked for in the meantime.
   *
   * @param {Record<Shown, string>} sources
   */
  async show(sources) {
    this.#wanted = sources;
    this.element.classList.add("waiting");
    const loaded = await Promise.all(
      SIDES.map((side) => Promise.all([load(sources[side]), load(sources.original)])),
    );
    if (this.#wanted !== sources) return false;
    this.element.classList.remove("waiting");
    SIDES.forEach((side, k) => {
      const [own, original] = loaded[k];
      this.#images[side] = own;
      original.className = "original";
      const frame = document.createElement("div");
      frame.className = "frame";
      const whole = this.#wholeOf(side);
      whole.replaceChildren(own, original, frame);
      own.alt = side === "original" ? "The original" : `The ${side} version`;
    });
    this.#centre = { x: 0.5, y: 0.5 };
    this.draw();
    return true;
  }

  /** @param {boolean} isHeld */
  hold(isHeld) {
    this.#isHeld = isHeld;
    this.draw();
  }

  /** @param {number} steps */
  magnify(steps) {
    const last = MAGNIFICATIONS.length - 1;
    this.#magnification = Math.min(last, Math.max(0, this.#magnification + steps));
    this.draw();
  }

  /**
   * Moves the detail by shares of itself.
   *
   * @param {number} right
   * @param {number} down
   */
  move(right, down) {
    const image = this.#images.original;
    if (!image) return;
    const { width, height } = this.#detail("original");
    const { x, y } = this.#centre;
    const [across, along] = [right * width, down * height];
    this.#look(x + across / image.naturalWidth, y + along / image.naturalHeight);
  }

  /** Lays everything out anew. */
  draw() {
    this.element.classList.toggle("one-place", this.isInOnePlace);
    this.element.classList.toggle("held", this.#isHeld);
    for (const side of SIDES) {
      const figure = this.#figures.get(side);
      figure?.classList.toggle("shown", side === this.shown);
      const caption = /** @type {HTMLElement} */ (figure?.querySelector("figcaption"));
      caption.textContent = TITLES[this.#isHeld ? "original" : side];
      const image = this.#images[side];
      const original = this.#images.original;
      if (!image || !original) continue;
      const { style } = this.#wholeOf(side);
      // never more than a screen pixel per pixel, or the browser would blur
      style.setProperty("--width", `${image.naturalWidth / devicePixelRatio}px`);
      style.setProperty("--aspect", String(image.naturalWidth / image.naturalHeight));
      this.#drawDetail(side, this.#isHeld ? original : image);
    }
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  #look(x, y) {
    const within = (/** @type {number} */ share) => Math.min(1, Math.max(0, share));
    this.#centre = { x: within(x), y: within(y) };
    this.draw();
  }

  /** @param {Shown} side */
  #wholeOf(side) {
    return /** @type {HTMLElement} */ (this.#figures.get(side)?.querySelector(".whole"));
  }

  /** @param {Shown} side */
  #canvasOf(side) {
    return /** @type {HTMLCanvasElement} */ (this.#figures.get(side)?.querySelector("canvas"));
  }

  /**
   * Returns the part of the picture that the detail shows, in its own pixels.
   *
   * @param {Shown} side
   */
  #detail(side) {
    const canvas = this.#canvasOf(side);
    const image = this.#images.original;
    const [imageWidth, imageHeight] = [image?.naturalWidth ?? 1, image?.naturalHeight ?? 1];
    const scale = this.magnification;
    const width = Math.min(imageWidth, Math.ceil((canvas.clientWidth * devicePixelRatio) / scale));
    const height = Math.min(
      imageHeight,
      Math.ceil((canvas.clientHeight * devicePixelRatio) / scale),
    );
    const left = Math.round(this.#centre.x * imageWidth - width / 2);
    const top = Math.round(this.#centre.y * imageHeight - height / 2);
    return {
      x: Math.min(imageWidth - width, Math.max(0, left)),
      y: Math.min(imageHeight - height, Math.max(0, top)),
      width,
      height,
    };
  }

  /**
   * @param {Shown} side
   * @param {HTMLImageElement} image
   */
  #drawDetail(side, image) {
    const canvas = this.#canvasOf(side);
    const { x, y, width, height } = this.#detail(side);
    const scale = this.magnification;
    canvas.width = Math.round(canvas.clientWidth * devicePixelRatio);
    canvas.height = Math.round(canvas.clientHeight * devicePixelRatio);
    const context = canvas.getContext("2d");
    if (!context) return;
    context.imageSmoothingEnabled = false;
    context.drawImage(image, x, y, width, height, 0, 0, width * scale, height * scale);
    const frame = /** @type {HTMLElement} */ (this.#wholeOf(side).querySelector(".frame"));
    const share = (/** @type {number} */ part, /** @type {number} */ all) =>
      `${(100 * part) / all}%`;
    frame.style.left = share(x, image.naturalWidth);
    frame.style.top = share(y, image.naturalHeight);
    frame.style.width = share(width, image.naturalWidth);
    frame.style.height = share(height, image.naturalHeight);
  }
}
