/** The masks of a picture as figures. */

import type { Mask, Pixels } from "../src/pixels/pixels.ts";
import { heatMap, rangeOf } from "./heat-map.ts";
import { page } from "./page.ts";
import { showIn } from "./picture.ts";

/** Shows where the caption acted in a picture, stage by stage. */
export function showMasks(masks: readonly Mask[], picture: Pixels): void {
  const figures = masks.map((mask, k) => {
    const { low, high, mean } = rangeOf(mask);
    const canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `Mask ${k + 1}, bright where the caption acts`);
    showIn(canvas, heatMap(mask, picture));
    const caption = document.createElement("figcaption");
    caption.textContent =
      `Mask ${k + 1} of ${masks.length}, ${mask.stride} px a step: from ${low.toFixed(2)} (dark) to ` +
      `${high.toFixed(2)} (bright), mean ${mean.toFixed(2)}`;
    const figure = document.createElement("figure");
    figure.append(canvas, caption);
    return figure;
  });
  page.maskList.replaceChildren(...figures);
  page.masks.hidden = masks.length === 0;
}
