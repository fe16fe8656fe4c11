import numpy as np
import pytest
import torch

from sidelight.errors import ConfigError
from sidelight.train.data.crops import CropSampler
from sidelight.train.data.pictures import CaptionedImage
from sidelight.train.data.resident import ResidentPictures, fit_on


def picture(height: int, width: int, *captions: str, base: int = 0) -> CaptionedImage:
    """Every pixel says where it is: red its row, green its column, blue its picture."""
    rows, columns = np.mgrid[:height, :width]
    image = np.stack([rows, columns, np.full_like(rows, base)], axis=2).astype(np.uint8)
    return CaptionedImage(f"p{base}", image, captions or ("A picture.",))


PICTURES = [picture(90, 120, "One.", "Two.", base=0), picture(70, 80, "Three.", base=1)]


class Inverted:
    """Stands for coded versions: the pictures in negative, each version a little darker."""

    num_versions = 2

    def version(self, picture: int, version: int) -> np.ndarray:
        return 255 - PICTURES[picture].image - version


@pytest.mark.parametrize("pairs", [None, Inverted()])
@pytest.mark.parametrize("size", [64, 80])
def test_crops_cut_on_a_device_are_those_cut_in_memory(pairs, size):
    sampler = CropSampler(PICTURES, seed=3, pairs=pairs, gray=0.3)
    drawn = sampler.draw(5, range(40), size)
    cut = ResidentPictures(PICTURES, pairs, "cpu").cut(sampler.cuts(5, range(40), size), size)
    for ours, expected in zip(cut, drawn, strict=True):
        if expected is None:
            assert ours is None
        else:
            assert np.abs(np.asarray(ours).astype(float) - expected).max() <= 1
    coloured = [not each.gray for each in sampler.cuts(5, range(40), size)]
    assert np.array_equal(cut.images.numpy()[coloured], drawn.images[coloured])


def test_only_a_gpu_holds_the_pictures():
    assert not fit_on(torch.device("cpu"), PICTURES, None)


def test_the_same_seed_draws_the_same_crops():
    first, second = (CropSampler(PICTURES, seed=3) for _ in range(2))
    for step in (7, 0, 7):
        drawn = first.draw(step, range(5), 64), second.draw(step, range(5), 64)
        assert all(np.array_equal(a, b) for a, b in zip(*drawn, strict=True))
    images = first.draw(0, range(5), 64).images
    for other in (CropSampler(PICTURES, seed=4).draw(0, range(5), 64), first.draw(1, range(5), 64)):
        assert not np.array_equal(other.images, images)


def test_rows_drawn_apart_are_those_drawn_together():
    sampler = CropSampler(PICTURES, seed=3)
    together = sampler.draw(2, range(5), 64)
    apart = sampler.draw(2, range(2), 64), sampler.draw(2, range(2, 5), 64)
    for whole, *parts in zip(together[:4], *(batch[:4] for batch in apart), strict=True):
        assert np.array_equal(whole, np.concatenate(parts))


def test_whole_pictures_are_squeezed_into_the_crop():
    left_to_right = np.repeat(np.linspace(0, 255, 100).astype(np.uint8)[None], 40, 0)
    image = np.stack([left_to_right] * 3, axis=2)
    pictures = [CaptionedImage("p", image, ("On the left.",))]
    crop = CropSampler(pictures, seed=0, framing="whole").draw(0, range(1), 64).images[0]
    assert crop.shape == (3, 64, 64)
    assert crop[0, :, 0].max() < 8
    assert crop[0, :, -1].min() > 247


def test_mixed_framing_takes_whole_pictures_and_large_parts():
    ramp = np.repeat(np.linspace(0, 255, 200).astype(np.uint8)[None], 200, 0)
    pictures = [CaptionedImage("p", np.stack([ramp] * 3, axis=2), ("On the left.",))]
    crops = CropSampler(pictures, seed=0, framing="mixed").draw(0, range(200), 64).images
    spans = np.ptp(crops[:, 0].astype(int), axis=(1, 2)) / 255
    whole = (spans > 0.97).mean()
    # half of them, and of the others those of scale near 1
    assert 0.45 < whole < 0.65
    assert spans.min() > 1 / 1.6


