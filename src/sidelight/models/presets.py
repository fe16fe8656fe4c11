"""Named models: the published ones, and scaled ones of the same build."""

import dataclasses

from sidelight.models.config import (
    CarrierConfig,
    Cheng2020Config,
    CodecConfig,
    DiscriminatorConfig,
    HiFiCConfig,
    ModelConfig,
    PublishedConfig,
    TGICConfig,
)

_SMALL_DISCRIMINATOR = DiscriminatorConfig(
    widths=(32, 64, 128, 256), last_stride=2, text_channels=64, joint_channels=64
)

_HIFIC: dict[str, HiFiCConfig] = {
    "paper": HiFiCConfig(
        name="paper",
        widths=(60, 120, 240, 480, 960),
        stem_kernel=7,
        latent_channels=220,
        hyper_channels=320,
        residual_blocks=(9, 0, 0, 0, 0),
        text_width=512,
        text_hidden=256,
        mask_channels=(100, 100, 100, 100, 100),
    ),
    "base": HiFiCConfig(
        name="base",
        widths=(32, 64, 128, 256, 512),
        stem_kernel=7,
        latent_channels=192,
        hyper_channels=160,
        residual_blocks=(3, 3, 2, 0, 0),
        text_width=512,
        text_hidden=128,
        mask_channels=(64, 64, 64, 32, 16),
        discriminator=DiscriminatorConfig(text_channels=128),
    ),
    "small": HiFiCConfig(
        name="small",
        widths=(32, 64, 128, 256),
        stem_kernel=5,
        latent_channels=128,
        hyper_channels=96,
        residual_blocks=(3, 2, 1, 0),
        text_width=512,
        text_hidden=64,
        mask_channels=(32, 32, 32, 32),
        discriminator=_SMALL_DISCRIMINATOR,
    ),
}
"""The published model and two scaled ones; variants by ``dataclasses.replace``."""

_HIFIC |= {
    name: dataclasses.replace(_HIFIC[full], name=name, ssa=False)
    for name, full in (("hific", "paper"), ("hific-small", "small"))
}


def _preset(architecture: str, size: str, n: int, m: int) -> CodecConfig:
    """Returns a preset, with the SSA blocks and the D of ``small`` or else of ``paper``."""
    kind = Cheng2020Config if architecture == "cheng2020" else PublishedConfig
    preset = kind(
        architecture=architecture,
        name=f"{architecture}-{size}",
        hyper_channels=n,
        latent_channels=m,
        text_width=512,
    )
    if size == "small":
        return dataclasses.replace(preset, discriminator=_SMALL_DISCRIMINATOR)
    return dataclasses.replace(preset, text_hidden=256, mask_channels=(100, 100, 100, 100))


_OTHERS: dict[str, CodecConfig] = {
    config.name: config
    for config in (
        _preset("balle2018", "low", 128, 192),
        _preset("balle2018", "high", 192, 320),
        _preset("balle2018", "small", 96, 128),
        _preset("minnen2018-mean-scale", "low", 128, 192),
        _preset("minnen2018-mean-scale", "high", 192, 320),
        _preset("minnen2018-mean-scale", "small", 96, 128),
        _preset("minnen2018", "low", 192, 192),
        _preset("minnen2018", "high", 192, 320),
        _preset("minnen2018", "small", 96, 128),
        _preset("cheng2020", "low", 128, 128),
        _preset("cheng2020", "high", 192, 192),
        _preset("cheng2020", "small", 48, 48),
        TGICConfig(
            name="tgic",
            hyper_channels=192,
            latent_channels=220,
            text_width=32,
            text_hidden=128,
            vocabulary=3072,
        ),
        TGICConfig(
            name="tgic-small",
            hyper_channels=96,
            latent_channels=128,
            text_width=32,
            text_hidden=64,
            vocabulary=3072,
            discriminator=_SMALL_DISCRIMINATOR,
        ),
    )
}
"""Published widths for low and for high rates, and a scaled model of each architecture."""

_CARRIERS: dict[str, CarrierConfig] = {
    config.name: config
    for config in (
        CarrierConfig(
            name="carrier-small",
            widths=(24, 64, 112, 192),
            encoder_blocks=(0, 1, 1, 0),
            decoder_blocks=(2, 2, 2, 1),
            mask_channels=(32, 32, 16, 8),
            text_width=384,
            text_hidden=64,
            discriminator=_SMALL_DISCRIMINATOR,
        ),
        CarrierConfig(
            name="carrier-tiny",
            widths=(16, 48, 80, 112),
            encoder_blocks=(0, 0, 1, 0),
            decoder_blocks=(1, 1, 1, 0),
            mask_channels=(16, 16, 8, 4),
            text_width=384,
            text_hidden=64,
            discriminator=_SMALL_DISCRIMINATOR,
        ),
        CarrierConfig(
            name="carrier-base",
            widths=(48, 128, 256, 384),
            encoder_blocks=(0, 1, 1, 0),
            decoder_blocks=(3, 3, 3, 1),
            mask_channels=(64, 64, 32, 16),
            text_width=384,
            text_hidden=128,
            discriminator=DiscriminatorConfig(text_channels=128),
        ),
    )
}
"""Generators on standard codecs' pictures: about 40, 10 and 200 thousand multiply-adds a pixel."""

PRESETS: dict[str, ModelConfig] = {**_HIFIC, **_OTHERS, **_CARRIERS}
"""By name, as a recipe's ``model.preset`` gives it."""
