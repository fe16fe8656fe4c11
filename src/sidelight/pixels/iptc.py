"""IPTC records (IIM 4.2), where news agencies keep captions, credits and rights."""

from sidelight.pixels.encodings import utf8_or_windows

CAPTION, COPYRIGHT, CREDIT, BYLINE = (2, 120), (2, 116), (2, 110), (2, 80)
_CHARSET, _UTF8 = (1, 90), b"\x1b%G"
_MARK, _HEADER_BYTES, _LONG_FORM = 0x1C, 5, 0x8000

Records = dict[tuple[int, int], bytes]


def read_iptc(block: bytes) -> Records:
    """Returns the first value of each record and data set, as far as the block can be read."""
    records: Records = {}
    position = 0
    while position + _HEADER_BYTES <= len(block) and block[position] == _MARK:
        key = block[position + 1], block[position + 2]
        size = int.from_bytes(block[position + 3 : position + 5])
        position += _HEADER_BYTES
        if size & _LONG_FORM:
            width = size - _LONG_FORM
            size = int.from_bytes(block[position : position + width])
            position += width
        if position + size > len(block):
            break
        records.setdefault(key, block[position : position + size])
        position += size
    return records


def iptc_text(records: Records, key: tuple[int, int]) -> str:
    """Returns a record as text, "" for none.

    It is UTF-8 where the block says so or it can be, else what older programs wrote.
    """
    value = records.get(key, b"")
    if records.get(_CHARSET) == _UTF8:
        return value.decode("utf-8", errors="replace")
    return utf8_or_windows(value)
