/** Test pages: what they show, how they are served, what the package made of them. */

import { resolve } from "node:path";
import type { Browser, Page } from "playwright-core";
import { FOLDER } from "../conformance.ts";
import { listenForErrors } from "./chromium.ts";
import { type Serving, type Site, serve } from "./serving.ts";

const PACKAGE = resolve(import.meta.dirname, "../..");
export const FOLDERS = {
  "/package/": PACKAGE,
  "/models/": `${FOLDER}/models`,
  "/slt/": resolve(FOLDER, "../slt"),
  "/profiles/": `${FOLDER}/profiles`,
  "/": `${FOLDER}/files`,
};

/** An outcome as it comes out of the page. */
export interface Told {
  readonly id: string;
  readonly state: "drawn" | "left";
  readonly caption: string;
  readonly reason?: string;
  readonly error?: string;
  readonly content: string;
}

/** Upgrades the page and keeps what is told; a file of its own, since the policy forbids inline. */
const SCRIPT = `
import * as sidelight from "/package/dist/index.js";
const options = JSON.parse(document.body.dataset.options ?? "{}");
globalThis.told = [];
globalThis.sidelight = sidelight;
globalThis.upgraded = sidelight.upgrade(document, {
  models: "/models/",
  ...options,
  onOutcome: ({ image, state, caption, reason, error }) =>
    told.push({ id: image.id, state, caption, reason, error: error?.name,
      content: image.style.content }),
});`;

export interface Shown {
  readonly page: Page;
  readonly site: Serving;
  /** What the console and the page said of errors and warnings. */
  readonly errors: string[];
  /** Returns what was told once it is said of so many pictures. */
  told(count: number): Promise<Told[]>;
  close(): Promise<void>;
}

export interface PageOptions {
  readonly headers?: Record<string, string>;
  readonly options?: Record<string, unknown>;
  readonly texts?: Record<string, string>;
  readonly prepare?: (page: Page) => Promise<void>;
}

/** Opens a page of this body. */
export async function show(
  browser: Browser,
  body: string,
  given: PageOptions = {},
): Promise<Shown> {
  const options = JSON.stringify(given.options ?? {}).replaceAll('"', "&quot;");
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Test</title>
<link rel="icon" href="data:,"></head><body data-options="${options}">${body}
<script type="module" src="/test.js"></script></body></html>`;
  const texts = { "/": html, "/test.js": SCRIPT, ...given.texts };
  const wanted: Site = { folders: FOLDERS, texts, headers: given.headers ?? {} };
  const site = await serve(wanted);
  const context = await browser.newContext({ viewport: { width: 800, height: 600 } });
  const page = await context.newPage();
  const errors = listenForErrors(page);
  await given.prepare?.(page);
  await page.goto(site.origin);
  return {
    page,
    site,
    errors,
    async told(count) {
      await page.waitForFunction((n) => globalThis.told?.length >= n, count, { timeout: 100_000 });
      return page.evaluate(() => globalThis.told);
    },
    async close() {
      await context.close();
      await site.close();
    },
  };
}

declare global {
  var told: Told[];
  var upgraded: import("../../src/index.ts").Upgrade;
  var sidelight: typeof import("../../src/index.ts");
}
