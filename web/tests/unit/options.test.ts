import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ConfigError, ImageError } from "../../src/errors.ts";
import {
  checkDecodeOptions,
  checkFile,
  checkPicture,
  checkRuntimeOptions,
  checkUpgrade,
} from "../../src/options.ts";

beforeEach(() => {
  vi.stubGlobal("document", { baseURI: "https://example.org/page/" });
  vi.stubGlobal(
    "IntersectionObserver",
    class {
      constructor(_: unknown, { rootMargin }: { rootMargin: string }) {
        if (!/^\d+(px|%)$/.test(rootMargin)) throw new SyntaxError(rootMargin);
      }
    },
  );
});
afterEach(() => {
  vi.unstubAllGlobals();
});

// what callers without TypeScript may give
const wrong = (value: unknown) => value as never;
const page = wrong({ querySelectorAll: () => [] });

test("what is right, or left out, is no error", () => {
  checkDecodeOptions({});
  checkDecodeOptions({ caption: "", realism: 0, models: "/models/", threads: 1, webgpu: false });
  checkDecodeOptions(wrong({ caption: undefined, realism: undefined }));
  checkRuntimeOptions({ models: new URL("https://example.org/") });
  checkUpgrade(page, { realism: 1, margin: "20%", onOutcome: () => {} });
  checkFile(new Blob());
  checkFile(new File([], "dog.avif"));
});

test.each([
  [{ realism: "0.5" }, "realism must be a number from 0 to 1, got the string '0.5'"],
  [{ realism: Number.NaN }, "realism must be from 0 to 1, got NaN"],
  [{ realism: 1.5 }, "realism must be from 0 to 1, got 1.5"],
  [{ realism: null }, "realism must be a number from 0 to 1, got null"],
  [{ caption: 7 }, "caption must be a string, got 7"],
  [{ caption: ["a dog"] }, "caption must be a string, got an object (Array)"],
  [{ threads: 0 }, "threads must be a whole number from 1 on, got 0"],
  [{ threads: 1.5 }, "threads must be a whole number from 1 on, got 1.5"],
  [{ webgpu: "no" }, "webgpu must be true or false, got the string 'no'"],
  [{ models: 5 }, "models must be a folder's address, got 5"],
  [{ models: "http://" }, "models must be a folder's address, got the string 'http://'"],
  [
    { realisim: 0.5 },
    "unknown option 'realisim', expected some of caption, models, realism, threads, webgpu",
  ],
  [{ constructor: 1 }, /unknown option 'constructor'/],
  ["A dog", "options must be an object, got the string 'A dog'"],
  [null, "options must be an object, got null"],
])("decode options %o", (options, message) => {
  expect(() => checkDecodeOptions(wrong(options))).toThrow(ConfigError);
  expect(() => checkDecodeOptions(wrong(options))).toThrow(message);
});

test.each([
  [page, { realism: "1" }, /realism must be a number/],
  [page, { margin: 200 }, "margin must be a margin such as '50%' or '200px', got 200"],
  [page, { margin: "wide" }, /margin must be .* got the string 'wide'/],
  [page, { onOutcome: console }, "onOutcome must be a function, got an object (console)"],
  [page, { caption: "A dog" }, /unknown option 'caption', expected some of margin, models, /],
  ["img", {}, "expected a document or an element, got the string 'img'"],
  [null, {}, "expected a document or an element, got null"],
])("upgrade of %o with %o", (root, options, message) => {
  expect(() => checkUpgrade(wrong(root), wrong(options))).toThrow(ConfigError);
  expect(() => checkUpgrade(wrong(root), wrong(options))).toThrow(message);
});

test.each([
  ["x", "expected a Blob or File, got the string 'x'"],
  ["x".repeat(1000), `expected a Blob or File, got the string '${"x".repeat(40)}…'`],
  [undefined, "expected a Blob or File, got undefined"],
  [new Uint8Array(3), "expected a Blob or File, got an object (Uint8Array)"],
  [new Response(), "expected a Blob or File, got an object (Response)"],
])("a file that is none", (file, message) => {
  expect(() => checkFile(wrong(file))).toThrow(ImageError);
  expect(() => checkFile(wrong(file))).toThrow(message);
});

test.each([
  [null, "expected an ImageData of 8 bits, got null"],
  [new Blob(), "expected an ImageData of 8 bits, got an object (Blob)"],
  [
    { data: new Float32Array(4) },
    "expected an ImageData of 8 bits, got one with an object (Float32Array)",
  ],
  [{ width: 2, height: 2, data: new Uint8ClampedArray(4) }, "picture of 2x2 px has 4 bytes"],
])("a picture that is none", (picture, message) => {
  expect(() => checkPicture(wrong(picture))).toThrow(ImageError);
  expect(() => checkPicture(wrong(picture))).toThrow(message);
});
