"""Coded versions of training pictures."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from sidelight.errors import ConfigError
from sidelight.train.data.crops import CropSampler
from sidelight.train.data.pairs import CodingRange, Pairs, PairsConfig
from sidelight.train.data.pictures import CaptionedImage

CODINGS = (
    CodingRange(codec="avif", share=1.0, quality=(20, 60), subsampling=("4:2:0", "4:4:4")),
    CodingRange(codec="jpeg", share=1.0, quality=(20, 60), effort=(0, 1)),
    CodingRange(codec="webp", share=1.0, quality=(20, 60), effort=(2,)),
)
CONFIG = PairsConfig(
    codings=CODINGS, versions=6, twice_share=0.2, resized_share=0.2, uncoded_share=0.2
)


@pytest.fixture(scope="module")
def pictures(make_picture) -> list[CaptionedImage]:
    return [CaptionedImage(f"s/{k}", make_picture(80, 96, seed=k), ("One.",)) for k in range(8)]


@pytest.fixture(scope="module")
def pairs(pictures, tmp_path_factory) -> Pairs:
    pairs = Pairs(pictures, CONFIG, seed=1, folder=tmp_path_factory.mktemp("pairs"))
    pairs.code()
    return pairs


def files(folder) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def psnr(first: np.ndarray, second: np.ndarray) -> float:
    return 10 * np.log10(255**2 / np.square(first.astype(float) - second).mean())


def test_every_codec_has_its_share_and_files_are_what_they_are_called(pairs):
    names = [path.suffix.removeprefix(".") for path in pairs._folder.rglob("*.*")]
    assert set(names) == {"avif", "jpeg", "webp"}
    for path in pairs._folder.rglob("*.*"):
        with Image.open(path) as image:
            assert image.format.lower() == path.suffix.removeprefix(".")


def test_a_version_is_the_picture_in_its_size_and_recognisable(pairs, pictures):
    originals = 0
    for k, picture in enumerate(pictures):
        for version in range(CONFIG.versions):
            shown = pairs.version(k, version)
            assert shown.shape == picture.image.shape
            if np.array_equal(shown, picture.image):
                originals += 1
            else:
                assert 18 < psnr(shown, picture.image) < 50
    # 48 versions, a fifth of them uncoded: 3 to 20 is far beyond chance
    assert 3 <= originals <= 20


def test_some_are_coded_twice_and_some_at_a_larger_size(pairs, pictures):
    plans = [plan for plans in pairs._plans for plan in plans if plan.coding is not None]
    assert any(plan.before for plan in plans)
    scaled = [plan for plan in plans if plan.scale > 1]
    assert scaled
    for k, of_picture in enumerate(pairs._plans):
        for version, plan in enumerate(of_picture):
            if plan.coding is not None:
                height, width = pictures[k].size
                with Image.open(pairs._path(k, version)) as image:
                    assert image.size == (round(plan.scale * width), round(plan.scale * height))


def test_the_same_seed_makes_the_same_files_and_more_versions_leave_them(pairs, pictures, tmp_path):
    again = Pairs(pictures, dataclasses.replace(CONFIG, versions=7), seed=1, folder=tmp_path)
    again.code()
    first, second = files(pairs._folder), files(again._folder)
    assert again._folder.name == pairs._folder.name
    assert {name: second[name] for name in first} == first
    other = Pairs(pictures, CONFIG, seed=2, folder=tmp_path)
    assert other._folder != again._folder


def test_files_that_are_there_are_not_made_again(pairs, pictures):
    told = []
    pairs.code(lambda done, total: told.append((done, total)))
    assert told == []
    victim = next(iter(pairs._folder.rglob("*.webp")))
    before = victim.read_bytes()
    victim.unlink()
    pairs.code(lambda done, total: told.append((done, total)))
    assert told == [(1, 1)]
    assert victim.read_bytes() == before


def test_memory_holds_what_the_files_do(pairs, pictures, tmp_path):
    held = Pairs(pictures[:2], CONFIG, seed=1, folder=tmp_path)
    held.code()
    expected = [held.version(1, v) for v in range(CONFIG.versions)]
    held.in_memory()
    for path in held._folder.rglob("*.*"):
        path.write_bytes(b"")
    assert all(np.array_equal(held.version(1, v), image) for v, image in enumerate(expected))


def test_crops_of_a_pair_show_the_same_place(pictures, tmp_path):
    uncoded = PairsConfig(
        codings=CODINGS, versions=2, twice_share=0, resized_share=0, uncoded_share=1
    )
    pairs = Pairs(pictures, uncoded, seed=1, folder=tmp_path)
    batch = CropSampler(pictures, seed=3, pairs=pairs).draw(0, range(12), 64)
    assert np.array_equal(batch.images, batch.carriers)
    coded = PairsConfig(
        codings=CODINGS, versions=2, twice_share=0, resized_share=0, uncoded_share=0
    )
    pairs = Pairs(pictures, coded, seed=1, folder=tmp_path)
    pairs.code()
    again = CropSampler(pictures, seed=3, pairs=pairs).draw(0, range(12), 64)
    assert np.array_equal(again.images, batch.images)
    for x, carrier in zip(again.images, again.carriers, strict=True):
        assert psnr(x, carrier) > 18
    assert CropSampler(pictures, seed=3).draw(0, range(2), 64).carriers is None


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: CodingRange(codec="gif", share=1.0, quality=(1, 2)), "codec must be one of"),
        (
            lambda: CodingRange(codec="avif", share=1.0, quality=(1, 2), subsampling=("9:9:9",)),
            r"subsampling of avif must be of 4:4:4, 4:2:2, 4:2:0, got \['9:9:9'\]",
        ),
        (
            lambda: CodingRange(codec="webp", share=1.0, quality=(1, 2), effort=(4, 99)),
            r"effort of webp must be of 0, .*, 6, got \[99\]",
        ),
        (lambda: CodingRange(codec="avif", share=0.0, quality=(1, 2)), "share must be > 0"),
        (lambda: CodingRange(codec="avif", share=1.0, quality=(9, 2)), "two rising numbers"),
        (lambda: CodingRange(codec="avif", share=1.0, quality=(1, 2), effort=()), "at least one"),
        (lambda: PairsConfig(codings=()), "at least one codec"),
        (lambda: PairsConfig(codings=CODINGS, versions=0), "versions must be >= 1"),
        (lambda: PairsConfig(codings=CODINGS, twice_share=0.9, resized_share=0.9), "at most 1"),
    ],
)
def test_settings_that_cannot_be_are_refused(make, said):
    with pytest.raises(ConfigError, match=said):
        make()


def test_a_coding_that_fails_leaves_no_file(pictures, tmp_path, monkeypatch):
    pairs = Pairs(pictures, CONFIG, seed=1, folder=tmp_path)
    names = dict.fromkeys(("avif", "jpeg", "webp"), "NONE")
    monkeypatch.setattr("sidelight.train.data.pairs.CODECS", names)
    with pytest.raises(KeyError):
        pairs.code()
    assert files(tmp_path) == {}
