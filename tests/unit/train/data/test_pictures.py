import io

import numpy as np
import pytest
from PIL import Image

from sidelight.errors import ImageError
from sidelight.pixels.decoding import decode_picture
from sidelight.train.data.pictures import decode_rgb, picture_size


def coded(image: Image.Image, format: str, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stream = io.BytesIO()
    image.save(stream, format, exif=exif)
    return stream.getvalue()


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_pictures_are_trained_on_as_they_are_coded(make_picture, format, orientation, tmp_path):
    data = coded(Image.fromarray(make_picture(16, 40)), format, orientation)
    expected = decode_picture(data).image
    assert np.array_equal(decode_rgb(data), expected)
    path = tmp_path / "a"
    path.write_bytes(data)
    assert picture_size("a", path) == expected.shape[:2]
    assert picture_size("a", io.BytesIO(data)) == expected.shape[:2]


def test_sixteen_bits_are_scaled(make_picture):
    gray = make_picture(8, 8)[..., 0]
    stream = io.BytesIO()
    Image.fromarray(gray.astype(np.uint16) * 257).save(stream, "PNG")
    assert np.array_equal(decode_rgb(stream.getvalue())[..., 0], gray)


def test_a_jpeg_xl_file_has_a_size(make_picture):
    pytest.importorskip("pylibjxl")
    import pylibjxl

    data = pylibjxl.encode(make_picture(16, 40))
    assert picture_size("a", io.BytesIO(data)) == (16, 40)


@pytest.mark.parametrize("data", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + bytes(20)])
def test_what_is_no_picture_is_named(data):
    with pytest.raises(ImageError, match="the key: "):
        picture_size("the key", io.BytesIO(data))
