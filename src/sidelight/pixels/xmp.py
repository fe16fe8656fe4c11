"""XMP: the packet that travels with the pixels, and the caption in it."""

import re
from typing import Any, NamedTuple
from xml.dom.minidom import Document, Element, Node

from PIL import Image

from sidelight.errors import TextError
from sidelight.pixels.stated import stated_xmp

MAX_PACKET_BYTES = 2**20
"""A packet's tree takes a hundred times its bytes."""

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_DC = "http://purl.org/dc/elements/1.1/"
_XML = "http://www.w3.org/XML/1998/namespace"
_XMLNS = "http://www.w3.org/2000/xmlns/"
_TIFF = "http://ns.adobe.com/tiff/1.0/"
_EXIF = "http://ns.adobe.com/exif/1.0/"

_DEFAULT_LANGUAGE = "x-default"
_EMPTY_PACKET = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}"/></x:xmpmeta>'
    '<?xpacket end="w"?>'
).encode()

# What is true of one file only: how it stores its samples, and further pictures inside it.
_FILE_PROPERTIES = frozenset(
    {(_TIFF, name) for name in ("Orientation", "ImageWidth", "ImageLength")}
    | {(_EXIF, name) for name in ("PixelXDimension", "PixelYDimension")}
)
_FILE_NAMESPACES = frozenset(
    {
        "http://ns.adobe.com/hdr-gain-map/1.0/",
        "http://ns.adobe.com/xmp/note/",  # names segments of JPEG where the packet goes on
        "http://ns.google.com/photos/1.0/container/",
    }
)
_NO_XML_CHARACTER = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class XmpPacket(NamedTuple):
    """What an image's XMP comes down to."""

    packet: bytes | None
    notes: tuple[str, ...] = ()


def read_xmp(image: Image.Image) -> XmpPacket:
    """Returns the packet without what is true of the image's file only, such as orientation.

    Where there is nothing of that kind, the packet is returned as it is.
    """
    packet = stated_xmp(image)
    if not packet:
        return XmpPacket(None)
    if len(packet) > MAX_PACKET_BYTES:
        limit = f"the limit is {MAX_PACKET_BYTES}"
        return XmpPacket(None, (f"XMP of {len(packet)} bytes dropped, {limit}",))
    try:
        document = _parse(packet)
        is_changed = _drop_file_properties(document)
        return XmpPacket(_serialise(document) if is_changed else packet)
    except Exception:  # the parser raises many kinds
        return XmpPacket(None, ("broken XMP dropped",))


def with_description(packet: bytes | None, caption: str) -> bytes:
    """Returns a packet whose ``dc:description`` is the caption, in the default language.

    Args:
        packet: Whose other properties and other languages are kept, unless it is broken; None to
            make a new one.
        caption: Without white space that matters: readers fold it.

    Raises:
        TextError: The caption holds a character that XML cannot.
    """
    if impossible := _NO_XML_CHARACTER.search(caption):
        raise TextError(
            f"caption holds U+{ord(impossible[0]):04X} at character {impossible.start()}, which "
            "XMP cannot hold; remove it"
        )
    try:
        return _described(packet or _EMPTY_PACKET, caption)
    except Exception:  # the parser raises many kinds
        return _described(_EMPTY_PACKET, caption)


def _described(packet: bytes, caption: str) -> bytes:
    document = _parse(packet)
    rdf = document.getElementsByTagNameNS(_RDF, "RDF")[0]
    nodes = [node for node in _children(rdf) if _name(node) == (_RDF, "Description")]
    about = nodes[0].getAttributeNS(_RDF, "about") if nodes else ""
    items = {_DEFAULT_LANGUAGE: caption} | _taken_descriptions(nodes)
    rdf.insertBefore(_description(document, about, items), rdf.firstChild)
    return _serialise(document)


def _parse(packet: bytes) -> Document:
    from defusedxml.minidom import parseString

    return parseString(packet, forbid_dtd=True)


def _serialise(document: Document) -> bytes:
    # node by node: the document itself would add an XML declaration, which XMP does not want
    return "".join(node.toxml() for node in document.childNodes).encode()


def _drop_file_properties(document: Document) -> bool:
    """Removes attributes and elements; returns whether there were any."""
    found: list[Any] = []
    for element in document.getElementsByTagName("*"):
        found += [node for node in (element, *_attributes(element)) if _is_of_file(node)]
    for node in found:
        if node.nodeType == Node.ELEMENT_NODE:
            node.parentNode.removeChild(node)
        else:
            node.ownerElement.removeAttributeNode(node)
    return bool(found)


def _is_of_file(node: Any) -> bool:
    return _name(node) in _FILE_PROPERTIES or node.namespaceURI in _FILE_NAMESPACES


def _taken_descriptions(nodes: list[Any]) -> dict[str, str]:
    """Removes every description and returns those in languages other than the default one."""
    items: dict[str, str] = {}
    for node in nodes:
        if node.hasAttributeNS(_DC, "description"):
            node.removeAttributeNS(_DC, "description")
        for child in _children(node):
            if _name(child) != (_DC, "description"):
                continue
            for item in child.getElementsByTagNameNS(_RDF, "li"):
                language = item.getAttributeNS(_XML, "lang")
                if language and language != _DEFAULT_LANGUAGE:
                    items[language] = "".join(
                        part.data for part in item.childNodes if part.nodeType == part.TEXT_NODE
                    )
            node.removeChild(child)
            if _is_bare(node):
                node.parentNode.removeChild(node)
    return items


def _description(document: Document, about: str, items: dict[str, str]) -> Element:
    node = document.createElementNS(_RDF, "rdf:Description")
    for name, value in (("xmlns:rdf", _RDF), ("xmlns:dc", _DC), ("rdf:about", about)):
        node.setAttribute(name, value)
    alternatives = document.createElement("rdf:Alt")
    for language, text in items.items():
        item = document.createElement("rdf:li")
        item.setAttribute("xml:lang", language)
        item.appendChild(document.createTextNode(text))
        alternatives.appendChild(item)
    description = document.createElement("dc:description")
    description.appendChild(alternatives)
    node.appendChild(description)
    return node


def _is_bare(node: Element) -> bool:
    namespaces = {attribute.namespaceURI for attribute in _attributes(node)}
    return not _children(node) and namespaces <= {_RDF, _XMLNS}


def _attributes(node: Element) -> list[Any]:
    return [node.attributes.item(k) for k in range(node.attributes.length)]


def _children(node: Element) -> list[Element]:
    return [child for child in node.childNodes if isinstance(child, Element)]


def _name(node: Any) -> tuple[str | None, str | None]:
    return node.namespaceURI, node.localName
