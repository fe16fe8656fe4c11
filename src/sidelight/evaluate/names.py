"""File names that tell apart whatever they are made of."""

import hashlib
import os
import re

_UNSAFE = re.compile(r"[^\w.=+-]|^\.+$")
_MOST_BYTES = 200
"""Of a name; file systems take 255, and a suffix comes behind."""


def file_name(text: str) -> str:
    """Returns a name that is safe in any folder, and another one for any other text.

    What is not safe is written as URLs do it; what would be too long ends in a digest.
    """
    name = _UNSAFE.sub(_quoted, text) or "%"
    if len(os.fsencode(name)) <= _MOST_BYTES:
        return name
    digest = hashlib.sha256(os.fsencode(text)).hexdigest()[:16]
    kept = os.fsencode(name)[: _MOST_BYTES - len(digest) - 1].decode("utf-8", "ignore")
    return f"{kept}%{digest}"


def _quoted(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in os.fsencode(found[0]))
