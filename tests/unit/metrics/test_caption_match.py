"""The score between a caption and a picture."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from sidelight.errors import TextError
from sidelight.metrics.caption_match import CaptionMatcher
from sidelight.metrics.networks.efficientnet import ImageFeatures
from sidelight.text.bundled import BundledEncoder, save_bundled
from sidelight.text.network import SentenceNetwork
from sidelight.text.sentence_config import SentenceConfig
from sidelight.train.text.distillation import train_tokenizer

ARTICLE = Path(__file__).parents[3] / "examples" / "article"
CAPTIONS = {"cat.jpg": "A ginger cat.", "coffee.jpg": "A cup of coffee."}


def read(name: str) -> np.ndarray:
    with Image.open(ARTICLE / name) as image:
        return np.array(image.convert("RGB"))


@pytest.fixture(scope="module")
def features() -> ImageFeatures:
    return ImageFeatures()


@pytest.fixture(scope="module")
def untuned(tmp_path_factory):
    tokenizer = train_tokenizer(list(CAPTIONS.values()), 300)
    torch.manual_seed(5)
    shape = {"width": 16, "num_layers": 1, "num_heads": 2, "hidden": 32, "text_width": 8}
    network = SentenceNetwork(SentenceConfig(vocabulary=tokenizer.get_vocab_size(), **shape)).eval()
    path = tmp_path_factory.mktemp("text") / "text.safetensors"
    save_bundled(path, network, tokenizer)
    return path, network, tokenizer


def test_a_projection_that_knows_two_pictures_tells_their_captions_apart(
    untuned, features, tmp_path
):
    path, network, tokenizer = untuned
    vectors = BundledEncoder(path)(list(CAPTIONS.values()))
    # the linear map that sends each picture's features to its caption's vector
    shown = features([read(name) for name in CAPTIONS])
    projection = vectors.T @ torch.linalg.pinv(shown).T.numpy()
    tuned = tmp_path / "tuned.safetensors"
    save_bundled(
        tuned,
        network,
        tokenizer,
        image_projection=projection,
        match_thresholds=[(1, 0.25), (9, 0.35)],
    )
    matcher = CaptionMatcher(BundledEncoder(tuned), features)
    assert [matcher.threshold(q) for q in (1, 5, 9)] == pytest.approx([0.25, 0.3, 0.35])
    for name, own in CAPTIONS.items():
        scores = {caption: matcher.score(caption, read(name)) for caption in CAPTIONS.values()}
        assert scores[own] > 0.99
        assert max(scores, key=scores.get) == own


def test_an_encoder_that_never_saw_pictures_is_refused(untuned, features):
    with pytest.raises(TextError, match="not tuned on pictures"):
        CaptionMatcher(BundledEncoder(untuned[0]), features)
