"""Every error that Sidelight raises about a file, a picture, a caption or a setting.

CodecError
|- BitstreamError
|  |- NotABitstreamError       the bytes do not start with the magic of a .slt file
|  |- UnsupportedVersionError  a newer format than this release reads
|  |- TruncatedBitstreamError  the bytes end too early
|  '- CorruptBitstreamError    a CRC, a limit or a rule of the format is broken
|- ModelMismatchError          the file was made by another model, or its latents came out different
|- TextError                   a caption or a text encoder that cannot be used
|- CheckpointError             weights, tables or config missing or malformed
|- TrainingError               a run that has diverged
|- ImageError                  pixels that cannot be read or represented
'- ConfigError                 unknown key, value out of range (also a ValueError)

SidelightWarning               a conversion or a doubt that a user should hear of; nothing failed
"""

from collections.abc import Iterator
from contextlib import contextmanager


class SidelightWarning(UserWarning):
    """Something was converted, left out or doubtful; ``encode`` and ``decode`` give these."""


class CodecError(Exception):
    """Base of all errors that are about the input and not about our code."""


class BitstreamError(CodecError):
    """The bytes of a .slt file break a rule of the format."""


class NotABitstreamError(BitstreamError):
    """The bytes do not start with the magic of a .slt file."""


class UnsupportedVersionError(BitstreamError):
    """The file has a format version that this release does not read."""


class TruncatedBitstreamError(BitstreamError):
    """The bytes end before the file does."""


class CorruptBitstreamError(BitstreamError):
    """A checksum fails, a limit is passed or a field contradicts another."""


class ModelMismatchError(CodecError):
    """The file belongs to another model, or this machine computed other latents."""


class TextError(CodecError):
    """A caption or a text encoder that cannot be used."""


class CheckpointError(CodecError):
    """A checkpoint lacks weights, tables or config, or they contradict each other."""


class TrainingError(CodecError):
    """A training run has diverged."""


class ImageError(CodecError):
    """Pixels that cannot be read, or that the codec cannot represent."""


class ConfigError(CodecError, ValueError):
    """An unknown key or a value out of range."""


@contextmanager
def about(name: str) -> Iterator[None]:
    """Puts a file's name before what is wrong with the file, where it is not there yet."""
    try:
        yield
    except (BitstreamError, ImageError, ModelMismatchError) as error:
        if str(error).startswith(f"{name}: "):
            raise
        raise type(error)(f"{name}: {error}") from error


def is_out_of_memory(error: BaseException) -> bool:
    """Returns whether memory ran out, which torch tells as a RuntimeError."""
    told = str(error).lower()
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError)
        and ("out of memory" in told or "can't allocate memory" in told)
    )


_REASONS = {
    IsADirectoryError: "is a folder, expected a file",
    NotADirectoryError: "is a file, or below one, expected a folder",
}


def reason_of(error: BaseException) -> str:
    """Returns what to tell of an error; memory that ran out is no fault of the file."""
    if is_out_of_memory(error):
        return "not enough memory; free some, or scale the picture down"
    if isinstance(error, OSError) and error.strerror and isinstance(error.filename, str):
        return f"{error.filename}: {_REASONS.get(type(error), error.strerror)}"
    return str(error)
