"""Training of carrier generators: at every place of the dial, on every carrier's pictures.

Axes: b batch, t text, h and w picture size.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from sidelight.metrics.networks.lpips import LPIPS
from sidelight.models.carrier import CarrierGenerator
from sidelight.models.config import CarrierConfig
from sidelight.text.encoder import TextEncoder
from sidelight.train.carrier_samples import improve_samples
from sidelight.train.data.crops import CropBatch
from sidelight.train.data.pictures import CaptionedFile, CaptionedImage
from sidelight.train.losses.dial import (
    DialConfig,
    DialLoss,
    WrongText,
    dial_loss,
    with_wrong_text,
)
from sidelight.train.objective import Reconstruction, Samples

_PLACE, _WHICH = range(2)
"""What the chances that come with each crop decide."""
_AT_ONE, _AT_ZERO = 0.4, 0.25
"""Shares of the samples at the ends of the dial; the others lie between."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CarrierReconstruction(Reconstruction):
    """With each picture's place of the dial, what of it is grain, and whose caption was wrong."""

    realism: Float[Tensor, " b"]
    grain: Float[Tensor, "b 1 h w"] | None
    wrong_text: WrongText


class CarrierObjective:
    """A generator on the pictures that carriers decode; there is no rate to steer."""

    def __init__(self, config: CarrierConfig, dial: DialConfig, lpips: LPIPS | None) -> None:
        self._config, self._dial, self._lpips = config, dial, lpips
        self.model = CarrierGenerator(config)

    def reconstruct(
        self, x: Float[Tensor, "b 3 h w"], text: Float[Tensor, "b t"], batch: CropBatch, step: int
    ) -> CarrierReconstruction:
        """Returns what the generator makes of the carriers' crops, each at a place of the dial."""
        assert batch.carriers is not None
        carrier = torch.as_tensor(batch.carriers, device=x.device).float().div(255)
        carrier = carrier.contiguous(memory_format=torch.channels_last)
        realism = _places(torch.from_numpy(batch.chances)).to(x.device)
        if step < self._dial.first_step:
            realism = torch.zeros_like(realism)
        noise = torch.randn_like(carrier[:, :1]) if self._config.grain else None
        wrong = self._wrong_rows(batch).to(x.device)
        text = torch.where(wrong[:, None], text.roll(1, 0), text)
        # those that see a wrong caption are drawn without one too, in the same pass: the batch
        # norms are to see the batch once
        made = self.model.with_masks(
            torch.cat([carrier, carrier[wrong]]),
            torch.cat([text, torch.zeros_like(text[wrong])]),
            torch.cat([realism, realism[wrong]]),
            None if noise is None else torch.cat([noise, noise[wrong]]),
        )
        count = len(carrier)
        return CarrierReconstruction(
            x_hat=made.x_hat[:count],
            condition=carrier,
            realism=realism,
            grain=None if made.grain is None else made.grain[:count],
            wrong_text=WrongText(wrong, made.x_hat[count:].detach()),
        )

    def _wrong_rows(self, batch: CropBatch) -> Bool[Tensor, " b"]:
        """Returns which samples are to see the caption of the sample before them: never all."""
        picture_ids = torch.from_numpy(batch.picture_ids)
        count = num_wrong(self._dial.wrong_text_share, len(picture_ids))
        return (torch.arange(len(picture_ids)) < count) & (picture_ids != picture_ids.roll(1))

    def loss(
        self,
        x: Float[Tensor, "b 3 h w"],
        made: CarrierReconstruction,
        step: int,  # noqa: ARG002
        *,
        adversarial: Float[Tensor, " b"] | None,
        adversarial_weight: float,
    ) -> DialLoss:
        """Returns what the generator minimises."""
        judged = ~made.wrong_text.seen
        loss = dial_loss(
            x[judged],
            made.x_hat[judged],
            made.condition[judged],
            made.realism[judged],
            lpips=self._lpips,
            config=self._dial,
            grain=None if made.grain is None else made.grain[judged],
            adversarial=None if adversarial is None else adversarial[judged],
            adversarial_weight=adversarial_weight,
        )
        return with_wrong_text(loss, made.x_hat, made.wrong_text, self._dial.wrong_text_weight)

    def follow(self, made: CarrierReconstruction, step: int) -> None:
        """Has nothing to learn from a step."""

    def record(self) -> dict[str, Any]:
        """Returns nothing beside the losses."""
        return {}

    def samples(
        self,
        weights: Mapping[str, Tensor],
        pictures: Sequence[CaptionedImage | CaptionedFile],
        encoder: TextEncoder,
    ) -> Samples:
        """Returns carriers' pictures, plain and improved."""
        return improve_samples(self._config, weights, pictures, encoder)

    def state_dict(self) -> dict[str, Any]:
        """Returns nothing: the weights are all."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Needs nothing."""

    def start_from(self, state: dict[str, Any]) -> None:
        """Takes nothing over."""


def num_wrong(share: float, batch: int) -> int:
    """Returns how many samples of a process's batch see another picture's caption."""
    return min(round(share * batch), batch - 1)


def _places(chances: Float[Tensor, "b _"]) -> Float[Tensor, " b"]:
    which, place = chances[:, _WHICH], chances[:, _PLACE]
    ends = torch.where(which < _AT_ONE, torch.ones_like(place), torch.zeros_like(place))
    return torch.where(which < _AT_ONE + _AT_ZERO, ends, place)
