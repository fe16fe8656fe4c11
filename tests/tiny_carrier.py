"""A seeded carrier generator in which nothing is zero any more, and its checkpoint."""

from pathlib import Path

import torch
from tests.golden.tiny_text import HashingTextEncoder
from tests.tiny_config import TINY_CARRIER
from torch import nn

from sidelight.codec.checkpoint import save_checkpoint
from sidelight.codec.stored import Checkpoint
from sidelight.models.carrier import CarrierGenerator
from sidelight.models.config import CarrierConfig
from sidelight.models.exported_carrier import ExportedCarrier


def trained_carrier(config: CarrierConfig = TINY_CARRIER) -> CarrierGenerator:
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(3)
        generator = CarrierGenerator(config)
        for parameter in generator.parameters():
            if not parameter.any():
                nn.init.normal_(parameter, 0.0, 0.1)
        for module in generator.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_var.uniform_(0.5, 2.0)
                module.running_mean.normal_(0.0, 0.1)
    return generator.eval()


def save_tiny_carrier(path: Path) -> Path:
    model = ExportedCarrier(trained_carrier())
    save_checkpoint(path, Checkpoint(model, HashingTextEncoder.identity, {}))
    return path
