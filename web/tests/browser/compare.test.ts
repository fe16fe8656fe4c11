/** The page of `sidelight compare`, judged in Chromium from the disk and from a server. */

import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CHROMIUM, launch, listenForErrors } from "./chromium.ts";
import { type Serving, serve } from "./serving.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const PAGE = join(ROOT, "src/sidelight/compare/page");
const DATA = join(ROOT, "tests/unit/compare/data");
const EXPORTED = join(DATA, "judgements.json");

/** Makes a sitting's order and sides the same in every run. */
const FIXED_DRAW = `crypto.getRandomValues = (array) => array.fill(DRAW);`;
const DRAW = 2311;
const KEYS = ["ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft"];

/** A folder as the command writes it, of the data that the Python tests check. */
function prepared(): string {
  const folder = mkdtempSync(join(tmpdir(), "compare-"));
  cpSync(join(DATA, "pictures"), join(folder, "pictures"), { recursive: true });
  for (const name of ["compare.css", "compare.js", "pooling.js", "session.js", "stage.js"]) {
    copyFileSync(join(PAGE, name), join(folder, name));
  }
  const html = readFileSync(join(PAGE, "index.html"), "utf8");
  const data = readFileSync(join(DATA, "comparison.json"), "utf8");
  writeFileSync(join(folder, "index.html"), html.replace("{}</script>", `${data}</script>`));
  return folder;
}

