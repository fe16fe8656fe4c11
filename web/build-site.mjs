/** Builds the demo site: `node build-site.mjs [OUT] [MODELS]`, after `npm run build`. */

import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const [out = "site", models = "models"] = process.argv.slice(2);
const ENCODER = "node_modules/@jsquash/avif/codec/enc/avif_enc.wasm";
const EXAMPLES = "../examples/article";
const TERMS = "../src/sidelight/weights/TERMS.md";
/** Whatever the server says: nothing inline, nothing from elsewhere, nothing sent elsewhere. */
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; " +
  "connect-src 'self'; img-src 'self' blob:; style-src 'self'; base-uri 'none'; form-action 'none'";

const manifest = JSON.parse(await readOr(join(models, "manifest.json"), "make web-models"));
await rm(out, { recursive: true, force: true });
await mkdir(join(out, "examples"), { recursive: true });

// the package as its users have it, without what only developers read
await cp("dist", join(out, "sidelight/dist"), {
  recursive: true,
  filter: (path) => !/\.map$|\.d\.ts$|dist\/benchmarks/.test(path),
});
await cp(models, join(out, "sidelight/models"), { recursive: true });
for (const name of await readdir(EXAMPLES)) {
  if (name.endsWith(".jpg")) await cp(join(EXAMPLES, name), join(out, "examples", name));
}
await cp("demo/style.css", join(out, "style.css"));
await cp("demo/icon.svg", join(out, "icon.svg"));
await cp(TERMS, join(out, "terms.txt"));
await cp("node_modules/@jsquash/avif/LICENSE", join(out, "jsquash-licence.txt"));
const page = await readFile("demo/index.html", "utf8");
const realism = manifest.generator.default_realism;
await writeFile(
  join(out, "index.html"),
  page.replace("{POLICY}", POLICY).replace("{REALISM}", String(realism)),
);

const encoder = await pack(ENCODER, "avif-encoder.wasm.packed");
const options = {
  outdir: out,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "linked",
};
await build({
  ...options,
  entryPoints: { app: "demo/main.ts", "encoder-worker": "demo/encoder-worker.ts" },
  define: {
    AVIF_ENCODER: JSON.stringify(encoder),
    FETCHED_BYTES: String(encoder.packed_bytes + (await fetchedBytes())),
  },
  plugins: [{ name: "package", setup: leavePackageOut }],
});

const paths = (await filesIn(out)).filter((path) => !path.endsWith(".packed"));
const digest = createHash("sha256");
for (const path of paths) digest.update(path).update(await readFile(join(out, path)));
const site = { version: digest.digest("hex").slice(0, 16), paths: ["./", ...paths] };
await build({
  ...options,
  entryPoints: { "service-worker": "demo/service-worker.ts" },
  format: "iife",
  define: { SITE: JSON.stringify(site) },
});
console.log(`${out}: ${paths.length} files, and what is fetched packed`);

/** The page loads the package from its own folder, where its worker lies beside it. */
function leavePackageOut(builder) {
  builder.onResolve({ filter: /^sidelight$/ }, () => ({
    path: "./sidelight/dist/index.js",
    external: true,
  }));
}

/** Writes a gzipped file; returns its entry, as those of the models' manifest. */
async function pack(source, path) {
  const content = await readFile(source);
  const packed = gzipSync(content, { level: 9 });
  await writeFile(join(out, path), packed);
  const sha256 = createHash("sha256").update(packed).digest("hex");
  return { path, packed_bytes: packed.length, bytes: content.length, planes: 1, sha256 };
}

/** Returns the bytes of runtime and models, by the smaller of the runtime's builds. */
async function fetchedBytes() {
  const { generator, text } = manifest;
  const files = [generator.file, text.file, text.tokenizer];
  const runtime = await readFile("dist/ort/ort-wasm-simd-threaded.wasm.packed");
  return files.reduce((sum, file) => sum + file.packed_bytes, runtime.length);
}

async function filesIn(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => relative(folder, join(entry.parentPath, entry.name))).sort();
}

async function readOr(path, remedy) {
  try {
    return await readFile(path, "utf8");
  } catch {
    console.error(`${path} is missing: run \`${remedy}\` first`);
    process.exit(1);
  }
}
