/** Builds dist/: the package's modules, their types, and onnxruntime-web beside them. */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const ORT = "node_modules/onnxruntime-web/dist";
const TARGET = "dist/ort";

/** Copies one build of onnxruntime-web; its binary is gzipped, which every server can send. */
async function copyRuntime(script, stem) {
  const glue = `${stem}.mjs`;
  await cp(join(ORT, script), join(TARGET, script));
  await cp(join(ORT, glue), join(TARGET, glue));
  const binary = await readFile(join(ORT, `${stem}.wasm`));
  const packed = gzipSync(binary, { level: 9 });
  const path = `${stem}.wasm.packed`;
  await writeFile(join(TARGET, path), packed);
  const sha256 = createHash("sha256").update(packed).digest("hex");
  const entry = { path, packed_bytes: packed.length, bytes: binary.length, planes: 1, sha256 };
  return { script, glue, binary: entry };
}

await rm("dist", { recursive: true, force: true });
await mkdir(TARGET, { recursive: true });
const builds = {
  wasm: await copyRuntime("ort.wasm.min.mjs", "ort-wasm-simd-threaded"),
  webgpu: await copyRuntime("ort.webgpu.min.mjs", "ort-wasm-simd-threaded.asyncify"),
};
await build({
  entryPoints: ["src/index.ts", "src/worker.ts", "src/auto.ts"],
  outdir: "dist",
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: true,
  sourcemap: true,
  legalComments: "linked",
  define: { ORT_BUILDS: JSON.stringify(builds) },
});
execFileSync("node_modules/.bin/tsc", ["-p", "tsconfig.types.json"], { stdio: "inherit" });
