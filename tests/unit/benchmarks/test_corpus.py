import numpy as np
import pytest
from benchmarks.determinism.corpus import batches, smooth_noise
from benchmarks.determinism.matrix import summarise
from benchmarks.memory.large_picture import middle, size_of
from PIL import Image

from sidelight.bitstream.container import Container


def container(width: int, height: int, step: int) -> Container:
    return Container(
        model=bytes(8), width=width, height=height, quality_step=step, latents_crc=0, latents=b""
    )


def test_noise_has_the_size_asked_for_and_is_seeded():
    first, second = (smooth_noise(300, 1, np.random.default_rng(1)) for _ in range(2))
    assert first.size == (300, 1)
    assert first.tobytes() == second.tobytes()
    assert np.asarray(first).std() > 10


def test_batches_share_padded_size_and_quality():
    sizes = [(1, 1, 5), (64, 64, 5), (65, 64, 5), (64, 64, 6), (2, 3, 5)]
    containers = [container(*size) for size in sizes]
    assert batches(containers, batched=True) == [[0, 1, 4], [2], [3]]
    assert batches(containers, batched=False) == [[0], [1], [2], [3], [4]]


def row(differ: int | None, pixels: int | None, by_torch: int | None = 0) -> dict:
    latents = {"latents_differ": differ, "latents_differ_by_torch": by_torch}
    return {"precision": "fp32", **latents, "max_pixel_difference": pixels}


def test_one_differing_file_or_failed_process_is_not_equal_everywhere():
    assert summarise([row(0, 1), row(0, 0)])["latents_equal_everywhere"]
    assert not summarise([row(0, 1), row(1, 0)])["latents_equal_everywhere"]
    assert not summarise([row(0, 1), row(0, 0, by_torch=2)])["latents_equal_everywhere"]
    assert not summarise([row(0, 1), {"error": "exit code 1"}])["latents_equal_everywhere"]


def test_pixels_beyond_the_limit_are_told():
    assert summarise([row(0, 1)])["fp32_within_limit"]
    assert not summarise([row(0, 2)])["fp32_within_limit"]
    assert not summarise([row(0, None)])["fp32_within_limit"]


def test_forty_megapixels():
    assert size_of(40) == (7296, 5472)


@pytest.mark.parametrize(("width", "height", "corner"), [(1400, 1100, (188, 38)), (40, 30, (0, 0))])
def test_the_middle_of_a_large_picture_is_cut_out(tmp_path, width, height, corner):
    rows, columns = np.indices((height, width))
    pixels = np.stack([columns % 256, rows % 256, rows // 256 * 16 + columns // 256], -1)
    Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "large.png")
    cut = middle(tmp_path / "large.png")
    left, top = corner
    assert cut.shape == (min(height, 1024), min(width, 1024), 3)
    assert np.array_equal(cut, pixels[top : top + 1024, left : left + 1024])
