"""Literal bytes, limits and messages of the container format."""

import dataclasses
import hashlib
import re
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import pytest

from sidelight.bitstream import quality
from sidelight.bitstream.compression import pack_caption, parse_caption
from sidelight.bitstream.container import Container, section_sizes
from sidelight.bitstream.dictionary import CAPTION_DICTIONARY
from sidelight.bitstream.header import MAX_PIXELS, MAX_QUALITY_STEP
from sidelight.bitstream.reader import pack_varint
from sidelight.errors import (
    CodecError,
    CorruptBitstreamError,
    ImageError,
    NotABitstreamError,
    TextError,
    TruncatedBitstreamError,
    UnsupportedVersionError,
)

PLAIN = Container(
    model=bytes.fromhex("0123456789abcdef"),
    width=768,
    height=512,
    quality_step=64,
    latents_crc=0x2A84F0C3,
    latents=bytes.fromhex("efbeadde01000000"),
)
DOCUMENTED = dataclasses.replace(PLAIN, caption_digest=bytes.fromhex("78d1a13c"))
DOCUMENTED_BYTES = bytes.fromhex(
    "89534c54 01 02 0123456789abcdef 8006 8004 40 c3f0842a e88364a7"
    "04 78d1a13c 86771189"
    "08 efbeadde 01000000 eb11905c"
)
CAPTION = "A brown dog runs on the beach."
FORMAT_PAGE = Path(__file__).parents[3] / "docs" / "format.md"


def seal(body: bytes) -> bytes:
    return body + zlib.crc32(body).to_bytes(4, "little")


def frame(payload: bytes) -> bytes:
    return seal(pack_varint(len(payload)) + payload)


def file_with(
    *payloads: bytes, flags: int = 0, width: int = 8, height: int = 8, step: int = 0
) -> bytes:
    """A file with right checksums, whatever it holds."""
    size = pack_varint(width) + pack_varint(height)
    header = b"\x89SLT\x01" + bytes([flags]) + bytes(8) + size + bytes([step]) + bytes(4)
    return seal(header) + b"".join(map(frame, payloads))


def example(name: str) -> bytes:
    page = FORMAT_PAGE.read_text(encoding="utf-8")
    found = re.search(rf"<!-- example: {name} -->\n```text\n(.*?)```", page, re.DOTALL)
    assert found, f"docs/format.md has no example {name!r}"
    columns = (re.split(r" {2,}", line)[0] for line in found[1].splitlines())
    return bytes.fromhex("".join(columns))


def test_bytes_of_a_known_container() -> None:
    assert DOCUMENTED.pack() == DOCUMENTED_BYTES
    assert Container.parse(DOCUMENTED_BYTES) == DOCUMENTED


def test_bytes_of_all_sections() -> None:
    # Compressed payloads are given as content: their bytes depend on the zlib at hand.
    everything = dataclasses.replace(
        DOCUMENTED, gray=True, caption=CAPTION, icc=b"profile", exif=b"", alpha=b"png"
    )
    icc, exif = zlib.compress(b"profile", 9), zlib.compress(b"", 9)
    payloads = (b"\x78\xd1\xa1\x3c", pack_caption(CAPTION), icc, exif, b"png", PLAIN.latents)
    packed = everything.pack()
    assert packed[5] == 0b111111
    assert packed[27:] == b"".join(map(frame, payloads))
    assert Container.parse(packed) == everything


def test_documented_examples_are_what_the_code_gives() -> None:
    assert example("file") == DOCUMENTED_BYTES
    assert parse_caption(example("caption")) == CAPTION


def test_documented_dictionary_is_the_one_in_use() -> None:
    page = FORMAT_PAGE.read_text(encoding="utf-8")
    assert f"    {hashlib.sha256(CAPTION_DICTIONARY).hexdigest()}\n" in page
    assert f"{len(CAPTION_DICTIONARY):,} bytes" in page


@pytest.mark.parametrize(("latents_bytes", "framing_bytes"), [(0, 32), (8_000, 33), (40_000, 34)])
def test_header_and_framing_of_a_plain_picture(latents_bytes: int, framing_bytes: int) -> None:
    packed = dataclasses.replace(PLAIN, latents=bytes(latents_bytes)).pack()
    assert len(packed) - latents_bytes == framing_bytes <= 40


def test_section_sizes_add_up_to_the_file() -> None:
    assert section_sizes(DOCUMENTED_BYTES) == {"header": 27, "caption_digest": 9, "latents": 13}


def test_quality_steps_of_config_and_format_agree() -> None:
    assert MAX_QUALITY_STEP == quality.NUM_QUALITY_STEPS - 1


