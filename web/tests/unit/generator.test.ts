import * as ort from "onnxruntime-web";
import { beforeAll, describe, expect, test } from "vitest";
import { CheckpointError, ConfigError } from "../../src/errors.ts";
import { ModelStore } from "../../src/models/store.ts";
import { Generator } from "../../src/runtime/generator.ts";
import type { Runtime } from "../../src/runtime/ort.ts";
import { TextEncoder } from "../../src/runtime/text-encoder.ts";
import { serve } from "../browser/serving.ts";
import { CONFORMANCE, FOLDER, largestDifference, MASKS, readPpm } from "../conformance.ts";

let generator: Generator;
let encoder: TextEncoder;
const runtime: Runtime = { ort, provider: "wasm", threads: 1 };

beforeAll(async () => {
  ort.env.wasm.numThreads = 1;
  const site = await serve({ folders: { "/": FOLDER } });
  const store = new ModelStore(new URL(`${site.origin}/models/`));
  const manifest = await store.manifest();
  generator = await Generator.create(
    runtime,
    manifest.generator,
    await store.read(manifest.generator.file),
  );
  const tokenizer = new TextDecoder().decode(await store.read(manifest.text.tokenizer));
  const graph = await store.read(manifest.text.file);
  encoder = await TextEncoder.create(runtime, manifest.text, graph, tokenizer);
  await site.close();
}, 60_000);

describe.each(CONFORMANCE.pictures)("$expected", (entry) => {
  test("is within a level of Python's", async () => {
    const { vector } = await encoder.read(entry.caption);
    const realism = entry.realism ?? undefined;
    const drawing = { text: vector, realism, share: entry.share };
    const drawn = await generator.draw(readPpm(entry.picture), drawing);
    expect(largestDifference(drawn, readPpm(entry.expected))).toBeLessThanOrEqual(1);
  }, 60_000);
});

test.each(MASKS)("masks of $picture are Python's", async ({ picture, caption, realism, masks }) => {
  const { vector } = await encoder.read(caption);
  const drawing = { text: vector, realism, share: 1 };
  const made = await generator.inspect(readPpm(picture), drawing);
  expect(made.masks.length).toBe(generator.entry.masks);
  masks.forEach(({ width, height, values }, k) => {
    const mask = made.masks[k]!;
    expect([mask.width, mask.height]).toEqual([width, height]);
    const off = values.map((value, at) => Math.abs(value - mask.values[at]!));
    expect(Math.max(...off)).toBeLessThan(1e-3);
  });
  const drawn = await generator.draw(readPpm(picture), drawing);
  expect(largestDifference(made.picture, drawn)).toBe(0);
});

test("alpha stays, and changes no colour", async () => {
  const picture = readPpm("odd.ppm");
  for (let k = 3; k < picture.data.length; k += 4) picture.data[k] = k % 256;
  const text = new Float32Array(encoder.width);
  const drawn = await generator.draw(picture, { text, realism: 0.5, share: 1 });
  const opaque = await generator.draw(readPpm("odd.ppm"), { text, realism: 0.5, share: 1 });
  for (let k = 3; k < picture.data.length; k += 4) opaque.data[k] = k % 256;
  expect(largestDifference(drawn, opaque)).toBe(0);
});

test.each([-0.1, 1.1, Number.NaN])("realism %d is refused", async (realism) => {
  const drawing = { text: new Float32Array(encoder.width), realism, share: 1 };
  await expect(generator.draw(readPpm("dot.ppm"), drawing)).rejects.toThrow(ConfigError);
});

test("a graph that the runtime cannot read is an error of the models", async () => {
  const creating = Generator.create(runtime, generator.entry, Uint8Array.of(1, 2, 3));
  await expect(creating).rejects.toThrow(CheckpointError);
});

test("a vector has unit RMS, and no caption is zeros", async () => {
  const { vector } = await encoder.read("A brown dog.");
  const square = vector.reduce((sum, value) => sum + value ** 2, 0);
  expect(square / vector.length).toBeCloseTo(1, 5);
  expect((await encoder.read(" ")).vector.every((value) => value === 0)).toBe(true);
});
