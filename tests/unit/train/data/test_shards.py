import gzip
import io
import json
import tarfile

import numpy as np
import pytest
from PIL import Image

from sidelight.errors import ImageError
from sidelight.train.data.shards import find_in_shards, read_shard_captions, read_shards


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
    bad = make_shard("bad.tar", [("b.json", b'{"words": "Red."}')])
    with pytest.raises(ImageError, match=r"b has no captions"):
        list(read_shard_captions([bad]))


def test_a_shard_is_read_as_it_is_asked_for(make_shard):
    good = make_shard("good.tar", [("a.png", png(RED)), ("a.json", captions("Red."))])
    pictures = read_shards([good, good.with_name("absent.tar")])
    assert next(pictures).captions == ("Red.",)
    with pytest.raises(FileNotFoundError):
        next(pictures)


@pytest.mark.parametrize(
    ("suffix", "content", "message"),
    [
        ("png", png(RED), r"half\.tar: half/alone has no captions"),
        ("json", captions("Red."), r"half\.tar: half/alone lacks its picture"),
    ],
)
def test_half_a_pair_is_an_error(make_shard, suffix, content, message):
    path = make_shard("half.tar", [(f"alone.{suffix}", content)])
    with pytest.raises(ImageError, match=message):
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
        [("a.png", png(RED)), ("a.json", b'{"captions": [null]}')],
        [("a.png", png(RED)), ("a.json", b'{"captions": [1]}')],
        [("a.png", png(RED)), ("a.json", b'["Red."]')],
        [("a.png", png(RED)), ("a.json", b"[" * 100_000)],
        [("a.png", png(RED)), ("a.json", b'{"captions": ["\xff"]}')],
        [("a.png", png(RED)), ("a.txt", b"\xff\xfe")],
        [("a.png", png(RED)), ("a.txt", b" \n")],
    ],
)
def test_a_pair_that_is_none_is_an_error(make_shard, files):
    path = make_shard("odd.tar", files)
    with pytest.raises(ImageError, match="odd/a"):
        list(read_shards([path]))


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ([("json", b'{"captions": "A hill."}')], ("A hill.",)),
        ([("json", b'{"captions": ["A hill.", null, "", "Two."]}')], ("A hill.", "Two.")),
        ([("txt", b"A hill."), ("json", b'{"caption": "A hill.", "key": "0"}')], ("A hill.",)),
        ([("txt", b"A hill."), ("json", b'{"caption": null, "sha256": "0"}')], ("A hill.",)),
        ([("txt", "A h\u00fcgel.".encode())], ("A h\u00fcgel.",)),
        ([("json", b'{"captions": ["half \\ud83d"]}')], ("half ?",)),
        ([("json", captions("A hill.")), ("cls", b"7"), ("npy", b"\x93")], ("A hill.",)),
    ],
)
def test_captions_come_in_the_forms_that_shards_have(make_shard, members, expected):
    files = [("a.png", png(RED)), *((f"a.{suffix}", content) for suffix, content in members)]
    path = make_shard("forms.tar", files)
    (picture,) = read_shards([path])
    assert picture.captions == expected
    assert dict(read_shard_captions([path])) == {"forms/a": expected}


def test_folders_of_a_shard_tell_equal_names_apart(make_shard):
    files = [
        (f"{folder}/{name}", content)
        for folder, color in (("./x", RED), ("y", RED // 2), ("/../z", RED // 3))
        for name, content in (("a.png", png(color)), ("a.json", captions(folder)))
    ]
    pictures = list(read_shards([make_shard("two.tar", files)]))
    assert [p.key for p in pictures] == ["two/x/a", "two/y/a", "two/z/a"]
    assert [int(p.image.max()) for p in pictures] == [255, 127, 85]


def test_names_may_have_dots_and_hidden_files_count_for_nothing(make_shard):
    files = [("./._a.png", b"mac"), ("./._a.json", b"mac")]
    for name in ("1.5x", "1.6x"):
        files += [(f"{name}.PNG", png(RED)), (f"{name}.json", captions(name))]
    pictures = list(read_shards([make_shard("dots.tar", files)]))
    assert [(p.key, p.captions) for p in pictures] == [
        ("dots/1.5x", ("1.5x",)),
        ("dots/1.6x", ("1.6x",)),
    ]


def many(count: int) -> list[tuple[str, bytes]]:
    pairs = ((f"{k}.png", f"{k}.json") for k in range(count))
    return [f for a, b in pairs for f in ((a, png(RED)), (b, captions("Red.")))]


def test_a_shard_that_was_cut_anywhere_is_an_error(make_shard):
    path = make_shard("cut.tar", many(3))
    whole = path.read_bytes()
    end = len(whole.rstrip(b"\0"))
    end += -end % 512
    for length in [*range(0, end + 1, 512), 700, end - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(ImageError, match=r"cut\.tar"):
            list(read_shards([path]))
    path.write_bytes(whole[: end + 512])
    assert len(list(read_shards([path]))) == 3


def test_a_shard_with_a_damaged_header_does_not_end_there(make_shard):
    path = make_shard("bad.tar", many(3))
    data = bytearray(path.read_bytes())
    place = data.index(b"1.png\0")
    data[place : place + 512] = b"\xff" * 512
    path.write_bytes(data)
    with pytest.raises(ImageError, match=r"bad\.tar .* cut or damaged"):
        list(read_shards([path]))


def test_a_compressed_shard_is_refused(make_shard):
    path = make_shard("zip.tar", many(1))
    path.write_bytes(gzip.compress(path.read_bytes()))
    with pytest.raises(ImageError, match="no whole tar file without compression"):
        list(read_shards([path]))


def test_links_of_a_shard_are_no_pictures(make_shard):
    path = make_shard("link.tar", many(1))
    with tarfile.open(path, "a") as shard:
        link = tarfile.TarInfo("b.png")
        link.type, link.linkname = tarfile.LNKTYPE, "0.png"
        shard.addfile(link)
        words = tarfile.TarInfo("b.json")
        words.size = len(captions("Red."))
        shard.addfile(words, io.BytesIO(captions("Red.")))
    told = []
    assert [p.key for p in find_in_shards([path], told.append)] == ["link/0"]
    assert [str(error) for error in told] == [f"{path}: link/b lacks its picture"]


def test_a_broken_picture_is_named_with_its_shard(make_shard):
    stream = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(stream, "JPEG")  # whose head is enough to know its size
    half = stream.getvalue()[:2000]
    files = [("a.png", png(RED)), ("a.json", captions("Red.")), ("b.jpg", half)]
    path = make_shard("set.tar", [*files, ("b.json", captions("Noise."))])
    first, second = find_in_shards([path])
    assert np.array_equal(first.image, RED)
    with pytest.raises(ImageError, match=r"set/b in .*set\.tar: picture is truncated"):
        _ = second.image
