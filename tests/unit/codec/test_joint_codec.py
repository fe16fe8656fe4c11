"""A codec whose encoder reads the caption, with TGIC: one file, one caption."""

import dataclasses

import numpy as np
import pytest
import torch

import sidelight
from sidelight.bitstream.container import Container
from sidelight.codec.checkpoint import save_checkpoint
from sidelight.codec.codec import Codec
from sidelight.codec.joint_codec import JointCodec
from sidelight.codec.stored import Checkpoint
from sidelight.errors import ModelMismatchError, TextError
from sidelight.evaluate.codecs.sidelight_point import JointPoint, sidelight_points
from sidelight.models.exported import ExportedCodec
from sidelight.models.presets import PRESETS
from sidelight.models.tgic import TGIC
from sidelight.pixels.picture import Picture
from sidelight.text.word_pieces import WordPieceEncoder

CAPTION, OTHER = "A brown dog runs over the beach.", "Two people sit at a table."
CONFIG = dataclasses.replace(
    PRESETS["tgic-small"],
    name="tiny-tgic",
    hyper_channels=8,
    latent_channels=12,
    text_hidden=8,
)


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(4)
        model = TGIC(CONFIG)
        for name, parameter in model.named_parameters():
            if "to_features" in name:
                parameter.normal_(0, 0.3)
        model.word_rows.weight[1:].normal_(0, 0.5)
        model.h_s[-1].weight.mul_(4)
        model.h_s[-1].bias[: CONFIG.latent_channels].add_(1)
        model.g_a.stage16[-1].weight.mul_(12)
    encoder = WordPieceEncoder()
    return Checkpoint(ExportedCodec(model), encoder.identity, {})


@pytest.fixture(scope="module")
def codec(checkpoint) -> JointCodec:
    return JointCodec(checkpoint)


@pytest.fixture(scope="module")
def picture(make_picture) -> Picture:
    return Picture(image=make_picture(90, 130))


@pytest.fixture(scope="module")
def data(codec, picture) -> bytes:
    return codec.encode(picture, caption=CAPTION, caption_as="digest")


def test_a_file_decodes_with_its_caption(codec, picture, data):
    found = codec.decode(data, f"  {CAPTION}\n", precision="fp32")
    assert found.image.shape == picture.image.shape
    sender = codec.told(CAPTION)
    received = sender.decode_latents([Container.parse(data)])
    sent = sender.quantised(picture, 5.0)
    assert np.array_equal(received.fixed_point(), sent.fixed_point())
    assert len(np.unique(sent.y_symbols)) > 3


@pytest.mark.parametrize(
    ("caption", "found"), [(OTHER, "another: 'Two people"), ("", "none"), (None, "none")]
)
def test_no_other_caption_opens_it(codec, data, caption, found):
    with pytest.raises(TextError, match=f"only with the caption it was encoded with, got {found}"):
        codec.decode(data, caption)


def test_an_opened_file_waits_for_its_caption_and_decodes_its_integers_once(codec, data):
    opened = codec.open(data)
    with pytest.raises(TextError, match="only with the caption it was encoded with"):
        opened.decode(OTHER)
    first = opened.decode(CAPTION, precision="fp32").image
    told, codec.told = codec.told, None
    try:
        assert np.array_equal(opened.decode(f" {CAPTION}", precision="fp32").image, first)
    finally:
        codec.told = told


def test_a_caption_inside_the_file_opens_it(codec, picture):
    embedded = codec.encode(picture, caption=CAPTION)
    assert Container.parse(embedded).caption_digest is not None
    digested = codec.encode(picture, caption=CAPTION, caption_as="digest")
    found, expected = (
        codec.decode(d, text, precision="fp32").image
        for d, text in ((embedded, None), (digested, CAPTION))
    )
    assert np.array_equal(found, expected)


def test_the_caption_changes_the_latents_and_what_they_cost(codec, picture, data):
    ours, other = (codec.told(caption).quantised(picture, 5.0) for caption in (CAPTION, OTHER))
    assert not np.array_equal(ours.fixed_point(), other.fixed_point())
    assert not np.array_equal(ours.prediction.index, other.prediction.index)
    assert codec.encode(picture, caption=OTHER, caption_as="digest") != data


@pytest.mark.parametrize("options", [{}, {"caption": " "}, {"caption": "", "caption_as": "digest"}])
def test_encoding_needs_a_caption(codec, picture, options):
    with pytest.raises(TextError, match="reads the caption while it encodes: give one"):
        codec.encode(picture, **options)
    with pytest.raises(TextError, match="reads the caption while it encodes"):
        codec.encode_to_size(picture, 10_000, **options)


def test_files_of_several_captions_decode_together(codec, picture, data):
    other = codec.encode(picture, caption=OTHER, caption_as="digest")
    both = codec.decode_batch([data, other], [CAPTION, OTHER], precision="fp32")
    for found, file, caption in zip(both, (data, other), (CAPTION, OTHER), strict=True):
        assert np.array_equal(found.image, codec.decode(file, caption, precision="fp32").image)


def test_a_file_of_another_model_is_not_said_to_lack_a_caption(codec, picture, tiny_exported):
    ours = Codec(Checkpoint(tiny_exported, WordPieceEncoder().identity, {}))
    with pytest.raises(ModelMismatchError):
        codec.decode(ours.encode(picture), CAPTION)


def test_it_joins_the_package_and_the_evaluation(checkpoint, picture, data, tmp_path):
    path = tmp_path / "tiny-tgic.safetensors"
    save_checkpoint(path, checkpoint)
    loaded = sidelight.load(path)
    assert isinstance(loaded, JointCodec)
    assert loaded.encode(picture, caption=CAPTION, caption_as="digest")[:14] == data[:14]
    (point,) = sidelight_points(None, path, name="tgic")
    assert isinstance(point, JointPoint)
    assert point.setting == "model=tiny-tgic"
    file = point.told(CAPTION).encode(picture.image)
    assert point.decode(file, CAPTION).shape == picture.image.shape
    with pytest.raises(TextError, match="give one"):
        point.encode(picture.image)
