"""Text in metadata that does not say its encoding."""

import unicodedata

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_UTF16_PACKETS = {
    _UTF16_MARKS: "utf-16",
    (b"<\0",): "utf-16-le",
    (b"\0<",): "utf-16-be",
}
_MUCH = 2


def utf8_or_windows(text: bytes) -> str:
    """Returns text as UTF-8 where it can be, else as windows-1252, whose quotes are common."""
    for encoding in ("utf-8", "windows-1252"):
        try:
            return text.decode(encoding)
        except UnicodeDecodeError:
            continue
    return text.decode("latin-1")  # which takes every byte


def utf16_without_mark(text: bytes, order: str) -> str:
    """Returns UTF-16 that may lack its mark.

    Programs differ in the byte order they write, whatever the standard says. The high byte of each
    pair is zero or varies less; else the reading in fewer scripts is right; else ``order``, "<" or
    ">", decides.
    """
    if text.startswith(_UTF16_MARKS):
        return text.decode("utf-16", errors="ignore")
    little, big = (text.decode(f"utf-16-{name}", errors="ignore") for name in ("le", "be"))
    even, odd = set(text[::2]), set(text[1::2])
    for little_is_right, big_is_right in (
        (odd == {0}, even == {0}),
        (_MUCH * len(odd) <= len(even), _MUCH * len(even) <= len(odd)),
        (_scripts(little) < _scripts(big), _scripts(big) < _scripts(little)),
    ):
        if little_is_right != big_is_right:
            return little if little_is_right else big
    return little if order == "<" else big


def utf8_packet(packet: bytes) -> bytes:
    """Returns an XMP packet in UTF-8, without the zeros and spaces that fill up its segment."""
    for starts, encoding in _UTF16_PACKETS.items():
        if packet.startswith(starts):
            packet = packet.decode(encoding, errors="replace").encode("utf-8", errors="replace")
    return packet.rstrip(b"\0 ")


def _scripts(text: str) -> int:
    """Returns in how many scripts the letters are; what is no character counts as one each."""
    names = [unicodedata.name(character, "") for character in text]
    return len({name.split(" ")[0] for name in names if name}) + names.count("")
