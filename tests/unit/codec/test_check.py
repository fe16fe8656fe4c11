"""A caption that does not fit is told, and left out where that is asked."""

import numpy as np
import pytest
from tests.golden.tiny_text import HashingTextEncoder

from sidelight.carriers.registry import CARRIERS
from sidelight.codec.check import decode_checked, quality_of
from sidelight.codec.codec import Codec
from sidelight.codec.info import read_info
from sidelight.codec.stored import Checkpoint
from sidelight.pixels.picture import Picture


class FixedMatcher:
    def __init__(self, **scores: float) -> None:
        self.scores, self.seen = scores, []

    def threshold(self, quality: float) -> float:
        return 0.02 * quality + 0.1

    def score(self, caption: str, image: np.ndarray) -> float:
        self.seen.append(image)
        return self.scores[caption]


@pytest.fixture(scope="module")
def codec(tiny_exported) -> Codec:
    return Codec(Checkpoint(tiny_exported, HashingTextEncoder.identity, {}), HashingTextEncoder())


@pytest.fixture
def matcher() -> FixedMatcher:
    return FixedMatcher(right=0.31, wrong=0.04)


@pytest.fixture
def data(codec, make_picture) -> bytes:
    from sidelight.api import as_picture

    return codec.encode(as_picture(make_picture(64, 64)))


def check(codec, matcher, data, caption, **options):
    return decode_checked(codec.open(data), matcher, caption, **options)


@pytest.mark.parametrize("drop", [False, True])
def test_a_caption_that_fits_is_used(codec, matcher, data, drop):
    checked = check(codec, matcher, data, " right ", drop=drop)
    assert np.array_equal(checked.image, codec.decode(data, "right").image)
    assert checked.notes == ("caption match 0.31, the threshold is 0.20",)


def test_one_that_does_not_fit_is_told_and_used(codec, matcher, data):
    checked = check(codec, matcher, data, "wrong")
    assert np.array_equal(checked.image, codec.decode(data, "wrong").image)
    assert checked.notes[0] == "caption match 0.04, the threshold is 0.20"
    assert checked.notes[1] == "this may be the caption of another picture"


def test_or_left_out(codec, matcher, data):
    plain = codec.decode(data, "").image
    checked = check(codec, matcher, data, "wrong", drop=True)
    assert np.array_equal(checked.image, plain)
    assert checked.notes[-1].endswith("decoded without it")
    # the caption is held against a picture that it had no part in
    assert all(np.array_equal(image, plain) for image in matcher.seen)


def test_without_a_caption_nothing_is_compared(codec, matcher, data):
    assert check(codec, matcher, data, None).notes == ()
    assert check(codec, matcher, data, " ").notes == ()
    assert matcher.seen == []


def test_the_quality_of_an_ordinary_file_is_that_of_its_rate(codec, data, make_picture):
    assert quality_of(read_info(data)) == 5
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    files = [
        CARRIERS["avif"].write(
            Picture(image=make_picture(256, 256, seed=1)), own, CARRIERS["avif"].effort
        )
        for own in (1, 30, 60)
    ]
    qualities = [quality_of(read_info(file)) for file in files]
    assert qualities == sorted(qualities)
    assert all(1 <= quality <= 9 for quality in qualities)
    best = CARRIERS["webp"].write(Picture(image=noise), 100, CARRIERS["webp"].effort)
    assert quality_of(read_info(best)) == 9
