/** ICC profiles (ICC.1): which ones can be kept with a picture in RGB. */

import { bigEndian, latin1 } from "./bytes.ts";

const SIZE = 0;
const VERSION = 8;
const DEVICE_CLASS = 12;
const COLOUR_SPACE = 16;
const SIGNATURE = 36;
const NUM_TAGS = 128;
const FIRST_TAG = 132;
const TAG_BYTES = 12;
const MAX_TAGS = 100;
const NEWEST_MAJOR = 5;
const CLASSES = [
  "scnr",
  "mntr",
  "prtr",
  "link",
  "abst",
  "spac",
  "nmcl",
  "cenc",
  "mid ",
  "mlnk",
  "mvis",
  "\0\0\0\0", // as some old profiles have it
];

/**
 * Returns a copy of a profile if it can be read and describes RGB; the rules are those of LittleCMS,
 * by which the Python package keeps a profile or drops it.
 *
 * Profiles of gray pictures are none for this: a canvas has three channels.
 */
export function soundProfile(profile: Uint8Array | undefined): Uint8Array<ArrayBuffer> | undefined {
  return profile && isReadable(profile) && named(profile, COLOUR_SPACE) === "RGB "
    ? Uint8Array.from(profile)
    : undefined;
}

const named = (profile: Uint8Array, place: number) => latin1(profile, place, place + 4);

function isReadable(profile: Uint8Array): boolean {
  if (profile.length < FIRST_TAG || named(profile, SIGNATURE) !== "acsp") return false;
  const [major, minor] = [profile[VERSION]!, profile[VERSION + 1]!];
  if (major > NEWEST_MAJOR || (major === NEWEST_MAJOR && minor > 0)) return false;
  return CLASSES.includes(named(profile, DEVICE_CLASS)) && hasTagTable(profile);
}

/** Tags that lie outside the profile are passed over; of the others there may be one of a kind. */
function hasTagTable(profile: Uint8Array): boolean {
  const numTags = bigEndian(profile, NUM_TAGS, 4);
  if (numTags > MAX_TAGS || FIRST_TAG + numTags * TAG_BYTES > profile.length) return false;
  const room = Math.min(bigEndian(profile, SIZE, 4), profile.length);
  const kinds = new Set<string>();
  for (let k = 0; k < numTags; k++) {
    const place = FIRST_TAG + k * TAG_BYTES;
    const [start, size] = [bigEndian(profile, place + 4, 4), bigEndian(profile, place + 8, 4)];
    if (start === 0 || size === 0 || start + size > room) continue;
    const kind = named(profile, place);
    if (kinds.has(kind)) return false;
    kinds.add(kind);
  }
  return true;
}
