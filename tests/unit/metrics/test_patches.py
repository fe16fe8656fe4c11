import numpy as np
import pytest

from sidelight.errors import ImageError
from sidelight.metrics.patches import tiles, whole


def picture(height: int, width: int) -> np.ndarray:
    """Says in each pixel where it lies."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows // 8, columns // 8, rows % 8 * 8 + columns % 8], -1).astype(np.uint8)


def corner(tile: np.ndarray) -> tuple[int, int]:
    down, right, rest = map(int, tile[0, 0])
    return 8 * down + rest // 8, 8 * right + rest % 8


def test_kodak_gives_192_tiles():
    portraits, landscapes = [picture(768, 512)] * 6, [picture(512, 768)] * 18
    assert sum(len(tiles(image)) for image in portraits + landscapes) == 192


@pytest.mark.parametrize(
    ("height", "width", "corners"),
    [
        (256, 256, [(0, 0)]),
        (511, 300, [(0, 0)]),
        (383, 800, [(0, 0), (0, 256), (0, 512)]),
        (384, 384, [(0, 0), (128, 128)]),
        (512, 768, [(0, 0), (0, 256), (0, 512), (256, 0), (256, 256), (256, 512),
                    (128, 128), (128, 384)]),
    ],
)  # fmt: skip
def test_both_grids_hold_all_their_whole_tiles(height, width, corners):
    found = tiles(picture(height, width))
    assert [corner(tile) for tile in found] == corners
    assert all(tile.shape == (256, 256, 3) for tile in found)


@pytest.mark.parametrize("size", [(255, 900), (300, 40)])
def test_a_picture_smaller_than_a_tile_is_refused(size):
    with pytest.raises(ImageError, match=f"{size[1]}x{size[0]} px hold no tile of 256x256 px"):
        tiles(picture(*size))


def test_the_whole_picture_is_one_patch():
    image = picture(3, 700)
    assert [patch is image for patch in whole(image)] == [True]
