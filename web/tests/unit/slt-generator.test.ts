import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import * as ort from "onnxruntime-web";
import { expect, test } from "vitest";
import { readArrays } from "../../src/entropy/arrays.ts";
import { ModelStore } from "../../src/models/store.ts";
import { SltGenerator } from "../../src/runtime/slt-generator.ts";
import { SltReader } from "../../src/slt.ts";
import { serve } from "../browser/serving.ts";
import { largestDifference, readPpm } from "../conformance.ts";
import { readGolden } from "../golden.ts";

const FOLDER = resolve(import.meta.dirname, "../../../conformance/slt");
const { codec, pictures } = JSON.parse(readFileSync(`${FOLDER}/manifest.json`, "utf8"));

test("pictures of .slt files are within a level of Python's", async () => {
  ort.env.wasm.numThreads = 1;
  const site = await serve({ folders: { "/": FOLDER } });
  const store = new ModelStore(new URL(site.origin));
  const gains = readArrays(await store.read(codec.gains)).get("inverse_gains")!.values;
  const runtime = { ort, provider: "wasm", threads: 1 } as const;
  const graph = await store.read(codec.file);
  const generator = await SltGenerator.create(runtime, codec, graph, gains);
  const reader = await SltReader.create(readArrays(await store.read(codec.integers)));
  await site.close();
  expect(reader.fingerprint).toBe(codec.fingerprint);
  for (const { file, text, expected } of pictures) {
    const { container, latents } = reader.read(readGolden(file));
    const vector = Float32Array.from(text);
    const shown = await generator.show(latents, container.qualityStep, vector, container);
    expect(largestDifference(shown, readPpm(`../slt/${expected}`)), file).toBeLessThanOrEqual(1);
    const tiled = await SltGenerator.create(runtime, { ...codec, tile: 4 }, graph, gains);
    const parts = await tiled.show(latents, container.qualityStep, vector, container);
    expect(largestDifference(parts, shown), `${file} in tiles`).toBeLessThanOrEqual(1);
  }
});
