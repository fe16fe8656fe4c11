"""What a carrier generator minimises: each term's weight follows the dial ``realism``.

Agustsson et al. 2023, "Multi-realism image compression with a conditional generator": at 0 the loss
asks for fidelity, at 1 for what people take for the original. Rate has no term: the carrier's
encoder has decided it. Axes: b batch, h and w picture size.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from sidelight.config import StrictConfig
from sidelight.errors import ConfigError
from sidelight.metrics.networks.lpips import LPIPS
from sidelight.metrics.ssimulacra2 import ssimulacra2
from sidelight.train.losses.lattice import lattice_energy
from sidelight.train.losses.structure import structural_dissimilarity

TRAINED_METRICS = {
    "mse_weight": "psnr",
    "structure_weight": "ms_ssim",
    "ssimulacra2_weight": "ssimulacra2",
    "lpips_weight": "lpips",
}
"""What each weight improves directly, by its name among the metrics."""
_LPIPS_SHIFT = 4
"""Stride of AlexNet's first layer: each step begins at another of its phases."""
_LEAST_DIFFERENCE = 1e-4
"""Of SSIMULACRA2's, so that gradients end where pictures are equal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DialConfig(StrictConfig):
    """Weights of the terms at realism 0 and at realism 1; between them they change evenly.

    The adversarial term counts by ``realism`` itself.
    """

    mse_weight: tuple[float, ...] = (0.0046, 0.0023)
    """k_M, on squared errors of the 0-255 scale."""
    structure_weight: tuple[float, ...] = (1.0, 1.0)
    """Of ``structural_dissimilarity``."""
    ssimulacra2_weight: tuple[float, ...] = (0.0, 0.0)
    """Of ``1 - SSIMULACRA2 / 100``; where both are 0 it is not computed."""
    lpips_weight: tuple[float, ...] = (0.0, 4.0)
    """k_P; where both are 0 LPIPS is not computed at all."""
    lattice_weight: tuple[float, ...] = (0.0, 0.0)
    """Of ``lattice_energy``, on squared errors of the 0-255 scale."""
    wrong_text_share: float = 0.0
    """Of a batch, what sees another picture's caption, and is to come out as without one."""
    wrong_text_weight: float = 0.05
    """Of how they differ, on squared errors of the 0-255 scale; nothing else counts for them."""
    first_step: int = 0
    """Step at which the dial joins; before it all pictures are at realism 0. A generator that is to
    learn everything at once never learns fidelity: LPIPS's gradient is ten times as large."""

    def __post_init__(self) -> None:
        for name in (*TRAINED_METRICS, "lattice_weight"):
            weights = getattr(self, name)
            if len(weights) != 2 or min(weights) < 0:
                raise ConfigError(f"{name} must be two numbers >= 0, got {weights}")
        if not 0 <= self.wrong_text_share < 1:
            raise ConfigError(
                f"dial.wrong_text_share must be in [0, 1), got {self.wrong_text_share}"
            )
        if self.wrong_text_weight <= 0:
            raise ConfigError(f"dial.wrong_text_weight must be > 0, got {self.wrong_text_weight}")
        if self.first_step < 0:
            raise ConfigError(f"dial.first_step must be >= 0, got {self.first_step}")

    @property
    def needs_lpips(self) -> bool:
        """Whether LPIPS counts anywhere on the dial."""
        return max(self.lpips_weight) > 0


class WrongText(NamedTuple):
    """Which samples see another picture's caption, and what these would be without any."""

    seen: Bool[Tensor, " b"]
    without: Float[Tensor, "k 3 h w"]


class DialLoss(NamedTuple):
    """The total that is minimised and its terms before weighting, each a mean over the batch."""

    total: Float[Tensor, ""]
    mse: Float[Tensor, ""]
    structure: Float[Tensor, ""]
    ssimulacra2: Float[Tensor, ""]
    """As it is weighed: 0 for equal pictures."""
    lpips: Float[Tensor, ""]
    """Of the pictures for which it counts; others are taken as 0."""
    lattice: Float[Tensor, ""]
    adversarial: Float[Tensor, ""]
    """Zero in stage 1."""
    wrong_text: Float[Tensor, ""]
    """What another picture's caption changes; 0 where no sample sees one."""


def dial_loss(
    x: Float[Tensor, "b 3 h w"],
    x_hat: Float[Tensor, "b 3 h w"],
    carrier: Float[Tensor, "b 3 h w"],
    realism: Float[Tensor, " b"],
    *,
    lpips: LPIPS | None,
    config: DialConfig,
    grain: Float[Tensor, "b 1 h w"] | None = None,
    adversarial: Float[Tensor, " b"] | None = None,
    adversarial_weight: float = 0.0,
) -> DialLoss:
    """Returns the loss of a batch whose pictures each have their own place of the dial.

    Terms that compare place by place, and that for lattices, see the pictures without ``grain``,
    which no decoder can guess.

    Raises:
        ValueError: ``lpips`` is None though its weight is not 0.
    """
    drawn = x_hat if grain is None else x_hat - grain
    mse = (255 * (drawn - x)).square().mean((1, 2, 3))
    structure = structural_dissimilarity(x, drawn)
    lattice = lattice_energy(carrier, drawn)
    visible = torch.zeros_like(mse)
    if max(config.ssimulacra2_weight) > 0:
        with torch.autocast(x.device.type, enabled=False):
            points = ssimulacra2(x, x_hat.float().clamp(0, 1), least=_LEAST_DIFFERENCE)
        visible = 1 - points.float() / 100
    perceptual = torch.zeros_like(mse)
    if config.needs_lpips:
        if lpips is None:
            raise ValueError(f"lpips_weight is {config.lpips_weight}, but there is no LPIPS")
        down, right = torch.randint(_LPIPS_SHIFT, (2,)).tolist()
        # LPIPS costs as much as the generator: pictures for which it counts nothing do without
        judged = _weight(config.lpips_weight, realism) > 0
        if judged.any():
            shown = (image[judged][:, :, down:, right:] for image in (x, x_hat))
            perceptual[judged] = lpips(*shown)
    fooling = torch.zeros_like(mse) if adversarial is None else adversarial
    total = (
        _weight(config.mse_weight, realism) * mse
        + _weight(config.structure_weight, realism) * structure
        + _weight(config.ssimulacra2_weight, realism) * visible
        + _weight(config.lpips_weight, realism) * perceptual
        + _weight(config.lattice_weight, realism) * lattice
        + adversarial_weight * realism * fooling
    )
    terms = (mse, structure, visible, perceptual, lattice, fooling, torch.zeros_like(mse))
    return DialLoss(total.mean(), *(term.mean().detach() for term in terms))


def with_wrong_text(
    loss: DialLoss, x_hat: Float[Tensor, "b 3 h w"], wrong_text: WrongText, weight: float
) -> DialLoss:
    """Returns the loss of a whole batch, of which ``loss`` has what sees no wrong caption.

    What sees one is compared with itself without any, and with nothing else.
    """
    seen = wrong_text.seen
    changed = (255 * (x_hat[seen] - wrong_text.without)).square().mean((1, 2, 3))
    if len(changed) == 0:
        return loss
    total = (loss.total * (~seen).sum() + weight * changed.sum()) / len(seen)
    return loss._replace(total=total, wrong_text=changed.mean().detach())


def _weight(ends: tuple[float, ...], realism: Float[Tensor, " b"]) -> Float[Tensor, " b"]:
    return ends[0] + (ends[1] - ends[0]) * realism
