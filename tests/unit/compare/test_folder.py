import json
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms
from tests.unit.compare.unlocking import data_of, key_of

from sidelight.compare.blind import blind_files, lock, srgb_pixels
from sidelight.compare.folder import Prepared, prepare
from sidelight.compare.matching import find_pictures, find_series
from sidelight.errors import ConfigError, ImageError
from sidelight.pixels.files import read_picture

FIXTURE = Path(__file__).parent / "data" / "comparison.json"
"""What web/tests/browser/compare.test.ts puts into the page."""


def make(out: str = "out", **options: object) -> Prepared:
    sides = find_pictures(["of"]), find_series(["S=smooth"]), find_series(["N=noisy"])
    return prepare(Path(out), *sides, **options)


def chunks_of(png: bytes) -> list[tuple[bytes, int]]:
    found, place = [], 8
    while place < len(png):
        length, kind = struct.unpack_from(">I4s", png, place)
        (crc,) = struct.unpack_from(">I", png, place + 8 + length)
        assert crc == zlib.crc32(png[place + 4 : place + 8 + length])
        found.append((kind, length))
        place += 12 + length
    return found


def test_the_key_leads_from_every_file_to_what_it_shows(folder):
    make()
    data = data_of(folder / "out")
    key = key_of(data)
    assert key["labels"] == {"a": "S", "b": "N"}
    assert sorted(key["names"]) == ["boat", "cat", "dune", "fern"]
    for picture, name, a in zip(data["pictures"], key["names"], key["a"], strict=True):
        shown = [Image.open(f"out/{path}") for path in picture["versions"]]
        assert np.array_equal(shown[a], read_picture(Path(f"smooth/{name}.avif")).image)
        assert np.array_equal(shown[1 - a], read_picture(Path(f"noisy/{name}.webp")).image)
        original = Image.open(f"out/{picture['original']}")
        assert np.array_equal(original, Image.open(f"of/{name}.png"))
        assert (picture["width"], picture["height"]) == original.size


def test_no_file_tells_by_name_size_or_form_what_it_is(folder):
    exif = Image.Exif()
    exif[0x010E] = "smooth"  # its description
    Image.open("of/cat.png").save("smooth/cat.avif", quality=40, exif=exif)
    make()
    data = data_of(folder / "out")
    names = [path for p in data["pictures"] for path in (*p["versions"], p["original"])]
    assert len(set(names)) == 12
    assert all(len(Path(name).stem) == 16 for name in names)
    for picture in data["pictures"]:
        first, second = ((folder / "out" / path).read_bytes() for path in picture["versions"])
        assert len(first) == len(second)
        assert [k for k, _ in chunks_of(first)] == [k for k, _ in chunks_of(second)]
        assert first[16:33] == second[16:33]  # size, depth, kind of pixels
        assert {kind for kind, _ in chunks_of(first)} == {b"IHDR", b"IDAT", b"paDd", b"IEND"}


def test_nothing_in_the_page_is_named_before_the_end(folder):
    made = make()
    text = made.page.read_text("utf-8")
    assert not any(word in text for word in ("smooth", "noisy", "boat", "dune", '"S"', '"N"'))


def test_files_of_any_difference_in_size_come_out_equal(folder):
    draw = np.random.default_rng(3)
    for _ in range(30):
        images = [draw.integers(0, limit, (5, 7, 3), dtype=np.uint8) for limit in (2, 3, 4)]
        files = blind_files(images)
        assert len(set(map(len, files))) == 1
        for image, data in zip(images, files, strict=True):
            Path("x.png").write_bytes(data)
            assert np.array_equal(Image.open("x.png"), image)


def test_both_sides_come_first_and_the_seed_decides(folder):
    firsts = set()
    for seed in range(8):
        made = make(f"out-{seed}", seed=seed)
        assert made.seed == seed
        firsts |= set(key_of(data_of(folder / f"out-{seed}"))["a"])
    assert firsts == {0, 1}
    make("again", seed=3)
    page = (folder / "again/index.html").read_bytes()
    assert page == (folder / "out-3/index.html").read_bytes()
    assert page != (folder / "out-4/index.html").read_bytes()
    assert make("drawn").seed != make("drawn-2").seed


