"""A carrier generator as a graph. Axes: b batch, h and w picture height and width, t text."""

import numpy as np
import torch
from torch import Tensor, nn

from sidelight.models.exported_carrier import ExportedCarrier, carrier_halo
from sidelight.nn.graphs import Input, side, write_graph
from sidelight.runtime.cards import CarrierCard
from sidelight.runtime.noise import standardised


class _Redraw(nn.Module):
    def __init__(self, carrier: ExportedCarrier) -> None:
        super().__init__()
        self.carrier = carrier

    def forward(
        self,
        pixels: Tensor,
        text: Tensor,
        realism: Tensor,
        drawn_share: Tensor,
        noise: Tensor | None = None,
    ) -> tuple[Tensor, ...]:
        """Returns uint8 (b, 3, h, w), then the masks; ``noise`` is uint8 noise (1, 1, h, w)."""
        x = pixels.float() / 255
        white = None if noise is None else standardised(noise.float())
        x_hat, masks, _ = self.carrier.generator.with_masks(x, text, realism, white)
        x_hat = x + drawn_share * (x_hat - x)
        return ((x_hat * 255).round().clamp(0, 255).to(torch.uint8), *masks)


def carrier_graphs(carrier: ExportedCarrier) -> tuple[CarrierCard, dict[str, np.ndarray]]:
    """Returns what a carrier generator adds to its file, to run without torch."""
    config = carrier.config
    stride = config.stride
    batch = {0: side("b", 1)}
    sides = {2: side("h", stride), 3: side("w", stride)}
    example = torch.zeros(2, 3, 4 * stride, 6 * stride, dtype=torch.uint8)
    inputs = {
        "pixels": Input(example, batch | sides),
        "text": Input(torch.zeros(2, config.text_width), batch),
        "realism": Input(torch.zeros(2), batch),
        "drawn_share": Input(torch.ones(1), {}),
    }
    if config.grain:
        inputs["noise"] = Input(example[:1, :1], sides)
    graph = write_graph(
        _Redraw(carrier),
        inputs,
        ["image", *(f"mask{k}" for k in range(len(config.widths)))],
        inside="carrier",
    )
    card = CarrierCard(halo=carrier_halo(config), redraw=graph.weights)
    return card, {"redraw": graph.tensor()}
