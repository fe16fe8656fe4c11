"""Files of the other learned codecs: through a checkpoint, to bytes and back."""

import dataclasses

import numpy as np
import pytest
import torch
from tests.golden.tiny_text import HashingTextEncoder
from tests.tiny_codecs import TINY_CODECS
from torch import nn

from sidelight.bitstream.container import Container
from sidelight.codec.checkpoint import load_checkpoint, save_checkpoint
from sidelight.codec.codec import Codec
from sidelight.codec.stored import Checkpoint
from sidelight.errors import CheckpointError, ModelMismatchError
from sidelight.models.exported import ExportedCodec
from sidelight.models.registry import build_codec, build_model
from sidelight.pixels.picture import Picture
from sidelight.runtime.sealing import SEAL

NAMES = sorted(TINY_CODECS)


def exported(name: str) -> ExportedCodec:
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(11)
        model = build_model(TINY_CODECS[name])
        # a fresh model has next to nothing to code, and expects less
        convs = [m for m in model.g_a.modules() if isinstance(m, nn.Conv2d)]
        [m for m in convs if m.stride == (2, 2)][-1].weight.mul_(16.0)
        says_scales = model.entropy_parameters or model.h_s
        biases = [m.bias for m in says_scales if isinstance(m, nn.Conv2d)][-1]
        biases[: model.config.latent_channels].add_(2.0)
        for block in getattr(model, "ssa", ()):
            nn.init.normal_(block.to_gamma[-1].weight)
            nn.init.normal_(block.to_beta[-1].weight)
    return ExportedCodec(model)


def codec_of(model: ExportedCodec) -> Codec:
    return Codec(Checkpoint(model, HashingTextEncoder.identity, {}), HashingTextEncoder())


@pytest.fixture(scope="module", params=NAMES)
def codec(request) -> Codec:
    return codec_of(exported(request.param))


@pytest.fixture(scope="module")
def picture(make_picture) -> Picture:
    return Picture(image=make_picture(100, 150))


def test_a_file_gives_back_the_latents_it_was_made_of(codec, picture):
    data = codec.encode(picture)
    sent = codec.quantised(picture, 5.0)
    received = codec.decode_latents([Container.parse(data)])
    assert np.array_equal(received.z_symbols, sent.z_symbols)
    assert np.array_equal(received.fixed_point(), sent.fixed_point())
    assert len(np.unique(sent.y_symbols)) > 3


def test_a_file_takes_what_its_tables_say(codec, picture):
    data = codec.encode(picture)
    latents = codec.quantised(picture, 5.0)
    z_symbols = latents.z_symbols
    channels = np.arange(z_symbols.shape[1]).reshape(-1, 1, 1)
    index = np.broadcast_to(channels, z_symbols.shape)
    bits = codec.model.frozen.information_bits(latents).sum().item()
    bits += codec.model.frozen.hyper_tables.bits(z_symbols, index).sum()
    found = 8 * len(Container.parse(data).latents)
    assert bits - 1 < found < 1.005 * bits + 64


def test_a_checkpoint_codes_like_the_model_it_was_saved_from(codec, picture, tmp_path):
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, codec.checkpoint)
    loaded = Codec(load_checkpoint(path), HashingTextEncoder())
    assert loaded.fingerprint == codec.fingerprint
    decoded = loaded.decode(codec.encode(picture), "a dog", precision="fp32").image
    expected = codec.decode(codec.encode(picture), "a dog", precision="fp32").image
    # its weights are rounded to 16 bits
    assert np.abs(decoded.astype(int) - expected).max() <= 2
    assert decoded.shape == picture.image.shape
    assert decoded.std() > 0


def test_only_ssa_blocks_read_a_caption(codec, picture):
    data = codec.encode(picture)
    plain, told = (codec.decode(data, text, precision="fp32").image for text in ("", "a dog"))
    assert np.array_equal(plain, told) != codec.model.config.ssa


