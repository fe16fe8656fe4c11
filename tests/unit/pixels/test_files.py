import errno
import os
from io import BytesIO
from typing import BinaryIO

import numpy as np
import pytest

from sidelight.errors import ImageError
from sidelight.pixels.encoding import _Stream
from sidelight.pixels.files import read_picture, write_picture
from sidelight.pixels.picture import Picture

RGB = np.random.default_rng(3).integers(0, 256, (5, 7, 3), dtype=np.uint8)


@pytest.mark.parametrize("name", ["a.png", "A.PNG", "a.b.tiff", "new/folder/a.webp"])
def test_path_round_trip(tmp_path, name):
    write_picture(Picture(image=RGB), tmp_path / name)
    assert (read_picture(tmp_path / name).image == RGB).all()


def test_stream_round_trip():
    stream = BytesIO()
    write_picture(Picture(image=RGB), stream, "png")
    stream.seek(0)
    assert (read_picture(stream).image == RGB).all()


def test_format_overrules_the_suffix(tmp_path):
    write_picture(Picture(image=RGB), tmp_path / "a.dat", "png")
    assert (tmp_path / "a.dat").read_bytes().startswith(b"\x89PNG")


def test_errors_name_the_path(tmp_path):
    path = tmp_path / "broken.png"
    path.write_bytes(b"junk")
    with pytest.raises(ImageError, match=r"broken\.png: not a picture"):
        read_picture(path)
    with pytest.raises(ImageError, match=r"a\.xyz: cannot write format 'xyz'"):
        write_picture(Picture(image=RGB), tmp_path / "a.xyz")


def test_errors_name_the_stream():
    with pytest.raises(ImageError, match=r"^<stream>: not a picture"):
        read_picture(BytesIO(b"junk"))
    with pytest.raises(ImageError, match=r"^<stream>: cannot write format ''"):
        write_picture(Picture(image=RGB), BytesIO())


def test_missing_file_stays_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_picture(tmp_path / "none.png")
    with pytest.raises(IsADirectoryError):
        read_picture(tmp_path)


def test_picture_that_cannot_be_written_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(b"old")
    with pytest.raises(ImageError):
        write_picture(Picture(image=RGB, alpha=RGB[..., 0]), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("format", ["png", "tiff", "jpg", "webp", "avif", "bmp", "ppm"])
def test_a_path_gets_the_bytes_that_a_stream_gets(tmp_path, format):
    picture, stream = Picture(image=RGB, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"), BytesIO()
    write_picture(picture, stream, format)
    write_picture(picture, tmp_path / f"a.{format}")
    assert (tmp_path / f"a.{format}").read_bytes() == stream.getvalue()


def test_picture_that_the_encoder_refuses_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.webp"
    path.write_bytes(b"old")
    with pytest.raises(ImageError, match=r"a\.webp: WEBP cannot hold this picture of 16384x1 px"):
        write_picture(Picture(image=np.zeros((1, 16384, 3), np.uint8)), path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_told_as_one_and_leaves_the_old_file(tmp_path, monkeypatch):
    path, write = tmp_path / "a.png", _Stream.__init__
    path.write_bytes(b"old")

    def fill(stream: _Stream, file: BinaryIO) -> None:
        write(stream, file)
        stream.write = full

    def full(_: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(_Stream, "__init__", fill)
    with pytest.raises(OSError, match=r"No space left on device: .*a\.png") as caught:
        write_picture(Picture(image=RGB), path)
    assert caught.value.errno == errno.ENOSPC
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
