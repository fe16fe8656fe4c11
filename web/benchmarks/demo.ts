/**
 * Measures the demo site in Chromium: bytes of two visits, seconds from an example to each view.
 *
 *     npm run measure-demo -- [SITE]
 *
 * SITE is what `make site` builds. Prints one JSON record per visit.
 */

import { readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join, resolve } from "node:path";
import { launch, listenForErrors } from "../tests/browser/chromium.ts";
import { serve } from "../tests/browser/serving.ts";

const folder = resolve(process.argv[2] ?? "site");
const site = await serve({
  folders: { "/": folder },
  texts: { "/": readFileSync(join(folder, "index.html"), "utf8") },
  headers: {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cache-control": "no-cache",
  },
});
const browser = await launch();
const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
for (const visit of [1, 2]) {
  const page = await context.newPage();
  const errors = listenForErrors(page);
  const asked = site.log.length;
  const begin = performance.now();
  const seconds = () => Math.round((performance.now() - begin) / 100) / 10;
  await page.goto(site.origin);
  await page.locator("#status", { hasText: /^Ready/ }).waitFor();
  const ready = seconds();
  await page.locator("#offline", { hasText: "without network" }).waitFor();
  const fetched = site.log.slice(asked);
  await page.locator("#examples button").first().click();
  // every line that says what is at work, with the seconds since the click
  const steps = await page.evaluate(
    () =>
      new Promise<[number, string][]>((resolve) => {
        const clicked = performance.now();
        const said: [number, string][] = [];
        const status = document.getElementById("status")!;
        new MutationObserver(() => {
          const text = status.textContent ?? "";
          said.push([Math.round((performance.now() - clicked) / 100) / 10, text]);
          if (text === "Done.") resolve(said);
        }).observe(status, { childList: true, characterData: true, subtree: true });
      }),
  );
  const record = {
    visit,
    bytes: fetched.reduce((sum, { bytes }) => sum + bytes, 0),
    requests: fetched.length,
    ready_s: ready,
    steps,
    facts: await page.textContent("#sizes"),
    threads: await page.evaluate(() =>
      crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency) : 1,
    ),
    load_average: loadavg()[0],
    errors,
  };
  process.stdout.write(`${JSON.stringify(record)}\n`);
  await page.close();
}
await browser.close();
await site.close();
