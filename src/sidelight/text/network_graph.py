"""The text encoder's network as a graph. Axes: b batch, n tokens."""

import numpy as np
import torch
from torch import Tensor, nn

from sidelight.nn.graphs import Input, side, write_graph
from sidelight.runtime.cards import TextCard
from sidelight.text.network import SentenceNetwork


class _Embed(nn.Module):
    def __init__(self, sentences: SentenceNetwork) -> None:
        super().__init__()
        self.sentences = sentences

    def forward(self, ids: Tensor, attended: Tensor) -> Tensor:
        """Returns one vector per sentence."""
        return self.sentences(ids, attended)


def text_graphs(network: SentenceNetwork) -> tuple[TextCard, dict[str, np.ndarray]]:
    """Returns what a text encoder adds to its file, to run without torch."""
    axes = {0: side("b", 1), 1: side("n", 1)}
    graph = write_graph(
        _Embed(network),
        {
            "ids": Input(torch.ones(2, 5, dtype=torch.int32), axes),
            "attended": Input(torch.ones(2, 5, dtype=torch.bool), axes),
        },
        ["vectors"],
        inside="sentences",
    )
    return TextCard(embed=graph.weights), {"embed": graph.tensor()}
