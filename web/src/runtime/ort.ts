/** Loads onnxruntime-web: WebGPU where there is an adapter, else WebAssembly with SIMD. */

import type * as Ort from "onnxruntime-web";
import { CheckpointError } from "../errors.ts";
import type { FileEntry } from "../models/manifest.ts";
import { ModelStore } from "../models/store.ts";

export type { Ort };

/** Most threads that are used: beyond them a picture gains little and the page's reader loses. */
const MAX_THREADS = 4;

/** A build of onnxruntime-web as it lies in the package's folder `ort`. */
interface Build {
  readonly script: string;
  readonly glue: string;
  readonly binary: FileEntry;
}

/** Filled in by build.mjs from the files themselves. */
declare const ORT_BUILDS: { readonly wasm: Build; readonly webgpu: Build };

export interface Runtime {
  readonly ort: typeof Ort;
  readonly provider: "webgpu" | "wasm";
  readonly threads: number;
}

/**
 * Returns the runtime, ready to make sessions.
 *
 * @param threads 1, or more where the page is isolated; undefined for as many as make sense.
 * @param webgpu Whether the graphics processor may be used.
 */
export async function loadRuntime(threads?: number, webgpu = true): Promise<Runtime> {
  const provider = webgpu && (await hasAdapter()) ? "webgpu" : "wasm";
  const build = ORT_BUILDS[provider];
  const folder = new URL("./ort/", import.meta.url);
  const [ort, binary] = await Promise.all([
    importScript(new URL(build.script, folder)),
    new ModelStore(folder).read(build.binary),
  ]);
  const possible = globalThis.crossOriginIsolated ? navigator.hardwareConcurrency : 1;
  const used = Math.max(1, Math.min(threads ?? MAX_THREADS, possible));
  ort.env.wasm.numThreads = used;
  ort.env.wasm.wasmPaths = { mjs: new URL(build.glue, folder).href };
  ort.env.wasm.wasmBinary = binary;
  ort.env.logLevel = "error";
  return { ort, provider, threads: used };
}

/**
 * Returns a session of a graph.
 *
 * @throws CheckpointError: the runtime does not start here, or cannot read the graph.
 */
export async function createSession(
  { ort, provider }: Runtime,
  graph: Uint8Array,
  wanted: Runtime["provider"] = provider,
): Promise<Ort.InferenceSession> {
  try {
    return await ort.InferenceSession.create(graph, { executionProviders: [wanted] });
  } catch (error) {
    throw new CheckpointError(`cannot start the models: ${error}`);
  }
}

async function importScript(url: URL): Promise<typeof Ort> {
  try {
    return await import(url.href);
  } catch (error) {
    throw new CheckpointError(`cannot load ${url}: ${error}`);
  }
}

async function hasAdapter(): Promise<boolean> {
  const { gpu } = navigator as { gpu?: { requestAdapter(): Promise<unknown> } };
  try {
    return Boolean(await gpu?.requestAdapter());
  } catch {
    return false;
  }
}
