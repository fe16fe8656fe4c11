import io
import json
import tarfile

import numpy as np
import pytest
from PIL import Image

from sidelight.data.shards import read_shard_captions, read_shards
from sidelight.errors import ImageError


def png(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def captions(*sentences: str) -> bytes:
    return json.dumps({"captions": sentences, "source": "ignored"}).encode()


@pytest.fixture
def make_shard(tmp_path):
    def make(name: str, files: list[tuple[str, bytes]]):
        path = tmp_path / name
        with tarfile.open(path, "w") as shard:
            folder = tarfile.TarInfo("pictures")
            folder.type = tarfile.DIRTYPE
            shard.addfile(folder)
            for member, content in files:
                info = tarfile.TarInfo(member)
                info.size = len(content)
                shard.addfile(info, io.BytesIO(content))
        return path

    return make


RED = np.full((5, 4, 3), (255, 0, 0), np.uint8)
GRAY = np.full((2, 3), 77, np.uint8)


def test_every_picture_of_every_shard_is_read_in_order(make_shard):
    first = make_shard(
        "a-00.tar",
        [
            ("b.png", png(RED)),
            ("b.json", captions("Red.", "All red.")),
            ("a.json", captions("Gray.")),
            ("a.png", png(GRAY)),
        ],
    )
    second = make_shard("a-01.tar", [("b.jpg", png(RED)), ("b.json", captions("Again."))])

    pictures = list(read_shards([first, second]))

    assert [p.key for p in pictures] == ["a-00/b", "a-00/a", "a-01/b"]
    assert [p.captions for p in pictures] == [("Red.", "All red."), ("Gray.",), ("Again.",)]
    assert np.array_equal(pictures[0].image, RED)
    assert np.array_equal(pictures[1].image, np.full((2, 3, 3), 77))
    assert pictures[1].image.dtype == np.uint8


def test_captions_are_read_without_the_pictures(make_shard):
    path = make_shard("a-00.tar", [("b.avif", b"never read"), ("b.json", captions("Red.", "So."))])
    assert list(read_shard_captions([path])) == [("a-00/b", ("Red.", "So."))]
    bad = make_shard("bad.tar", [("b.json", b'{"caption": "Red."}')])
    with pytest.raises(ImageError, match=r"b\.json has no captions"):
        list(read_shard_captions([bad]))


def test_a_shard_is_read_as_it_is_asked_for(make_shard):
    good = make_shard("good.tar", [("a.png", png(RED)), ("a.json", captions("Red."))])
    pictures = read_shards([good, good.with_name("absent.tar")])
    assert next(pictures).captions == ("Red.",)
    with pytest.raises(FileNotFoundError):
        next(pictures)


@pytest.mark.parametrize(("suffix", "content"), [("png", png(RED)), ("json", captions("Red."))])
def test_half_a_pair_is_an_error(make_shard, suffix, content):
    path = make_shard("half.tar", [(f"alone.{suffix}", content)])
    with pytest.raises(ImageError, match=r"half\.tar: alone lacks its picture or its json"):
        list(read_shards([path]))


@pytest.mark.parametrize(
    "files",
    [
        [("a.png", png(RED)), ("a.jpg", png(RED))],
        [("a.json", captions("Red.")), ("a.json", captions("Red."))],
        [("a.png", png(RED)), ("a.json", b"{")],
        [("a.png", png(RED)), ("a.json", b"{}")],
        [("a.png", png(RED)), ("a.json", b'{"captions": []}')],
        [("a.png", b"no picture"), ("a.json", captions("Red."))],
    ],
)
def test_a_pair_that_is_none_is_an_error(make_shard, files):
    path = make_shard("odd.tar", files)
    with pytest.raises(ImageError, match="odd/a"):
        list(read_shards([path]))
