import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { CheckpointError } from "../../src/errors.ts";
import { type FileEntry, parseManifest } from "../../src/models/manifest.ts";
import { ModelStore } from "../../src/models/store.ts";
import { type Serving, serve } from "../browser/serving.ts";
import { FOLDER, read } from "../conformance.ts";

const CONTENT = Buffer.from("0123456789a");
const manifest = read("models/manifest.json").toString();

function packed(planes: number): { file: string; entry: FileEntry } {
  const parts = Array.from({ length: planes }, (_, plane) =>
    CONTENT.filter((_, k) => k % planes === plane),
  );
  const bytes = gzipSync(Buffer.concat(parts));
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const path = `of-${planes}.packed`;
  const entry = { path, packed_bytes: bytes.length, bytes: CONTENT.length, planes, sha256 };
  return { file: bytes.toString("latin1"), entry };
}

const files = [packed(1), packed(2)];
let site: Serving;
let store: ModelStore;

beforeAll(async () => {
  const texts = Object.fromEntries(files.map(({ entry, file }) => [`/${entry.path}`, file]));
  site = await serve({ folders: { "/models/": `${FOLDER}/models` }, latin1: texts });
  store = new ModelStore(new URL(site.origin));
});
afterAll(() => site.close());
afterEach(() => vi.unstubAllGlobals());

test.each(files)("a file of $entry.planes planes comes back as it was", async ({ entry }) => {
  expect(Buffer.from(await store.read(entry))).toEqual(CONTENT);
});

test.each([
  ["another SHA-256", { sha256: "0".repeat(64) }, /SHA-256/],
  ["fewer bytes", { packed_bytes: 3 }, /another SHA-256/],
  ["too little unpacked", { bytes: 20 }, /unpacks to 11 bytes, not 20/],
  ["too much unpacked", { bytes: 5 }, /cannot unpack/],
  ["no such file", { path: "missing.packed" }, /status 404/],
])("%s is refused", async (_, changed, message) => {
  const promise = store.read({ ...files[0]!.entry, ...changed });
  await expect(promise).rejects.toThrow(CheckpointError);
  await expect(promise).rejects.toThrow(message);
});

test("a server that is away is an error of the models", async () => {
  const away = new ModelStore(new URL("http://127.0.0.1:9/"));
  await expect(away.manifest()).rejects.toThrow(CheckpointError);
});

const denied = async () => {
  throw new DOMException("Quota exceeded.", "QuotaExceededError");
};

test.each([
  ["is switched off", { open: denied }],
  ["is full", { open: async () => ({ match: async () => undefined, put: denied }) }],
  ["cannot be read", { open: async () => ({ match: denied, put: denied }) }],
])("where the storage %s, everything is fetched", async (_, caches) => {
  vi.stubGlobal("caches", caches);
  const { entry } = files[0]!;
  expect(Buffer.from(await store.read(entry))).toEqual(CONTENT);
  const models = new ModelStore(new URL("models/", site.origin));
  expect((await models.manifest()).generator.stride).toBeGreaterThan(0);
});

test("a manifest is read whole or not at all", () => {
  expect(parseManifest(manifest).generator.stride).toBeGreaterThan(0);
  const table = JSON.parse(manifest);
  for (const [part, fields] of [
    ["generator", table.generator],
    ["text", table.text],
  ]) {
    for (const field of Object.keys(fields).filter((name) => name !== "fingerprint")) {
      const { [field]: _, ...rest } = fields;
      const text = JSON.stringify({ ...table, [part]: rest });
      expect(() => parseManifest(text), `without ${part}.${field}`).toThrow(CheckpointError);
    }
  }
  expect(() => parseManifest("{}")).toThrow(/format undefined/);
  expect(() => parseManifest("<html>")).toThrow(/no JSON/);
});
