"""Training of codecs from end to end: rate and distortion (paper eq. 3).

Axes: b batch, t text, h and w picture size.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from sidelight.metrics.networks.lpips import LPIPS
from sidelight.models.base import TrainingOutput
from sidelight.models.registry import build_codec
from sidelight.text.encoder import TextEncoder
from sidelight.train import distributed
from sidelight.train.data.crops import CropBatch
from sidelight.train.data.pictures import CaptionedFile, CaptionedImage
from sidelight.train.linear_start import BlockComponents, start_linear_paths
from sidelight.train.losses.rate_distortion import Loss, rate_distortion
from sidelight.train.objective import Reconstruction, Samples
from sidelight.train.rate import rate_rule
from sidelight.train.recipe import Recipe
from sidelight.train.samples import code_samples

_LEVEL, _BETWEEN, _WHICH = range(3)
"""What the chances that come with each crop decide."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CodecReconstruction(Reconstruction):
    """With the rate of each picture and its place among the levels."""

    output: TrainingOutput
    position: Float[Tensor, " b"]


class CodecObjective:
    """E, P and G at all their rates."""

    def __init__(
        self,
        recipe: Recipe,
        lpips: LPIPS | None,
        components: BlockComponents | None,
    ) -> None:
        self._recipe, self._lpips = recipe, lpips
        self.model = build_codec(recipe.model)
        self._config = self.model.config
        if components is not None:
            start_linear_paths(self.model, components)
        self.rate = rate_rule(recipe)

    def reconstruct(
        self,
        x: Float[Tensor, "b 3 h w"],
        text: Float[Tensor, "b t"],
        batch: CropBatch,
        step: int,  # noqa: ARG002
    ) -> CodecReconstruction:
        """Returns reconstructions, each at a rate of its own."""
        position = self._positions(torch.from_numpy(batch.chances))
        output = self.model(x, text, position.to(x.device))
        return CodecReconstruction(
            x_hat=output.x_hat, condition=output.y_hat, output=output, position=position
        )

    def loss(
        self,
        x: Float[Tensor, "b 3 h w"],
        made: CodecReconstruction,
        step: int,
        *,
        adversarial: Float[Tensor, " b"] | None,
        adversarial_weight: float,
    ) -> Loss:
        """Returns what E, P and G minimise."""
        return rate_distortion(
            made.output,
            x,
            (self._rate_share(step) * self.rate.lmbda(made.position)).to(x.device),
            lpips=self._lpips,
            config=self._recipe.distortion,
            balance=self._recipe.level_balance,
            adversarial=adversarial,
            adversarial_weight=adversarial_weight,
        )

    def follow(self, made: CodecReconstruction, step: int) -> None:
        """Lets lambda follow the measured rates."""
        rates = distributed.gather_rows(made.output.bpp_rounded.cpu())
        self.rate.update(step, distributed.gather_rows(made.position), rates)

    def record(self) -> dict[str, Any]:
        """Returns lambda and the measured rate of each level."""
        return {
            "lmbda": self.rate.log_lmbda.exp().tolist(),
            "level_bpp": self.rate.measured.tolist(),
        }

    def samples(
        self,
        weights: Mapping[str, Tensor],
        pictures: Sequence[CaptionedImage | CaptionedFile],
        encoder: TextEncoder,
    ) -> Samples:
        """Returns real files, decoded with and without text."""
        return code_samples(self._config, weights, pictures, encoder)

    def state_dict(self) -> dict[str, Any]:
        """Returns the state of the rate's rule."""
        return self.rate.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continues where ``state`` was taken."""
        self.rate.load_state_dict(state)

    def start_from(self, state: dict[str, Any]) -> None:
        """Takes over the lambdas of a run with as many levels."""
        lambdas = state.get("log_lmbda", ())
        if self._recipe.rate_rule == "steered" and len(lambdas) == self._config.num_levels:
            self.rate.load_state_dict(state)

    def _positions(self, chances: Float[Tensor, "b _"]) -> Float[Tensor, " b"]:
        # half of the samples at a level, half between two, so that both are trained
        last = self._config.num_levels - 1
        levels = (chances[:, _LEVEL] * (last + 1)).floor()
        return torch.where(chances[:, _WHICH] < 0.5, levels, chances[:, _BETWEEN] * last)

    def _rate_share(self, step: int) -> float:
        # a fresh encoder under full rate pressure gives up channels before it has used them
        start = self._recipe.initial_rate_share
        return min(1.0, start + (1 - start) * step / self._recipe.steer_rate_after)
