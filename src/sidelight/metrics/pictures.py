"""From a sample's 8-bit pictures to what networks read."""

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from sidelight.errors import ImageError
from sidelight.metrics.protocol import Sample


def to_batch(image: UInt8[np.ndarray, "h w 3"]) -> Float[Tensor, "1 3 h w"]:
    """Returns the picture as a batch of one, values in [0, 255]."""
    return torch.from_numpy(np.array(image, order="C")).permute(2, 0, 1)[None].float()


def check_sizes(sample: Sample) -> None:
    """Makes sure that the two pictures can be compared pixel by pixel.

    Raises:
        ImageError: They differ in size.
    """
    if sample.original.shape != sample.decoded.shape:
        sizes = (f"{p.shape[1]}x{p.shape[0]} px" for p in (sample.decoded, sample.original))
        raise ImageError("the decoded picture has {}, its original {}".format(*sizes))
