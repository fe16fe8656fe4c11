/** Fetches files once, checks them by SHA-256, and keeps them in the browser's cache storage. */

import { CheckpointError } from "../errors.ts";
import { type FileEntry, type Manifest, parseManifest } from "./manifest.ts";

const CACHE = "sidelight-1";
const MANIFEST = "manifest.json";

export class ModelStore {
  constructor(readonly base: URL) {}

  /**
   * Returns the manifest.
   *
   * Where the network fails, it is the one that was read last, so that a page works without it.
   *
   * @throws CheckpointError: there is none, or a broken one.
   */
  async manifest(): Promise<Manifest> {
    const url = new URL(MANIFEST, this.base);
    const cache = await openCache();
    try {
      const bytes = await (await fetchFile(url, "no-cache")).arrayBuffer();
      const manifest = parseManifest(new TextDecoder().decode(bytes));
      await keep(cache, url, bytes);
      return manifest;
    } catch (error) {
      const kept = await find(cache, url);
      if (!kept) throw error;
      return parseManifest(new TextDecoder().decode(kept));
    }
  }

  /**
   * Returns an unpacked file.
   *
   * @throws CheckpointError: it cannot be fetched, or is not the one that was promised.
   */
  async read(entry: FileEntry): Promise<Uint8Array<ArrayBuffer>> {
    const url = new URL(entry.path, this.base);
    const cache = await openCache();
    const kept = await find(cache, url);
    if (kept && (await isPromised(kept, entry))) return unpack(kept, entry);
    const packed = await (await fetchFile(url, "default")).arrayBuffer();
    if (!(await isPromised(packed, entry))) {
      throw new CheckpointError(
        `${url} has ${packed.byteLength} bytes and another SHA-256 than its manifest says ` +
          `(${entry.packed_bytes} bytes); export the models again, or empty the server's cache`,
      );
    }
    await keep(cache, url, packed);
    return unpack(packed, entry);
  }
}

async function fetchFile(url: URL, cache: RequestCache): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { cache });
  } catch (error) {
    throw new CheckpointError(`cannot fetch ${url}: ${error}`);
  }
  if (!response.ok) throw new CheckpointError(`cannot fetch ${url}: status ${response.status}`);
  return response;
}

async function openCache(): Promise<Cache | undefined> {
  try {
    return await caches.open(CACHE);
  } catch {
    return undefined; // storage is switched off, as in some private windows
  }
}

async function find(cache: Cache | undefined, url: URL): Promise<ArrayBuffer | undefined> {
  try {
    return await (await cache?.match(url))?.arrayBuffer();
  } catch {
    return undefined; // a storage that is broken keeps nothing
  }
}

async function keep(cache: Cache | undefined, url: URL, packed: ArrayBuffer): Promise<void> {
  try {
    await cache?.put(url, new Response(packed));
  } catch {
    // no room: the file is fetched again on the next visit
  }
}

async function isPromised(packed: ArrayBuffer, entry: FileEntry): Promise<boolean> {
  if (packed.byteLength !== entry.packed_bytes) return false;
  if (!globalThis.crypto?.subtle) {
    throw new CheckpointError(
      "cannot check the models: the page is not a secure context; serve it by https or from " +
        "localhost",
    );
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", packed));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("") === entry.sha256;
}

async function unpack(packed: ArrayBuffer, entry: FileEntry): Promise<Uint8Array<ArrayBuffer>> {
  const unpacked = new Uint8Array(entry.bytes);
  let position = 0;
  try {
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    for (const reader = stream.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) break;
      unpacked.set(value, position);
      position += value.length;
    }
  } catch (error) {
    throw new CheckpointError(`cannot unpack ${entry.path}: ${error}`);
  }
  if (position !== entry.bytes) {
    throw new CheckpointError(`${entry.path} unpacks to ${position} bytes, not ${entry.bytes}`);
  }
  return entry.planes > 1 ? interleave(unpacked, entry.planes) : unpacked;
}

/** Returns bytes in their own order: `planes` parts take turns. */
function interleave(parts: Uint8Array<ArrayBuffer>, planes: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.length);
  let position = 0;
  for (let plane = 0; plane < planes; plane++) {
    for (let k = plane; k < whole.length; k += planes) whole[k] = parts[position++]!;
  }
  return whole;
}
