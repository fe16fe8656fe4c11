"""How different pictures look to networks that were fitted to human judgement: LPIPS and DISTS."""

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from sidelight.errors import ImageError
from sidelight.metrics.dists import DISTS
from sidelight.metrics.networks.lpips import LPIPS
from sidelight.metrics.pictures import check_sizes, to_batch
from sidelight.metrics.protocol import Sample

_LABELS = {"alex": "AlexNet", "vgg": "VGG", "squeeze": "SqueezeNet"}
_SHORTEST_PX = {"alex": 31, "vgg": 16, "squeeze": 17}
"""Sides below which a network's last features have no pixel."""


class _NetworkDistance:
    """Feeds whole pictures to a network and compares its features.

    Those of the last original are kept: its other versions come next, and half the time is spared.
    """

    label: str
    higher_is_better = False

    def __init__(self, network: LPIPS | DISTS, shortest_px: int = 1) -> None:
        self._network, self._shortest_px = network, shortest_px
        self._last: tuple[UInt8[np.ndarray, "h w 3"], list[Tensor]] | None = None

    @torch.inference_mode()
    def __call__(self, sample: Sample) -> float:
        """Returns the picture's value.

        Raises:
            ImageError: The two pictures differ in size, or are too small for the network.
        """
        check_sizes(sample)
        height, width, _ = sample.original.shape
        if min(height, width) < self._shortest_px:
            raise ImageError(
                f"{self.label} needs sides of {self._shortest_px} px or more, got "
                f"{width}x{height} px"
            )
        if self._last is None or not np.array_equal(self._last[0], sample.original):
            self._last = None  # makes room
            self._last = sample.original.copy(), self._maps(sample.original)
        return float(self._network.compare(self._last[1], self._maps(sample.decoded)))

    def _maps(self, image: UInt8[np.ndarray, "h w 3"]) -> list[Tensor]:
        return self._network.maps(to_batch(image) / 255)


class Lpips(_NetworkDistance):
    """LPIPS version 0.1 in its published form; 0 for equal pictures."""

    source = "Zhang et al. 2018, version 0.1"

    def __init__(self, network: str = "alex") -> None:
        """Reads the weights of "alex", "vgg" or "squeeze".

        Raises:
            CheckpointError: They are missing, or a file holds something else.
        """
        super().__init__(LPIPS.load(network=network), _SHORTEST_PX[network])
        self.name = "lpips" if network == "alex" else f"lpips_{network}"
        self.label = f"LPIPS ({_LABELS[network]})"


class Dists(_NetworkDistance):
    """DISTS at full size, as torchmetrics has it; its authors' script first shrinks to 256 px."""

    name = "dists"
    label = "DISTS (VGG, full size)"
    source = "Ding et al. 2020"

    def __init__(self) -> None:
        """Reads the weights.

        Raises:
            CheckpointError: They are missing, or a file holds something else.
        """
        super().__init__(DISTS.load())
