/** Runs one of the benchmarks beside this file: `node benchmarks/run.mjs NAME ARGUMENTS`. */

import { build } from "esbuild";

const [name] = process.argv.splice(2, 1);
const outfile = `dist/benchmarks/${name}.mjs`;
await build({
  entryPoints: [`benchmarks/${name}.ts`],
  outfile,
  bundle: true,
  platform: "node",
  format: "esm",
  packages: "external",
});
await import(`../${outfile}`);
