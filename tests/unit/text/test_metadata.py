"""Captions inside picture files, written the way that programs write them."""

from pathlib import Path

import pytest
from tests.captioned_pictures import CAPTION, XMP, exif_block, saved

from sidelight.text.metadata import captions_in_picture, exif_caption, xmp_caption

BOMB = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;&b;">]>
<a xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description>&c;</dc:description></a>"""


def iptc_jpeg(caption: bytes) -> bytes:
    # an APP13 segment as Photoshop writes it: resource 0x0404 with dataset 2:120
    dataset = b"\x1c\x02\x78" + len(caption).to_bytes(2, "big") + caption
    padded = dataset + b"\0" * (len(dataset) % 2)
    resource = b"8BIM\x04\x04\0\0" + len(dataset).to_bytes(4, "big") + padded
    body = b"Photoshop 3.0\0" + resource
    segment = b"\xff\xed" + (len(body) + 2).to_bytes(2, "big") + body
    jpeg = saved("JPEG")
    return jpeg[:2] + segment + jpeg[2:]


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WebP", "TIFF", "AVIF"])
def test_xmp_is_found_in_every_format(format):
    options = {"xmp": XMP}
    if format == "PNG":
        from PIL.PngImagePlugin import PngInfo

        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", XMP.decode())
        options = {"pnginfo": info}
    elif format == "TIFF":
        options = {"tiffinfo": {700: XMP}}
    assert captions_in_picture(saved(format, **options)) == {"xmp": CAPTION}


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_iptc_is_read_in_both_encodings(encoding):
    assert captions_in_picture(iptc_jpeg(CAPTION.encode(encoding))) == {"iptc": CAPTION}


def test_exif_is_found_in_a_picture():
    assert captions_in_picture(saved("JPEG", exif=exif_block(description="A dog."))) == {
        "exif": "A dog."
    }


@pytest.mark.parametrize(
    ("fields", "caption"),
    [
        ({"description": CAPTION.encode()}, CAPTION),
        ({"description": CAPTION.encode("latin-1")}, CAPTION),
        ({"comment": b"ASCII\0\0\0A dog."}, "A dog."),
        ({"comment": b"UNICODE\0" + CAPTION.encode("utf-16-le")}, CAPTION),
        ({"comment": b"UNICODE\0" + CAPTION.encode("utf-16-be")}, CAPTION),
        ({"comment": b"UNICODE\0" + CAPTION.encode("utf-16")}, CAPTION),
        ({"comment": bytes(8) + CAPTION.encode()}, CAPTION),
        ({"description": b"A cat.", "comment": b"ASCII\0\0\0A dog."}, "A cat."),
        ({"description": b"OLYMPUS DIGITAL CAMERA", "comment": b"ASCII\0\0\0A dog."}, "A dog."),
        ({"description": b"SONY DSC"}, ""),
        ({"description": b"   "}, ""),
        ({"comment": b"ASCII\0\0\0" + bytes(40)}, ""),
        ({}, ""),
    ],
)
def test_exif_text_in_every_encoding(fields, caption):
    assert exif_caption(exif_block(**fields)) == caption


def test_a_description_without_languages_is_read():
    packet = b"""<a xmlns:dc="http://purl.org/dc/elements/1.1/">
    <dc:description> A  dog. </dc:description></a>"""
    assert xmp_caption(packet) == "A dog."


@pytest.mark.parametrize("packet", [BOMB, XMP[:200], b"\0\xff", b"<a/>"])
def test_broken_or_hostile_xmp_holds_no_caption(packet):
    assert captions_in_picture(saved("JPEG", xmp=packet)) == {}


@pytest.mark.parametrize("data", [b"", b"no picture", b"%!PS-Adobe-3.0 EPSF-3.0\n"])
def test_what_is_no_picture_holds_no_caption(data):
    assert captions_in_picture(data) == {}


def test_the_example_photograph_is_read_without_error():
    data = (Path(__file__).parents[3] / "examples" / "coffee.png").read_bytes()
    assert captions_in_picture(data) == {}
