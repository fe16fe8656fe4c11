/**
 * Keeps the site's own files, so that it opens without network, and isolates its pages, so that they
 * compute in threads even where the server cannot send the headers for that.
 *
 * Models and binaries are not its business: the page keeps them, checked, in a cache of their own.
 */

interface Scope {
  readonly registration: { readonly scope: string };
  readonly clients: { claim(): Promise<void> };
  addEventListener(kind: "install" | "activate", listener: (event: ExtendableEvent) => void): void;
  addEventListener(kind: "fetch", listener: (event: FetchEvent) => void): void;
}
interface ExtendableEvent {
  waitUntil(work: Promise<unknown>): void;
}
interface FetchEvent {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}
const scope = self as unknown as Scope;

/** Filled in by build-site.mjs: the site's files, and a name that changes with any of them. */
declare const SITE: { readonly version: string; readonly paths: readonly string[] };

const PREFIX = "sidelight-site-";
const CACHE = PREFIX + SITE.version;
const OF_MODELS = /\.packed$/;

scope.addEventListener("install", (event) => event.waitUntil(fill()));
scope.addEventListener("activate", (event) => event.waitUntil(takeOver()));
scope.addEventListener("fetch", (event) => {
  const { origin, pathname } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== location.origin) return;
  if (!OF_MODELS.test(pathname)) event.respondWith(answer(event.request));
});

async function fill(): Promise<void> {
  const cache = await caches.open(CACHE);
  // asked anew, so that no older file gets into a newer cache
  await cache.addAll(SITE.paths.map((path) => new Request(path, { cache: "no-cache" })));
}

async function takeOver(): Promise<void> {
  for (const name of await caches.keys()) {
    if (name.startsWith(PREFIX) && name !== CACHE) await caches.delete(name);
  }
  await scope.clients.claim();
}

async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request, { ignoreSearch: true });
  return kept ? isolated(kept) : fetch(request);
}

function isolated(response: Response): Response {
  const headers = new Headers(response.headers);
  headers.set("cross-origin-opener-policy", "same-origin");
  headers.set("cross-origin-embedder-policy", "require-corp");
  return new Response(response.body, { status: response.status, headers });
}
