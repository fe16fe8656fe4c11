"""Hostile files raise ImageError only, and nothing that is attached changes what is coded."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidelight.captions.canonical import canonical_caption
from sidelight.captions.metadata import xmp_caption
from sidelight.carriers.reading import CarrierFile, read
from sidelight.carriers.registry import CARRIERS
from sidelight.errors import ImageError
from sidelight.pixels.picture import Picture
from sidelight.pixels.xmp import with_description

ROWS, COLUMNS = np.mgrid[:20, :28]
IMAGE = np.stack([ROWS * 9, COLUMNS * 7, 200 - ROWS], axis=2).astype(np.uint8)
ALPHA = (1 + ROWS * 5).astype(np.uint8)
EXIF = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x0f\0\x02\0\0\0\x06\0\0\0\x1a\0\0\0\0Ricoh\0"


def file_with_everything(name: str) -> bytes:
    alpha = ALPHA if CARRIERS[name].has_alpha else None
    picture = Picture(image=IMAGE, alpha=alpha, exif=EXIF)
    return CARRIERS[name].encode(picture, 5, caption="A dog.")


FILES = {name: file_with_everything(name) for name in CARRIERS}
names = pytest.mark.parametrize("name", CARRIERS)


@st.composite
def mutated(draw: st.DrawFn, payload: bytes) -> bytes:
    """Draws the file with some bytes overwritten or some sizes replaced, and perhaps cut."""
    data = bytearray(payload)
    places = st.tuples(st.integers(0, len(data) - 1), st.integers(0, 255))
    for position, value in draw(st.lists(places, max_size=6)):
        data[position] = value
    sizes = st.tuples(st.integers(0, len(data) - 4), st.integers(0, 2**32 - 1))
    for position, value in draw(st.lists(sizes, max_size=2)):
        struct.pack_into(">I", data, position, value)
    return bytes(data[: draw(st.integers(0, len(data)) | st.just(len(data)))])


def measures_or_raises_image_error(name: str, data: bytes) -> None:
    try:
        coded_bytes = CARRIERS[name].coded_bytes(data)
    except ImageError:
        return
    assert 0 <= coded_bytes <= len(data)


def reads_or_raises_image_error(data: bytes) -> None:
    try:
        found = read(data)
    except ImageError:
        return
    assert isinstance(found, CarrierFile)


@names
def test_every_truncation_raises_image_error_only(name):
    data = FILES[name]
    for length in range(len(data)):
        measures_or_raises_image_error(name, data[:length])
        reads_or_raises_image_error(data[:length])


@names
@given(st.data())
def test_damaged_files_are_measured_or_raise_image_error(name, data):
    measures_or_raises_image_error(name, data.draw(mutated(FILES[name])))


@names
@given(st.binary(max_size=300))
def test_random_bytes_are_measured_or_raise_image_error(name, data):
    measures_or_raises_image_error(name, FILES[name][:32] + data)


@names
@given(st.data())
def test_damaged_files_are_read_or_raise_image_error(name, data):
    reads_or_raises_image_error(data.draw(mutated(FILES[name])))


@names
def test_every_bit_flip_of_the_first_bytes_raises_image_error_only(name):
    for bit in range(8 * 100):
        data = bytearray(FILES[name])
        data[bit // 8] ^= 1 << bit % 8
        reads_or_raises_image_error(bytes(data))


captions = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]), min_size=1, max_size=80
)


@given(captions, captions)
def test_the_last_caption_written_is_the_one_read(first, second):
    packet = with_description(with_description(None, first), second)
    if canonical_caption(second):
        assert xmp_caption(packet) == canonical_caption(second)
    assert with_description(packet, second) == packet
