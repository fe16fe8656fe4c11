"""One file, many captions: what does not depend on the caption is done once."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from tests.golden.tiny_text import HashingTextEncoder
from tests.tiny_carrier import save_tiny_carrier

import sidelight
from sidelight.bitstream.container import Container
from sidelight.carriers.registry import CARRIERS
from sidelight.codec.checkpoint import save_checkpoint
from sidelight.codec.codec import Codec
from sidelight.codec.info import CarrierInfo, SltInfo, read_info
from sidelight.codec.stored import Checkpoint
from sidelight.errors import BitstreamError, ConfigError, ModelMismatchError, NotABitstreamError
from sidelight.pixels.picture import Picture

CAPTIONS = ("A dog.", "A cat.", "", None)


@pytest.fixture
def encoder(monkeypatch) -> HashingTextEncoder:
    encoder = HashingTextEncoder()
    monkeypatch.setattr("sidelight.text.reader.load_text_encoder", lambda name: encoder)
    return encoder


@pytest.fixture(scope="module")
def codec(tiny_exported) -> Codec:
    return Codec(Checkpoint(tiny_exported, HashingTextEncoder.identity, {}), HashingTextEncoder())


@pytest.fixture(scope="module")
def picture(make_picture) -> Picture:
    image = make_picture(50, 70, seed=2)
    return Picture(image=image, alpha=image[..., 0])


@pytest.fixture(scope="module")
def slt(codec, picture) -> bytes:
    return codec.encode(picture, caption="A dog.")


@pytest.fixture(scope="module")
def avif(picture) -> bytes:
    return CARRIERS["avif"].encode(picture, 5.0, caption="A dog.")


def test_an_opened_file_decodes_as_the_file_does(codec, slt):
    opened = codec.open(slt)
    for caption in CAPTIONS:
        found = opened.decode(caption, precision="fp32")
        expected = codec.decode_batch([slt], [caption], precision="fp32")[0]
        assert np.array_equal(found.image, expected.image)
        assert np.array_equal(found.alpha, expected.alpha)
    inside, same = (opened.decode(caption).image for caption in (None, "A dog."))
    assert np.array_equal(inside, same)
    assert not np.array_equal(inside, opened.decode("").image)


def test_the_integers_are_decoded_once(codec, slt, monkeypatch):
    opened = codec.open(slt)
    monkeypatch.setattr(codec.coder, "decode", None)
    monkeypatch.setattr("sidelight.codec.codec.Container.parse", None)
    assert len({opened.decode(caption).image.tobytes() for caption in CAPTIONS}) == 3


def test_a_carriers_own_picture_is_decoded_once(avif, encoder, tmp_path, monkeypatch):
    codec = sidelight.load_carrier(save_tiny_carrier(tmp_path / "tiny-carrier.safetensors"))
    expected = [codec.decode(avif, caption, realism=1.0).image for caption in CAPTIONS]
    opened = codec.open(avif)
    monkeypatch.setattr("sidelight.codec.carrier_codec.read", None)
    found = [opened.decode(caption, realism=1.0).image for caption in CAPTIONS]
    assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))
    assert not np.array_equal(found[2], found[3])  # none, and the one inside


def test_a_broken_file_and_one_of_another_model_do_not_open(codec, slt):
    with pytest.raises(BitstreamError):
        codec.open(slt[:-3])
    with pytest.raises(ModelMismatchError):
        codec.open(replace(Container.parse(slt), model=bytes(8)).pack())


def test_only_ordinary_files_have_a_dial(codec, slt):
    opened = codec.open(slt)
    with pytest.raises(ConfigError, match="slt files have no dial"):
        opened.decode("A dog.", realism=0.5)
    with pytest.raises(ConfigError, match="slt files have no dial"):
        opened.masks("A dog.", realism=0.5)


def test_an_opened_file_tells_what_info_tells(codec, slt, avif, encoder):
    assert isinstance(codec.open(slt).info, SltInfo)
    assert codec.open(slt).info == read_info(slt)
    assert codec.open(slt).info.caption == "A dog."
    info = sidelight.open(avif).info
    assert isinstance(info, CarrierInfo)
    assert info == read_info(avif)


@pytest.mark.parametrize("form", ["bytes", "path"])
def test_python_opens_a_file_for_many_captions(tiny_exported, slt, encoder, tmp_path, form):
    model = tmp_path / "tiny.safetensors"
    save_checkpoint(model, Checkpoint(tiny_exported, encoder.identity, {}))
    (tmp_path / "a.slt").write_bytes(slt)
    file = sidelight.open(slt if form == "bytes" else tmp_path / "a.slt", model=model)
    for caption in CAPTIONS:
        expected = sidelight.decode(slt, caption=caption, model=model)
        assert np.array_equal(file.decode(caption), expected)
    with pytest.raises(NotABitstreamError):
        sidelight.open(b"junk")


def test_what_a_user_should_hear_is_a_warning_at_each_decode(
    codec, tiny_exported, picture, encoder, tmp_path
):
    model = tmp_path / "tiny.safetensors"
    save_checkpoint(model, Checkpoint(tiny_exported, encoder.identity, {}))
    digested = sidelight.encode(
        picture, format="slt", caption="A dog.", caption_as="digest", model=model
    )
    file = sidelight.open(digested, model=model)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        file.decode("A dog.")
    with pytest.warns(UserWarning, match="not the caption that the sender had"):
        file.decode("A cat.")
