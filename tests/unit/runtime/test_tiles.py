from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import nn

from sidelight.runtime.tiles import run_in_tiles
from sidelight.tiling import Region, TileGrid


def exact_conv(kernel: int, stride: int) -> nn.Conv2d:
    """Small integers, so that every order of the sums gives the same float."""
    conv = nn.Conv2d(2, 3, kernel, stride, kernel // 2)
    with torch.no_grad():
        conv.weight.copy_(torch.randint(-4, 5, conv.weight.shape))
        conv.bias.zero_()
    return conv


def integers(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(-9, 10, (2, 2, height, width)).astype(np.float32)


def whole(network: Callable[[torch.Tensor], torch.Tensor], x: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return network(torch.from_numpy(np.ascontiguousarray(x))).numpy()


def alone(
    network: Callable[[torch.Tensor], torch.Tensor],
) -> Callable[[np.ndarray, Region], list]:
    return lambda x, _: [whole(network, x)]


@pytest.mark.parametrize("size", [(8, 8), (20, 8), (8, 9), (23, 29), (1, 17)])
def test_tiles_join_to_the_whole(size):
    conv, x = exact_conv(5, 1), integers(*size)
    (tiled,) = run_in_tiles(alone(conv), x, TileGrid(8, 2, Fraction(1)))
    assert np.array_equal(tiled, whole(conv, x))


@pytest.mark.parametrize("size", [(16, 16), (24, 40), (36, 12)])
def test_tiles_join_where_the_network_shrinks(size):
    conv, x = exact_conv(5, 2), integers(*size)
    (tiled,) = run_in_tiles(alone(conv), x, TileGrid(8, 2, Fraction(1, 2)))
    assert np.array_equal(tiled, whole(conv, x))


def test_tiles_join_where_the_network_grows():
    grow = nn.Upsample(scale_factor=4)
    conv, x = exact_conv(5, 1), integers(11, 13)
    (tiled,) = run_in_tiles(alone(lambda t: conv(grow(t))), x, TileGrid(4, 1, Fraction(4)))
    assert np.array_equal(tiled, whole(lambda t: conv(grow(t)), x))


def test_every_output_is_joined():
    near, far, x = exact_conv(1, 1), exact_conv(3, 1), integers(9, 9)
    tiled = run_in_tiles(
        lambda t, _: (whole(near, t), whole(far, t)), x, TileGrid(4, 1, Fraction(1))
    )
    for found, conv in zip(tiled, (near, far), strict=True):
        assert np.array_equal(found, whole(conv, x))


def test_too_small_a_halo_shows():
    conv, x = exact_conv(5, 1), integers(16, 16)
    (tiled,) = run_in_tiles(alone(conv), x, TileGrid(8, 1, Fraction(1)))
    assert not np.array_equal(tiled, whole(conv, x))


def test_no_tile_is_larger_than_the_side_and_two_halos():
    seen = []

    def network(tile: np.ndarray, _: Region) -> tuple[np.ndarray]:
        seen.append(tuple(tile.shape[2:]))
        return (tile,)

    run_in_tiles(network, integers(30, 50), TileGrid(8, 2, Fraction(1)))
    assert len(seen) == 4 * 7
    assert max(max(size) for size in seen) == 12


def test_a_picture_of_one_tile_runs_whole():
    seen = []
    run_in_tiles(
        lambda t, _: (seen.append(t.shape) or t,), integers(8, 8), TileGrid(8, 2, Fraction(1))
    )
    assert seen == [(2, 2, 8, 8)]


@pytest.mark.parametrize("size", [(30, 50), (8, 8), (29, 51)])
def test_a_tile_is_told_where_it_lies(size):
    x = integers(*size)
    padded = np.pad(x, [(0, 0), (0, 0), *((0, -side % 2) for side in size)], mode="edge")

    def network(tile: np.ndarray, at: Region) -> tuple[np.ndarray]:
        assert np.array_equal(tile, padded[:, :, *at])
        return (tile,)

    run_in_tiles(network, x, TileGrid(8, 2, Fraction(1)), multiple=2)


@pytest.mark.parametrize(("side", "halo"), [(6, 4), (8, 2)])
def test_a_grid_off_the_stride_is_refused(side, halo):
    with pytest.raises(ValueError, match="not multiples of the stride"):
        TileGrid(side, halo, Fraction(1, 4))


@pytest.mark.parametrize("size", [(3, 5), (8, 8), (13, 22), (9, 16)])
@pytest.mark.parametrize("by_pixel", [False, True])
def test_tiles_are_padded_as_the_whole_would_be(size, by_pixel):
    conv, x = exact_conv(5, 2), integers(*size)
    (tiled,) = run_in_tiles(
        alone(conv), x, TileGrid(8, 2, Fraction(1, 2)), multiple=4, by_pixel=by_pixel
    )
    around = [(0, 0), (0, 0), *((0, -side % 4) for side in size)]
    assert np.array_equal(tiled, whole(conv, np.pad(x, around, mode="edge")))


def test_what_is_wanted_by_pixel_needs_no_copy_to_be_a_picture():
    conv = exact_conv(1, 1)
    (tiled,) = run_in_tiles(
        alone(conv), integers(9, 20), TileGrid(8, 0, Fraction(1)), by_pixel=True
    )
    assert tiled.transpose(0, 2, 3, 1).flags.c_contiguous
