/**
 * Times a page of pictures in Chromium: per picture and part, one and more threads, two visits.
 *
 *     npm run measure -- PICTURES MODELS [THREADS ...]
 *
 * PICTURES is a folder of .avif files, each with a .json list of captions beside it; MODELS is what
 * scripts/export_web.py wrote. Prints one JSON record per picture and visit.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { launch, listenForErrors } from "../tests/browser/chromium.ts";
import { serve } from "../tests/browser/serving.ts";

const [pictures, models, ...counts] = process.argv.slice(2);
if (!pictures || !models) throw new Error("expected PICTURES MODELS [THREADS ...]");
const threads = counts.length ? counts.map(Number) : [1, 2];

const names = readdirSync(pictures).filter((name) => name.endsWith(".avif"));
interface Said {
  readonly source: string;
  readonly state: string;
  readonly reason?: string;
  readonly at: number;
  readonly times?: Readonly<Record<string, number>>;
}
declare const outcomes: readonly Said[];

const images = names.map((name) => {
  const list = JSON.parse(readFileSync(join(pictures, name.replace(".avif", ".json")), "utf8"));
  return `<p><img src="/pictures/${name}" alt="${String(list[0]).replaceAll('"', "&quot;")}"></p>`;
});
const page = (used: number) => `<!doctype html><meta charset="utf-8"><title>Pictures</title>
<link rel="icon" href="data:,">${images.join("\n")}
<script type="module">
window.outcomes = [];
const begin = performance.now();
const { upgrade } = await import("/package/dist/index.js");
upgrade(document, { threads: ${used}, models: "/models/", margin: "100000%", onOutcome({ image, ...said }) {
  outcomes.push({ ...said, at: said.at - begin, error: undefined });
}});
</script>`;

for (const used of threads) {
  const site = await serve({
    folders: {
      "/package/": resolve("."),
      "/models/": resolve(models),
      "/pictures/": resolve(pictures),
    },
    texts: { "/": page(used) },
    headers: {
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
      "cache-control": "max-age=3600",
    },
  });
  const browser = await launch();
  const context = await browser.newContext();
  for (const visit of [1, 2]) {
    site.log.length = 0;
    const tab = await context.newPage();
    const errors = listenForErrors(tab);
    await tab.goto(site.origin);
    await tab.waitForFunction((n) => outcomes.length >= n, names.length, {
      timeout: 600_000,
    });
    const said = await tab.evaluate(() => outcomes);
    for (const outcome of said) {
      const rounded = Object.fromEntries(
        Object.entries({ ...outcome.times, at: outcome.at }).map(([k, v]) => [
          k,
          Math.round(v as number),
        ]),
      );
      const record = { threads: used, visit, picture: outcome.source.split("/").pop(), ...rounded };
      console.log(JSON.stringify({ ...record, state: outcome.state, reason: outcome.reason }));
    }
    const isModel = (path: string) => !path.startsWith("/pictures/");
    const sum = (kept: (path: string) => boolean) =>
      site.log.filter(({ path }) => kept(path)).reduce((total, { bytes }) => total + bytes, 0);
    const record = { threads: used, visit, model_bytes: sum(isModel), all_bytes: sum(() => true) };
    console.log(JSON.stringify({ ...record, errors }));
    await tab.close();
  }
  await browser.close();
  await site.close();
}
