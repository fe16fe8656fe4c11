import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseContainer } from "../../src/bitstream/container.ts";
import {
  CONFORMANCE,
  largestDifference,
  meanDifference,
  PROFILES,
  read,
  readPpm,
} from "../conformance.ts";
import { readGolden } from "../golden.ts";
import { CHROMIUM, launch } from "./chromium.ts";
import { type Shown, show } from "./pages.ts";

/** The tiny carrier models and the tiny codec of .slt files in one. */
const WITH_CODEC = (() => {
  const carrier = JSON.parse(read("models/manifest.json").toString());
  const { codec } = JSON.parse(read("../slt/manifest.json").toString());
  const beside = (part: Record<string, unknown>, folder: string) =>
    Object.fromEntries(
      Object.entries(part).map(([name, value]) => {
        const path = (value as { path?: string } | null)?.path;
        return [name, path ? { ...(value as object), path: `../${folder}/${path}` } : value];
      }),
    );
  const { generator, text } = carrier;
  return JSON.stringify({
    ...carrier,
    generator: beside(generator, "models"),
    text: beside(text, "models"),
    codec: beside(codec, "slt"),
  });
})();

describe.runIf(CHROMIUM)("decode and improve", () => {
  let browser: Browser;
  let shown: Shown;
  beforeAll(async () => {
    browser = await launch();
    shown = await show(browser, "", { texts: { "/with-codec/manifest.json": WITH_CODEC } });
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

  test.each(PROFILES.drawn)("$file is drawn in the colours of its profile", async (entry) => {
    const [pixels, bitmap] = await shown.page.evaluate(
      async ({ data, caption }) => {
        const file = new Blob([Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0))]);
        const options = { models: "/models/", caption };
        const { data: samples, profile } = await sidelight.decodePixels(file, options);
        const picture = await sidelight.decode(file, options);
        const context = new OffscreenCanvas(picture.width, picture.height).getContext("2d")!;
        context.drawImage(picture, 0, 0);
        const { data: inSrgb } = context.getImageData(0, 0, picture.width, picture.height);
        return [{ samples: [...samples], profile: [...(profile ?? [])] }, [...inSrgb]] as const;
      },
      { data: read(entry.file).toString("base64"), caption: entry.caption },
    );
    const expected = readPpm(entry.expected);
    const drawn = { ...expected, data: Uint8Array.from(pixels.samples) };
    expect(largestDifference(drawn, expected)).toBeLessThanOrEqual(2);
    expect(Buffer.from(pixels.profile).toString("hex")).toBe(PROFILES.profile);
    // the two convert alike but for the darkest colours, where one level becomes many
    const inSrgb = { ...expected, data: Uint8Array.from(bitmap) };
    expect(meanDifference(inSrgb, readPpm(entry.srgb))).toBeLessThan(0.5);
    expect(meanDifference(inSrgb, expected)).toBeGreaterThan(5);
  });

  test("a .slt file is shown within a level of Python's", async () => {
    const pixels = await shown.page.evaluate(async (data) => {
      const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
      const bitmap = await sidelight.decode(new Blob([bytes]), { models: "/with-codec/" });
      const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d")!;
      context.drawImage(bitmap, 0, 0);
      return Array.from(context.getImageData(0, 0, bitmap.width, bitmap.height).data);
    }, readGolden("rgb.slt").toString("base64"));
    const expected = readPpm("../slt/rgb.ppm");
    const made = { ...expected, data: Uint8Array.from(pixels) };
    expect(largestDifference(made, expected)).toBeLessThanOrEqual(1);
  });

  test("a .slt file has the profile inside it", async () => {
    const data = readGolden("icc-exif.slt");
    const profile = await shown.page.evaluate(async (letters) => {
      const bytes = Uint8Array.from(atob(letters), (letter) => letter.charCodeAt(0));
      const options = { models: "/with-codec/" };
      return [...((await sidelight.decodePixels(new Blob([bytes]), options)).profile ?? [])];
    }, data.toString("base64"));
    expect(profile).toEqual([...parseContainer(data).icc!]);
  });

  test("what a .slt file cannot have, or a model cannot read, is an error of its kind", async () => {
    const slt = (options: object, name = "rgb.slt") =>
      decoded(`../../tests/golden/${name}`, { models: "/with-codec/", ...options });
    expect(await slt({ realism: 0.5 })).toBe("ConfigError");
    expect(await slt({ models: "/models/" })).toBe("CheckpointError");
    expect(await slt({}, "gray.slt")).toEqual([64, 64]);
    expect(await slt({}, "alpha.slt")).toEqual([64, 64]);
  });

  test("settings and captions out of range are errors of their kind", async () => {
    expect(await decoded("files/plain.avif", { realism: 2 })).toBe("ConfigError");
    expect(await decoded("files/plain.avif", { realisim: 1 })).toBe("ConfigError");
    const name = await shown.page.evaluate(() =>
      sidelight.decode("x" as never).catch((error) => error.name),
    );
    expect(name).toBe("ImageError");
    expect(await decoded("files/plain.avif", { caption: "a".repeat(70_000) })).toBe("TextError");
    expect(await decoded("files/plain.avif", { models: "/none/" })).toBe("CheckpointError");
  });

  test("pixels that are none, or do not fill their picture, are refused", async () => {
    const names = await shown.page.evaluate(() =>
      Promise.all(
        [0, 50].map(async (side) => {
          const data = new Uint8ClampedArray(4 * side);
          const picture = { width: side, height: side, data } as unknown as ImageData;
          return sidelight.improve(picture).catch((error) => error.name);
        }),
      ),
    );
    expect(names).toEqual(["ImageError", "ImageError"]);
  });

  test("models are fetched once, and not again on the second visit", async () => {
    const { page, site } = shown;
    const fetched = () => site.log.map(({ path }) => path).filter((path) => /packed$/.test(path));
    const before = fetched();
    expect(before).toContain("/package/dist/ort/ort-wasm-simd-threaded.wasm.packed");
    expect(new Set(before).size).toBe(before.length);
    await page.reload();
    expect(await decoded("files/plain.jpg", { caption: "A dog" })).toEqual([96, 64]);
    expect(fetched()).toEqual(before);
  });
});
