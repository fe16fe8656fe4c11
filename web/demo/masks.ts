/** The masks of a picture as figures. */

import type { Mask, Pixels } from "../src/pixels/pixels.ts";
import { changeOf, heatMap, rangeOf } from "./heat-map.ts";
import { page } from "./page.ts";
import { showIn } from "./picture.ts";

/** Shows where the caption acted in a picture, stage by stage. */
export function showMasks(masks: readonly Mask[], picture: Pixels): void {
  const figures = masks.map((mask, k) => {
    const title = `Mask ${k + 1} of ${masks.length}, ${mask.stride} px a step`;
    return figureOf(title, mask, picture, 2);
  });
  page.maskList.replaceChildren(...figures);
  page.masks.hidden = masks.length === 0;
}

/** Shows, behind the masks, what came of them: what the caption changed. */
export function showChange(without: Pixels, picture: Pixels): void {
  const title = "What the caption changed, in levels of 255";
  const figure = figureOf(title, changeOf(without, picture), picture, 1);
  figure.id = "change";
  document.getElementById("change")?.remove();
  page.maskList.append(figure);
}

function figureOf(title: string, mask: Mask, picture: Pixels, digits: number): HTMLElement {
  const [low, high, mean] = Object.values(rangeOf(mask)).map((value) => value.toFixed(digits));
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", title);
  showIn(canvas, heatMap(mask, picture));
  const caption = document.createElement("figcaption");
  caption.textContent = `${title}: from ${low} (dark) to ${high} (bright), mean ${mean}`;
  const figure = document.createElement("figure");
  figure.append(canvas, caption);
  return figure;
}
