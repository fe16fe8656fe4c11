/** How much memory a process has ever held, for what has to stay bounded whatever a file claims. */

const KIB_PER_MIB = 1024;

/** Bound on what 10,000 damaged files may add: about twice what they were seen to. */
export const MOST_GROWN_MIB = 150;

/** Returns the most MiB that this process held at once so far. */
export function peakMib(): number {
  return process.resourceUsage().maxRSS / KIB_PER_MIB;
}
