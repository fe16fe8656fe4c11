"""Weights of the tiny model that leave no path unused."""

import torch
from torch import nn

from sidelight.models.hific import HiFiC


@torch.no_grad()
def use_every_path(model: HiFiC, *, scale_bias: float) -> None:
    """Changes fresh weights by torch's random numbers, so that text and symbols say something."""
    for block in model.g_s.ssa:
        for mlp in (block.to_gamma, block.to_beta):
            mlp[-1].weight.normal_(0, 0.2)  # text acts
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
    model.g_a.network[-1].weight.mul_(6)  # symbols are not all zero
    model.h_a[-1].weight.mul_(20)
    model.h_s.scale[-1].weight.mul_(4)
    model.h_s.scale[-1].bias.add_(scale_bias)
