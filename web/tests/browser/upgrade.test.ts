import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { FOLDER } from "../conformance.ts";
import { CHROMIUM, launch } from "./chromium.ts";
import { type PageOptions, type Shown, show } from "./pages.ts";
import { serve } from "./serving.ts";

const STRICT =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; " +
  "connect-src 'self'; img-src 'self' blob: data:; style-src 'self'";

describe.runIf(CHROMIUM)("upgrade", () => {
  let browser: Browser;
  let shown: Shown;
  beforeAll(async () => {
    browser = await launch(["--enable-blink-features=PrefersReducedData"]);
  });
  afterAll(() => browser.close());
  afterEach(() => shown.close());

  async function open(body: string, given?: PageOptions): Promise<Shown> {
    shown = await show(browser, body, given);
    return shown;
  }

  test("ten pictures are drawn, and the layout does not move", async () => {
    const files = ["plain.avif", "plain.jpg", "plain.webp", "alpha.avif", "progressive.jpg"];
    const images = [...files, ...files].map(
      (file, k) => `<p><img id="i${k}" src="/${file}" alt="Picture ${k}"></p>`,
    );
    const { page, told, errors } = await open(images.join(""), { options: { margin: "9999px" } });
    const before = await boxes(page);
    const outcomes = await told(10);
    expect(outcomes.map(({ state }) => state)).toEqual(Array(10).fill("drawn"));
    expect(outcomes.map(({ caption }) => caption)).toContain("Picture 3");
    expect(await boxes(page)).toEqual(before);
    expect(await page.getAttribute("#i0", "src")).toBe("/plain.avif");
    expect(errors).toEqual([]);
  });

  test("what cannot be drawn is left as it was, and the reason said", async () => {
    const allowing = await serve({
      folders: { "/": `${FOLDER}/files` },
      headers: { "access-control-allow-origin": "*" },
    });
    const { told, page, errors } = await open(`
      <img id="good" src="/plain.avif" alt="A brown dog">
      <img id="broken" src="/cut-plain.avif" alt="Broken">
      <img id="png" src="/other.png" alt="PNG">
      <img id="moving" src="/moving.webp" alt="Moving">
      <img id="lossless" src="/lossless.webp" alt="Lossless">
      <img id="wordless" src="/plain.webp">
      <img id="other" src="${allowing.origin}/plain.jpg" alt="Another origin">
      <img id="allowed" crossorigin src="${allowing.origin}/plain.jpg" alt="Another origin">
      <div data-sidelight="off"><img id="off" src="/plain.jpg" alt="Opted out"></div>
      <img id="nothing" alt="No source">`);
    const outcomes = Object.fromEntries((await told(9)).map((one) => [one.id, one]));
    const reasons = Object.fromEntries(Object.values(outcomes).map((o) => [o.id, o.reason]));
    expect(reasons).toEqual({
      good: undefined,
      broken: "the page itself cannot show it",
      png: "a .png file, expected AVIF, JPEG or WebP",
      moving: "a moving WebP file, expected a still picture",
      lossless: "coded with 7.1 bits per pixel: needs nothing drawn",
      wordless: undefined,
      other: expect.stringMatching(/of another origin/),
      allowed: undefined,
      nothing: "the page itself cannot show it",
    });
    for (const { state, reason, content } of Object.values(outcomes)) {
      expect(state).toBe(reason ? "left" : "drawn");
      expect(content !== "").toBe(!reason);
    }
    expect(await page.getAttribute("#off", "style")).toBeNull();
    expect(errors).toEqual([]);
    await allowing.close();
  });

  test("captions are the figure's, else alt, else title, else the heading above", async () => {
    const { told, errors } = await open(`
      <h2>A <i>rocket</i><script type="text/plain">no</script> before dawn</h2>
      <img id="heading" src="/plain.avif"><h2> </h2>
      <figure><img id="figure" src="/plain.avif" alt="Coffee">
        <figcaption>A cup of <b>espresso</b>.</figcaption></figure>
      <figure><figure><img id="outer" src="/plain.avif" alt="Inside"></figure>
        <figcaption>Outside</figcaption></figure>
      <img id="alt" src="/plain.avif" alt=" A ginger   cat" title="Cat">
      <figure><img id="inline" src="/plain.avif">
        <figcaption>The <a href="#">lighthouse</a>, H<sub>2</sub>O and <b>b</b>old</figcaption></figure>
      <figure><img id="blocks" src="/plain.avif"><figcaption><p>A dog</p><p>on<br>a</p>beach
        <ul><li>at<li>dawn</ul><table><tr><td>C<td>D</table></figcaption></figure>
      <img id="title" src="/plain.avif" alt="" title="An astronaut">`);
    const captions = Object.fromEntries((await told(7)).map(({ id, caption }) => [id, caption]));
    expect(captions).toEqual({
      heading: "A rocket before dawn",
      figure: "A cup of espresso.",
      outer: "Inside",
      inline: "The lighthouse, H2O and bold",
      blocks: "A dog on a beach at dawn C D",
      alt: "A ginger cat",
      title: "An astronaut",
    });
    expect(errors).toEqual([]);
  });

  test("a picture with a profile is shown with it", async () => {
    const { page, told, errors } = await open(`<img id="a" src="/profiles/wide.webp" alt="A">`);
    const [outcome] = await told(1);
    expect(outcome).toMatchObject({ state: "drawn" });
    const png = await page.evaluate(async (content) => {
      const bytes = await (await fetch(/"(.*)"/.exec(content)![1]!)).arrayBuffer();
      return String.fromCharCode(...new Uint8Array(bytes));
    }, outcome!.content);
    expect(png.slice(37, 41)).toBe("iCCP"); // after the header
    expect(errors).toEqual([]);
  });

  test("pictures that a broken worker left are drawn after the next one is", async () => {
    let numAsked = 0;
    const prepare = async (page: Page) => {
      await page.route("**/worker.js", (route) => (numAsked++ ? route.continue() : route.abort()));
    };
    const { told, page } = await open(
      `<img id="a" src="/plain.avif" alt="A">
      <p style="height: 9000px"></p><img id="b" src="/plain.jpg" alt="B">`,
      { prepare },
    );
    expect(await told(1)).toMatchObject([{ id: "a", state: "left", error: "CheckpointError" }]);
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    expect((await told(3)).slice(1)).toMatchObject([
      { id: "b", state: "drawn" },
      { id: "a", state: "drawn" },
    ]);
  });

  test("a page that is looked at again after a while tries once what failed", async () => {
    const prepare = async (page: Page) => {
      await page.clock.install();
      await page.route("**/worker.js", (route) => route.abort());
    };
    const { told, page } = await open(`<img id="a" src="/plain.avif" alt="A">`, { prepare });
    const comeBack = (after: number) =>
      page.clock
        .fastForward(after)
        .then(() => page.evaluate(() => document.dispatchEvent(new Event("visibilitychange"))));
    await told(1);
    await comeBack(1_000);
    await comeBack(40_000);
    await told(2);
    await comeBack(40_000);
    await page.evaluate(() => fetch("/plain.avif"));
    expect(await told(2)).toHaveLength(2);
  });

  test("a Content-Security-Policy without inline scripts and styles is enough", async () => {
    const { told, errors } = await open(`<img id="a" src="/plain.avif" alt="A dog">`, {
      headers: { "content-security-policy": STRICT },
    });
    expect((await told(1))[0]).toMatchObject({ state: "drawn", reason: undefined });
    expect(errors).toEqual([]);
  });

  test("where the policy forbids blob: pictures, the page's own stay", async () => {
    const { told } = await open(`<img id="a" src="/plain.avif" alt="A dog">`, {
      headers: { "content-security-policy": STRICT.replace(" blob:", "") },
    });
    const [outcome] = await told(1);
    expect(outcome).toMatchObject({ state: "left", error: "ImageError", content: "" });
    expect(outcome!.reason).toMatch(/img-src blob:/);
  });

  test("an isolated page computes in threads", async () => {
    const { told, errors, page } = await open(`<img id="a" src="/plain.avif" alt="A dog">`, {
      headers: {
        "content-security-policy": STRICT,
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-embedder-policy": "require-corp",
      },
      options: { threads: 2 },
    });
    expect((await told(1))[0]).toMatchObject({ state: "drawn" });
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    expect(errors).toEqual([]);
  });

  test("a reader who spares data gets no bytes more", async () => {
    const prepare = async (page: Page) => {
      const session = await page.context().newCDPSession(page);
      const features = [{ name: "prefers-reduced-data", value: "reduce" }];
      await session.send("Emulation.setEmulatedMedia", { features });
    };
    const { told, site, errors } = await open(`<img id="a" src="/plain.avif" alt="A">`, {
      prepare,
    });
    const [outcome] = await told(1);
    expect(outcome).toMatchObject({ state: "left", reason: "the reader asks to spare data" });
    expect(site.log.filter(({ path }) => /models|ort|worker/.test(path))).toEqual([]);
    expect(errors).toEqual([]);
  });

  test("models that are missing leave every picture, with one error", async () => {
    const { told } = await open(`<img id="a" src="/plain.avif" alt="A">`, {
      options: { models: "/elsewhere/" },
    });
    const [outcome] = await told(1);
    expect(outcome).toMatchObject({ state: "left", error: "CheckpointError" });
    expect(outcome!.reason).toMatch(/elsewhere\/manifest.json: status 404/);
  });

  test("pictures far below the window wait until they are near", async () => {
    const { told, page } = await open(`<img id="a" src="/plain.avif" alt="A">
      <p style="height: 9000px"></p><img id="b" src="/plain.jpg" alt="B">`);
    await told(1);
    await page.waitForTimeout(500);
    expect((await told(1)).map(({ id }) => id)).toEqual(["a"]);
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    expect((await told(2)).map(({ id }) => id)).toEqual(["a", "b"]);
  });

  test("srcset and picture keep their say, and another choice is drawn anew", async () => {
    const { told, page, errors } = await open(`
      <img id="dense" srcset="/plain.avif 2x" alt="A">
      <picture><source id="s" media="(min-width: 600px)" srcset="/plain.webp">
        <img id="pick" src="/plain.jpg" alt="B"></picture>`);
    const before = await boxes(page);
    expect(before.find(({ id }) => id === "dense")).toMatchObject({ width: 48, height: 32 });
    const outcomes = await told(2);
    expect(outcomes.map(({ state }) => state)).toEqual(["drawn", "drawn"]);
    expect(await boxes(page)).toEqual(before);
    await page.setViewportSize({ width: 400, height: 600 });
    expect((await told(3))[2]).toMatchObject({ id: "pick", state: "drawn" });
    expect(errors).toEqual([]);
  });

  test("undo shows what the page wrote, and a second upgrade draws again", async () => {
    const { told, page } = await open(`<img id="a" src="/plain.avif" alt="A">`);
    await told(1);
    const drawn = await page.locator("#a").screenshot();
    await page.evaluate(() => upgraded.undo());
    expect(await page.getAttribute("#a", "style")).toBeNull();
    const plain = await page.locator("#a").screenshot();
    expect(plain.equals(drawn)).toBe(false);
    await page.evaluate(
      () =>
        new Promise<void>((resolve) => {
          const onOutcome = () => resolve();
          sidelight.upgrade(document, { models: "/models/", onOutcome });
        }),
    );
    expect((await page.locator("#a").screenshot()).equals(drawn)).toBe(true);
  });
});

interface Box {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly top: number;
}

function boxes(page: Page): Promise<Box[]> {
  return page.evaluate(async () => {
    const images = [...document.querySelectorAll("img")];
    await Promise.all(images.map((image) => image.decode().catch(() => {})));
    return images.map((image) => {
      const { width, height, top } = image.getBoundingClientRect();
      return { id: image.id, width, height, top };
    });
  });
}
