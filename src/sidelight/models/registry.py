"""Every model that a config can describe: one line for each."""

from typing import Any

from torch import nn

from sidelight.entropy.model import EntropyModel
from sidelight.errors import ConfigError
from sidelight.models.balle2018 import Balle2018
from sidelight.models.base import HyperpriorCodec
from sidelight.models.carrier import CarrierGenerator
from sidelight.models.cheng2020 import Cheng2020
from sidelight.models.config import ModelConfig
from sidelight.models.exported import ExportedCodec, ExportedModel
from sidelight.models.exported_carrier import ExportedCarrier
from sidelight.models.hific import HiFiC
from sidelight.models.minnen2018 import Minnen2018, Minnen2018MeanScale
from sidelight.models.tgic import TGIC

MODELS: dict[str, Any] = {
    "hific": HiFiC,
    "balle2018": Balle2018,
    "minnen2018-mean-scale": Minnen2018MeanScale,
    "minnen2018": Minnen2018,
    "cheng2020": Cheng2020,
    "tgic": TGIC,
    "carrier": CarrierGenerator,
}
"""The class of each ``architecture``."""


def check_architecture(config: ModelConfig) -> None:
    """Checks that there is a model of this config.

    Raises:
        ConfigError: There is none.
    """
    if config.architecture not in MODELS:
        raise ConfigError(
            f"architecture must be one of {sorted(MODELS)}, got {config.architecture!r}"
        )


def build_model(config: ModelConfig) -> nn.Module:
    """Returns the float model with fresh weights.

    Raises:
        ConfigError: There is no such architecture.
    """
    check_architecture(config)
    model: nn.Module = MODELS[config.architecture](config)
    return model


def build_codec(config: ModelConfig) -> HyperpriorCodec:
    """Returns the float model of a config that describes a codec, with fresh weights.

    Raises:
        ConfigError: There is no such architecture, or it is none of a codec.
    """
    model = build_model(config)
    if not isinstance(model, HyperpriorCodec):
        raise ConfigError(f"{config.name} codes no pictures: it improves a carrier's")
    return model


def exported(model: nn.Module, frozen: EntropyModel | None = None) -> ExportedModel:
    """Returns a model as it is used; it can no longer be trained.

    Args:
        model: What ``build_model`` gave, trained or about to get its weights.
        frozen: Its integers; None computes them, if it decides bits.
    """
    if isinstance(model, HyperpriorCodec):
        return ExportedCodec(model, frozen)
    assert isinstance(model, CarrierGenerator)
    return ExportedCarrier(model)
