/** Keeps the page for later visits without network. */

import { page } from "./page.ts";

/** Asks for the service worker, and says once the page is kept. */
export async function keepPage(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register("service-worker.js");
    await navigator.serviceWorker.ready;
  } catch {
    return; // a private window, or a server that forbids it: the page works, but only with network
  }
  page.offline.textContent = "This page is kept: it also opens without network.";
}
