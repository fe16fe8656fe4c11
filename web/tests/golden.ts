/** The .slt files of every released version of the format, with the tiny model that made them. */

import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const FOLDER = resolve(import.meta.dirname, "../../tests/golden");

export function readGolden(name: string): Buffer {
  return readFileSync(join(FOLDER, name));
}

export const GOLDEN: {
  readonly model: string;
  readonly cases: Readonly<Record<string, { readonly latents_sha256: string }>>;
} = JSON.parse(readGolden("manifest.json").toString());

/** One of them, damaged, with the name of the error that Python raises; null where it is sound. */
interface Damaged {
  readonly file: string;
  readonly bytes: number;
  readonly set: readonly (readonly [place: number, value: number])[];
  readonly error: string | null;
}

const LINES = readFileSync(resolve(FOLDER, "../../conformance/slt/damaged.jsonl"), "utf8");

export const DAMAGED: readonly Damaged[] = LINES.trim()
  .split("\n")
  .map((line) => JSON.parse(line));

export const GOLDEN_FILES = readdirSync(FOLDER).filter((name) => name.endsWith(".slt"));
