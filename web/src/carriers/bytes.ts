/** Reads numbers and four-letter names out of bytes that may be hostile. */

/** Returns the bytes as Latin-1 text, one character a byte; shorter where they end. */
export function latin1(data: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...data.subarray(start, Math.min(end, data.length)));
}

/** Returns a big-endian number of up to 8 bytes, 0 for none; exact below 2^53. */
export function bigEndian(data: Uint8Array, start: number, numBytes: number): number {
  let value = 0;
  for (let k = 0; k < numBytes; k++) value = value * 256 + (data[start + k] ?? 0);
  return value;
}

/** Returns an unsigned little-endian number of 4 bytes. */
export function littleEndian32(data: Uint8Array, start: number): number {
  return new DataView(data.buffer, data.byteOffset).getUint32(start, true);
}

/** Returns an unsigned little-endian number of 2 bytes. */
export function littleEndian16(data: Uint8Array, start: number): number {
  return new DataView(data.buffer, data.byteOffset).getUint16(start, true);
}

/** Returns bytes one part after the other. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.length;
  }
  return whole;
}

/** Returns bytes as two hexadecimal digits each. */
export function hex(data: Uint8Array): string {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
