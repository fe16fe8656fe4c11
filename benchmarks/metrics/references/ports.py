"""LPIPS and DISTS as torchmetrics has them, on trunks that come without torchvision."""

from unittest import mock

import torch
from torch import nn


def lpips(network: str, trunk: nn.Sequential) -> nn.Module:
    """Returns the port of "alex", "vgg" or "squeeze"; the official heads come with torchmetrics."""
    from torchmetrics.functional.image import lpips as port

    with mock.patch.object(port, "_get_tv_model_features", return_value=trunk):
        return port._LPIPS(net=network)


def dists(vgg: nn.Sequential) -> nn.Module:
    """Returns the port, put together by hand, because its constructor wants torchvision."""
    from torchmetrics.functional.image.dists import _PATH_WEIGHT_DISTS, DISTSNetwork, L2pooling

    network = DISTSNetwork.__new__(DISTSNetwork)
    nn.Module.__init__(network)
    stages = {1: (0, 4, 0), 2: (5, 9, 64), 3: (10, 16, 128), 4: (17, 23, 256), 5: (24, 30, 512)}
    for k, (start, stop, pooled) in stages.items():
        pool = [L2pooling(channels=pooled)] if pooled else []
        setattr(network, f"stage{k}", nn.Sequential(*pool, *vgg[start:stop]))
    network.mean = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
    network.std = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)
    network.chns = [3, 64, 128, 256, 512, 512]
    weights = torch.load(_PATH_WEIGHT_DISTS, weights_only=True)
    network.alpha, network.beta = nn.Parameter(weights["alpha"]), nn.Parameter(weights["beta"])
    return network.requires_grad_(requires_grad=False)
