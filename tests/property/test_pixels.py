"""Hostile bytes raise our errors only, and lossless means every pixel."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from sidelight.errors import BitstreamError, ImageError
from sidelight.pixels.alpha import pack_alpha, unpack_alpha
from sidelight.pixels.files import read_picture, write_picture
from sidelight.pixels.padding import pad_to_multiple
from sidelight.pixels.picture import Picture

SIDES = st.integers(1, 12)
PLANES = st.tuples(SIDES, SIDES).flatmap(lambda shape: arrays(np.uint8, shape))
IMAGES = st.tuples(SIDES, SIDES, st.just(3)).flatmap(lambda shape: arrays(np.uint8, shape))


def sample(format: str) -> bytes:
    rng = np.random.default_rng(5)
    mode, channels = ("RGB", 3) if format in {"JPEG", "BMP", "PPM"} else ("RGBA", 4)
    image = Image.fromarray(rng.integers(0, 256, (9, 11, channels), dtype=np.uint8), mode)
    exif = Image.Exif()
    exif[271], exif[274] = "Ricoh", 6
    stream = BytesIO()
    image.save(stream, format, exif=exif)
    return stream.getvalue()


SAMPLES = {name: sample(name) for name in ("PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP", "AVIF")}


@st.composite
def mutated(draw: st.DrawFn, payload: bytes) -> bytes:
    """Draws the payload with some bytes overwritten, and perhaps cut."""
    data = bytearray(payload)
    places = st.tuples(st.integers(0, len(data) - 1), st.integers(0, 255))
    for position, value in draw(st.lists(places, min_size=1, max_size=8)):
        data[position] = value
    return bytes(data[: draw(st.integers(0, len(data)) | st.just(len(data)))])


def reads_or_raises_image_error(data: bytes) -> None:
    try:
        picture = read_picture(BytesIO(data))
    except ImageError:
        return
    assert isinstance(picture, Picture)


def png_round_trip(picture: Picture) -> Picture:
    stream = BytesIO()
    write_picture(picture, stream, "png")
    stream.seek(0)
    return read_picture(stream)


@given(IMAGES, st.data())
def test_png_keeps_every_pixel_and_alpha(image, data):
    alpha = data.draw(st.none() | arrays(np.uint8, image.shape[:2]))
    decoded = png_round_trip(Picture(image=image, alpha=alpha))
    assert (decoded.image == image).all()
    if alpha is None or (alpha == 255).all():
        assert decoded.alpha is None
    else:
        assert (decoded.alpha == alpha).all()


@given(PLANES)
def test_png_keeps_gray(plane):
    decoded = png_round_trip(Picture(image=np.repeat(plane[..., None], 3, axis=2), gray=True))
    assert decoded.gray
    assert (decoded.image == plane[..., None]).all()


@given(st.binary(max_size=300))
def test_random_bytes_raise_image_error_only(data):
    reads_or_raises_image_error(data)


@pytest.mark.parametrize("format", SAMPLES)
@given(st.data())
def test_mutated_pictures_raise_image_error_only(format, data):
    reads_or_raises_image_error(data.draw(mutated(SAMPLES[format])))


@given(PLANES)
def test_alpha_round_trip(alpha):
    height, width = alpha.shape
    assert (unpack_alpha(pack_alpha(alpha), width, height) == alpha).all()


ALPHA_PAYLOAD = pack_alpha(np.arange(99, dtype=np.uint8).reshape(9, 11))


@given(mutated(ALPHA_PAYLOAD) | st.binary(max_size=300))
def test_mutated_alpha_raises_bitstream_error_only(payload):
    try:
        alpha = unpack_alpha(payload, 11, 9)
    except BitstreamError:
        return
    assert alpha.shape == (9, 11)


@given(IMAGES, st.integers(1, 70))
def test_cropping_undoes_padding(image, multiple):
    padded = pad_to_multiple(image, multiple)
    height, width = image.shape[:2]
    assert padded.shape[0] % multiple == padded.shape[1] % multiple == 0
    assert (padded[:height, :width] == image).all()
