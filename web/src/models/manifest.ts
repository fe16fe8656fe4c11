/** What `scripts/export_web.py` writes beside the models: every file's name, sizes and SHA-256. */

import { CheckpointError } from "../errors.ts";

const FORMAT = "sidelight-web-1";

/** A gzipped file. */
export interface FileEntry {
  readonly path: string;
  /** What travels. */
  readonly packed_bytes: number;
  /** What it becomes. */
  readonly bytes: number;
  /** How many: first all bytes of the first plane, then all of the next; see the export. */
  readonly planes: number;
  /** Of the gzipped file, in hexadecimal. */
  readonly sha256: string;
}

/** A codec of .slt files. */
export interface CodecEntry {
  readonly name: string;
  readonly fingerprint: string;
  readonly terms: string | null;
  /** Latents along a tile of the generator, and around it. */
  readonly tile: number;
  readonly halo: number;
  /** What decides bits: networks and tables. */
  readonly integers: FileEntry;
  readonly gains: FileEntry;
  readonly file: FileEntry;
}

export interface Manifest {
  /** There if the models were exported with a codec. */
  readonly codec?: CodecEntry;
  readonly generator: {
    readonly name: string;
    readonly fingerprint: string;
    readonly terms: string | null;
    readonly stride: number;
    readonly halo: number;
    readonly default_realism: number;
    /** How many masks the graph gives. */
    readonly masks: number;
    /** Whether the graph reads noise beside the picture. */
    readonly grain: boolean;
    readonly file: FileEntry;
  };
  readonly text: {
    readonly name: string;
    readonly width: number;
    readonly max_tokens: number;
    readonly file: FileEntry;
    readonly tokenizer: FileEntry;
  };
}

type Kind = "string" | "number" | "boolean" | "terms" | "file";
const CODEC: Record<string, Kind> = {
  name: "string",
  fingerprint: "string",
  terms: "terms",
  tile: "number",
  halo: "number",
  integers: "file",
  gains: "file",
  file: "file",
};
const SHAPE: Record<"generator" | "text", Record<string, Kind>> = {
  generator: {
    name: "string",
    fingerprint: "string",
    terms: "terms",
    stride: "number",
    halo: "number",
    default_realism: "number",
    masks: "number",
    grain: "boolean",
    file: "file",
  },
  text: { name: "string", width: "number", max_tokens: "number", file: "file", tokenizer: "file" },
};
const FILE: Record<string, Kind> = {
  path: "string",
  packed_bytes: "number",
  bytes: "number",
  planes: "number",
  sha256: "string",
};

/**
 * Returns a manifest whose every field is there.
 *
 * @throws CheckpointError: one is not, or the format is another.
 */
export function parseManifest(text: string): Manifest {
  let table: unknown;
  try {
    table = JSON.parse(text);
  } catch (error) {
    throw new CheckpointError(`the models' manifest is no JSON: ${error}`);
  }
  const found = (table as { format?: unknown } | null)?.format;
  if (found !== FORMAT) {
    throw new CheckpointError(`models of format ${found}, this release reads ${FORMAT}`);
  }
  for (const [part, fields] of Object.entries(SHAPE)) {
    check((table as Record<string, unknown>)[part], fields, part);
  }
  if ((table as { codec?: unknown }).codec !== undefined) {
    check((table as { codec: unknown }).codec, CODEC, "codec");
  }
  return table as Manifest;
}

function check(value: unknown, fields: Record<string, Kind>, place: string): void {
  for (const [name, kind] of Object.entries(fields)) {
    const field = (value as Record<string, unknown> | undefined)?.[name];
    const where = `${place}.${name}`;
    if (kind === "file") check(field, FILE, where);
    else if (kind === "terms" ? field !== null && typeof field !== "string" : typeof field !== kind)
      throw new CheckpointError(`the models' manifest has no proper ${where}`);
  }
}

/** Returns how many bytes a first visit fetches for the models. */
export function packedBytes({ generator, text }: Manifest): number {
  return generator.file.packed_bytes + text.file.packed_bytes + text.tokenizer.packed_bytes;
}
