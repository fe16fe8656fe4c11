/** What callers may ask for, and what is wrong with what they ask. */

import type { Settings, Wish } from "./decoder.ts";
import { ConfigError, ImageError } from "./errors.ts";
import type { UpgradeOptions } from "./page/upgrade.ts";
import { checkRealism } from "./runtime/generator.ts";

/** Where the models lie and how they are computed. */
export interface RuntimeOptions {
  /** Folder with the models' `manifest.json`; left out for the package's own folder `models`. */
  readonly models?: string | URL;
  /** Most threads where the page is isolated; at most 4 are used. */
  readonly threads?: number;
  /** Whether WebGPU is used where there is an adapter; it is by default. */
  readonly webgpu?: boolean;
}

export interface DecodeOptions extends RuntimeOptions {
  /** What the picture shows; left out for the one inside a .slt file, else none. */
  readonly caption?: string;
  /** The dial, from 0 (faithful) to 1 (natural); left out for the model's default. */
  readonly realism?: number;
}

const MOST_SHOWN = 40;

type Rule = readonly [isFit: (value: unknown) => boolean, expected: string];

const RUNTIME_RULES: Record<keyof RuntimeOptions, Rule> = {
  models: [isAddress, "a folder's address"],
  threads: [(value) => Number.isInteger(value) && Number(value) >= 1, "a whole number from 1 on"],
  webgpu: [(value) => typeof value === "boolean", "true or false"],
};
/** Its range is checked apart, as in the worker. */
const REALISM: Rule = [(value) => typeof value === "number", "a number from 0 to 1"];
const DECODE_RULES: Record<keyof DecodeOptions, Rule> = {
  caption: [(value) => typeof value === "string", "a string"],
  realism: REALISM,
  ...RUNTIME_RULES,
};
const UPGRADE_RULES: Record<keyof (UpgradeOptions & RuntimeOptions), Rule> = {
  realism: REALISM,
  onOutcome: [(value) => typeof value === "function", "a function"],
  margin: [isMargin, "a margin such as '50%' or '200px'"],
  ...RUNTIME_RULES,
};

/** @throws ConfigError: one of them is unknown, of another type or out of range. */
export const checkRuntimeOptions = (options: RuntimeOptions) => check(options, RUNTIME_RULES);

/** @throws ConfigError: one of them is unknown, of another type or out of range. */
export const checkDecodeOptions = (options: DecodeOptions) => check(options, DECODE_RULES);

/** @throws ConfigError: the root is none, or an option unknown, of another type or out of range. */
export function checkUpgrade(root: ParentNode, options: UpgradeOptions & RuntimeOptions): void {
  if (typeof root?.querySelectorAll !== "function") {
    throw new ConfigError(`expected a document or an element, got ${described(root)}`);
  }
  check(options, UPGRADE_RULES);
}

/** @throws ImageError: it is no file. */
export function checkFile(file: Blob): void {
  // by its name, since a frame's Blob is not this page's
  if (!["[object Blob]", "[object File]"].includes(Object.prototype.toString.call(file))) {
    throw new ImageError(`expected a Blob or File, got ${described(file)}`);
  }
}

/** @throws ImageError: these are not the samples of a picture. */
export function checkPicture(picture: ImageData): void {
  if (!(picture?.data instanceof Uint8ClampedArray)) {
    const found = picture?.data ? `one with ${described(picture.data)}` : described(picture);
    throw new ImageError(`expected an ImageData of 8 bits, got ${found}`);
  }
  const { width, height, data } = picture;
  if (data.length === 0 || data.length !== 4 * width * height) {
    throw new ImageError(`picture of ${width}x${height} px has ${data.length} bytes`);
  }
}

function check(options: object, rules: Readonly<Record<string, Rule>>): void {
  if (typeof options !== "object" || options === null) {
    throw new ConfigError(`options must be an object, got ${described(options)}`);
  }
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (!rule) {
      const known = Object.keys(rules).sort().join(", ");
      throw new ConfigError(`unknown option '${name}', expected some of ${known}`);
    }
    const [isFit, expected] = rule;
    if (value !== undefined && !isFit(value)) {
      throw new ConfigError(`${name} must be ${expected}, got ${described(value)}`);
    }
    if (name === "realism" && value !== undefined) checkRealism(value);
  }
}

function isAddress(value: unknown): boolean {
  if (typeof value !== "string" && !(value instanceof URL)) return false;
  try {
    return Boolean(new URL(value, document.baseURI));
  } catch {
    return false;
  }
}

function isMargin(value: unknown): boolean {
  if (typeof value !== "string") return false;
  try {
    return Boolean(new IntersectionObserver(() => {}, { rootMargin: value }));
  } catch {
    return false;
  }
}

function described(value: unknown): string {
  if (typeof value === "string") {
    return `the string '${value.length > MOST_SHOWN ? `${value.slice(0, MOST_SHOWN)}…` : value}'`;
  }
  if (typeof value === "object" && value !== null) return `an object (${nameOf(value)})`;
  return typeof value === "function" ? "a function" : String(value);
}

/** Returns an object's kind, such as `Response`. */
const nameOf = (value: object) =>
  Object.prototype.toString.call(value).slice("[object ".length, -1);

export function settingsOf({ models, threads, webgpu }: RuntimeOptions): Settings {
  const own = new URL("../models/", import.meta.url);
  const folder = models === undefined ? own : new URL(models, document.baseURI);
  return { models: folder.href.replace(/\/?$/, "/"), threads, webgpu };
}

export function wishOf({ caption, realism }: DecodeOptions): Wish {
  return { caption, realism };
}
