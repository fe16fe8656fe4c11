"""Weights of the tiny model that leave no path unused."""

import torch
from torch import nn

from sidelight.models.codec_model import CodecModel


@torch.no_grad()
def use_every_path(model: CodecModel, *, scale_bias: float) -> None:
    """Changes fresh weights by torch's random numbers, so that text and symbols say something."""
    for block in model.generator.ssa:
        for mlp in (block.to_gamma, block.to_beta):
            mlp[-1].weight.normal_(0, 0.2)  # text acts
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
    model.encoder.network[-1].weight.mul_(6)  # symbols are not all zero
    model.hyperprior.analysis[-1].weight.mul_(20)
    model.hyperprior.scale_synthesis[-1].weight.mul_(4)
    model.hyperprior.scale_synthesis[-1].bias.add_(scale_bias)
