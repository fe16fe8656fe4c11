"""Distils ``sidelight-text`` from a teacher's sentence vectors.

The student learns where the teacher puts each sentence, and how alike the teacher finds the
sentences of a batch (after Reimers and Gurevych 2020, and Park et al. 2019).

Axes: b batch, n sentences, t text width.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from torch import Tensor
from torch.nn import functional as F

from sidelight.config import StrictConfig
from sidelight.errors import ConfigError
from sidelight.nn.precision import fast_autocast
from sidelight.text.bundled import PADDING, batching_tokenizer, tokenize
from sidelight.text.network import SentenceNetwork
from sidelight.train.text.run import TextRun

_NEIGHBOURS = 16
"""A batch is drawn from this many times its size of sentences that are alike in length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DistillationConfig(StrictConfig):
    """How long and how fast the student learns."""

    steps: int = 20_000
    batch: int = 128
    learning_rate: float = 1e-3
    final_share: float = 0.02
    """Share of the learning rate that the cosine schedule ends at."""
    warmup_steps: int = 500
    relation_weight: float = 1.0
    """Weight of the likeness within the batch, beside the distance to the teacher."""
    temperature: float = 0.05
    word_dropout: float = 0.1
    """Share of the words that the student does not see, in half of the sentences."""
    seed: int = 2311

    def __post_init__(self) -> None:
        if self.batch < 2:
            raise ConfigError(f"batch must be >= 2, got {self.batch}: likeness needs two sentences")
        if not 0 <= self.word_dropout < 1:
            raise ConfigError(f"word_dropout must be in [0, 1), got {self.word_dropout}")


def train_tokenizer(sentences: Sequence[str], vocabulary: int) -> Tokenizer:
    """Returns byte-level word pieces in small letters, padding included in ``vocabulary``."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[PADDING],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(sentences, trainer)
    return tokenizer


class Distillation(TextRun):
    """A student that learns from the teacher's vectors of ``sentences``."""

    def __init__(
        self,
        network: SentenceNetwork,
        tokenizer: Tokenizer,
        sentences: Sequence[str],
        teacher: Float[Tensor, "n t"],
        config: DistillationConfig,
    ) -> None:
        decayed = [p for p in network.parameters() if p.dim() > 1]
        rest = [p for p in network.parameters() if p.dim() <= 1]
        optimizer = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": 0.01}, {"params": rest, "weight_decay": 0.0}],
            lr=config.learning_rate,
        )
        super().__init__(network, network, optimizer, num_steps=config.steps, seed=config.seed)
        self.config = config
        self._tokenizer = batching_tokenizer(tokenizer.to_str(), network.config.max_tokens)
        self._sentences, self._teacher = sentences, teacher
        self._by_length = sorted(range(len(sentences)), key=lambda k: len(sentences[k]))

    def take_step(self) -> float:
        """Takes one step on random sentences and returns the loss."""
        picked = self._draw()
        seen = [self._some_words(self._sentences[k]) for k in picked]
        target = F.normalize(self._teacher[picked].float(), dim=1)
        for group in self._optimizer.param_groups:
            group["lr"] = self.config.learning_rate * self._share()
        self.network.train()
        self._optimizer.zero_grad()
        with fast_autocast("cpu"):
            vectors = self.network(*map(torch.from_numpy, tokenize(self._tokenizer, seen)))
        loss = distillation_loss(
            vectors.float(),
            target,
            relation_weight=self.config.relation_weight,
            temperature=self.config.temperature,
        )
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self._optimizer.step()
        return float(loss.detach())

    def _draw(self) -> list[int]:
        # sentences of about one length, so that few positions are padding
        size = min(_NEIGHBOURS * self.config.batch, len(self._by_length))
        middle = self._random.randrange(len(self._by_length))
        start = min(max(middle - size // 2, 0), len(self._by_length) - size)
        return self._random.choices(self._by_length[start : start + size], k=self.config.batch)

    def _share(self) -> float:
        config = self.config
        warm = min(1.0, (self.step + 1) / config.warmup_steps)
        cosine = 0.5 * (1 + math.cos(math.pi * self.step / config.steps))
        return warm * (config.final_share + (1 - config.final_share) * cosine)

    def _some_words(self, sentence: str) -> str:
        if self._random.random() < 0.5:
            return sentence
        words = sentence.split()
        kept = [w for w in words if self._random.random() >= self.config.word_dropout]
        return " ".join(kept or words)


def distillation_loss(
    vectors: Float[Tensor, "b t"],
    target: Float[Tensor, "b t"],
    *,
    relation_weight: float,
    temperature: float,
) -> Float[Tensor, ""]:
    """Returns the distance to the teacher plus that between the two likeness distributions.

    Args:
        vectors: The student's, of any norm.
        target: The teacher's, of norm one.
        relation_weight: Of the second term.
        temperature: Divides the cosines before the softmax over the batch.
    """
    student = F.normalize(vectors, dim=1)
    distance = 1 - (student * target).sum(1).mean()
    others = ~torch.eye(len(target), dtype=torch.bool)
    student_likeness, teacher_likeness = (
        (side @ side.T / temperature)[others].view(len(target), -1).log_softmax(1)
        for side in (student, target)
    )
    relation = F.kl_div(student_likeness, teacher_likeness, reduction="batchmean", log_target=True)
    return distance + relation_weight * temperature * relation
