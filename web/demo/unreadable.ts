/** Why a file cannot be shown, in words that say what to do. */

/** Larger files are refused before they are read. */
export const MOST_BYTES = 100e6;

const WAY_OUT = "Choose a photograph as JPEG, PNG, WebP or AVIF.";
const HEIC = /^(heic|heix|heim|heis|hevc|hevx|mif1|msf1)$/;
const OTHERS: readonly (readonly [string, RegExp])[] = [
  ["a TIFF file", /^(II\*\0|MM\0\*)/],
  ["a JPEG XL file", /^(\xff\x0a|\0\0\0\x0cJXL )/],
  ["a PDF file", /^%PDF/],
  ["a drawing (SVG) or a web page", /^\s*</],
  ["a Photoshop file", /^8BPS/],
  ["a video", /^(....ftyp|\x1aE\xdf\xa3)/s],
];

/** Returns why a file is not even tried, undefined where it is. */
export function whyRefused(file: { readonly name: string; readonly size: number }) {
  if (file.size === 0) return `${file.name} is empty. ${WAY_OUT}`;
  if (file.size <= MOST_BYTES) return undefined;
  const [has, most] = [file.size, MOST_BYTES].map((bytes) => Math.round(bytes / 1e6));
  return `${file.name} has ${has} MB, the limit is ${most} MB. Choose a smaller copy.`;
}

/** Returns what to say of a file that the browser could not open, by its first bytes. */
export function whyUnreadable(name: string, start: Uint8Array): string {
  const text = String.fromCharCode(...start.subarray(0, 32));
  if (text.slice(4, 8) === "ftyp" && HEIC.test(text.slice(8, 12))) {
    return `${name} is a HEIC photograph, which this browser cannot open. Save it as JPEG first.`;
  }
  if (isPicture(text)) {
    return `${name} is damaged, or too large for this browser: it cannot be opened. ${WAY_OUT}`;
  }
  const found = OTHERS.find(([, pattern]) => pattern.test(text))?.[0];
  return found
    ? `${name} is ${found}, which this browser cannot open as a picture. ${WAY_OUT}`
    : `${name} is not a picture. ${WAY_OUT}`;
}

function isPicture(text: string): boolean {
  return /^(\xff\xd8\xff|\x89PNG|GIF8|BM|RIFF....WEBP|....ftypavi[fs])/s.test(text);
}
