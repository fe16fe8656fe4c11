import pytest

from sidelight.evaluate.codecs.equal_rate import bits_per_pixel, nearest_setting
from sidelight.evaluate.codecs.registry import FAMILIES, codec_points, fine_settings


@pytest.mark.parametrize("target", [0.8, 2.0, 4.0])
def test_no_other_setting_comes_nearer(make_picture, target):
    image, make = make_picture(48, 64), FAMILIES["jpeg"].make
    found = nearest_setting(fine_settings("jpeg"), make, [image], target)
    rates = {q: bits_per_pixel(make(q).encode(image), image) for q in range(1, 96, 3)}
    rate = bits_per_pixel(make(found).encode(image), image)
    # rates rise with quality but for a byte or two
    assert abs(rate - target) <= min(abs(r - target) for r in rates.values()) + 0.02


@pytest.mark.parametrize("name", ["webp", "jpeg2000", "jpeg-xl"])
def test_fine_settings_go_from_small_files_to_large(make_picture, name):
    image = make_picture(48, 64)
    settings = fine_settings(name)
    first, middle, last = (
        len(codec_points(name, [settings[k]])[0].encode(image))
        for k in (0, len(settings) // 2, len(settings) - 1)
    )
    assert first <= middle < last  # the smallest may be all header
