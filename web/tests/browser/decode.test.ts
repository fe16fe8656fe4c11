import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CONFORMANCE, largestDifference, read, readPpm } from "../conformance.ts";
import { CHROMIUM, launch } from "./chromium.ts";
import { type Shown, show } from "./pages.ts";

describe.runIf(CHROMIUM)("decode and improve", () => {
  let browser: Browser;
  let shown: Shown;
  beforeAll(async () => {
    browser = await launch();
    shown = await show(browser, "");
  });
  afterAll(async () => {
    expect(shown.errors).toEqual([]);
    await shown.close();
    await browser.close();
  });

  test.each(CONFORMANCE.pictures.filter(({ share }) => share === 1))(
    "improved pixels are within a level of Python's: $expected",
    async (entry) => {
      const { width, height, data } = readPpm(entry.picture);
      const drawn = await shown.page.evaluate(
        async ({ width, height, data, caption, realism }) => {
          const bytes = Uint8ClampedArray.from(atob(data), (letter) => letter.charCodeAt(0));
          const made = await sidelight.improve(new ImageData(bytes, width, height), {
            models: "/models/",
            caption,
            ...(realism === null ? {} : { realism }),
          });
          return Array.from(made.data);
        },
        { width, height, data: Buffer.from(data).toString("base64"), ...entry },
      );
      const made = { width, height, data: Uint8Array.from(drawn) };
      expect(largestDifference(made, readPpm(entry.expected))).toBeLessThanOrEqual(1);
    },
  );

  const decoded = (file: string, options: object = {}) =>
    shown.page.evaluate(
      async ({ data, options }) => {
        const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
        try {
          const bitmap = await sidelight.decode(new Blob([bytes]), {
            models: "/models/",
            ...options,
          });
          return [bitmap.width, bitmap.height];
        } catch (error) {
          return (error as Error).name;
        }
      },
      { data: read(file).toString("base64"), options },
    );

  test.each(CONFORMANCE.files.filter(({ moves }) => !moves))("decode of $file", async (entry) => {
    const expected = entry.error ?? [entry.width, entry.height];
    expect(await decoded(entry.file, { caption: "A dog" })).toEqual(expected);
  });

  test("settings and captions out of range are errors of their kind", async () => {
    expect(await decoded("files/plain.avif", { realism: 2 })).toBe("ConfigError");
    expect(await decoded("files/plain.avif", { caption: "a".repeat(70_000) })).toBe("TextError");
    expect(await decoded("files/plain.avif", { models: "/none/" })).toBe("CheckpointError");
  });

  test("models are fetched once, and not again on the second visit", async () => {
    const { page, site } = shown;
    const fetched = () => site.log.filter(({ path }) => path.endsWith(".packed")).length;
    const before = fetched();
    expect(before).toBe(4); // the runtime, the generator, the text encoder and its tokenizer
    await page.reload();
    expect(await decoded("files/plain.jpg", { caption: "A dog" })).toEqual([96, 64]);
    expect(fetched()).toBe(before);
  });
});
