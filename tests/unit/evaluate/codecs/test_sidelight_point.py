import dataclasses
import pickle

import numpy as np
import pytest
from tests.golden.tiny_text import HashingTextEncoder

from sidelight.bitstream.container import Container
from sidelight.codec.checkpoint import save_checkpoint
from sidelight.codec.codec import Codec
from sidelight.codec.stored import Checkpoint
from sidelight.errors import ConfigError
from sidelight.evaluate.codecs import sidelight_point
from sidelight.evaluate.codecs.sidelight_point import SidelightPoint, sidelight_points
from sidelight.models.exported import ExportedCodec
from sidelight.models.hific import HiFiC
from sidelight.pixels.picture import Picture


@pytest.fixture
def codec(tiny_exported, monkeypatch) -> Codec:
    made = Codec(Checkpoint(tiny_exported, HashingTextEncoder.identity, {}), HashingTextEncoder())
    monkeypatch.setattr(sidelight_point, "load", lambda _model: made)
    return made


@pytest.mark.parametrize("size", [(48, 64), (47, 61)])
def test_it_codes_as_the_codec_does_in_fp32(codec, make_picture, size):
    image = make_picture(*size)
    point = SidelightPoint(3)
    data = point.encode(image)
    assert data == codec.encode(Picture(image=image), quality=3)
    decoded = point.decode(data, "A dog.")
    assert np.array_equal(decoded, codec.decode(data, "A dog.", precision="fp32").image)
    assert decoded.shape == image.shape


def test_the_caption_is_read_and_is_not_in_the_file(codec, make_picture):
    point = SidelightPoint(3)
    data = point.encode(make_picture(48, 64))
    assert point.reads_text
    assert Container.parse(data).caption is None
    assert not np.array_equal(point.decode(data, "A dog."), point.decode(data, ""))
    assert np.array_equal(point.decode(data, ""), codec.decode(data, "", precision="fp32").image)


def test_the_description_names_the_model(codec):
    described = SidelightPoint(2.5).describe()
    assert described["fingerprint"] == codec.fingerprint.hex()
    assert described["model"] == "tiny"
    assert described["encode"] == {"quality": 2.5}


@pytest.mark.parametrize(
    ("provenance", "trained_on"),
    [
        ({"recipe": {"distortion": {"mse_weight": 0.002, "lpips_weight": 6}}}, ["psnr", "lpips"]),
        ({"recipe": {"distortion": {"mse_weight": 0.002, "lpips_weight": 0}}}, ["psnr"]),
        ({"source": "weights of others"}, []),
    ],
)
def test_the_description_names_the_metrics_of_its_training(
    tiny_exported, monkeypatch, provenance, trained_on
):
    made = Codec(Checkpoint(tiny_exported, HashingTextEncoder.identity, provenance))
    monkeypatch.setattr(sidelight_point, "load", lambda _model: made)
    assert SidelightPoint(3).describe()["trained_on"] == trained_on


def test_the_shipped_model_was_trained_on_error_and_lpips():
    assert SidelightPoint(3).describe()["trained_on"] == ["psnr", "lpips"]


def test_points_of_a_checkpoint_are_sorted_and_carry_its_name(tiny_exported, tmp_path):
    path = tmp_path / "tiny.safetensors"
    save_checkpoint(path, Checkpoint(tiny_exported, HashingTextEncoder.identity, {}))
    points = sidelight_points([9, 1, 2.5], path, name="ours")
    assert [(p.codec, p.setting) for p in points] == [
        ("ours", "quality=1"),
        ("ours", "quality=2.5"),
        ("ours", "quality=9"),
    ]


def test_what_goes_to_another_process_is_small(codec):
    assert len(pickle.dumps(SidelightPoint(3, "model.safetensors"))) < 500


def test_a_model_of_one_rate_has_one_point(tiny_exported, tiny_config, tmp_path):
    path = tmp_path / "tiny.safetensors"
    save_checkpoint(path, Checkpoint(tiny_exported, HashingTextEncoder.identity, {}))
    assert len(sidelight_points(None, path)) == 5
    single = ExportedCodec(HiFiC(dataclasses.replace(tiny_config, num_levels=1)))
    save_checkpoint(path, Checkpoint(single, HashingTextEncoder.identity, {}))
    assert len(sidelight_points(None, path.rename(tmp_path / "single.safetensors"))) == 1


def test_a_quality_out_of_range_is_an_error_when_the_point_is_made():
    with pytest.raises(ConfigError, match="quality must be between 1 and 9, got 10"):
        SidelightPoint(10)
