"""What a model looks like: frozen dataclasses, no torch; presets.py fills them in.

The layer tables behind the numbers are in docs/model.md (paper section 3, HiFiC's layer widths).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Any, ClassVar

from sidelight.bitstream.quality import LATENT_STRIDE, MAX_QUALITY, MIN_QUALITY
from sidelight.config import StrictConfig, check_counts
from sidelight.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscriminatorConfig(StrictConfig):
    """Widths of the text-conditional discriminator D, used in training only (choice C8)."""

    widths: tuple[int, ...] = (64, 128, 256, 512)
    """Channels after each 4x4 convolution; all but the last have stride 2."""
    last_stride: int = 1
    harmonized_channels: int = 12
    """Channels that the latent is reduced to before it joins the picture."""
    text_channels: int | None = None
    """Width that the text vector is projected to; None keeps it."""
    joint_channels: int = 128

    def __post_init__(self) -> None:
        check_counts(self)
        if not self.widths:
            raise ConfigError("discriminator.widths must name at least one")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig(StrictConfig):
    """What every model's shape names: who it is, the text that it reads, its D."""

    architecture: str
    """Its name in ``models/registry.py``."""
    name: str
    text_width: int = 384
    """Length t of the text vector, for models that read it and for D."""
    text_hidden: int = 64
    """Hidden width of the two MLPs of an SSA block."""
    discriminator: DiscriminatorConfig = field(default_factory=DiscriminatorConfig)

    block_counts: ClassVar[tuple[str, ...]] = ()
    """Fields that count the residual blocks of each stage, which may have none."""
    improves_carriers: ClassVar[bool] = False
    """Whether it works on a standard codec's picture instead of coding one."""
    reads_words: ClassVar[bool] = False
    """Whether its text vector holds ids of words, which D cannot read."""

    def __post_init__(self) -> None:
        if type(self) is not (kind := config_class(self.architecture)):
            raise ConfigError(
                f"architecture {self.architecture!r} is described by a {kind.__name__}, "
                f"got a {type(self).__name__}"
            )
        check_counts(self, *self.block_counts)

    @property
    def num_blocks(self) -> int:
        """Residual blocks in all stages whose number it says."""
        return sum(sum(getattr(self, name)) for name in self.block_counts)

    @property
    def reads_text(self) -> bool:
        """Whether a caption changes what is decoded."""
        return False

    @property
    def condition(self) -> tuple[int, int]:
        """Channels and stride of what the decoder has of a picture, which D sees beside it."""
        raise NotImplementedError

    @property
    def num_rates(self) -> int:
        """How many trained rate points there are; none where another codec has them."""
        return 0

    @property
    def num_components(self) -> int:
        """Principal components that linear maps start from; 0 without such maps."""
        return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CodecConfig(ModelConfig):
    """Shape of a learned codec; a model with more to say of itself has its own class below."""

    hyper_channels: int
    """N of its paper: the channels of the hyper-latent, often those of the transforms."""
    latent_channels: int
    """M of its paper."""
    num_levels: int = 1
    """Trained rate points, spread evenly over quality 1 to 9; 1 is a fixed-rate model."""
    ssa: bool = False
    """Whether SSA blocks follow the decoder's stages, so that it reads the text."""
    mask_channels: tuple[int, ...] = (32, 32, 32, 32)
    """Hidden channels of each SSA block's mask predictor, coarse to fine."""

    has_ssa_blocks: ClassVar[bool] = False
    """Whether the decoder has stages that SSA blocks can follow."""

    def __post_init__(self) -> None:
        super(CodecConfig, self).__post_init__()
        if self.ssa and not self.has_ssa_blocks:
            raise ConfigError(f"{self.architecture} has no stages for ssa")

    @property
    def reads_text(self) -> bool:
        """Whether a caption changes what is decoded."""
        return self.ssa

    @property
    def num_rates(self) -> int:
        """One for each level."""
        return self.num_levels

    @property
    def has_gains(self) -> bool:
        """Whether latents are scaled by a learned vector for each level."""
        return self.num_levels > 1

    @property
    def condition(self) -> tuple[int, int]:
        """D sees the latent."""
        return self.latent_channels, LATENT_STRIDE

    def level_position(self, quality: float) -> float:
        """Returns the place of a quality from 1 to 9 among the trained levels, from 0."""
        share = (quality - MIN_QUALITY) / (MAX_QUALITY - MIN_QUALITY)
        return share * (self.num_levels - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class HiFiCConfig(CodecConfig):
    """Shape of E, P and G."""

    architecture: str = "hific"
    widths: tuple[int, ...]
    """Feature channels from the finest scale to stride 16. Five widths begin at stride 1; four
    begin at stride 2, and the generator then ends in a sub-pixel convolution."""
    stem_kernel: int
    """Kernel of the encoder's first convolution."""
    residual_blocks: tuple[int, ...]
    """Residual blocks of each generator stage, from stride 16 to the finest."""
    ssa: bool = True
    linear_paths: bool = False
    """Adds to E and G a linear map between each latent and its block of pixels."""
    linear_kernel: int = 1
    """Latents along an axis that G's linear map reads for one block: 1, or 3 for a smooth join."""

    block_counts: ClassVar[tuple[str, ...]] = ("residual_blocks",)
    has_ssa_blocks: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super(HiFiCConfig, self).__post_init__()
        if len(self.widths) not in (4, 5):
            raise ConfigError(f"widths must have 4 or 5 entries, got {len(self.widths)}")
        for name in ("residual_blocks", "mask_channels"):
            if len(getattr(self, name)) != len(self.widths):
                raise ConfigError(f"{name} must have {len(self.widths)} entries like widths")
        if self.stem_kernel % 2 == 0:
            raise ConfigError(f"stem_kernel must be odd, got {self.stem_kernel}")
        if self.linear_kernel not in (1, 3):
            raise ConfigError(f"linear_kernel must be 1 or 3, got {self.linear_kernel}")

    @property
    def stem_stride(self) -> int:
        """Stride of the encoder's first convolution: 1 or 2."""
        return LATENT_STRIDE >> (len(self.widths) - 1)

    @property
    def has_gains(self) -> bool:
        """A model of one level has a vector too, so that more can be made of it."""
        return True

    @property
    def num_components(self) -> int:
        """One for each latent channel, with linear paths."""
        return self.latent_channels if self.linear_paths else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedConfig(CodecConfig):
    """Shape of a codec whose weights CompressAI publishes: Balle's, Minnen's, Cheng's."""

    shifted_hyper: bool = False
    """Whether h_s begins with a 1x1 convolution; models from elsewhere, whose hyper-latent is
    rounded around medians that are no integers, come with one that adds these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cheng2020Config(PublishedConfig):
    """Shape of the one codec here whose transforms are as wide as its latent."""

    architecture: str = "cheng2020"

    has_ssa_blocks: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super(Cheng2020Config, self).__post_init__()
        if self.hyper_channels != self.latent_channels:
            raise ConfigError(
                "cheng2020 has as many latent_channels as hyper_channels, got "
                f"{self.latent_channels} and {self.hyper_channels}"
            )
        if self.ssa and len(self.mask_channels) != 4:
            raise ConfigError(f"mask_channels must have 4 entries, got {len(self.mask_channels)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TGICConfig(CodecConfig):
    """Shape of the codec whose text vector holds ids of words; ``text_hidden`` is their width."""

    architecture: str = "tgic"
    vocabulary: int
    """Word pieces that the text vector may name by id."""

    reads_words: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super(TGICConfig, self).__post_init__()
        if self.vocabulary < 2:
            raise ConfigError(f"vocabulary must be > 1, got {self.vocabulary}")

    @property
    def reads_text(self) -> bool:
        """A caption changes everything."""
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierConfig(ModelConfig):
    """Shape of a carrier generator, a U-Net on a standard codec's picture, and of its D."""

    architecture: str = "carrier"
    widths: tuple[int, ...]
    """Feature channels at stride 2, 4, 8, ..."""
    encoder_blocks: tuple[int, ...]
    """Residual blocks on the way down, fine to coarse."""
    decoder_blocks: tuple[int, ...]
    """Residual blocks on the way up, coarse to fine."""
    mask_channels: tuple[int, ...]
    """Hidden channels of each SSA block's mask predictor, coarse to fine."""
    dial_hidden: int = 16
    """Hidden width of the MLP that each stage reads the dial with."""
    norm: bool = False
    """Whether residual blocks begin with a ChannelNorm."""
    grain: bool = False
    """Whether it adds noise, of a strength that it tells for each place (``nn/grain.py``)."""
    default_realism: float = 0.5
    """Place of the dial where the user names none; export measures and sets it."""

    block_counts: ClassVar[tuple[str, ...]] = ("encoder_blocks", "decoder_blocks")
    improves_carriers: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super(CarrierConfig, self).__post_init__()
        if len(self.widths) < 2:
            raise ConfigError(f"widths must have at least 2 entries, got {len(self.widths)}")
        for name in ("encoder_blocks", "decoder_blocks", "mask_channels"):
            if len(getattr(self, name)) != len(self.widths):
                raise ConfigError(f"{name} must have {len(self.widths)} entries like widths")
        check_realism(self.default_realism)

    @property
    def reads_text(self) -> bool:
        """A caption changes the picture."""
        return True

    @property
    def condition(self) -> tuple[int, int]:
        """D sees the carrier's picture."""
        return 3, 1

    @property
    def stride(self) -> int:
        """Picture pixels per position of the coarsest features, along each axis."""
        return 2 ** len(self.widths)


def check_realism(realism: Any) -> None:
    """Checks a place of the dial, which may be anything.

    Raises:
        ConfigError: It is not between 0 and 1.
    """
    if not (isinstance(realism, Real) and 0 <= float(realism) <= 1):
        raise ConfigError(f"realism must be between 0 (faithful) and 1 (natural), got {realism!r}")


_CLASSES: dict[str, type[ModelConfig]] = {
    "hific": HiFiCConfig,
    "balle2018": PublishedConfig,
    "minnen2018-mean-scale": PublishedConfig,
    "minnen2018": PublishedConfig,
    "cheng2020": Cheng2020Config,
    "tgic": TGICConfig,
    "carrier": CarrierConfig,
}


def config_class(architecture: str) -> type[ModelConfig]:
    """Returns what describes models of an architecture: ``CodecConfig`` unless it needs more."""
    return _CLASSES.get(architecture, CodecConfig)


def model_config(table: Mapping[str, Any]) -> ModelConfig:
    """Returns the config of any model, by its ``architecture``; the first of ours name none.

    Raises:
        ConfigError: A key is unknown or missing, or a value of another type or out of range.
    """
    architecture = table.get("architecture", "hific")
    if not isinstance(architecture, str):
        raise ConfigError(f"architecture must be a name, got {architecture!r}")
    return config_class(architecture).from_dict({**table, "architecture": architecture})
