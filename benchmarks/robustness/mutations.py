"""Damage to bytes, texts and names; every draw follows from the generator."""

import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from sidelight.bitstream.container import Container

_EXTREMES = tuple(
    struct.pack(form, value)
    for form in ("<I", ">I", "<H", ">H")
    for value in (0, 1, 0x7FFF, 0xFFFF, *((2**31, 2**32 - 1) if form.endswith("I") else ()))
)
_WORDS: tuple[str, ...] = (
    "",
    " ",
    "\0",
    "\n\n",
    "\x1b[2J\x1b]0;title\x07",
    "\r sidelight: error: forged",
    "\u202eright to left",
    "\ufeff",
    "\ud83d",
    "\U0001f436" * 40,
    "word " * 3000,
    "<script>alert(1)</script>",
    "{}",
    "null",
    "../../etc/passwd",
    "%00%ff%",
    "-",
    "--force",
    "a" * 300,
    "NaN",
    "1e400",
)
_BLOCKS = ("exif", "icc", "alpha")
_MOST_CHANGES = 6


def damaged(data: bytes, others: Sequence[bytes], random: np.random.Generator) -> bytes:
    """Returns bytes with a few places overwritten, flipped, moved, cut or of another file."""
    changed = bytearray(data)
    for _ in range(_few(random)):
        # headers and tables stand in front, so half of the damage is done there
        reach = len(changed) if random.integers(2) else min(len(changed), 512)
        start = int(random.integers(reach + 1))
        end = min(len(changed), start + int(random.integers(1, 17)))
        match random.integers(8):
            case 0:
                changed[start:end] = random.bytes(end - start)
            case 1 if start < len(changed):
                changed[start] ^= 1 << int(random.integers(8))
            case 2:
                changed[start:start] = random.bytes(int(random.integers(1, 17)))
            case 3:
                del changed[start:end]
            case 4:
                extreme = _EXTREMES[random.integers(len(_EXTREMES))]
                changed[start : start + len(extreme)] = extreme
            case 5:
                other = others[random.integers(len(others))]
                changed[start:] = other[int(random.integers(len(other) + 1)) :]
            case 6 if not random.integers(3):
                del changed[start:]
            case _:
                changed[end:end] = changed[start:end] * int(random.integers(1, 9))
    return bytes(changed)


def damaged_text(text: str, random: np.random.Generator) -> bytes:
    """Returns a text in UTF-8, or what claims to be, with words put in, changed or cut out."""
    parts = list(text)
    for _ in range(_few(random)):
        start = int(random.integers(len(parts) + 1))
        match random.integers(3):
            case 0:
                parts[start:start] = [odd_words(random)]
            case 1:
                parts[start : start + int(random.integers(1, 20))] = [odd_words(random)]
            case _:
                del parts[start : start + int(random.integers(1, 40))]
    coded = "".join(parts).encode("utf-8", "surrogatepass")
    return damaged(coded, [coded], random) if random.integers(3) == 0 else coded


def odd_words(random: np.random.Generator) -> str:
    """Returns text that nobody expects."""
    return _WORDS[random.integers(len(_WORDS))]


def typed_words(random: np.random.Generator) -> str:
    """Returns the same as a command line can hold it."""
    return odd_words(random).replace("\0", "").replace("\ud83d", "\udcff")


def _few(random: np.random.Generator) -> int:
    return 1 if random.integers(2) else int(random.integers(2, _MOST_CHANGES))


class Resealed(NamedTuple):
    """A .slt file whose checksums are right again, and whether its picture must be the old one."""

    data: bytes
    must_be_same: bool


def resealed(data: bytes, others: Sequence[bytes], random: np.random.Generator) -> Resealed:
    """Returns a .slt file with other words for its latents, or other fields, under right CRCs.

    Fields are sizes, the caption, and the blocks for EXIF, profile and alpha.

    The CRC of the latents themselves stays: whatever other words decode to, it is not the picture.
    """
    container = Container.parse(data)
    fields: dict[str, Any] = {
        "width": container.width,
        "height": container.height,
        "quality_step": container.quality_step,
        "gray": container.gray,
        "caption": container.caption,
        "exif": container.exif,
        "icc": container.icc,
        "alpha": container.alpha,
    }
    words = container.latents
    must_be_same = bool(random.integers(2))
    if must_be_same:
        words = damaged(words, others, random)
        words = words[: len(words) // 4 * 4]
    else:
        name = list(fields)[random.integers(len(fields))]
        if name == "caption":
            fields[name] = odd_words(random).encode("utf-8", "replace").decode()
        elif name in _BLOCKS:
            block = fields[name] or others[random.integers(len(others))]
            fields[name] = damaged(block, [container.exif or b"", *others], random)
        elif name == "gray":
            fields[name] = not fields[name]
        else:
            top = 128 if name == "quality_step" else 2 ** int(random.integers(1, 16))
            fields[name] = int(random.integers(1, top + 1))
    kept = {name: getattr(container, name) for name in ("model", "latents_crc", "caption_digest")}
    return Resealed(Container(**kept, **fields, latents=words).pack(), must_be_same)
