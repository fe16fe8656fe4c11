import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from sidelight.errors import ImageError
from sidelight.limits import MAX_PIXELS
from sidelight.pixels.decoding import decode_picture


def saved(image: Image.Image, format: str, **options: object) -> bytes:
    stream = BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def png_of_size(width: int, height: int) -> bytes:
    """Returns a PNG whose header promises more than its data hold."""
    data = saved(Image.new("L", (1, 1)), "PNG")
    header = b"IHDR" + struct.pack(">II", width, height) + data[24:29]
    return data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:]


NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))


@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF", "BMP", "PPM", "QOI", "TGA", "JPEG2000"])
def test_lossless_formats_are_read_exactly(format):
    options = {"lossless": True} if format == "WEBP" else {}
    assert (decode_picture(saved(NOISE, format, **options)).image == np.asarray(NOISE)).all()


@pytest.mark.parametrize("format", ["JPEG", "AVIF", "GIF"])
def test_lossy_formats_are_read(format):
    assert decode_picture(saved(NOISE, format)).image.shape == (64, 64, 3)


def test_transparent_gif_has_alpha():
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putpixel((1, 0), 1)
    picture = decode_picture(saved(image, "GIF", transparency=1))
    assert picture.alpha.tolist() == [[255, 0]]
    assert picture.image[0, 0].tolist() == [10, 20, 30]


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "AVIF", "TIFF"])
def test_first_of_several_frames_is_kept_and_noted(format):
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("black", "white")]
    data = saved(frames[0], format, save_all=True, append_images=frames[1:])
    picture = decode_picture(data)
    assert picture.image.max() < 8
    assert picture.notes == ("only the first frame is kept",)


def test_an_empty_file_is_refused():
    with pytest.raises(ImageError, match="the file is empty"):
        decode_picture(b"")


@pytest.mark.parametrize("data", [b"junk", bytes(1000), b"\x89PNG\r\n\x1a\n"])
def test_bytes_that_are_no_picture_are_refused(data):
    with pytest.raises(ImageError, match=f"not a picture.*{len(data)} bytes"):
        decode_picture(data)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "AVIF", "TIFF", "GIF", "BMP"])
def test_truncated_picture_is_refused(format):
    data = saved(NOISE, format)
    with pytest.raises(ImageError):
        decode_picture(data[: len(data) // 2])


def test_empty_picture_is_refused():
    with pytest.raises(ImageError, match="without pixels"):
        decode_picture(png_of_size(0, 5))


@pytest.mark.parametrize(
    ("width", "height", "limit"),
    [(65536, 1, "65535"), (1, 70000, "65535"), (12000, 12000, str(MAX_PIXELS))],
)
def test_too_large_is_refused_before_decoding(width, height, limit):
    with pytest.raises(ImageError, match=f"{width}x{height} px, the limit is .*{limit}"):
        decode_picture(png_of_size(width, height))


def test_larger_than_pillow_reads_is_refused_alike():
    with pytest.raises(ImageError, match=f"size 60000x60000 px, the limit is .*{MAX_PIXELS}"):
        decode_picture(png_of_size(60000, 60000))


def test_size_between_pillows_warning_and_our_limit_is_only_truncated():
    assert Image.MAX_IMAGE_PIXELS < 10000 * 10000
    with pytest.raises(ImageError, match="truncated or broken"):
        decode_picture(png_of_size(10000, 10000), max_pixels=MAX_PIXELS)


def test_pillows_limit_stays_as_it_was():
    before = Image.MAX_IMAGE_PIXELS
    decode_picture(saved(NOISE, "PNG"))
    assert before == Image.MAX_IMAGE_PIXELS


def test_eps_is_refused_before_it_runs():
    with pytest.raises(ImageError, match="PostScript, which can run programs"):
        decode_picture(saved(NOISE, "EPS"))


def test_samples_without_one_reading_are_refused():
    floats = Image.fromarray(np.array([[0, 300]], np.float32))
    with pytest.raises(ImageError, match="float samples from 0 to 300, expected 0 to 1"):
        decode_picture(saved(floats, "TIFF"))


def test_dark_16_bit_pgm_is_not_taken_for_8_bits():
    picture = decode_picture(b"P5 2 1 65535\n" + struct.pack(">2H", 0, 200))
    assert picture.image[..., 0].tolist() == [[0, 1]]
