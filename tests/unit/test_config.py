import dataclasses
import json

import pytest

from sidelight.bitstream.quality import (
    HYPER_STRIDE,
    LATENT_STRIDE,
    NUM_QUALITY_STEPS,
    quality_to_step,
    step_to_quality,
)
from sidelight.errors import ConfigError
from sidelight.models.config import HiFiCConfig, model_config
from sidelight.models.presets import PRESETS
from sidelight.models.registry import MODELS, build_model


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_comes_back_from_its_json(name):
    config = PRESETS[name]
    assert config.name == name
    assert model_config(json.loads(json.dumps(config.to_dict()))) == config


def test_ssa_blocks_are_for_models_with_stages():
    with pytest.raises(ConfigError, match="balle2018 has no stages for ssa"):
        dataclasses.replace(PRESETS["balle2018-small"], ssa=True)


def test_a_vocabulary_is_for_tgic_alone():
    with pytest.raises(ConfigError, match="vocabulary must be > 1, got 1"):
        dataclasses.replace(PRESETS["tgic-small"], vocabulary=1)
    table = PRESETS["minnen2018-small"].to_dict() | {"vocabulary": 3072}
    with pytest.raises(ConfigError, match="unknown key 'vocabulary'"):
        model_config(table)


def test_an_unknown_architecture_is_refused_with_those_there_are():
    table = PRESETS["cheng2020-small"].to_dict() | {"architecture": "cheng2021"}
    del table["shifted_hyper"]
    with pytest.raises(ConfigError, match=r"one of .*cheng2020.*, got 'cheng2021'"):
        build_model(model_config(table))


@pytest.mark.parametrize("architecture", [None, 3, ["hific"]])
def test_an_architecture_is_a_name(architecture):
    with pytest.raises(ConfigError, match="architecture must be a name, got "):
        model_config(PRESETS["small"].to_dict() | {"architecture": architecture})


def test_a_config_of_another_architecture_is_refused():
    with pytest.raises(ConfigError, match="described by a Cheng2020Config, got a PublishedConfig"):
        dataclasses.replace(PRESETS["balle2018-small"], architecture="cheng2020")


def test_the_first_models_named_no_architecture():
    table = PRESETS["small"].to_dict()
    del table["architecture"]
    assert model_config(table) == PRESETS["small"]


@pytest.mark.parametrize("name", ["small", "tgic-small"])
def test_only_models_that_are_published_elsewhere_have_a_shifted_hyper_latent(name):
    with pytest.raises(ConfigError, match="unknown key 'shifted_hyper'"):
        model_config(PRESETS[name].to_dict() | {"shifted_hyper": True})


@pytest.mark.parametrize("architecture", sorted(MODELS.keys() - {"tgic", "hific", "carrier"}))
def test_every_architecture_has_published_widths_and_a_small_model(architecture):
    sizes = {f"{architecture}-{size}" for size in ("low", "high", "small")}
    assert sizes <= PRESETS.keys()
    assert all(PRESETS[name].architecture == architecture for name in sizes)


@pytest.mark.parametrize(("name", "full"), [("hific", "paper"), ("hific-small", "small")])
def test_hific_is_the_papers_network_without_text(name, full):
    assert PRESETS[name] == dataclasses.replace(PRESETS[full], name=name, ssa=False)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hyper_channels": 0}, "hyper_channels must be >= 1, got 0"),
        ({"hyper_channels": 64}, "as many latent_channels as hyper_channels, got 48 and 64"),
        ({"ssa": True, "mask_channels": (8,)}, "mask_channels must have 4 entries, got 1"),
    ],
)
def test_a_codec_out_of_range_is_refused_with_the_value(change, message):
    with pytest.raises(ConfigError, match=message):
        dataclasses.replace(PRESETS["cheng2020-small"], **change)


@pytest.mark.parametrize(("name", "stride"), [("paper", 1), ("base", 1), ("small", 2)])
def test_the_stem_makes_up_for_a_missing_width(name, stride):
    config = PRESETS[name]
    assert config.stem_stride == stride
    assert config.stem_stride * 2 ** (len(config.widths) - 1) == LATENT_STRIDE


def test_pictures_are_padded_for_two_more_halvings_than_the_latent():
    assert HYPER_STRIDE == 4 * LATENT_STRIDE