def test_two_files_decode_together_as_alone(codec, picture, make_picture):
    other = Picture(image=make_picture(100, 150, seed=1))
    files = [codec.encode(p) for p in (picture, other)]
    together = codec.decode_batch(files, ["", ""], precision="fp32")
    for data, found in zip(files, together, strict=True):
        alone = codec.decode(data, "", precision="fp32").image
        assert np.abs(found.image.astype(int) - alone).max() <= 1


def test_a_file_of_another_model_is_refused(codec, picture, tiny_exported):
    ours = codec_of(tiny_exported)
    with pytest.raises(ModelMismatchError, match="give the right one by --model"):
        ours.decode(codec.encode(picture), "")


def test_masks_are_those_of_the_ssa_blocks():
    model = exported("tiny-cheng2020-ssa")
    y_hat, text = np.ones((1, 8, 8, 12), np.float32), np.ones((1, 16), np.float32)
    masks = model.masks(y_hat, text)
    assert [mask.shape for mask in masks] == [(1, 128, 192)] * 4
    assert all(0 < mask.min() < mask.max() < 1 for mask in masks)
    assert exported("tiny-cheng2020").masks(y_hat, text) == []


def test_a_checkpoint_without_its_integers_is_refused(codec, tmp_path):
    from safetensors import safe_open
    from safetensors.torch import load_file, save_file

    path = tmp_path / "model.safetensors"
    save_checkpoint(path, codec.checkpoint)
    with safe_open(path, framework="pt") as file:
        metadata = {k: v for k, v in file.metadata().items() if k != SEAL}
    tensors = {k: v for k, v in load_file(path).items() if "h_s" not in k}
    save_file(tensors, path, metadata)
    with pytest.raises(CheckpointError, match="hyper-synthesis is missing"):
        load_checkpoint(path)


@pytest.mark.parametrize("name", ["tiny-balle2018", "tiny-minnen2018"])
def test_several_rates_are_there_for_every_codec(name, picture):
    config = dataclasses.replace(TINY_CODECS[name], num_levels=3)
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(11)
        model = build_codec(config).eval()
        list(model.g_a.children())[-1].weight.mul_(20)
    codec = codec_of(ExportedCodec(model))
    files = [codec.encode(picture, quality=quality) for quality in (1, 5, 9)]
    assert sorted(files, key=len) == files
    assert len(files[0]) < len(files[2])
    for data, quality in zip(files, (1, 5, 9), strict=True):
        sent, received = (
            codec.quantised(picture, quality),
            codec.decode_latents([Container.parse(data)]),
        )
        assert np.array_equal(received.fixed_point(), sent.fixed_point())
    decoded = codec.decode(files[2], "", precision="fp32")
    assert decoded.image.shape == picture.image.shape


@pytest.mark.parametrize("name", ["tiny-balle2018", "tiny-minnen2018-mean-scale"])
def test_a_large_picture_passes_in_tiles_of_declared_halos(name, monkeypatch, make_picture):
    whole = exported(name)
    monkeypatch.setattr("sidelight.tiling._PICTURE_TILE", 128)
    monkeypatch.setattr("sidelight.tiling._SYNTHESIS_TILE", 8)
    tiled = exported(name)
    x = make_picture(320, 448)[None]
    y, found = whole.analyse(x), tiled.analyse(x)
    np.testing.assert_allclose(found, y, rtol=0, atol=1e-4)
    latents, tiled_latents = whole.quantise(y, 64), tiled.quantise(y, 64)
    assert np.array_equal(latents.z_symbols, tiled_latents.z_symbols)
    y_hat, none = whole.dequantise(latents, 64), np.zeros((1, 16), np.float32)
    pictures = [one.synthesise(y_hat, none, precision="fp32").astype(int) for one in (whole, tiled)]
    assert np.abs(pictures[0] - pictures[1]).max() <= 1
    assert whole.tiles != tiled.tiles