def test_profiles_transparency_and_gray_become_srgb_over_white(folder):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.new("RGB", (4, 4), (200, 30, 90)).save("rgb.png", icc_profile=profile)
    assert srgb_pixels(read_picture(Path("rgb.png")))[0, 0] == pytest.approx([200, 30, 90], abs=1)
    Image.new("RGBA", (4, 4), (0, 0, 0, 51)).save("clear.png")
    assert (srgb_pixels(read_picture(Path("clear.png"))) == 204).all()
    Image.new("L", (4, 4), 77).save("gray.png")
    assert (srgb_pixels(read_picture(Path("gray.png"))) == 77).all()


@pytest.mark.parametrize("empty", ["question", "title"])
def test_something_must_be_asked(folder, empty):
    with pytest.raises(ConfigError, match=f"{empty} ' '.*: expected some text in both"):
        make(**{empty: " "})


def test_labels_and_names_of_any_script_come_through(folder):
    for place in ("of/cat.png", "smooth/cat.avif", "noisy/cat.webp"):
        Path(place).rename(Path(place).with_stem("Kätzchen \U0001f408"))
    sides = find_series(["平滑=smooth"]), find_series(["шум=noisy"])
    prepare(Path("out"), find_pictures(["of"]), *sides)
    key = key_of(data_of(folder / "out"))
    assert key["labels"] == {"a": "平滑", "b": "шум"}
    assert "Kätzchen \U0001f408" in key["names"]


def test_a_text_cannot_end_the_data(folder):
    wicked = "</script><script>alert(1)</script><!--"
    make(question=wicked, title=wicked)
    data = data_of(folder / "out")
    assert data["question"] == data["title"] == wicked
    assert "<script>alert" not in (folder / "out/index.html").read_text()


def test_versions_of_another_size_are_refused_and_nothing_is_written(folder):
    Image.new("RGB", (32, 21)).save("noisy/dune.webp")
    with pytest.raises(ImageError, match=r"noisy/dune.webp is 32x21 px, its original .* 32x20"):
        make()
    assert {path.name for path in folder.iterdir()} == {"of", "smooth", "noisy"}


def test_a_comparison_is_replaced_when_forced_only(folder):
    make()
    before = (folder / "out/index.html").read_bytes()
    with pytest.raises(ConfigError, match="holds a comparison already; give --force"):
        make()
    make(force=True)
    assert (folder / "out/index.html").read_bytes() != before
    assert len(list((folder / "out/pictures").iterdir())) == 12
    assert {path.name for path in folder.iterdir()} == {"of", "smooth", "noisy", "out"}


def test_a_failure_leaves_the_comparison_that_was_there(folder):
    make()
    before = (folder / "out/index.html").read_bytes()
    Path("smooth/fern.avif").write_bytes(b"junk")
    with pytest.raises(ImageError, match=r"smooth/fern\.avif"):
        make(force=True)
    assert (folder / "out/index.html").read_bytes() == before


def test_a_rename_that_fails_puts_the_old_comparison_back(folder, monkeypatch):
    make()
    before = (folder / "out/index.html").read_bytes()
    rename = Path.rename

    def refuse_new(path: Path, target: Path) -> Path:
        if path.name == "new":
            raise OSError(28, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse_new)
    with pytest.raises(OSError, match="No space"):
        make(force=True)
    assert (folder / "out/index.html").read_bytes() == before


def test_what_is_not_ours_is_never_removed(folder):
    with pytest.raises(ConfigError, match="holds other files; name a folder that is empty"):
        make("of", force=True)
    make()
    Path("out/choices.json").touch()
    with pytest.raises(ConfigError, match=r"holds choices.json too, which --force would remove"):
        make(force=True)
    Path("file").touch()
    with pytest.raises(ConfigError, match="is a file, expected a folder"):
        make("file")


def test_an_empty_folder_and_missing_parents_will_do(folder):
    Path("empty").mkdir()
    assert make("empty").page == Path("empty/index.html")
    assert make("deep/er/out").page.is_file()
    umask = os.umask(0)
    os.umask(umask)
    assert Path("empty").stat().st_mode & 0o777 == 0o777 & ~umask


def test_the_page_that_the_browser_tests_judge_is_as_we_write_it(folder):
    make()
    ours, theirs = data_of(folder / "out"), json.loads(FIXTURE.read_text())
    assert ours.keys() == theirs.keys()
    assert [p.keys() for p in ours["pictures"]] == [p.keys() for p in theirs["pictures"]]
    assert (ours["format"], ours["version"]) == (theirs["format"], theirs["version"])
    key = key_of(theirs)
    assert key.keys() == key_of(ours).keys()
    assert lock(key, theirs["id"]) == theirs["key"]
