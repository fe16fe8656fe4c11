"""Whatever the bytes, a container comes back whole or a BitstreamError says why not."""

import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sidelight.bitstream.container import Container, section_sizes
from sidelight.bitstream.header import MAX_PIXELS, MAX_SIDE
from sidelight.bitstream.reader import VARINT_LIMIT, ByteReader, pack_varint
from sidelight.errors import BitstreamError, CorruptBitstreamError, TruncatedBitstreamError

FULL = Container(
    model=bytes(range(8)),
    width=300,
    height=1,
    quality_step=128,
    latents_crc=0xFFFFFFFF,
    latents=bytes(range(12)),
    gray=True,
    caption="A dog.",
    caption_digest=b"\x00\xff\x00\xff",
    icc=b"icc",
    exif=b"exif",
    alpha=b"png",
)
"""A small file with every section."""

sides = st.integers(1, MAX_SIDE)
sizes = st.tuples(sides, sides).filter(lambda size: size[0] * size[1] <= MAX_PIXELS)
words = st.lists(st.binary(min_size=4, max_size=4), max_size=40).map(b"".join)


@st.composite
def containers(draw: st.DrawFn) -> Container:
    width, height = draw(sizes)
    metadata = st.none() | st.binary(max_size=200)
    return Container(
        model=draw(st.binary(min_size=8, max_size=8)),
        width=width,
        height=height,
        quality_step=draw(st.integers(0, 128)),
        latents_crc=draw(st.integers(0, 2**32 - 1)),
        latents=draw(words),
        gray=draw(st.booleans()),
        caption=draw(st.none() | st.text(st.characters(exclude_categories=["Cs"]))),
        caption_digest=draw(st.none() | st.binary(min_size=4, max_size=4)),
        icc=draw(metadata),
        exif=draw(metadata),
        alpha=draw(metadata),
    )


def reseal(data: bytes, start: int, end: int) -> bytes:
    """Gives the bytes from ``start`` to ``end`` a right CRC in their last four."""
    body = data[start : end - 4]
    return data[:start] + body + zlib.crc32(body).to_bytes(4, "little") + data[end:]


@given(containers())
@example(FULL)
def test_parse_inverts_pack(container: Container) -> None:
    assert Container.parse(container.pack()) == container


@given(containers())
@example(FULL)
def test_section_sizes_add_up(container: Container) -> None:
    packed = container.pack()
    assert sum(section_sizes(packed).values()) == len(packed)


@given(st.integers(0, VARINT_LIMIT - 1))
def test_varint_comes_back(value: int) -> None:
    reader = ByteReader(pack_varint(value))
    assert reader.varint() == value
    reader.finish()


def test_every_truncation_is_told_as_one() -> None:
    packed = FULL.pack()
    for length in range(len(packed)):
        with pytest.raises(TruncatedBitstreamError):
            Container.parse(packed[:length])


def test_every_single_bit_flip_is_detected() -> None:
    packed = FULL.pack()
    for bit in range(8 * len(packed)):
        flipped = bytearray(packed)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(BitstreamError):
            Container.parse(bytes(flipped))


@given(containers(), st.binary(min_size=1, max_size=40))
def test_trailing_bytes_are_refused(container: Container, trailing: bytes) -> None:
    with pytest.raises(CorruptBitstreamError, match=f"^{len(trailing)} bytes follow"):
        Container.parse(container.pack() + trailing)


@given(st.binary(max_size=80), st.booleans())
def test_any_bytes_parse_or_raise_a_bitstream_error(data: bytes, with_prefix: bool) -> None:
    prefix = b"\x89SLT\x01" if with_prefix else b""
    with pytest.raises(BitstreamError):
        Container.parse(prefix + data)


@given(containers(), st.data())
def test_mutations_are_detected_or_change_nothing(
    container: Container, data: st.DataObject
) -> None:
    packed = container.pack()
    start = data.draw(st.integers(0, len(packed)))
    end = data.draw(st.integers(start, min(len(packed), start + 16)))
    mutated = packed[:start] + data.draw(st.binary(max_size=16)) + packed[end:]
    try:
        assert Container.parse(mutated) == container
    except BitstreamError:
        assert mutated != packed


@given(containers(), st.data())
def test_mutations_under_a_right_crc_raise_only_bitstream_errors(
    container: Container, data: st.DataObject
) -> None:
    # Damage that is sealed again gets past the checksums, to the checks of the fields.
    packed = container.pack()
    name, size = data.draw(st.sampled_from(list(section_sizes(packed).items())))
    start = 0
    for before, bytes_before in section_sizes(packed).items():
        if before == name:
            break
        start += bytes_before
    mutated = bytearray(packed)
    for _ in range(data.draw(st.integers(1, 4))):
        position = data.draw(st.integers(start, start + size - 5))
        mutated[position] = data.draw(st.integers(0, 255))
    try:
        parsed = Container.parse(reseal(bytes(mutated), start, start + size))
    except BitstreamError:
        return
    assert Container.parse(parsed.pack()) == parsed
