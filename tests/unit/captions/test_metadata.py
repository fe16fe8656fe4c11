"""Captions inside picture files, written the way that programs write them."""

from pathlib import Path

import pytest
from tests.captioned_pictures import CAPTION, XMP, exif_block, saved

from sidelight.captions.metadata import captions_in_picture, exif_caption, xmp_caption
from sidelight.pixels.exif_block import PHOTO, Entry, ExifContent, pack_exif

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


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "windows-1252"])
def test_iptc_is_read_in_every_usual_encoding(encoding):
    assert captions_in_picture(iptc_jpeg(CAPTION.encode(encoding))) == {"iptc": CAPTION}


def test_iptc_of_older_programs_keeps_its_quotes_and_dashes():
    caption = "A neighbour\u2019s \u201cred\u201d boat \u2013 at rest"
    assert captions_in_picture(iptc_jpeg(caption.encode("windows-1252"))) == {"iptc": caption}


def test_iptc_in_a_tiff_is_found():
    data = b"\x1c\x02\x78\0\x06A dog."
    assert captions_in_picture(saved("TIFF", tiffinfo={33723: data}))["iptc"] == "A dog."


ALT_TEXT = XMP.replace(b"dc:description", b"Iptc4xmpCore:AltTextAccessibility").replace(
    b"xmlns:dc", b'xmlns:Iptc4xmpCore="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/" xmlns:dc'
)
ATTRIBUTE = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" dc:description=" A  dog. "/>
</rdf:RDF>"""


@pytest.mark.parametrize(
    ("packet", "caption"),
    [
        (ALT_TEXT, CAPTION),
        (ATTRIBUTE, "A dog."),
        (XMP + bytes(3), CAPTION),
        (XMP + b" \n\0", CAPTION),
        (XMP.decode().encode("utf-16"), CAPTION),
        (XMP.decode().encode("utf-16-be"), CAPTION),
        (ALT_TEXT.replace(b"</rdf:RDF>", b"").replace(b"</x:xmpmeta>", b""), None),
    ],
)
def test_xmp_in_every_usual_form(packet, caption):
    found = captions_in_picture(saved("JPEG", xmp=packet))
    assert found == ({} if caption is None else {"xmp": caption})


def test_a_description_comes_before_the_alt_text():
    both = XMP.replace(
        b"</rdf:Description>",
        b"""<Iptc4xmpCore:AltTextAccessibility
     xmlns:Iptc4xmpCore="http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/">A cat.
    </Iptc4xmpCore:AltTextAccessibility></rdf:Description>""",
    )
    assert xmp_caption(both) == CAPTION


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
        ({"comment": b"A dog without a code."}, "A dog without a code."),
        ({"description": "\u201cRed\u201d".encode("windows-1252")}, "\u201cRed\u201d"),
        (
            {"comment": b"UNICODE\0" + "\u6d77\u8fb9\u7684\u72d7".encode("utf-16-le")},
            "\u6d77\u8fb9\u7684\u72d7",
        ),
        (
            {"comment": b"UNICODE\0" + "\u6d77\u8fb9\u7684\u72d7".encode("utf-16-be")},
            "\u6d77\u8fb9\u7684\u72d7",
        ),
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


@pytest.mark.parametrize("order", ["<", ">"])
def test_where_a_comment_reads_both_ways_the_order_of_the_block_decides(order):
    encoding = "utf-16-le" if order == "<" else "utf-16-be"
    comment = Entry(7, b"UNICODE\0" + "\u6d77".encode(encoding))
    assert exif_caption(pack_exif(ExifContent(order, {PHOTO: {37510: comment}}))) == "\u6d77"


@pytest.mark.parametrize("block", [b"", b"junk", b"Exif\0\0II*\0", b"MM\0*\0\0\0\x08\xff\xff" * 9])
def test_a_hostile_block_holds_no_caption(block):
    assert exif_caption(block) == ""


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
