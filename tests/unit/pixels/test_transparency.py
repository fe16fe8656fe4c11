import numpy as np
import pytest

from sidelight.carriers.registry import CARRIERS
from sidelight.pixels import transparency
from sidelight.pixels.picture import Picture
from sidelight.pixels.transparency import fill_transparent


def hidden_noise(height=131, width=97, *, seed=0):
    """A smooth disc that is seen, with noise where it is not."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    alpha = np.where((rows - 60) ** 2 + (columns - 50) ** 2 < 30**2, 255, 0).astype(np.uint8)
    image = random.integers(0, 256, (height, width, 3), dtype=np.uint8)
    image[alpha > 0] = (200, 90, 30)
    return Picture(image=image, alpha=alpha)


def test_what_is_seen_stays_and_what_is_not_becomes_smooth():
    picture = hidden_noise()
    filled = fill_transparent(picture)
    assert (filled.image[picture.alpha > 0] == picture.image[picture.alpha > 0]).all()
    assert (filled.image == (200, 90, 30)).all()
    assert (filled.alpha == picture.alpha).all()


def test_nearly_transparent_colour_is_seen():
    picture = hidden_noise()
    picture.alpha[0, 0] = 1
    assert (fill_transparent(picture).image[0, 0] == picture.image[0, 0]).all()


def test_two_colours_run_into_each_other():
    image = np.zeros((64, 256, 3), np.uint8)
    image[:, :8], image[:, -8:] = 40, 220
    alpha = np.zeros((64, 256), np.uint8)
    alpha[:, :8] = alpha[:, -8:] = 255
    filled = fill_transparent(Picture(image=image, alpha=alpha)).image[32, :, 0].astype(int)
    assert np.abs(np.diff(filled)).max() < 30
    assert 90 < filled[128] < 170


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (7, 1), (1025, 3)])
def test_any_size_and_nothing_seen(shape):
    image = np.full((*shape, 3), 77, np.uint8)
    filled = fill_transparent(Picture(image=image, alpha=np.zeros(shape, np.uint8)))
    assert (filled.image == 0).all()
    opaque = Picture(image=image, alpha=np.full(shape, 3, np.uint8))
    assert fill_transparent(opaque) is opaque


@pytest.mark.parametrize("shape", [(1, 1), (1, 70), (70, 1), (63, 65), (131, 97), (1025, 3)])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.9])
def test_strips_change_no_bit(monkeypatch, shape, share):
    random = np.random.default_rng(0)
    image = random.integers(0, 256, (*shape, 3), np.uint8)
    alpha = (random.random(shape) < share).astype(np.uint8)
    alpha[:, : shape[1] // 3] = 0
    picture, found = Picture(image=image, alpha=alpha), []
    for held, num_pixels in ((1, 2**30), (3, 2**30), (3, 1), (2, 1000)):
        monkeypatch.setattr(transparency, "_HELD", held)
        monkeypatch.setattr(transparency, "STRIP_PIXELS", num_pixels)
        found.append(fill_transparent(picture).image)
    assert all(np.array_equal(found[0], other) for other in found[1:])


@pytest.mark.parametrize("name", ["avif", "webp"])
def test_files_are_the_same_whatever_lies_hidden(name):
    files = [CARRIERS[name].encode(hidden_noise(seed=seed), 5) for seed in (0, 1)]
    assert files[0] == files[1]
