import numpy as np
import pytest

from sidelight.evaluate.codecs.ycbcr import rgb_to_ycbcr10, ycbcr10_to_rgb


def test_no_colour_is_lost_on_the_way():
    steps = np.r_[0:256:5, 1, 127, 128, 254]
    image = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(len(steps), -1, 3)
    image = image.astype(np.uint8)
    assert np.array_equal(ycbcr10_to_rgb(rgb_to_ycbcr10(image)), image)


@pytest.mark.parametrize(
    ("colour", "planes"),
    [
        ((0, 0, 0), (0, 512, 512)),
        ((255, 255, 255), (1023, 512, 512)),
        ((128, 128, 128), (514, 512, 512)),
        # 1023 x 0.2126; 512 - 1023 x 0.2126 / 1.8556; the red difference ends at 1023, not 1024
        ((255, 0, 0), (217, 395, 1023)),
        ((0, 0, 255), (74, 1023, 465)),
    ],
)
def test_the_matrix_is_that_of_bt709_in_full_range(colour, planes):
    image = np.full((1, 1, 3), colour, np.uint8)
    assert tuple(rgb_to_ycbcr10(image)[:, 0, 0]) == planes