@pytest.mark.parametrize("sentence", [CAPTION, "Two children in red jackets play in the snow."])
def test_dictionary_makes_captions_shorter_than_plain_deflate(sentence: str) -> None:
    plain = zlib.compressobj(9, zlib.DEFLATED, -15)
    without = plain.compress(sentence.encode()) + plain.flush()
    assert len(pack_caption(sentence)) < 0.65 * len(without)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("model", bytes(7), "model must have 8 bytes, got 7"),
        ("width", 0, "width and height must be >= 1, got 0x512"),
        ("height", -1, "width and height must be >= 1, got 768x-1"),
        ("quality_step", 129, "quality_step must be 0 to 128, got 129"),
        ("quality_step", -1, "quality_step must be 0 to 128, got -1"),
        ("latents_crc", 2**32, "latents_crc must be >= 0"),
        ("latents", bytes(6), "latents must be whole words of 4 bytes, got 6 bytes"),
        ("caption_digest", bytes(5), "caption_digest must have 4 bytes, got 5"),
    ],
)
def test_programming_mistakes_are_value_errors(field: str, value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        dataclasses.replace(PLAIN, **{field: value})


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ({"width": 65536, "height": 1}, ImageError, "picture is 65536x1 px, each side must be"),
        ({"width": 65535, "height": 2049}, ImageError, "picture is 65535x2049 px, limit is"),
        ({"caption": "é" * 32769}, TextError, "caption has 65538 bytes in UTF-8, limit is 65536"),
        ({"caption": "a\ud800"}, TextError, "caption has no UTF-8 form: surrogates not allowed"),
        ({"icc": bytes(2**22 + 1)}, CodecError, "ICC has 4194305 bytes, limit is 4194304"),
        ({"exif": bytes(2**20 + 1)}, CodecError, "EXIF has 1048577 bytes, limit is 1048576"),
    ],
)
def test_input_over_a_limit_is_refused(
    fields: dict[str, Any], error: type[CodecError], message: str
) -> None:
    with pytest.raises(error, match=f"^{message}"):
        dataclasses.replace(PLAIN, **fields)


def test_everything_at_its_limit_is_kept() -> None:
    at_limit = dataclasses.replace(
        PLAIN,
        width=65535,
        height=MAX_PIXELS // 65535,
        quality_step=128,
        caption="é" * 32768,
        icc=bytes(2**22),
        exif=bytes(2**20),
    )
    assert Container.parse(at_limit.pack()) == at_limit


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (b"", TruncatedBitstreamError, "need 4 bytes at byte 0 for the magic, only 0 left"),
        (b"\x89SL", TruncatedBitstreamError, "need 4 bytes at byte 0 for the magic, only 3 left"),
        (b"\xff\xd8\xff\xe0", NotABitstreamError, "starts with ffd8ffe0, expected 89534c54"),
        (b"\x89P", NotABitstreamError, "starts with 8950, expected 89534c54"),
        (b"\x89SLT\x02", UnsupportedVersionError, "format version 2; this release reads 1"),
        (b"\x89SLT\x01\x81", UnsupportedVersionError, "flags 0x81 have unknown bits 0x80"),
        (file_with(b"", width=0), CorruptBitstreamError, "picture is 0x8 px, each side must be"),
        (file_with(b"", height=65536), CorruptBitstreamError, "picture is 8x65536 px"),
        (
            file_with(b"", width=65535, height=2049),
            CorruptBitstreamError,
            "picture is 65535x2049 px, limit is 134217728 px in all",
        ),
        (file_with(b"", step=129), CorruptBitstreamError, "quality step 129, expected 0 to 128"),
        (file_with(b"abc"), CorruptBitstreamError, "latents section has 3 bytes"),
        (file_with(b"abc", b"", flags=2), CorruptBitstreamError, "caption_digest section has 3"),
        (file_with(b"", b""), CorruptBitstreamError, "5 bytes follow the last section"),
        (file_with() + b"\x64", TruncatedBitstreamError, "need 100 bytes at byte 26, only 0 left"),
        (DOCUMENTED_BYTES[:-1] + b"?", CorruptBitstreamError, "latents section at byte 36 has CRC"),
        (file_with(b"")[:21] + bytes(10), CorruptBitstreamError, "header has CRC"),
    ],
)
def test_parse_says_what_it_found(data: bytes, error: type[CodecError], message: str) -> None:
    with pytest.raises(error, match=f"^{message}"):
        Container.parse(data)


def deflated(content: bytes) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15, zdict=CAPTION_DICTIONARY)
    return compressor.compress(content) + compressor.flush()


def with_preset_dictionary(content: bytes) -> bytes:
    compressor = zlib.compressobj(zdict=b"words")
    return compressor.compress(content) + compressor.flush()


@pytest.mark.parametrize(
    ("flags", "payload", "message"),
    [
        (4, deflated(b"\xff"), "caption is not UTF-8: invalid start byte at its byte 0"),
        (4, deflated(bytes(65537)), "caption decompresses to more than its limit, 65536 bytes"),
        (4, deflated(b"dog")[:-1], "caption has a compressed stream without an end"),
        (4, b"", "caption has a compressed stream without an end, 0 bytes"),
        (4, deflated(b"dog") + b"!", "caption has 1 bytes after its compressed stream"),
        (4, b"\x07", "caption cannot be decompressed"),
        (8, zlib.compress(bytes(2**22 + 1)), "ICC decompresses to more than its limit"),
        (8, zlib.compress(b"profile")[:-1], "ICC has a compressed stream without an end"),
        (8, with_preset_dictionary(b"words"), "ICC cannot be decompressed"),
        (16, zlib.compress(bytes(2**20 + 1)), "EXIF decompresses to more than its limit"),
        (16, zlib.compress(b"exif") + b"!", "EXIF has 1 bytes after its compressed stream"),
        (16, b"exif", "EXIF cannot be decompressed"),
    ],
)
def test_compressed_payload_is_one_bounded_stream(flags: int, payload: bytes, message: str) -> None:
    with pytest.raises(CorruptBitstreamError, match=f"^{message}"):
        Container.parse(file_with(payload, b"", flags=flags))


def test_decompression_stops_at_the_limit() -> None:
    bomb = file_with(zlib.compress(bytes(2**26), 9), b"", flags=16)
    tracemalloc.start()
    try:
        with pytest.raises(CorruptBitstreamError, match=r"^EXIF decompresses to more"):
            Container.parse(bomb)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 2**23  # the limit is 2**20, the content 2**26
