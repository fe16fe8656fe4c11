/** Errors as they travel between the worker and the page. */

import {
  BitstreamError,
  CheckpointError,
  CodecError,
  ConfigError,
  CorruptBitstreamError,
  ImageError,
  ModelMismatchError,
  NotABitstreamError,
  TextError,
  TruncatedBitstreamError,
  UnsupportedVersionError,
} from "./errors.ts";

const BY_NAME: Record<string, new (message: string) => CodecError> = {
  CodecError,
  BitstreamError,
  NotABitstreamError,
  UnsupportedVersionError,
  TruncatedBitstreamError,
  CorruptBitstreamError,
  ModelMismatchError,
  TextError,
  CheckpointError,
  ImageError,
  ConfigError,
};

export interface SentError {
  readonly name: string;
  readonly message: string;
}

export function toSent(error: unknown): SentError {
  if (error instanceof Error) return { name: error.name, message: error.message };
  return { name: "Error", message: String(error) };
}

export function fromSent(sent: SentError): Error {
  const Kind = BY_NAME[sent.name];
  if (Kind) return new Kind(sent.message);
  const error = new Error(sent.message);
  error.name = sent.name;
  return error;
}
