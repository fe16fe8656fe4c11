/** Two pictures on top of each other, with a divider that the keyboard and the pointer move. */

import { page } from "./page.ts";
import { showIn } from "./picture.ts";
import { VIEW_TITLES, type ViewName } from "./session.ts";

/** Fits the window, or so many CSS pixels for each of the picture. */
type Zoom = "fit" | number;

export class Comparison {
  #zoom: Zoom = "fit";

  /** Calls `onChosen` when other views are to be shown. */
  constructor(onChosen: (shown: readonly ViewName[]) => void) {
    for (const select of [page.left, page.right]) {
      for (const [name, title] of Object.entries(VIEW_TITLES)) select.add(new Option(title, name));
      select.addEventListener("change", () => onChosen(this.shown));
    }
    page.left.value = "plain";
    page.right.value = "caption";
    page.split.addEventListener("input", () => this.#divide());
    page.stage.addEventListener("scroll", () => this.#divide());
    new ResizeObserver(() => this.#divide()).observe(page.stage);
    page.zoom.addEventListener("change", () => {
      this.#zoom = page.zoom.value === "fit" ? "fit" : Number(page.zoom.value);
      this.#size();
    });
    page.stage.addEventListener("pointerdown", (event) => this.#drag(event));
    page.stage.addEventListener("pointermove", (event) => this.#drag(event));
    this.#divide();
  }

  get shown(): readonly ViewName[] {
    return [page.left.value as ViewName, page.right.value as ViewName];
  }

  /** Shows what there is of the chosen views; until there is something, the original dimmed. */
  show(original: ImageBitmap, left: ImageBitmap | undefined, right: ImageBitmap | undefined): void {
    const sides = [
      [page.leftPicture, left, page.left, page.leftTitle],
      [page.rightPicture, right, page.right, page.rightTitle],
    ] as const;
    for (const [canvas, picture, select, label] of sides) {
      showIn(canvas, picture ?? original);
      canvas.classList.toggle("awaited", !picture);
      const title = VIEW_TITLES[select.value as ViewName];
      canvas.setAttribute("aria-label", picture ? title : `${title}: not there yet`);
      const isWordless = select.value === "other" && page.other.value.trim() === "";
      const awaited = isWordless ? "Type another caption first" : `${title} …`;
      label.textContent = picture ? title : awaited;
    }
    this.#size();
  }

  #size(): void {
    const { width } = page.leftPicture;
    page.stage.style.setProperty("--width", this.#zoom === "fit" ? "" : `${width * this.#zoom}px`);
    page.stage.classList.toggle("enlarged", this.#zoom !== "fit");
    page.stage.tabIndex = this.#zoom === "fit" ? -1 : 0; // arrow keys scroll
    this.#divide();
  }

  /** The divider stays where it is in the window, whatever part of the picture is seen. */
  #divide(): void {
    const share = page.split.valueAsNumber / 100;
    const at = page.stage.scrollLeft + share * page.stage.clientWidth;
    page.stage.style.setProperty("--split", `${at}px`);
    const titles = [page.left, page.right].map((select) => VIEW_TITLES[select.value as ViewName]);
    page.split.setAttribute(
      "aria-valuetext",
      `${page.split.value} % ${titles[0]}, the rest ${titles[1]}`,
    );
  }

  /** A mouse always moves the divider; a finger only where nothing is to be scrolled sideways. */
  #drag(event: PointerEvent): void {
    if (!(event.buttons & 1) || (event.pointerType !== "mouse" && this.#zoom !== "fit")) return;
    const { left } = page.stage.getBoundingClientRect();
    const share = (event.clientX - left) / page.stage.clientWidth;
    page.split.value = String(Math.round(100 * Math.min(1, Math.max(0, share))));
    this.#divide();
  }
}
