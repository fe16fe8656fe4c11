/** A worker that codes pictures to AVIF: libaom as WebAssembly, the settings of docs/carriers.md. */

import createEncoder, { type AVIFModule } from "@jsquash/avif/codec/enc/avif_enc.js";
import { ImageError } from "../src/errors.ts";
import type { FileEntry } from "../src/models/manifest.ts";
import { ModelStore } from "../src/models/store.ts";
import type { Pixels } from "../src/pixels/pixels.ts";
import { toSent } from "../src/sent-error.ts";
import type { Answer } from "../src/worker-calls.ts";

export interface Coding {
  /** Left out to load the encoder and no more. */
  readonly picture?: Pixels;
  readonly ownQuality?: number;
}

interface WorkerScope {
  onmessage: ((event: MessageEvent<Coding & { readonly id: number }>) => void) | null;
  postMessage(reply: Answer<Uint8Array<ArrayBuffer>>, transfer: Transferable[]): void;
}
const scope = self as unknown as WorkerScope;

/** Filled in by build-site.mjs. */
declare const AVIF_ENCODER: FileEntry;

/** At equal bytes 4:4:4 has the better LPIPS; speed 4 would take five times as long. */
const SETTINGS = {
  speed: 6,
  subsample: 3,
  bitDepth: 8,
  qualityAlpha: -1,
  denoiseLevel: 0,
  tileColsLog2: 0,
  tileRowsLog2: 0,
  chromaDeltaQ: false,
  sharpness: 0,
  enableSharpYUV: false,
  tune: 0, // the encoder's own choice
};

let encoder: Promise<AVIFModule> | undefined;

scope.onmessage = async ({ data: { id, picture, ownQuality } }) => {
  try {
    encoder ??= load();
    const module = await encoder;
    const result = picture ? code(module, picture, ownQuality!) : new Uint8Array();
    scope.postMessage({ id, result }, [result.buffer]);
  } catch (error) {
    scope.postMessage({ id, error: toSent(error) }, []);
  }
};

function code(module: AVIFModule, { data, width, height }: Pixels, quality: number) {
  const coded = module.encode(data, width, height, { ...SETTINGS, quality });
  if (!coded) throw new ImageError(`the AVIF encoder failed on ${width}x${height} px`);
  return Uint8Array.from(coded); // what it returns lies in its own memory
}

async function load(): Promise<AVIFModule> {
  try {
    const store = new ModelStore(new URL("./", import.meta.url));
    const compiled = await WebAssembly.compile(await store.read(AVIF_ENCODER));
    return await createEncoder({
      noInitialRun: true,
      instantiateWasm: (
        imports: WebAssembly.Imports,
        done: (made: WebAssembly.Instance) => void,
      ) => {
        const instance = new WebAssembly.Instance(compiled, imports);
        done(instance);
        return instance.exports;
      },
    });
  } catch (error) {
    encoder = undefined; // the next picture tries again
    throw error;
  }
}