def test_the_paper_preset_has_the_papers_shape():
    config = PRESETS["paper"]
    assert (config.latent_channels, config.residual_blocks[0]) == (220, 9)
    assert (config.text_width, config.mask_channels) == (512, (100,) * 5)


def test_an_unknown_key_is_refused_by_name():
    values = PRESETS["small"].to_dict() | {"latent_chanels": 3}
    with pytest.raises(ConfigError, match="unknown key 'latent_chanels'"):
        HiFiCConfig.from_dict(values)


def test_an_unknown_key_of_a_nested_table_is_refused_by_name():
    values = PRESETS["small"].to_dict()
    values["discriminator"]["last_strid"] = 1
    with pytest.raises(ConfigError, match="unknown key 'last_strid'"):
        HiFiCConfig.from_dict(values)


def test_a_missing_key_is_named():
    values = PRESETS["small"].to_dict()
    del values["stem_kernel"]
    with pytest.raises(ConfigError, match="key 'stem_kernel' is missing"):
        HiFiCConfig.from_dict(values)


@pytest.mark.parametrize(
    ("key", "value", "kind"),
    [
        ("latent_channels", "many", "int"),
        ("latent_channels", 1.5, "int"),
        ("widths", 4, "a list"),
        ("widths", [8, 8, 8, "x"], "int"),
        ("name", None, "str"),
        ("discriminator", 3, "DiscriminatorConfig"),
    ],
)
def test_a_value_of_another_type_is_refused(key, value, kind):
    with pytest.raises(ConfigError, match=f"{key} must be {kind}"):
        HiFiCConfig.from_dict(PRESETS["small"].to_dict() | {key: value})


def test_keys_with_a_default_may_be_left_out():
    values = PRESETS["paper"].to_dict()
    del values["num_levels"], values["discriminator"]
    assert HiFiCConfig.from_dict(values) == PRESETS["paper"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"widths": (8, 16, 32)}, "widths must have 4 or 5 entries, got 3"),
        ({"residual_blocks": (1,)}, "residual_blocks must have 4 entries"),
        ({"mask_channels": (1, 1, 1, 1, 1)}, "mask_channels must have 4 entries"),
        ({"latent_channels": 0}, "latent_channels must be >= 1, got 0"),
        ({"hyper_channels": -1}, "hyper_channels must be >= 1, got -1"),
        ({"text_width": 0}, "text_width must be >= 1, got 0"),
        ({"text_hidden": 0}, "text_hidden must be >= 1, got 0"),
        ({"stem_kernel": 4}, "stem_kernel must be odd, got 4"),
        ({"linear_kernel": 2}, "linear_kernel must be 1 or 3, got 2"),
        ({"num_levels": 0}, "num_levels must be >= 1, got 0"),
    ],
)
def test_a_value_out_of_range_is_refused_with_the_value(change, message):
    with pytest.raises(ConfigError, match=message):
        dataclasses.replace(PRESETS["small"], **change)


def test_every_stored_step_comes_back_from_its_quality():
    steps = range(NUM_QUALITY_STEPS)
    assert [quality_to_step(step_to_quality(step)) for step in steps] == list(steps)


def test_the_range_of_qualities_is_1_to_9_in_one_byte():
    assert (quality_to_step(1), quality_to_step(9)) == (0, 128)
    assert (step_to_quality(0), step_to_quality(128)) == (1.0, 9.0)
    assert NUM_QUALITY_STEPS == 129


def test_a_quality_is_stored_within_a_thirty_second():
    qualities = [1 + k * 0.01 for k in range(801)]
    stored = [step_to_quality(quality_to_step(quality)) for quality in qualities]
    assert max(abs(a - b) for a, b in zip(stored, qualities, strict=True)) <= 1 / 32


@pytest.mark.parametrize("quality", [0.99, 9.01, -5, float("nan"), float("inf"), None, "5", [5]])
def test_a_quality_out_of_range_is_refused(quality):
    with pytest.raises(ConfigError, match="quality must be between 1 and 9"):
        quality_to_step(quality)


def test_levels_are_spread_evenly_over_the_qualities(tiny_config):
    positions = [tiny_config.level_position(quality) for quality in (1.0, 3.0, 5.0, 9.0)]
    assert positions == [0.0, 0.5, 1.0, 2.0]
