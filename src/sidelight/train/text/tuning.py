"""Tunes ``sidelight-text`` on pictures with their captions, so that it knows what words look like.

Contrastive in both directions (Radford et al. 2021, section 2.3) against frozen image features;
a second term keeps each caption near its vector before tuning.

Axes: b batch, n pictures, t text width, f image features.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as F

from sidelight.config import StrictConfig
from sidelight.errors import ConfigError
from sidelight.nn.precision import fast_autocast
from sidelight.text.bundled import batching_tokenizer, tokenize
from sidelight.text.network import SentenceNetwork
from sidelight.train.text.run import TextRun

_TOGETHER = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningConfig(StrictConfig):
    """How long and how fast, and how far from the distilled encoder."""

    steps: int = 3000
    batch: int = 256
    learning_rate: float = 1e-4
    """Of the sentence network; the image projection, which is new, learns ten times as fast."""
    keep_weight: float = 5.0
    """Weight of the distance to the vectors before tuning."""
    temperature: float = 0.07
    feature_dropout: float = 0.2
    """Share of the image features that a step does not see."""
    max_tokens: int = 48
    """Captions are cut here: long narratives would have most of the time."""
    seed: int = 2311

    def __post_init__(self) -> None:
        if self.batch < 2:
            raise ConfigError(f"batch must be >= 2, got {self.batch}: contrast needs two pictures")


class Tuning(TextRun):
    """One run over pictures given as features, each with its captions."""

    def __init__(
        self,
        network: SentenceNetwork,
        tokenizer: Tokenizer,
        features: Float[Tensor, "n f"],
        captions: Sequence[Sequence[str]],
        config: TuningConfig,
    ) -> None:
        self.projection = nn.Linear(features.shape[1], network.config.text_width, bias=False)
        trained = nn.ModuleList([network, self.projection])
        optimizer = torch.optim.AdamW(
            [
                {"params": list(network.parameters()), "lr": config.learning_rate},
                {"params": list(self.projection.parameters()), "lr": 10 * config.learning_rate},
            ],
            weight_decay=0.01,
        )
        super().__init__(network, trained, optimizer, num_steps=config.steps, seed=config.seed)
        self.config = config
        self._peaks = [group["lr"] for group in optimizer.param_groups]
        limit = min(config.max_tokens, network.config.max_tokens)
        self._tokenizer = batching_tokenizer(tokenizer.to_str(), limit)
        self._features, self._captions = features, captions
        network.eval()
        with torch.no_grad():
            before = self._vectors([text for texts in captions for text in texts])
        self._before = before.split([len(texts) for texts in captions])

    def take_step(self) -> float:
        """Takes one step on different pictures, one caption of each, and returns the loss."""
        config = self.config
        count = min(config.batch, len(self._captions))
        picked = self._random.sample(range(len(self._captions)), count)
        which = [self._random.randrange(len(self._captions[k])) for k in picked]
        texts = [self._captions[k][c] for k, c in zip(picked, which, strict=True)]
        before = torch.stack([self._before[k][c] for k, c in zip(picked, which, strict=True)])
        share = 0.5 * (1 + math.cos(math.pi * self.step / config.steps))
        for group, peak in zip(self._optimizer.param_groups, self._peaks, strict=True):
            group["lr"] = peak * share
        self.network.train()
        self._optimizer.zero_grad()
        with fast_autocast("cpu"):
            vectors = self._vectors(texts)
        seen = F.dropout(self._features[picked].float(), config.feature_dropout)
        shown = F.normalize(self.projection(seen), dim=1)
        loss = contrastive_loss(vectors, shown, config.temperature)
        loss = loss + config.keep_weight * (1 - (vectors * before).sum(1).mean())
        loss.backward()
        self._optimizer.step()
        return float(loss.detach())

    def _vectors(self, texts: Sequence[str]) -> Float[Tensor, "_ t"]:
        # those of like length together, so that few positions are padding
        order = sorted(range(len(texts)), key=lambda k: len(texts[k]))
        groups = [order[start : start + _TOGETHER] for start in range(0, len(order), _TOGETHER)]
        rows = [
            self.network(*map(torch.from_numpy, tokenize(self._tokenizer, [texts[k] for k in g])))
            for g in groups
        ]
        place = torch.empty(len(order), dtype=torch.int64)
        place[order] = torch.arange(len(order))
        return F.normalize(torch.cat(rows).float()[place], dim=1)


def contrastive_loss(
    texts: Float[Tensor, "b t"], images: Float[Tensor, "b t"], temperature: float
) -> Float[Tensor, ""]:
    """Returns the mean cross-entropy of finding each image's text and each text's image.

    Args:
        texts: Of norm one; row k belongs to row k of ``images``.
        images: Of norm one.
        temperature: Divides the cosines.
    """
    likeness = texts @ images.T / temperature
    own = torch.arange(len(likeness))
    return (F.cross_entropy(likeness, own) + F.cross_entropy(likeness.T, own)) / 2
