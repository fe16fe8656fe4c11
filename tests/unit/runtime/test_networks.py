"""The shipped models by onnxruntime and by torch: the same integers, pixels within one level."""

import numpy as np
import pytest

from sidelight.api import DEFAULT_CARRIER_MODEL, DEFAULT_MODEL, load, load_carrier
from sidelight.bitstream.container import Container
from sidelight.codec.card import find_model
from sidelight.codec.carrier_codec import CarrierCodec
from sidelight.codec.codec import Codec
from sidelight.codec.loading import load_by_torch, load_model
from sidelight.errors import ConfigError
from sidelight.models.exported import ExportedCodec
from sidelight.models.exported_carrier import ExportedCarrier
from sidelight.pixels.picture import Picture
from sidelight.runtime.carrier import OnnxCarrier
from sidelight.runtime.codec import OnnxCodec
from sidelight.tiling import CodecTiles, TileGrid

CAPTION = "Two brown dogs play on the beach."


@pytest.fixture(scope="module")
def codecs() -> tuple[Codec, Codec]:
    path = find_model(DEFAULT_MODEL)
    return Codec(load_model(path)), Codec(load_by_torch(path))


@pytest.fixture(scope="module")
def carriers() -> tuple[CarrierCodec, CarrierCodec]:
    path = find_model(DEFAULT_CARRIER_MODEL)
    return CarrierCodec(load_model(path)), CarrierCodec(load_by_torch(path))


def largest(one: np.ndarray, other: np.ndarray) -> int:
    return int(np.abs(one.astype(int) - other).max())


def test_the_shipped_models_run_from_their_graphs(codecs, carriers):
    assert isinstance(codecs[0].model, OnnxCodec)
    assert isinstance(carriers[0].model, OnnxCarrier)
    assert codecs[0].fingerprint == codecs[1].fingerprint
    assert carriers[0].fingerprint == carriers[1].fingerprint


@pytest.mark.parametrize("quality", [1.0, 5.3, 9.0])
def test_a_file_decodes_alike_by_both(codecs, make_picture, quality):
    data = codecs[1].encode(Picture(image=make_picture(100, 150)), quality=quality)
    latents = [codec.decode_latents([Container.parse(data)]) for codec in codecs]
    assert np.array_equal(latents[0].fixed_point(), latents[1].fixed_point())
    for caption in (CAPTION, ""):
        shown = (codec.decode(data, caption, precision="fp32").image for codec in codecs)
        assert largest(*shown) <= 1
    for mask, other in zip(*(codec.open(data).masks(CAPTION) for codec in codecs), strict=True):
        assert mask.shape == other.shape == (128, 192)
        np.testing.assert_allclose(mask, other, rtol=0, atol=1e-4)


def test_the_encoder_rounds_to_nearly_the_same_integers(codecs, make_picture):
    picture = Picture(image=make_picture(128, 192))
    for quality in (1.0, 6.5):
        ours, by_torch = (codec.quantised(picture, quality) for codec in codecs)
        assert (ours.fixed_point() != by_torch.fixed_point()).mean() < 1e-3


@pytest.mark.parametrize("size", [(50, 70), (1, 1), (16, 33)])
def test_a_carriers_picture_is_improved_alike_by_both(carriers, make_picture, size):
    picture = Picture(image=make_picture(*size))
    for settings in ({}, {"realism": 1.0}, {"realism": 0.0, "drawn_share": 0.5}):
        shown = (c.improve(picture, CAPTION, precision="fp32", **settings).image for c in carriers)
        assert largest(*shown) <= 1
    masks = [codec.masks(picture, CAPTION, realism=0.3) for codec in carriers]
    for mask, other in zip(*masks, strict=True):
        assert mask.shape == other.shape == size
        np.testing.assert_allclose(mask, other, rtol=0, atol=1e-4)


def test_bfloat16_is_computed_by_torch_and_is_close(codecs, carriers, make_picture):
    picture = Picture(image=make_picture(64, 64))
    data = codecs[0].encode(picture)
    for one in (
        [codecs[0].decode(data, "", precision=p).image for p in ("fp32", "bf16")],
        [carriers[0].improve(picture, "", precision=p).image for p in ("fp32", "bf16")],
    ):
        assert np.abs(one[0].astype(int) - one[1]).mean() < 2


def test_a_batch_is_each_picture_alone(codecs, carriers, make_picture):
    pictures = [Picture(image=make_picture(64, 80, seed=k)) for k in range(2)]
    files = [codecs[0].encode(picture) for picture in pictures]
    texts = [CAPTION, ""]
    for together, alone in (
        (codecs[0].decode_batch(files, texts), map(codecs[0].decode, files, texts)),
        (carriers[0].improve_batch(pictures, texts), map(carriers[0].improve, pictures, texts)),
    ):
        for one, other in zip(together, alone, strict=True):
            assert largest(one.image, other.image) <= 1


def test_tiles_leave_no_seam(codecs, carriers, make_picture, monkeypatch):
    picture = Picture(image=make_picture(1, 1).repeat(200, 0).repeat(900, 1) // 2 + 60)
    picture.image[:, ::7] += 40
    codec, carrier = codecs[0], carriers[0]
    data = codec.encode(picture)
    whole = codec.decode(data, CAPTION).image, carrier.improve(picture, CAPTION).image
    tiles = codec.model._tiles
    sides = zip((256, 16, 16), tiles, strict=True)
    small = CodecTiles(*(TileGrid(side, grid.halo, grid.scale) for side, grid in sides))
    monkeypatch.setattr(codec.model, "_tiles", small)
    grid = carrier.model._grid
    monkeypatch.setattr(carrier.model, "_grid", TileGrid(128, grid.halo, grid.scale))
    tiled = codec.decode(data, CAPTION).image, carrier.improve(picture, CAPTION).image
    for one, other in zip(whole, tiled, strict=True):
        assert largest(one, other) <= 1
    found, expected = (c.quantised(picture, 5.0).fixed_point() for c in codecs)
    assert (found != expected).mean() < 1e-3


def test_torch_runs_a_model_where_a_device_is_named(make_picture):
    ours, by_torch = (load(device=device) for device in (None, "cpu"))
    assert isinstance(ours.model, OnnxCodec)
    assert isinstance(by_torch.model, ExportedCodec)
    assert isinstance(load_carrier(device="cpu").model, ExportedCarrier)
    data = ours.encode(Picture(image=make_picture(64, 64)))
    shown = (codec.decode(data, CAPTION, precision="fp32").image for codec in (ours, by_torch))
    assert largest(*shown) <= 1


@pytest.mark.parametrize("device", ["abacus", "cuda:99"])
def test_a_device_that_is_not_there_is_one_clear_error(device):
    with pytest.raises(ConfigError, match=f"torch cannot compute on device '{device}': "):
        load(device=device)
