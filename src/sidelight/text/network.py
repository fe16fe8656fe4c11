"""A small transformer from word pieces to one vector per sentence.

Axes: b batch, n tokens, d model width, t text width.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from sidelight.nn.caller import own_settings
from sidelight.text.sentence_config import SentenceConfig


class SentenceNetwork(nn.Module):
    """Pre-norm transformer; the mean of the token states, then a linear map."""

    def __init__(self, config: SentenceConfig) -> None:
        super().__init__()
        self.config = config
        self.tokens = nn.Embedding(config.vocabulary, config.width)
        self.positions = nn.Embedding(config.max_tokens, config.width)
        for embedding in (self.tokens, self.positions):
            nn.init.normal_(embedding.weight, std=0.02)
        self.blocks = nn.ModuleList(_Block(config) for _ in range(config.num_layers))
        self.norm = nn.LayerNorm(config.width)
        self.project = nn.Linear(config.width, config.text_width)

    def forward(
        self, ids: Int[Tensor, "b n"], attended: Bool[Tensor, "b n"]
    ) -> Float[Tensor, "b t"]:
        """Returns one vector per sentence; positions that are not attended change nothing."""
        return self.summarise(self.states(ids, attended), attended)

    def arrays(self) -> dict[str, np.ndarray]:
        """Returns the weights, float32."""
        return {name: value.detach().float().numpy() for name, value in self.state_dict().items()}

    def states(
        self, ids: Int[Tensor, "b n"], attended: Bool[Tensor, "b n"]
    ) -> Float[Tensor, "b n d"]:
        """Returns what each token means in its sentence."""
        places = torch.arange(ids.shape[1], device=ids.device)
        states = self.tokens(ids) + self.positions(places)
        for block in self.blocks:
            states = block(states, attended)
        return self.norm(states)

    def summarise(
        self, states: Float[Tensor, "b n d"], attended: Bool[Tensor, "b n"]
    ) -> Float[Tensor, "b t"]:
        """Returns one vector per sentence from its states; each needs an attended position."""
        weight = attended[..., None].to(states.dtype)
        return self.project((states * weight).sum(1) / weight.sum(1))


class SentencesByTorch:
    """The network as the encoder runs it from a file without graphs; called like a graph."""

    @own_settings()
    def __init__(self, config: SentenceConfig, weights: Mapping[str, np.ndarray]) -> None:
        """Takes the weights.

        Raises:
            RuntimeError: They are not all of such a network.
        """
        with torch.random.fork_rng(devices=[]):  # the caller's random numbers are not ours
            self.network = SentenceNetwork(config).float().eval()
        self.network.load_state_dict(
            {name: torch.from_numpy(value).float() for name, value in weights.items()}
        )

    @own_settings()
    @torch.inference_mode()
    def __call__(
        self,
        outputs: Sequence[str] | None,  # noqa: ARG002
        *,
        ids: np.ndarray,
        attended: np.ndarray,
    ) -> list[np.ndarray]:
        """Returns one vector per sentence, float32 (b, t), alone in a list."""
        return [self.network(torch.from_numpy(ids), torch.from_numpy(attended)).numpy()]


class _Block(nn.Module):
    def __init__(self, config: SentenceConfig) -> None:
        super().__init__()
        self._num_heads = config.num_heads
        self.attention_norm = nn.LayerNorm(config.width)
        self.to_queries_keys_values = nn.Linear(config.width, 3 * config.width)
        self.attention_output = nn.Linear(config.width, config.width)
        self.feed_forward = nn.Sequential(
            nn.LayerNorm(config.width),
            nn.Linear(config.width, config.hidden),
            nn.GELU(),
            nn.Linear(config.hidden, config.width),
        )

    def forward(
        self, states: Float[Tensor, "b n d"], attended: Bool[Tensor, "b n"]
    ) -> Float[Tensor, "b n d"]:
        states = states + self._attend(self.attention_norm(states), attended)
        return states + self.feed_forward(states)

    def _attend(
        self, states: Float[Tensor, "b n d"], attended: Bool[Tensor, "b n"]
    ) -> Float[Tensor, "b n d"]:
        batch, length, width = states.shape
        split = (batch, length, 3, self._num_heads, width // self._num_heads)
        queries, keys, values = (
            self.to_queries_keys_values(states).view(split).permute(2, 0, 3, 1, 4)
        )
        mixed = F.scaled_dot_product_attention(
            queries, keys, values, attn_mask=attended[:, None, None]
        )
        return self.attention_output(mixed.transpose(1, 2).reshape(batch, length, width))
