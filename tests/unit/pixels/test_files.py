from io import BytesIO

import numpy as np
import pytest

from sidelight.errors import ImageError
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
