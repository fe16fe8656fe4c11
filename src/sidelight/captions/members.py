"""Captions in the files that stand beside a picture in a WebDataset shard."""

from collections.abc import Mapping
from typing import Any

from sidelight.strict_json import from_json

SUFFIXES = (".json", ".txt")
"""Of the files that may hold captions, in lower case."""


def captions_of(words: Mapping[str, bytes]) -> tuple[str, ...]:
    """Returns the captions of one picture, none where there are none.

    Args:
        words: The files beside it by suffix. A json holds ``captions``, a list or one string, or
            img2dataset's ``caption``; a txt file is the caption where no json has one.

    Raises:
        ValueError: They cannot be read.
    """
    listed = _listed(from_json(words.get(".json", b"{}")))
    if not listed:
        listed = [words.get(".txt", b"").decode("utf-8")]
    # half a surrogate pair, which JSON can hold, is no text
    texts = (text.encode("utf-8", "replace").decode() for text in listed)
    return tuple(text for text in texts if text.strip())


def _listed(values: Any) -> list[str]:
    """Returns the captions of a json; null, and a key that is not there, is none.

    Raises:
        ValueError: They are no strings.
    """
    if not isinstance(values, dict):
        raise ValueError(f"expected a table, got {str(values)[:40]!r}")  # noqa: TRY004
    for key in ("captions", "caption"):
        given = values.get(key)
        listed = given if isinstance(given, list) else [given]
        texts = [text for text in listed if text is not None]
        if wrong := [text for text in texts if not isinstance(text, str)]:
            raise ValueError(f"{key} must be strings, got {str(wrong[0])[:40]!r}")
        if texts:
            return texts
    return []
