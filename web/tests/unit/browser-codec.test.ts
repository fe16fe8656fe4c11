import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { readCarrier } from "../../src/carriers/reading.ts";
import { CorruptBitstreamError, ImageError } from "../../src/errors.ts";
import { addAlpha, decodeFile } from "../../src/pixels/browser-codec.ts";
import { read } from "../conformance.ts";

const decoder = vi.fn();
beforeEach(() => {
  vi.stubGlobal("createImageBitmap", decoder);
});
afterEach(() => {
  vi.unstubAllGlobals();
  decoder.mockReset();
});

/** Writes bytes over those that follow a mark. */
function patched(name: string, mark: string, skip: number, bytes: readonly number[]) {
  const file = Uint8Array.from(read(name));
  const place = Buffer.from(file).indexOf(mark, 0, "latin1");
  expect(place).toBeGreaterThan(0);
  file.set(bytes, place + mark.length + skip);
  return file;
}

test.each([
  ["JPEG", patched("files/plain.jpg", "\xff\xc0", 3, [0x75, 0x30, 0x75, 0x30]), "30000x30000"],
  ["AVIF", patched("files/plain.avif", "ispe", 4, [0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]), "30000x"],
  ["WebP", patched("files/plain.webp", "\x9d\x01\x2a", 0, [255, 63, 255, 63]), "16383x16383"],
])("a %s file beyond the limit is refused before anything is decoded", async (_, file, size) => {
  const refused = decodeFile(file, readCarrier(file));
  await expect(refused).rejects.toThrow(ImageError);
  await expect(refused).rejects.toThrow(`picture of ${size}`);
  expect(decoder).not.toHaveBeenCalled();
});

test("alpha of another size than its picture is refused before it is decoded", async () => {
  const picture = { width: 4, height: 4, data: new Uint8Array(64) };
  const refused = addAlpha(picture, read("files/other.png"));
  await expect(refused).rejects.toThrow(CorruptBitstreamError);
  await expect(refused).rejects.toThrow("alpha is 96x64 px, the picture 4x4 px");
  await expect(addAlpha(picture, read("files/plain.jpg"))).rejects.toThrow("it is no PNG");
  expect(decoder).not.toHaveBeenCalled();
});

test("a browser that lies about the size is found out", async () => {
  decoder.mockResolvedValue({ width: 30_000, height: 30_000, close: () => {} });
  const file = Uint8Array.from(read("files/plain.jpg"));
  await expect(decodeFile(file, readCarrier(file))).rejects.toThrow("picture of 30000x30000 px");
});
