/**
 * Every error that the package throws about a file, a picture, a caption or a setting.
 *
 * The names are those of the Python package:
 *
 *     CodecError
 *     |- TextError        a caption that cannot be used
 *     |- CheckpointError  models missing, damaged or of another format
 *     |- ImageError       a file or pixels that cannot be read or improved
 *     '- ConfigError      a value out of range
 */
export class CodecError extends Error {
  override name = "CodecError";
}

export class TextError extends CodecError {
  override name = "TextError";
}

export class CheckpointError extends CodecError {
  override name = "CheckpointError";
}

export class ImageError extends CodecError {
  override name = "ImageError";
}

export class ConfigError extends CodecError {
  override name = "ConfigError";
}

const BY_NAME = new Map<string, new (message: string) => CodecError>(
  [CodecError, TextError, CheckpointError, ImageError, ConfigError].map((kind) => [
    kind.name,
    kind,
  ]),
);

/** An error as it travels between the worker and the page. */
export interface SentError {
  readonly name: string;
  readonly message: string;
}

export function toSent(error: unknown): SentError {
  if (error instanceof Error) return { name: error.name, message: error.message };
  return { name: "Error", message: String(error) };
}

export function fromSent(sent: SentError): Error {
  const Kind = BY_NAME.get(sent.name);
  if (Kind) return new Kind(sent.message);
  const error = new Error(sent.message);
  error.name = sent.name;
  return error;
}
