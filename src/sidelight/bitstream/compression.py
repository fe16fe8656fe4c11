"""Captions and metadata as section payloads: compressed, and bounded when decompressed."""

import zlib

from sidelight.bitstream.dictionary import CAPTION_DICTIONARY
from sidelight.errors import CodecError, CorruptBitstreamError, TextError

MAX_CAPTION_BYTES = 64 * 1024
"""Limit of a caption in UTF-8."""
MAX_ICC_BYTES = 4 * 1024 * 1024
MAX_EXIF_BYTES = 1024 * 1024

_RAW_DEFLATE = -zlib.MAX_WBITS


def pack_caption(caption: str) -> bytes:
    """Returns the caption as raw deflate, with the dictionary of the format."""
    compressor = zlib.compressobj(level=9, wbits=_RAW_DEFLATE, memLevel=9, zdict=CAPTION_DICTIONARY)
    return compressor.compress(caption.encode("utf-8")) + compressor.flush()


def parse_caption(payload: bytes) -> str:
    """Returns the caption that ``pack_caption`` compressed.

    Raises:
        CorruptBitstreamError: The stream is damaged or too long, or its text is not UTF-8.
    """
    decompressor = zlib.decompressobj(wbits=_RAW_DEFLATE, zdict=CAPTION_DICTIONARY)
    text = _decompress(decompressor, payload, "caption", MAX_CAPTION_BYTES)
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CorruptBitstreamError(
            f"caption is not UTF-8: {error.reason} at its byte {error.start}"
        ) from error


def pack_metadata(content: bytes) -> bytes:
    """Returns an ICC profile or EXIF block as a zlib stream."""
    return zlib.compress(content, level=9)


def parse_metadata(payload: bytes, name: str, limit: int) -> bytes:
    """Returns what ``pack_metadata`` compressed, at most ``limit`` bytes of it.

    Raises:
        CorruptBitstreamError: The stream is damaged or too long.
    """
    return _decompress(zlib.decompressobj(), payload, name, limit)


def check_caption(caption: str) -> None:
    """Checks that a file can hold the caption.

    Raises:
        TextError: The caption is no text, is too long, or has no UTF-8 form.
    """
    if not isinstance(caption, str):
        raise TextError(f"caption must be a str, got {type(caption).__name__}")
    try:
        length = len(caption.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise TextError(
            f"caption has no UTF-8 form: {error.reason} at character {error.start}"
        ) from error
    if length > MAX_CAPTION_BYTES:
        raise TextError(f"caption has {length} bytes in UTF-8, limit is {MAX_CAPTION_BYTES}")


def check_metadata(content: bytes, name: str, limit: int) -> None:
    """Checks that a file can hold the ICC profile or EXIF block.

    Raises:
        CodecError: It is longer than ``limit`` bytes.
    """
    if len(content) > limit:
        raise CodecError(f"{name} has {len(content)} bytes, limit is {limit}")


def _decompress(decompressor: "zlib._Decompress", payload: bytes, name: str, limit: int) -> bytes:
    try:
        # One byte over the limit tells a stream that is too long from one that just fits.
        content = decompressor.decompress(payload, limit + 1)
    except zlib.error as error:
        raise CorruptBitstreamError(f"{name} cannot be decompressed: {error}") from error
    if len(content) > limit:
        raise CorruptBitstreamError(f"{name} decompresses to more than its limit, {limit} bytes")
    if not decompressor.eof:
        raise CorruptBitstreamError(
            f"{name} has a compressed stream without an end, {len(payload)} bytes"
        )
    if decompressor.unused_data:
        raise CorruptBitstreamError(
            f"{name} has {len(decompressor.unused_data)} bytes after its compressed stream"
        )
    return content
