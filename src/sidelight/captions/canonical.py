"""One form for every caption, so that digests and vectors do not depend on white space."""

import hashlib
import unicodedata

from sidelight.errors import TextError

DIGEST_BYTES = 4


def canonical_caption(caption: str | None) -> str:
    """Returns the caption in Unicode NFC with white space folded; no caption gives "".

    Raises:
        TextError: It is no text.
    """
    if not isinstance(caption, str | None):
        raise TextError(f"caption must be a str, got {type(caption).__name__}")
    return " ".join(unicodedata.normalize("NFC", caption or "").split())


def caption_digest(caption: str | None) -> bytes:
    """Returns the first four bytes of the SHA-256 of the canonical caption in UTF-8."""
    text = canonical_caption(caption).encode("utf-8", errors="replace")
    return hashlib.sha256(text).digest()[:DIGEST_BYTES]


def caption_matches(digest: bytes | None, caption: str | None) -> bool | None:
    """Returns whether the caption is the one digested; None where there is no digest."""
    return None if digest is None else digest == caption_digest(caption)