def test_other_framings_pick_small_pictures_as_often():
    pictures = [picture(64, 64, base=0), picture(64, 192, base=1)]
    sampler = CropSampler(pictures, seed=0, framing="whole")
    share = sampler.draw(0, range(1000), 64).picture_ids.mean()
    assert abs(share - 0.5) < 4 * 0.5 / 1000**0.5


def test_a_share_of_crops_loses_its_colour():
    coloured = CropSampler(PICTURES, seed=3).draw(0, range(400), 64)
    drawn = CropSampler(PICTURES, seed=3, gray=0.25).draw(0, range(400), 64)
    red, green, blue = (drawn.images[:, plane].astype(int) for plane in range(3))
    gray = ((red == green) & (green == blue)).all((1, 2))
    assert abs(gray.mean() - 0.25) < 4 * (0.25 * 0.75 / 400) ** 0.5
    assert np.array_equal(drawn.images[~gray], coloured.images[~gray])
    red, green, blue = (coloured.images[gray][:, plane] for plane in range(3))
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    assert np.abs(drawn.images[gray][:, 0] - luma).max() < 0.51


def test_settings_that_cannot_be_are_refused():
    with pytest.raises(ConfigError, match="framing must be one of"):
        CropSampler(PICTURES, seed=0, framing="square")
    with pytest.raises(ConfigError, match="no pictures"):
        CropSampler([], seed=0)


def test_a_crop_is_a_window_of_its_picture_perhaps_mirrored():
    batch = CropSampler(PICTURES, seed=0).draw(0, range(40), 64)
    assert batch.images.shape == (40, 3, 64, 64)
    assert batch.images.dtype == np.uint8
    mirrored = 0
    for crop, k in zip(batch.images, batch.picture_ids, strict=True):
        rows, columns, base = crop.astype(int)
        assert (base == k).all()
        assert (np.diff(rows, axis=0) == 1).all()
        step = np.unique(np.diff(columns, axis=1))
        assert step.tolist() in ([1], [-1])
        mirrored += step[0] == -1
    # Binomial(40, 1/2) leaves 8..32 once in 10^4
    assert 8 < mirrored < 32


def test_every_window_can_be_drawn():
    sampler = CropSampler([picture(66, 65)], seed=0)
    corners = {tuple(crop[:2, 0].min(axis=1)) for crop in sampler.draw(0, range(200), 64).images}
    assert corners == {(row, column) for row in range(3) for column in range(2)}


@pytest.mark.parametrize("caption", ["A man on the left.", "RIGHT of way", "left-handed"])
def test_a_crop_whose_caption_names_a_side_is_never_mirrored(caption):
    images = CropSampler([picture(70, 70, caption)], seed=0).draw(0, range(60), 64).images
    assert (np.diff(images[:, 1].astype(int), axis=2) == 1).all()


@pytest.mark.parametrize("caption", ["A bright day.", "They cleft it."])
def test_words_that_contain_a_side_do_not_count(caption):
    images = CropSampler([picture(70, 70, caption)], seed=0).draw(0, range(60), 64).images
    assert (np.diff(images[:, 1].astype(int), axis=2) == -1).any()


def test_pictures_are_picked_in_proportion_to_their_area():
    sampler = CropSampler([picture(64, 64, base=0), picture(64, 192, base=1)], seed=0)
    share = sampler.draw(0, range(2000), 64).picture_ids.mean()
    # 3/4 +- 4 standard errors of 2000 draws
    assert abs(share - 0.75) < 4 * (0.75 * 0.25 / 2000) ** 0.5


def test_every_caption_is_drawn():
    batch = CropSampler(PICTURES, seed=0).draw(0, range(100), 64)
    assert set(batch.caption_ids[batch.picture_ids == 0]) == {0, 1}
    assert set(batch.caption_ids[batch.picture_ids == 1]) == {0}


def test_a_small_picture_is_padded_with_its_edge():
    small = CropSampler([picture(10, 70, "On the left.")], seed=0).draw(0, range(1), 64).images[0]
    assert small[0, :, 0].tolist() == [*range(10), *[9] * 54]
    assert (np.diff(small[1, 30].astype(int)) == 1).all()
