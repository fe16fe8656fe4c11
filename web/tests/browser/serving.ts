/** A server of test pages, on loopback, with what each test needs of headers and failures. */

import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".json": "application/json",
  ".avif": "image/avif",
  ".jpg": "image/jpeg",
  ".png": "image/png",
  ".webp": "image/webp",
  ".css": "text/css",
};

export interface Site {
  /** Folders by the beginning of the path that they are served under. */
  readonly folders: Readonly<Record<string, string>>;
  /** Pages and other texts by their path. */
  readonly texts?: Readonly<Record<string, string>>;
  /** Other contents by their path, a letter a byte. */
  readonly latin1?: Readonly<Record<string, string>>;
  /** Sent with everything. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Serving {
  readonly origin: string;
  /** Paths that were asked for, with the bytes that were sent. */
  readonly log: { path: string; bytes: number }[];
  close(): Promise<void>;
}

export async function serve(site: Site): Promise<Serving> {
  const log: Serving["log"] = [];
  const server: Server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url!, "http://localhost").pathname);
    const type = TYPES[path.endsWith("/") ? ".html" : extname(path)] ?? "application/octet-stream";
    const headers = { "content-type": type, ...site.headers };
    const content = contentOf(site, path);
    const file = content ? undefined : fileOf(site, path);
    if (!content && !file) {
      log.push({ path, bytes: 0 });
      response.writeHead(404, headers).end();
      return;
    }
    const bytes = content?.length ?? statSync(file!).size;
    log.push({ path, bytes });
    response.writeHead(200, { ...headers, "content-length": bytes });
    if (content) response.end(content);
    else createReadStream(file!).pipe(response);
  });
  server.keepAliveTimeout = 60_000; // a loaded machine may pause for seconds
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    log,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function contentOf(site: Site, path: string): Buffer | undefined {
  const text = site.texts?.[path];
  if (text !== undefined) return Buffer.from(text);
  const bytes = site.latin1?.[path];
  return bytes === undefined ? undefined : Buffer.from(bytes, "latin1");
}

function fileOf(site: Site, path: string): string | undefined {
  for (const [prefix, folder] of Object.entries(site.folders)) {
    if (!path.startsWith(prefix)) continue;
    const file = join(folder, normalize(path.slice(prefix.length)));
    if (file.startsWith(folder) && existsSync(file) && statSync(file).isFile()) return file;
  }
  return undefined;
}
