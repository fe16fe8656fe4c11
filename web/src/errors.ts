/**
 * Every error that the package throws about a file, a picture, a caption or a setting.
 *
 * The names are those of the Python package:
 *
 *     CodecError
 *     |- BitstreamError
 *     |  |- NotABitstreamError       the bytes do not start with the magic of a .slt file
 *     |  |- UnsupportedVersionError  a newer format than this release reads
 *     |  |- TruncatedBitstreamError  the bytes end too early
 *     |  '- CorruptBitstreamError    a CRC, a limit or a rule of the format is broken
 *     |- ModelMismatchError          the file was made by another model
 *     |- TextError                   a caption that cannot be used
 *     |- CheckpointError             models missing, damaged or of another format
 *     |- ImageError                  a file or pixels that cannot be read or improved
 *     '- ConfigError                 a value out of range
 */
export class CodecError extends Error {
  override name = "CodecError";
}

export class BitstreamError extends CodecError {
  override name = "BitstreamError";
}

export class NotABitstreamError extends BitstreamError {
  override name = "NotABitstreamError";
}

export class UnsupportedVersionError extends BitstreamError {
  override name = "UnsupportedVersionError";
}

export class TruncatedBitstreamError extends BitstreamError {
  override name = "TruncatedBitstreamError";
}

export class CorruptBitstreamError extends BitstreamError {
  override name = "CorruptBitstreamError";
}

export class ModelMismatchError extends CodecError {
  override name = "ModelMismatchError";
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