describe.runIf(CHROMIUM)("the page of a blind comparison", () => {
  let browser: Browser;
  let folder: string;
  let site: Serving;
  beforeAll(async () => {
    browser = await launch();
    folder = prepared();
    site = await serve({ folders: { "/": folder } });
  });
  afterAll(async () => {
    await browser.close();
    await site.close();
    rmSync(folder, { recursive: true });
  });

  /** Opens the page in a browser that knows nothing of it, and expects no errors of it. */
  async function visit(
    address: string,
    judge: (page: Page) => Promise<void>,
    { draw = DRAW, width = 1280 } = {},
  ): Promise<void> {
    const context = await browser.newContext({ viewport: { width, height: 800 } });
    await context.addInitScript(FIXED_DRAW.replace("DRAW", String(draw)));
    const page = await context.newPage();
    const errors = listenForErrors(page);
    await page.goto(address);
    await judge(page);
    expect(errors).toEqual([]);
    await context.close();
  }

  const fromDisk = () => pathToFileURL(join(folder, "index.html")).href;
  const numShown = (page: Page) => page.locator("#stage .whole > img:not(.original)").count();
  const place = (page: Page) => page.locator("#place").textContent();

  /** Waits until there is something to judge. */
  const seen = (page: Page) =>
    page.waitForFunction(
      () => document.querySelectorAll("#stage:not(.waiting) .frame").length === 3,
    );

  async function press(page: Page, keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      const before = await place(page);
      await seen(page);
      await page.keyboard.press(key);
      await page.waitForFunction(
        (text) =>
          document.getElementById("place")?.textContent !== text ||
          !document.getElementById("finished")?.hidden,
        before,
      );
    }
  }

  async function save(page: Page): Promise<{ text: string; name: string }> {
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save my choices" }).click();
    const saved = await download;
    return { text: readFileSync(await saved.path(), "utf8"), name: saved.suggestedFilename() };
  }

  test("all pictures judged by keyboard, from the disk; the file holds what was seen", async () => {
    await visit(fromDisk(), async (page) => {
      await page.keyboard.press("Enter"); // the focus is on Start
      await press(page, KEYS);
      expect(await page.locator("#result").isHidden()).toBe(true);
      expect(await page.locator("main").textContent()).not.toMatch(/smooth|noisy/i);
      await page.keyboard.press("Enter"); // and now on the result
      expect(await page.locator("#result-title").textContent()).toBe("Smooth against Noisy");
      expect(await page.locator("#verdict").textContent()).toBe(
        "Smooth was chosen in 2 of 3 decided choices: 66.7 %, 95 % interval 20.8 % to 93.9 %.",
      );
      const { text, name } = await save(page);
      expect(name).toMatch(/^comparison-[0-9a-f]{16}-00000907\.json$/);
      if (process.env.REGENERATE) writeFileSync(EXPORTED, text);
      const expected = JSON.parse(readFileSync(EXPORTED, "utf8"));
      expect(withoutTimes(JSON.parse(text))).toEqual(withoutTimes(expected));
    });
  });

  test("what is judged is what is seen: the chosen picture is the one on that side", async () => {
    await visit(fromDisk(), async (page) => {
      await page.keyboard.press("Enter");
      const chosen: string[] = [];
      for (const key of KEYS) {
        await seen(page);
        const side = { ArrowLeft: "left", ArrowRight: "right" }[key];
        const image = page.locator(`[data-side=${side ?? "original"}] img:not(.original)`);
        chosen.push((await image.getAttribute("src")) ?? "");
        await press(page, [key]);
      }
      await page.keyboard.press("Enter");
      const { choices } = JSON.parse((await save(page)).text);
      const { pictures } = JSON.parse(readFileSync(join(DATA, "comparison.json"), "utf8"));
      // of the fixture, "Smooth" keeps the original's dark corner, "Noisy" is its negative
      for (const [k, { choice, left, right }] of choices.entries()) {
        if (choice === "none") continue;
        const isSmooth = (choice === "left" ? left : right) === "a";
        const picture = pictures.find((p: { versions: string[] }) =>
          p.versions.includes(chosen[k]!),
        );
        expect(picture).toBeDefined();
        expect((await cornerOf(page, chosen[k]!)) < 64).toBe(isSmooth);
      }
    });
  });

  test("from a server: choices outlive a reload, Backspace takes one back until the end", async () => {
    await visit(`${site.origin}/index.html`, async (page) => {
      await page.keyboard.press("Enter");
      await press(page, ["ArrowLeft", "ArrowLeft"]);
      await page.reload();
      await page.getByRole("button", { name: "Go on with question 3" }).click();
      await press(page, ["Backspace"]);
      expect(await place(page)).toBe("Question 2 of 4");
      await press(page, ["ArrowDown", "ArrowRight", "ArrowRight"]);
      await page.keyboard.press("Backspace");
      await press(page, ["ArrowLeft"]);
      await page.keyboard.press("Enter");
      await page.keyboard.press("Backspace");
      await page.reload();
      expect(await page.locator("#result").isVisible()).toBe(true);
      const { choices } = JSON.parse((await save(page)).text);
      const chosen = choices.map(({ choice }: { choice: string }) => choice);
      expect(chosen).toEqual(["left", "none", "right", "left"]);
    });
  });

  test("pictures that come late do not stand where others were asked for", async () => {
    await visit(`${site.origin}/index.html`, async (page) => {
      await page.keyboard.press("Enter");
      await press(page, ["ArrowLeft", "ArrowLeft"]);
      await seen(page);
      const image = page.locator("[data-side=left] img:not(.original)");
      const third = await image.getAttribute("src");
      await page.evaluate(() => {
        const { decode } = HTMLImageElement.prototype;
        HTMLImageElement.prototype.decode = async function () {
          const isLate = document.getElementById("place")?.textContent?.includes("Question 4");
          if (isLate) await new Promise((resolve) => setTimeout(resolve, 1000));
          return decode.call(this);
        };
      });
      await page.keyboard.press("ArrowLeft");
      await page.keyboard.press("ArrowLeft"); // there is nothing to judge yet
      expect(await place(page)).toBe("Question 4 of 4");
      await page.keyboard.press("Backspace");
      await seen(page);
      await page.waitForTimeout(1500);
      expect(await place(page)).toBe("Question 3 of 4");
      expect(await image.getAttribute("src")).toBe(third);
    });
  });

  test("held, the original stands in the versions' place", async () => {
    await visit(fromDisk(), async (page) => {
      await page.keyboard.press("Enter");
      await seen(page);
      expect(await numShown(page)).toBe(3);
      const overlaid = page.locator("[data-side=left] .original");
      expect(await overlaid.isVisible()).toBe(false);
      await page.keyboard.down(" ");
      expect(await overlaid.isVisible()).toBe(true);
      expect(await detailOf(page, "left")).toEqual(await detailOf(page, "original"));
      await page.keyboard.up(" ");
      expect(await overlaid.isVisible()).toBe(false);
      expect(await detailOf(page, "left")).not.toEqual(await detailOf(page, "original"));
      expect(await place(page)).toBe("Question 1 of 4");
      await page.locator("[data-choice=left]").click();
      await seen(page);
      await page.keyboard.press(" "); // the button has the focus, and is not pressed
      expect(await place(page)).toBe("Question 2 of 4");
    });
  });

  test("files of other judges join; damaged, alien and own ones are told", async () => {
    await visit(
      fromDisk(),
      async (page) => {
        await page.keyboard.press("Enter");
        await press(page, KEYS);
        await page.keyboard.press("Enter");
        const other = readFileSync(EXPORTED, "utf8");
        const add = (name: string, text: string) =>
          page.locator("#others").setInputFiles({
            name,
            mimeType: "application/json",
            buffer: Buffer.from(text),
          });
        await add("other.json", other);
        await page.getByText("2 judges together").waitFor();
        expect(await page.locator("#verdict").textContent()).toMatch(/of 6 decided choices/);
        for (const [text, told] of [
          ["{", "not JSON"],
          ["{}", "not the choices of a comparison page"],
          [other.replace('"Smooth"', '"Else"'), "compares something else"],
          [other.replace("closer to", "far from"), "asks another question"],
          [other.replace('"choice": "right"', '"choice": "up"'), "damaged: choice 1"],
          [(await save(page)).text, "these are your own choices"],
        ] as const) {
          await add("bad.json", text);
          await page.getByText(`bad.json: ${told}`).waitFor();
          expect(await page.locator("#verdict").textContent()).toMatch(/of 6 decided choices/);
        }
      },
      { draw: 99 },
    );
  });

  test.each([390, 1280])("nothing runs out of a window of %d px", async (width) => {
    const fits = (page: Page) =>
      page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
    await visit(
      fromDisk(),
      async (page) => {
        expect(await fits(page)).toBe(true);
        await page.keyboard.press("Enter");
        await seen(page);
        expect(await fits(page)).toBe(true);
        await page.keyboard.press("v");
        expect(await fits(page)).toBe(true);
        await press(page, KEYS);
        await page.keyboard.press("Enter");
        expect(await fits(page)).toBe(true);
      },
      { width },
    );
  });

  test("nothing but the folder is asked for", () => {
    expect(site.log.length).toBeGreaterThan(10);
    expect(site.log.every(({ path, bytes }) => bytes && !path.includes("favicon"))).toBe(true);
  });
});

interface Exported {
  started: string;
  exported: string;
  choices: { seconds: number; at: string }[];
}

/** Leaves out what differs between two runs, once it is seen to be what it should. */
function withoutTimes({ started, exported, choices, ...rest }: Exported): object {
  const untimed = choices.map(({ seconds, at, ...choice }) => {
    expect(seconds).toBeGreaterThanOrEqual(0);
    expect(started <= at && at <= exported).toBe(true);
    return choice;
  });
  return { ...rest, choices: untimed };
}

/** Returns a version's red in the corner where the originals of the fixture are black. */
async function cornerOf(page: Page, source: string): Promise<number> {
  const data = readFileSync(join(DATA, source)).toString("base64");
  return page.evaluate(async (data) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const context = new OffscreenCanvas(1, 1).getContext("2d")!;
    context.drawImage(await createImageBitmap(new Blob([bytes])), 0, 0);
    return context.getImageData(0, 0, 1, 1).data[0]!;
  }, data);
}

/** Returns a screenshot of a detail; pages from the disk may not read their own canvases. */
async function detailOf(page: Page, side: string): Promise<string> {
  const picture = await page.locator(`[data-side=${side}] canvas`).screenshot();
  return picture.toString("base64");
}
