"""TGIC: joint image-text coding, whose encoder reads the caption as well.

After Jiang et al., AAAI 2023 (arXiv 2304.13583), figure 3a of arXiv 2311.13847. There is no code of
it, and its abstract is all we could read: text in the encoder, the entropy model and the decoder;
an image-text attention module; an image-request complement module; a multimodal
semantic-consistent loss. What these are in detail is our choice; docs/tgic.md has the reasons:

T1 words are embedded here and trained with the codec; T2 a start token stands before them, so that
no caption is a caption too; T3 transforms are HiFiC-like; T4 where the modules stand; T5 the
attention module; T6 the complement module; T7 the entropy model adds a row per word to z_hat, which
integers can do; T8 the loss; T9 weights and schedule.

Axes: b batch, c latent channels (M), n hyper channels (N), p channels of the prior's parameters
(2M), h and w picture height and width, t text (ids of word pieces, 0 for none).
"""

from typing import ClassVar

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from sidelight.models.base import GeneratorOutput, HyperpriorCodec, TrainingOutput
from sidelight.models.config import TGICConfig
from sidelight.models.semantic_consistency import SemanticConsistency
from sidelight.nn.norm import ChannelNorm
from sidelight.nn.residual import ResidualBlock
from sidelight.nn.word_attention import ImageRequestComplement, ImageTextAttention, Words
from sidelight.text.network import SentenceNetwork
from sidelight.text.sentence_config import SentenceConfig

_NUM_HEADS = 4


