/**
 * Compares pictures that Chromium draws with Python's, the real models in both.
 *
 *     npm run agreement -- PICTURES MODELS
 *
 * PICTURES is what `python -m benchmarks.web.pictures` wrote, MODELS what scripts/export_web.py
 * did. Prints per picture the largest and mean difference in levels: `improve` of the very pixels
 * that Python decoded; the browser's own AVIF decoder against Pillow's; `decodePixels` of the AVIF
 * file, all in the file's own colours; `decode` of it and Python's picture, both in sRGB by the
 * browser; the .slt file, whose latents' CRC is compared on the way.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { launch, listenForErrors } from "../tests/browser/chromium.ts";
import { serve } from "../tests/browser/serving.ts";

const [pictures, models] = process.argv.slice(2);
if (!pictures || !models) throw new Error("expected PICTURES MODELS");
const names = readdirSync(pictures).flatMap((name) => /^(.*)\.avif$/.exec(name)?.[1] ?? []);

const script = `
import { decode, decodePixels, improve } from "/package/dist/index.js";
async function pixels(source, colorSpaceConversion = "none") {
  const bitmap = source instanceof ImageBitmap ? source
    : await createImageBitmap(await (await fetch(source)).blob(), { colorSpaceConversion });
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height);
}
function difference(a, b) {
  let most = 0, sum = 0;
  for (let k = 0; k < a.data.length; k++) {
    const step = Math.abs(a.data[k] - b.data[k]);
    most = Math.max(most, step);
    sum += step;
  }
  return { most, mean: +(sum / (0.75 * a.data.length)).toFixed(4) };
}
globalThis.compare = async (name, caption) => {
  const options = { models: "/models/", caption };
  const file = await (await fetch("/pictures/" + name + ".avif")).blob();
  const plain = await pixels("/pictures/" + name + ".plain.png");
  const drawn = await pixels("/pictures/" + name + ".drawn.png");
  return {
    improve: difference(await improve(plain, options), drawn),
    avif: difference(await pixels("/pictures/" + name + ".avif"), plain),
    decode_pixels: difference(await decodePixels(file, options), drawn),
    decode: difference(await pixels(await decode(file, options)),
      await pixels("/pictures/" + name + ".drawn.png", "default")),
    slt: difference(
      await decodePixels(await (await fetch("/pictures/" + name + ".slt")).blob(), options),
      await pixels("/pictures/" + name + ".shown.png")),
  };
};`;

declare const compare: (name: string, caption: string) => Promise<object>;

const site = await serve({
  folders: {
    "/package/": resolve("."),
    "/models/": resolve(models),
    "/pictures/": resolve(pictures),
  },
  texts: {
    "/": `<!doctype html><title>Agreement</title><link rel="icon" href="data:,">
<script type="module" src="/compare.js"></script>`,
    "/compare.js": script,
  },
});
const browser = await launch();
const page = await browser.newPage();
const errors = listenForErrors(page);
await page.goto(site.origin);
for (const name of names) {
  const [caption] = JSON.parse(readFileSync(join(pictures, `${name}.json`), "utf8"));
  const found = await page.evaluate(([n, c]) => compare(n!, c!), [name, caption]);
  console.log(JSON.stringify({ picture: name, ...found }));
}
if (errors.length) console.log(JSON.stringify({ errors }));
await browser.close();
await site.close();
