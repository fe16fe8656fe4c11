import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FOLDER } from "../conformance.ts";
import { CHROMIUM, launch, listenForErrors } from "./chromium.ts";
import { type Serving, serve } from "./serving.ts";

const PACKAGE = resolve(import.meta.dirname, "../..");

/** The site as `make site` builds it, but with the tiny models, used by the keyboard alone. */
describe.runIf(CHROMIUM)("the demo site", () => {
  const folder = mkdtempSync(join(tmpdir(), "sidelight-site-"));
  const asked: string[] = [];
  let browser: Browser;
  let context: BrowserContext;
  let site: Serving;
  let page: Page;
  let errors: string[];

  beforeAll(async () => {
    execFileSync("node", ["build-site.mjs", folder, join(FOLDER, "models")], { cwd: PACKAGE });
    site = await serve({
      folders: { "/": folder },
      texts: { "/": readFileSync(join(folder, "index.html"), "utf8") },
    });
    browser = await launch();
    context = await browser.newContext({ viewport: { width: 390, height: 844 } });
    context.on("request", (request) => asked.push(`${request.method()} ${request.url()}`));
    page = await open();
  });
  afterAll(async () => {
    expect(errors).toEqual([]);
    await browser.close();
    rmSync(folder, { recursive: true });
  });

  async function open(): Promise<Page> {
    const opened = await context.newPage();
    errors = listenForErrors(opened);
    await opened.goto(site.origin);
    await opened.waitForFunction(() => document.getElementById("status")?.textContent);
    return opened;
  }

  /** Presses Tab until the focus is there; a ring shows where it is. */
  async function tabTo(selector: string): Promise<void> {
    for (let left = 40; left > 0; left--) {
      await page.keyboard.press("Tab");
      const found = await page.evaluate((wanted) => {
        const focused = document.activeElement!;
        return focused.matches(wanted) && getComputedStyle(focused).outlineStyle;
      }, selector);
      if (found) {
        expect(found).toBe("solid");
        return;
      }
    }
    throw new Error(`${selector} is not reached by Tab`);
  }

  const isDone = () => page.locator("#status", { hasText: /^Done\.$/ }).waitFor();
  const pixels = (id: string) =>
    page.evaluate(
      (canvas) => (document.getElementById(canvas) as HTMLCanvasElement).toDataURL(),
      id,
    );

  test("an example is coded and drawn, and both views are there", async () => {
    await page.locator("#status", { hasText: /^Ready/ }).waitFor();
    await tabTo("#examples button");
    await page.keyboard.press("Enter");
    await isDone();
    expect(await page.textContent("#sizes")).toMatch(/^The AVIF has [\d,]+ bytes, 0\.\d\d bits/);
    expect(await page.textContent("#quality-now")).toMatch(/^3 of 9, [\d,]+ bytes$/);
    expect(await page.locator("canvas.awaited").count()).toBe(0);
    expect(await pixels("left-picture")).not.toBe(await pixels("right-picture"));
    expect(await page.locator("#mask-list figure").count()).toBe(4);
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
  });

  test("the divider moves by arrow keys and says where it is", async () => {
    const split = () =>
      page.evaluate(() => document.getElementById("stage")!.style.getPropertyValue("--split"));
    const before = Number.parseFloat(await split());
    await tabTo("#split");
    for (let k = 0; k < 5; k++) await page.keyboard.press("ArrowRight");
    expect(Number.parseFloat(await split())).toBeGreaterThan(before);
    expect(await page.getAttribute("#split", "aria-valuetext")).toBe(
      "55 % Plain AVIF, the rest Sidelight with the caption",
    );
  });

  test("what is downloaded is an AVIF and a PNG", async () => {
    const download = async (id: string) => {
      await tabTo(id);
      const [saved] = await Promise.all([
        page.waitForEvent("download"),
        page.keyboard.press("Enter"),
      ]);
      return { name: saved.suggestedFilename(), bytes: readFileSync(await saved.path()) };
    };
    const avif = await download("#save-avif");
    expect([avif.name, avif.bytes.toString("latin1", 4, 12)]).toEqual(["coffee.avif", "ftypavif"]);
    expect(await page.textContent("#sizes")).toContain(
      `${new Intl.NumberFormat("en").format(avif.bytes.length)} bytes`,
    );
    const png = await download("#save-png");
    expect([png.name, png.bytes.toString("latin1", 1, 4)]).toEqual(["coffee-sidelight.png", "PNG"]);
  });

  test("nothing is wider than a phone", async () => {
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  });

  test("what is no picture is told, and the picture before stays", async () => {
    const buffer = Buffer.from("Dear all,");
    await page.setInputFiles("#file", { name: "letter.doc", mimeType: "text/plain", buffer });
    await page.locator("#error", { hasText: "letter.doc is not a picture." }).waitFor();
    expect(await page.textContent("#chosen")).toBe("coffee.jpg, 600×400 px.");
  });

  test("another view and another quality are made when they are asked for", async () => {
    await tabTo("#quality");
    await page.keyboard.press("ArrowLeft");
    await page.locator("#quality-now", { hasText: /^2 of 9, [\d,]+ bytes/ }).waitFor();
    await isDone();
    await tabTo("#right");
    await page.keyboard.press("O"); // to the option with that letter
    expect(await page.inputValue("#right")).toBe("original");
    expect(await page.textContent("#right-title")).toBe("Original");
    expect(await page.textContent("#left-title")).toBe("Plain AVIF");
  });

  test("a second visit works without a server, and nothing ever left", async () => {
    await page.locator("#offline", { hasText: "without network" }).waitFor();
    expect(errors).toEqual([]);
    await page.close();
    await site.close();
    page = await open();
    await page.locator("#status", { hasText: /^Ready/ }).waitFor();
    const widths = await page.$$eval("#examples img", (images) =>
      images.map((image) => (image as HTMLImageElement).naturalWidth),
    );
    expect(widths).toEqual([600, 451, 512, 640]);
    // the service worker isolates it, though this server never did
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    await page.setInputFiles("#file", join(FOLDER, "files/other.png"));
    await isDone();
    expect(await page.textContent("#chosen")).toBe("other.png, 96×64 px.");
    const elsewhere = asked.filter((line) => !/^GET (blob:)?http:\/\/127\.0\.0\.1:/.test(line));
    expect(elsewhere).toEqual([]);
  });
});
