from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from tests.captioned_pictures import CAPTION, XMP, saved

from sidelight.captions.metadata import xmp_caption
from sidelight.errors import TextError
from sidelight.pixels.decoding import decode_picture
from sidelight.pixels.encoding import encode_picture
from sidelight.pixels.picture import from_pillow
from sidelight.pixels.xmp import MAX_PACKET_BYTES, read_xmp, with_description


def packet(attributes: str = "", inside: str = "") -> bytes:
    """A packet with prefixes of its own choice, as a program may write it."""
    return f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<m:xmpmeta xmlns:m="adobe:ns:meta/"><r:RDF
 xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><r:Description r:about="uuid:1"
 xmlns:t="http://ns.adobe.com/tiff/1.0/" xmlns:e="http://ns.adobe.com/exif/1.0/"
 xmlns:d="http://purl.org/dc/elements/1.1/" xmlns:h="http://ns.adobe.com/hdr-gain-map/1.0/"
 xmlns:n="http://ns.adobe.com/xmp/note/" t:Make="Ricoh" {attributes}>
<d:title>Kept</d:title>{inside}</r:Description></r:RDF></m:xmpmeta>
<?xpacket end="w"?>""".encode()


def image_with(xmp: bytes | str) -> Image.Image:
    image = Image.new("RGB", (3, 2))
    image.info["xmp"] = xmp
    return image


@pytest.mark.parametrize("found", [packet(), packet() + b"\0", packet().decode()])
def test_a_packet_without_facts_of_the_file_is_kept_byte_for_byte(found):
    assert read_xmp(image_with(found)) == (packet(), ())


@pytest.mark.parametrize(
    ("attributes", "inside"),
    [
        ('t:Orientation="6"', ""),
        ("", "<t:Orientation>6</t:Orientation>"),
        ('t:ImageWidth="3" t:ImageLength="2"', "<e:PixelXDimension>3</e:PixelXDimension>"),
        ('h:Version="1.0" n:HasExtendedXMP="0123"', "<h:GainMapMax><r:li>1</r:li></h:GainMapMax>"),
    ],
)
def test_facts_of_the_file_are_dropped_and_the_rest_is_kept(attributes, inside):
    kept, notes = read_xmp(image_with(packet(attributes, inside)))
    assert notes == ()
    text = kept.decode()
    gone = ("Orientation", "Image", "Dimension", "Version", "Extended", "GainMapMax", "r:li")
    assert not any(name in text for name in gone)
    assert 't:Make="Ricoh"' in text
    assert "<d:title>Kept</d:title>" in text
    assert text.startswith('<?xpacket begin="\ufeff"')
    assert text.endswith('<?xpacket end="w"?>')


def test_orientation_that_only_xmp_states_turns_the_pixels_once():
    # Pillow looks for this prefix
    stored = packet('xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"')
    image = Image.open(BytesIO(saved("JPEG", xmp=stored))).crop((0, 0, 8, 4))
    picture = from_pillow(image)
    assert picture.image.shape == (8, 4, 3)
    again = decode_picture(encode_picture(picture, "png"))
    assert (again.image == picture.image).all()
    assert again.xmp == picture.xmp


@pytest.mark.parametrize(
    "broken",
    [
        b"<x",
        b"no XML",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b'<!DOCTYPE a SYSTEM "elsewhere"><a/>',
        b"<a>" * 9000 + b"</a>" * 9000,
        "\ud800",
    ],
)
def test_broken_packets_are_dropped_and_noted(broken):
    assert read_xmp(image_with(broken)) == (None, ("broken XMP dropped",))


def test_large_packets_are_dropped_and_noted():
    found = read_xmp(image_with(packet(inside=" " * MAX_PACKET_BYTES)))
    assert found.packet is None
    assert f"the limit is {MAX_PACKET_BYTES}" in found.notes[0]


def test_an_image_without_xmp_has_none():
    assert read_xmp(Image.new("L", (1, 1))) == (None, ())


@pytest.mark.parametrize("format", ["png", "webp", "tiff", "jpg", "avif"])
def test_formats_with_metadata_keep_the_packet(format):
    source = decode_picture(saved("PNG"))
    source = from_pillow(image_with(packet())) if source.xmp is None else source
    assert decode_picture(encode_picture(source, format)).xmp == packet()


@pytest.mark.parametrize("caption", [CAPTION, "x", "<&\">]]>'", "犬と\U0001f415", "a\tb\nc"])
@pytest.mark.parametrize(
    "before",
    [
        None,
        b"broken",
        packet(),
        XMP,
        packet('d:description="A cat."'),
        packet(inside="<d:description>A cat.</d:description>"),
        packet(inside="<d:description><r:Alt/></d:description>"),
        b'<a xmlns="b"/>',
    ],
)
def test_the_caption_written_is_the_caption_read(before, caption):
    after = with_description(before, caption)
    assert xmp_caption(after) == " ".join(caption.split())
    assert b"A cat." not in after
    assert with_description(after, caption) == after
    assert read_xmp(image_with(after)) == (after, ())


def test_other_properties_and_languages_are_kept():
    after = with_description(with_description(packet(), "A cat."), "A dog.").decode()
    assert "A cat." not in after
    assert after.count('about="uuid:1"') == 2
    assert "<d:title>Kept</d:title>" in after
    both = with_description(XMP, "Un chien.").decode()
    assert '<rdf:li xml:lang="x-default">Un chien.</rdf:li>' in both
    assert '<rdf:li xml:lang="en">A dog.</rdf:li>' in both
    assert CAPTION not in both


@pytest.mark.parametrize("character", ["\0", "\x1b", "\ud800", "\ufffe"])
def test_characters_that_xml_cannot_hold_are_refused(character):
    expected = rf"U\+{ord(character):04X} at character 2, which XMP cannot hold; remove it"
    with pytest.raises(TextError, match=expected):
        with_description(None, f"a {character}")


def test_pixels_and_exif_do_not_depend_on_xmp():
    plain, with_xmp = (decode_picture(saved("JPEG", **o)) for o in ({}, {"xmp": packet()}))
    assert np.array_equal(plain.image, with_xmp.image)
    assert (plain.exif, plain.xmp) == (None, None)
    assert (with_xmp.exif, with_xmp.xmp) == (None, packet())
