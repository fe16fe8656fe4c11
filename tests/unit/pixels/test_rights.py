"""Copyright, author and credit reach the new file, or a note."""

from io import BytesIO

import pytest
from PIL import Image

from sidelight.pixels.decoding import decode_picture
from sidelight.pixels.rights import rights_lost_without

ARTIST, COPYRIGHT = 315, 33432


def xmp(body: str) -> bytes:
    return (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'
        f' xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/">{body}</rdf:Description></rdf:RDF>'
    ).encode()


RIGHTS = xmp(
    '<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">© Ada</rdf:li></rdf:Alt></dc:rights>'
    "<dc:creator><rdf:Seq><rdf:li>Ada Lovelace</rdf:li></rdf:Seq></dc:creator>"
    "<photoshop:Credit>Agency</photoshop:Credit>"
    '<xmpRights:UsageTerms><rdf:Alt><rdf:li xml:lang="x-default">No use.</rdf:li></rdf:Alt>'
    "</xmpRights:UsageTerms><xmpRights:WebStatement>https://a.example</xmpRights:WebStatement>"
)


def iptc(**records: str) -> tuple[int, bytes]:
    numbers = {"copyright": 116, "credit": 110, "byline": 80}
    block = b"".join(
        bytes([0x1C, 2, numbers[name]]) + len(text.encode()).to_bytes(2) + text.encode()
        for name, text in records.items()
    )
    resource = b"8BIM\x04\x04\0\0" + len(block).to_bytes(4) + block
    return 0xED, b"Photoshop 3.0\0" + resource


def jpeg(*segments: tuple[int, bytes], **exif: str) -> bytes:
    stream, block = BytesIO(), Image.Exif()
    for name, text in exif.items():
        block[{"artist": ARTIST, "rights": COPYRIGHT}[name]] = text
    Image.new("RGB", (8, 8)).save(stream, "JPEG", exif=block)
    data = stream.getvalue()
    more = b"".join(
        bytes([0xFF, marker]) + (len(payload) + 2).to_bytes(2) + payload
        for marker, payload in segments
    )
    return data[:2] + more + data[2:]


def kept(data: bytes) -> tuple[object, object]:
    exif = Image.Exif()
    exif.load(decode_picture(data).exif)
    return exif.get(COPYRIGHT), exif.get(ARTIST)


XMP_SEGMENT = (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + RIGHTS)
PLAIN = "© Ada".encode().decode("latin-1")  # as Pillow shows UTF-8


def test_rights_of_xmp_go_into_exif():
    assert kept(jpeg(XMP_SEGMENT)) == (PLAIN, "Ada Lovelace")


def test_rights_of_iptc_go_into_exif_and_a_credit_is_told():
    data = jpeg(iptc(copyright="(c) Ada", byline="Ada", credit="Agency"))
    assert kept(data) == ("(c) Ada", "Ada")
    assert decode_picture(data).notes == ("credit of the IPTC records not kept: Agency",)


def test_what_exif_says_already_stays():
    data = jpeg(XMP_SEGMENT, iptc(copyright="x", credit="Agency"), artist="Eva", rights="(c) Eva")
    assert kept(data) == ("(c) Eva", "Eva")
    assert decode_picture(data).notes == ()


def test_where_xmp_is_not_written_its_other_rights_are_told():
    assert rights_lost_without(RIGHTS) == (
        "credit of the XMP not kept: Agency",
        "terms of use of the XMP not kept: No use.",
        "page of rights of the XMP not kept: https://a.example",
    )


@pytest.mark.parametrize("packet", [None, b"", b"<a", b"\xff", xmp("")])
def test_a_packet_without_rights_loses_none(packet):
    assert rights_lost_without(packet) == ()
