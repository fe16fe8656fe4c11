import importlib.util
import struct

import imagecodecs
import numpy as np
import pylibjxl
import pytest
from PIL import Image
from tests.captioned_pictures import saved

from sidelight.errors import ImageError
from sidelight.pixels import jpeg_xl
from sidelight.pixels.decoding import decode_picture
from sidelight.pixels.jpeg_xl import find_codestream, is_jpeg_xl

ROWS, COLUMNS = np.mgrid[:24, :40].astype(np.uint8)
RGB = np.dstack([ROWS * 8, COLUMNS * 6, 255 - ROWS * 5])
EXIF = Image.Exif()
EXIF[271], EXIF[274] = "Ricoh", 6
EXIF_BOX = bytes(4) + EXIF.tobytes()[6:]
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>'


def coded(samples: np.ndarray) -> bytes:
    return imagecodecs.jpegxl_encode(samples, distance=0.5)


def box(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(payload), kind) + payload


def in_boxes(*boxes: bytes) -> bytes:
    start = box(b"JXL ", b"\r\n\x87\n") + box(b"ftyp", b"jxl \0\0\0\0jxl ")
    return start + b"".join(boxes)


@pytest.mark.parametrize(
    ("samples", "gray", "alpha"),
    [
        (RGB, False, None),
        (np.dstack([RGB, ROWS * 9]), False, ROWS * 9),
        (RGB[..., 0], True, None),
        (np.dstack([RGB[..., 0], ROWS * 9]), True, ROWS * 9),
    ],
)
def test_colour_gray_and_alpha(samples, gray, alpha):
    picture = decode_picture(coded(np.ascontiguousarray(samples)))
    expected = samples[..., :1].repeat(3, 2) if samples.ndim == 3 and gray else samples
    colour = expected[..., :3] if expected.ndim == 3 else expected[..., None]
    assert np.abs(picture.image.astype(int) - colour).mean() < 2
    assert picture.gray == gray
    assert (picture.alpha is None) == (alpha is None)
    if alpha is not None:
        assert np.abs(picture.alpha.astype(int) - alpha).mean() < 2


def test_metadata_is_read_and_changes_no_pixel():
    code = coded(RGB)
    plain = decode_picture(code)
    packed = box(b"brob", b"Exif" + imagecodecs.brotli_encode(EXIF_BOX))
    halves = [code[: len(code) // 2], code[len(code) // 2 :]]
    parts = [box(b"jxlp", struct.pack(">I", k | k << 31) + half) for k, half in enumerate(halves)]
    xml = box(b"xml ", XMP)
    for data in (
        in_boxes(box(b"jxlc", code), box(b"Exif", EXIF_BOX), xml),
        in_boxes(packed, xml, box(b"jxlc", code)),
        in_boxes(parts[0], xml, packed, parts[1]),
    ):
        picture = decode_picture(data)
        assert (picture.image == plain.image).all()
        kept = Image.Exif()
        kept.load(picture.exif)
        assert dict(kept) == {271: "Ricoh"}
        assert picture.xmp == XMP
        assert picture.notes == ()


def test_orientation_is_that_of_the_codestream():
    jpeg = saved("JPEG", exif=EXIF)
    turned, plain = decode_picture(jpeg), decode_picture(pylibjxl.jpeg_to_jxl(jpeg))
    assert np.abs(turned.image.astype(int) - plain.image).max() <= 3
    wide = decode_picture(in_boxes(box(b"jxlc", coded(RGB)), box(b"Exif", EXIF_BOX)))
    assert (wide.height, wide.width) == RGB.shape[:2]


def test_the_profile_is_read(rgb_profile):
    jpeg = saved("JPEG", icc_profile=rgb_profile)
    assert decode_picture(pylibjxl.jpeg_to_jxl(jpeg)).icc == rgb_profile


@pytest.mark.parametrize(
    ("samples", "note"),
    [
        (RGB.astype(np.uint16) * 257, "16-bit samples reduced to 8"),
        (RGB.astype(np.float32) / 255, "float samples reduced to 8 bits"),
        (np.stack([RGB, 255 - RGB]), "only the first frame is kept"),
    ],
)
def test_what_is_lost_is_said(samples, note):
    picture = decode_picture(coded(samples))
    assert picture.notes == (note,)
    assert np.abs(picture.image.astype(int) - RGB).mean() < 3


def test_metadata_that_cannot_be_unpacked_is_noted():
    huge = imagecodecs.brotli_encode(bytes(2**23))
    for packed in (b"junk", huge):
        data = in_boxes(box(b"brob", b"xml " + packed), box(b"jxlc", coded(RGB)))
        picture = decode_picture(data)
        assert picture.xmp is None
        assert picture.notes == ("XMP dropped: cannot be unpacked",)


def test_only_the_picture_is_handed_to_the_decoder():
    code = coded(RGB)
    assert find_codestream(code) == code
    assert find_codestream(in_boxes(box(b"jumb", b"x"), box(b"jxlc", code))) == code
    assert is_jpeg_xl(code)
    assert is_jpeg_xl(in_boxes())
    assert not is_jpeg_xl(saved("JPEG"))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (in_boxes(), "without a picture, expected a box jxlc or jxlp"),
        (in_boxes() + b"\0\0\xff\xffjxlc", "claims 65535 bytes, 8 are left"),
        (coded(RGB)[:40], "truncated or broken"),
        (b"\xff\x0a", "truncated or broken"),
    ],
)
def test_broken_files_raise_image_error(data, message):
    with pytest.raises(ImageError, match=message):
        decode_picture(data)


def test_a_picture_beyond_the_limits_is_refused_before_it_is_decoded(monkeypatch):
    code = coded(np.zeros((1, 70_000), np.uint8))
    monkeypatch.setattr(pylibjxl, "decode", None)
    with pytest.raises(ImageError, match="size 70000x1 px, the limit is 65535 px a side"):
        decode_picture(code)


def test_without_the_extra_the_error_names_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImageError, match=r"needs pylibjxl: pip install 'sidelight\[jxl\]'"):
        decode_picture(b"\xff\x0a")
    assert jpeg_xl._unpack(imagecodecs.brotli_encode(b"x")) == b""
