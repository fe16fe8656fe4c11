"""Every model that a config can describe."""

from typing import overload

from sidelight.config import BaselineConfig, CarrierConfig, ModelConfig
from sidelight.models.balle2018 import Balle2018
from sidelight.models.baseline import BaselineModel
from sidelight.models.carrier import CarrierGenerator
from sidelight.models.cheng2020 import Cheng2020
from sidelight.models.codec_model import CodecModel
from sidelight.models.minnen2018 import Minnen2018, Minnen2018MeanScale
from sidelight.models.tgic import TGIC

BASELINES: dict[str, type[BaselineModel]] = {
    "balle2018": Balle2018,
    "minnen2018-mean-scale": Minnen2018MeanScale,
    "minnen2018": Minnen2018,
    "cheng2020": Cheng2020,
    "tgic": TGIC,
}
"""The class of each architecture that ``BaselineConfig`` knows."""


@overload
def build_model(config: CarrierConfig) -> CarrierGenerator: ...
@overload
def build_model(config: ModelConfig | BaselineConfig) -> CodecModel | BaselineModel: ...
def build_model(
    config: ModelConfig | BaselineConfig | CarrierConfig,
) -> CodecModel | BaselineModel | CarrierGenerator:
    """Returns the float model with fresh weights."""
    if isinstance(config, CarrierConfig):
        return CarrierGenerator(config)
    if isinstance(config, ModelConfig):
        return CodecModel(config)
    return build_baseline(config)


def build_baseline(config: BaselineConfig) -> BaselineModel:
    """Returns the float model of another learned codec with fresh weights."""
    return BASELINES[config.architecture](config)