class TGIC(HyperpriorCodec):
    """Mean-scale hyperprior codec; every part of it reads the caption."""

    encoder_reads_text: ClassVar[bool] = True
    in_training_only: ClassVar[tuple[str, ...]] = (
        *HyperpriorCodec.in_training_only,
        "consistency",
    )

    word_rows: nn.Embedding

    def __init__(self, config: TGICConfig) -> None:
        super().__init__(config)
        n, c = config.hyper_channels, config.latent_channels
        self.word_network = SentenceNetwork(
            SentenceConfig(
                vocabulary=config.vocabulary,
                max_tokens=1 + config.text_width,
                width=config.text_hidden,
                num_layers=1,
                num_heads=_NUM_HEADS,
                hidden=2 * config.text_hidden,
                text_width=config.text_hidden,
            )
        )
        self.word_rows = nn.Embedding(config.vocabulary, n, padding_idx=0)
        nn.init.zeros_(self.word_rows.weight)  # a word that training never saw says nothing
        self.g_a = TextAnalysis(config)
        self.g_s = TextSynthesis(config)
        self.h_a = nn.Sequential(
            nn.Conv2d(c, n, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(n, n, 5, 2, 2),
            nn.ReLU(),
            nn.Conv2d(n, n, 5, 2, 2),
        )
        self.h_s = nn.Sequential(
            nn.ConvTranspose2d(n, n, 5, 2, 2, output_padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(n, 2 * n, 5, 2, 2, output_padding=1),
            nn.ReLU(),
            nn.Conv2d(2 * n, 2 * c, 3, padding=1),
        )
        self.consistency = SemanticConsistency(config.text_hidden)

    def words(self, text: Float[Tensor, "b t"]) -> Words:
        """Returns the start token, which is padding's id in first place, and the words."""
        ids = F.pad(text.long(), (1, 0))
        attended = ids > 0
        attended[:, 0] = True
        return Words(self.word_network.states(ids, attended), attended)

    def analyse(
        self, x: Float[Tensor, "b 3 h w"], text: Float[Tensor, "b t"]
    ) -> Float[Tensor, "b c h/16 w/16"]:
        """Returns the latent y of a picture with this caption."""
        return self.g_a(x, self.words(text))

    def hyper_synthesis(
        self, z_hat: Float[Tensor, "b n h w"], text: Float[Tensor, "b t"]
    ) -> Float[Tensor, "b p 4*h 4*w"]:
        """Returns scales, then means; each word moves all positions of z_hat by its row."""
        rows = self.word_rows(text.long()).sum(1)
        return self.h_s(z_hat + rows[..., None, None])

    def with_masks(
        self, y_hat: Float[Tensor, "b c h w"], text: Float[Tensor, "b t"]
    ) -> GeneratorOutput:
        """Returns the picture; there are no SSA blocks."""
        return GeneratorOutput(self.g_s(y_hat, self.words(text)), [])

    def forward(
        self,
        x: Float[Tensor, "b 3 h w"],
        text: Float[Tensor, "b t"],
        position: Float[Tensor, " b"],
    ) -> TrainingOutput:
        """Returns reconstructions, rates and, in training mode, the semantic-consistent loss."""
        output = super().forward(x, text, position)
        if not self.training:
            return output
        sentences = self.word_network.summarise(*self.words(text))
        consistency = self.consistency(x, output.x_hat, sentences, text.any(1))
        return output._replace(consistency=consistency)


class TextAnalysis(nn.Module):
    """g_a: four stages of stride 2, attention to the words at strides 4 and 8."""

    def __init__(self, config: TGICConfig) -> None:
        super().__init__()
        n, d = config.hyper_channels, config.text_hidden
        self.stem = nn.Sequential(
            nn.Conv2d(3, n // 2, 5, 2, 2),
            ChannelNorm(n // 2),
            nn.ReLU(),
            _halving(n // 2, n),
        )
        self.attention4 = ImageTextAttention(n, d)
        self.stage8 = _halving(n, n)
        self.attention8 = ImageTextAttention(n, d)
        self.stage16 = nn.Sequential(
            _halving(n, 2 * n),
            ResidualBlock(2 * n),
            nn.Conv2d(2 * n, config.latent_channels, 3, padding=1),
        )

    def forward(self, x: Float[Tensor, "b 3 h w"], words: Words) -> Float[Tensor, "b c h/16 w/16"]:
        """Returns y; h and w must be multiples of 16."""
        features = self.attention4(self.stem(x), words)
        features = self.attention8(self.stage8(features), words)
        return self.stage16(features)


class TextSynthesis(nn.Module):
    """g_s: attention to the words at stride 16, a complement after each doubling."""

    def __init__(self, config: TGICConfig) -> None:
        super().__init__()
        n, d = config.hyper_channels, config.text_hidden
        self.stage16 = nn.Sequential(
            nn.Conv2d(config.latent_channels, 2 * n, 3, padding=1),
            ChannelNorm(2 * n),
            *(ResidualBlock(2 * n) for _ in range(3)),
        )
        self.attention16 = ImageTextAttention(2 * n, d)
        self.doublings = nn.ModuleList(
            [
                nn.Sequential(_doubling(2 * n, n), ResidualBlock(n)),
                nn.Sequential(_doubling(n, n), ResidualBlock(n)),
                _doubling(n, n // 2),
            ]
        )
        self.complements = nn.ModuleList(ImageRequestComplement(c, d) for c in (n, n, n // 2))
        last = nn.Conv2d(n // 2, 12, 3, padding=1)
        nn.init.constant_(last.get_parameter("bias"), 0.5)  # training starts from mid-gray
        self.to_pixels = nn.Sequential(last, nn.PixelShuffle(2))

    def forward(
        self, y_hat: Float[Tensor, "b c h w"], words: Words
    ) -> Float[Tensor, "b 3 16*h 16*w"]:
        """Returns the picture, near [0, 1] but not clamped."""
        features = self.attention16(self.stage16(y_hat), words)
        for double, complement in zip(self.doublings, self.complements, strict=True):
            features = complement(double(features), words)
        return self.to_pixels(features)


def _halving(fan_in: int, fan_out: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(fan_in, fan_out, 3, 2, 1), ChannelNorm(fan_out), nn.ReLU())


def _doubling(fan_in: int, fan_out: int) -> nn.Sequential:
    up = nn.ConvTranspose2d(fan_in, fan_out, 3, 2, 1, output_padding=1)
    return nn.Sequential(up, ChannelNorm(fan_out), nn.ReLU())
