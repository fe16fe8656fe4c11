/** Integer arrays out of a safetensors file: what is stored of an entropy model. */

import { CheckpointError } from "../errors.ts";

export interface StoredArray {
  readonly shape: readonly number[];
  /** int64 values too, as far as float64 holds them exactly. */
  readonly values: Int16Array | Int32Array | Float64Array | Float32Array;
}

const MAX_HEADER_BYTES = 10_000_000;
const LENGTH_BYTES = 8;

/**
 * Returns the arrays whose names begin with `prefix`, by the rest of their names.
 *
 * @throws CheckpointError: the file is damaged, or holds something else than such numbers.
 */
export function readArrays(file: Uint8Array, prefix = ""): Map<string, StoredArray> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const headerBytes = file.length >= LENGTH_BYTES ? Number(view.getBigUint64(0, true)) : 0;
  if (headerBytes < 2 || headerBytes > Math.min(MAX_HEADER_BYTES, file.length - LENGTH_BYTES)) {
    throw new CheckpointError(`weight file of ${file.length} bytes without a proper header`);
  }
  const start = LENGTH_BYTES + headerBytes;
  const arrays = new Map<string, StoredArray>();
  try {
    const text = new TextDecoder().decode(file.subarray(LENGTH_BYTES, start));
    for (const [name, entry] of Object.entries<Entry>(JSON.parse(text))) {
      if (name === "__metadata__" || !name.startsWith(prefix)) continue;
      const [begin, end] = entry.data_offsets;
      const bytes = Uint8Array.from(file.subarray(start + begin, start + end));
      arrays.set(name.slice(prefix.length), { shape: entry.shape, values: valuesOf(entry, bytes) });
    }
  } catch (error) {
    if (error instanceof CheckpointError) throw error;
    throw new CheckpointError(`weight file with a broken header: ${error}`);
  }
  return arrays;
}

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

const SIZES: Record<string, number> = { I16: 2, I32: 4, I64: 8, F32: 4 };

function valuesOf({ dtype, shape }: Entry, bytes: Uint8Array<ArrayBuffer>): StoredArray["values"] {
  const count = shape.reduce((product, side) => product * side, 1);
  const size = SIZES[dtype];
  if (!size) throw new CheckpointError(`numbers of type ${dtype}, expected I16, I32, I64 or F32`);
  if (bytes.length !== count * size) {
    throw new CheckpointError(`array of shape ${shape} has ${bytes.length} bytes`);
  }
  if (dtype === "I16") return new Int16Array(bytes.buffer);
  if (dtype === "I32") return new Int32Array(bytes.buffer);
  if (dtype === "F32") return new Float32Array(bytes.buffer);
  return Float64Array.from(new BigInt64Array(bytes.buffer), (value) => {
    if (!Number.isSafeInteger(Number(value))) throw new CheckpointError(`${value} is too large`);
    return Number(value);
  });
}
