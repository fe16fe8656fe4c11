"""What a residual repeats in every block of 16 px: the lattices that LPIPS rewards or overlooks.

Axes: b batch, h and w picture height and width.
"""

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

_PERIOD_PX = 16


def lattice_energy(
    x: Float[Tensor, "b 3 h w"], x_hat: Float[Tensor, "b 3 h w"]
) -> Float[Tensor, " b"]:
    """Returns the mean square, on the 0-255 scale, of the pattern that all blocks share.

    The difference is averaged over the blocks, place by place; what is left beyond its mean is a
    lattice of a period that divides 16 px. A picture's own content averages out, the more the
    larger it is. Zero for equal pictures and for a change of brightness.

    Args:
        x: What ``x_hat`` was made from, in [0, 1]; at least 16 px a side.
        x_hat: The picture to be judged.
    """
    height, width = (side - side % _PERIOD_PX for side in x.shape[2:])
    difference = 255 * (x_hat.float() - x)[:, :, :height, :width]
    by_place = F.pixel_unshuffle(difference, _PERIOD_PX).mean((2, 3))  # colour, row, column
    pattern = by_place.unflatten(1, (x.shape[1], -1))
    return (pattern - pattern.mean(2, keepdim=True)).square().mean((1, 2))
