import numpy as np
import pytest

from sidelight.pixels import encoding
from sidelight.pixels.array_image import to_array_image
from sidelight.pixels.encoding import encode_picture
from sidelight.pixels.picture import Picture, to_pillow

RGBA = np.random.default_rng(8).integers(0, 256, (24, 40, 4), dtype=np.uint8)


@pytest.mark.parametrize("gray", [False, True])
@pytest.mark.parametrize("alpha", [None, RGBA[..., 3]])
@pytest.mark.parametrize("is_view", [False, True])
def test_avif_is_the_same_with_and_without_a_copy_by_pillow(monkeypatch, gray, alpha, is_view):
    image = np.ascontiguousarray(RGBA[..., :3])
    picture = Picture(image=image, gray=gray, alpha=alpha, xmp=b"<x:xmpmeta/>")
    if is_view:
        wide = np.concatenate([image, image], axis=1)
        picture = Picture(image=wide[:, :40], gray=gray, alpha=alpha, xmp=b"<x:xmpmeta/>")
    found = encode_picture(picture, "avif")
    monkeypatch.setattr(encoding, "to_array_image", to_pillow)
    assert found == encode_picture(picture, "avif")


def test_samples_are_not_copied():
    image = np.ascontiguousarray(RGBA[..., :3])
    assert np.shares_memory(to_array_image(Picture(image=image)).tobytes(), image)
