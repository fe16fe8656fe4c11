"""Pillow reads and writes .slt files: ``import sidelight.pillow`` is all that it takes.

>>> import sidelight.pillow
>>> image = Image.open("photo.slt")  # size, mode and info; no model is loaded yet
>>> image.caption = "A dog."
>>> image.load()
>>> image.save("again.slt", quality=5, caption="A dog.", caption_as="digest")
"""

import contextlib
import os
from collections.abc import Iterator
from typing import IO, Any

from PIL import Image, ImageFile

from sidelight.bitstream.container import Container
from sidelight.bitstream.header import MAGIC, Flags, Header
from sidelight.bitstream.quality import step_to_quality
from sidelight.bitstream.reader import ByteReader
from sidelight.errors import BitstreamError, CodecError, ConfigError, UnsupportedVersionError
from sidelight.pixels.exif import sound_exif

__all__ = ["SltImageFile", "register"]

_FORMAT, _SUFFIX = "SLT", ".slt"
_ENCODE_OPTIONS = ("quality", "bpp", "max_bytes", "caption", "caption_as", "model")
_METADATA_OPTIONS = ("icc_profile", "exif")


class SltImageFile(ImageFile.ImageFile):
    """A .slt file that Pillow has opened; its pixels are decoded when they are first needed.

    ``info`` holds "quality" and, where the file has them, "caption", "caption_digest" (in
    hexadecimal), "icc_profile" and "exif".
    """

    format = _FORMAT
    format_description = "Sidelight"
    model: str | os.PathLike[str] | None = None
    """As for ``sidelight.load``; to be set before the pixels are read."""
    _caption: str | None = None
    _data: bytes | None = None

    @property
    def caption(self) -> str | None:
        """The caption to decode with: "" for none, None for the one inside the file, if any.

        Raises:
            ValueError: It is set when the pixels have been read.
        """
        return self._caption

    @caption.setter
    def caption(self, caption: str | None) -> None:
        if self._data is None:
            raise ValueError(
                "the pixels have been read; open the file anew, or with sidelight.open, whose "
                "decode takes one caption after another"
            )
        self._caption = caption

    def _open(self) -> None:
        assert self.fp is not None
        data = self.fp.read()
        try:
            header = Header.parse(ByteReader(data))
        except BitstreamError as error:
            raise SyntaxError(str(error)) from error  # by which Pillow knows: none of this format
        bands = "L" if Flags.GRAY in header.flags else "RGB"
        self._mode = bands + ("A" if Flags.ALPHA in header.flags else "")
        self._size = header.width, header.height
        self._data = data
        self.info["quality"] = step_to_quality(header.quality_step)
        with contextlib.suppress(BitstreamError):  # what is damaged behind the header, load tells
            self.info |= _metadata(Container.parse(data))

    def load(self) -> Any:
        """Decodes the pixels, where that has not been done.

        Raises:
            OSError: The file is damaged, or needs another model.
        """
        if self._data is not None:
            import sidelight

            with _pillow_errors():
                decoded = sidelight.decode(self._data, caption=self._caption, model=self.model)
            self.load_prepare()
            self.frombytes(decoded.tobytes())
            self._data = None
            if self.fp is not None and self._exclusive_fp:
                self.fp.close()
            self.fp = None
        return super().load()

    def verify(self) -> None:
        """Checks every byte by its checksum, without a model.

        Raises:
            OSError: The file is damaged.
        """
        if self._data is not None:
            with _pillow_errors():
                Container.parse(self._data)
        self._data = None
        super().verify()

    def close(self) -> None:
        """Closes the file and frees the pixels."""
        self._data = None
        super().close()


def register() -> None:
    """Lets Pillow read and write .slt files; importing this module has done it."""
    Image.register_open(_FORMAT, SltImageFile, _accept)
    Image.register_save(_FORMAT, _save)
    Image.register_extension(_FORMAT, _SUFFIX)


def _accept(prefix: bytes) -> bool | str:
    """Returns whether a file starts as ours; a text instead is what Pillow warns with."""
    try:
        Header.parse(ByteReader(prefix))
    except UnsupportedVersionError as error:
        return f"cannot read this .slt file: {error}"
    except BitstreamError:  # of which there are not yet bytes enough
        pass
    return prefix.startswith(MAGIC)


def _metadata(container: Container) -> dict[str | tuple[int, int], Any]:
    digest = container.caption_digest
    found = {
        "caption": container.caption,
        "caption_digest": digest.hex() if digest else None,
        "icc_profile": container.icc,
        "exif": sound_exif(container.exif)[0],
    }
    return {name: value for name, value in found.items() if value is not None}


def _save(image: Image.Image, stream: IO[bytes], _: str | bytes) -> None:
    import sidelight

    options: dict[str, Any] = image.encoderinfo
    given = {name: options[name] for name in _ENCODE_OPTIONS if name in options}
    info = image.info
    image.info = {**info, **_metadata_given(options)}
    try:
        with _pillow_errors():
            data = sidelight.encode(image, format="slt", **given)
    finally:
        image.info = info
    stream.write(data)


def _metadata_given(options: dict[str, Any]) -> dict[str | tuple[int, int], Any]:
    """Returns what is to be written instead of the image's own profile and EXIF."""
    given = {name: options[name] for name in _METADATA_OPTIONS if name in options}
    return {
        name: value.tobytes() if isinstance(value, Image.Exif) else value or b""
        for name, value in given.items()
    }


@contextlib.contextmanager
def _pillow_errors() -> Iterator[None]:
    """Raises what a user of Pillow expects: ValueError of an option, OSError of all else."""
    try:
        yield
    except ConfigError:
        raise
    except CodecError as error:
        raise OSError(str(error)) from error


register()
