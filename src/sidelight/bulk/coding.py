"""What a coding of pictures is: ``Encoding`` and ``Decoding`` are two of them."""

from dataclasses import Field
from typing import Any, ClassVar, NamedTuple, Protocol

Record = dict[str, Any]
"""What is told of one picture; ``notes`` holds what a person may want to know.

The coded file's size is in ``source_bytes`` or ``target_bytes``, by which of both it is; ``bpp`` is
its rate.
"""


class Coded(NamedTuple):
    """A picture in another form."""

    data: bytes
    record: Record


class Coding(Protocol):
    """Options that say how any number of pictures are coded: a dataclass; may be pickled.

    A manifest tells them apart by the fields that are compared, whose values JSON can hold.
    """

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def suffix(self) -> str:
        """Of the files that it makes, with the dot."""

    def prepare(self) -> None:
        """Looks whether the options hold, before many pictures are coded with them.

        Raises:
            CodecError: What would fail for every picture.
        """

    def check_start(self, data: bytes) -> None:
        """Looks whether a file begins as one that can be coded.

        Raises:
            CodecError: It does not.
        """

    def code(self, data: bytes, name: str, caption: str | None = None) -> Coded:
        """Returns the picture in its new form.

        Args:
            data: A picture's file.
            name: Where it was read: a path, or what else tells it from the others.
            caption: What stands beside it, "" for nothing; None where that may be in a file
                beside ``name``.

        Raises:
            CodecError: It cannot be coded.
        """

    def write(self, data: bytes, name: str, target: str) -> Record:
        """Writes the picture in its new form, whole or not at all, and returns its record.

        Args:
            data: As for ``code``, like ``name``.
            name: A caption may be in a file beside it.
            target: A path, an address or ``-``.

        Raises:
            CodecError: As there.
            OSError: It cannot be written.
        """
