import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from sidelight.errors import CorruptBitstreamError
from sidelight.pixels.alpha import pack_alpha, unpack_alpha

ALPHA = np.random.default_rng(4).integers(0, 256, (5, 7), dtype=np.uint8)


def png(image: Image.Image) -> bytes:
    stream = BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def test_packing_is_lossless():
    assert (unpack_alpha(pack_alpha(ALPHA), 7, 5) == ALPHA).all()


def test_unpacked_plane_can_be_written_to():
    assert unpack_alpha(pack_alpha(ALPHA), 7, 5).flags.writeable


def test_flat_plane_is_small():
    assert len(pack_alpha(np.zeros((512, 512), np.uint8))) < 1000


@pytest.mark.parametrize("alpha", [ALPHA.astype(float), ALPHA[..., None], ALPHA[:0]])
def test_other_arrays_are_refused(alpha):
    with pytest.raises(ValueError, match=r"alpha must be uint8 \(h, w\), got"):
        pack_alpha(alpha)


@pytest.mark.parametrize(("width", "height"), [(5, 7), (7, 6), (0, 0)])
def test_another_size_is_refused(width, height):
    with pytest.raises(CorruptBitstreamError, match=f"is 7x5 px, expected {width}x{height}"):
        unpack_alpha(pack_alpha(ALPHA), width, height)


@pytest.mark.parametrize("mode", ["1", "P", "LA", "RGB", "I;16"])
def test_other_samples_are_refused(mode):
    with pytest.raises(CorruptBitstreamError, match="alpha plane has PNG header"):
        unpack_alpha(png(Image.new(mode, (7, 5))), 7, 5)


def test_every_truncation_inside_the_samples_is_refused():
    payload = pack_alpha(ALPHA)
    for end in range(payload.index(b"IDAT") + 35):
        with pytest.raises(CorruptBitstreamError):
            unpack_alpha(payload[:end], 7, 5)


def test_broken_chunk_is_refused():
    key = b"\0\0\0\x01tRNS\0" + zlib.crc32(b"tRNS\0").to_bytes(4, "big")  # one byte, not two
    payload = pack_alpha(ALPHA)
    with pytest.raises(CorruptBitstreamError, match="alpha plane cannot be decoded"):
        unpack_alpha(payload[:33] + key + payload[33:], 7, 5)


@pytest.mark.parametrize("payload", [b"", b"junk", b"\xff\xd8\xff\xe0" + bytes(50)])
def test_other_bytes_are_refused(payload):
    with pytest.raises(CorruptBitstreamError, match="alpha plane starts with"):
        unpack_alpha(payload, 7, 5)
