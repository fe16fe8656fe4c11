"""What a model looks like: frozen dataclasses, no torch; presets.py fills them in.

The layer tables behind the numbers are in docs/model.md (paper section 3, HiFiC's layer widths).
"""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import NoneType, UnionType
from typing import Any, ClassVar, Self, get_args, get_origin

from sidelight.bitstream.quality import LATENT_STRIDE, MAX_QUALITY, MIN_QUALITY
from sidelight.errors import ConfigError

_LARGEST_NUMBER = 2**63 - 1
_MOST_CHANNELS = 2**16


class StrictConfig:
    """Gives a frozen dataclass ``to_dict`` and a ``from_dict`` that refuses unknown keys."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Returns the fields as plain dicts, lists, strings and numbers."""
        return dataclasses.asdict(self)  # type: ignore[call-overload]

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Builds the config from what ``to_dict`` or a TOML table gives.

        Raises:
            ConfigError: A key is unknown or missing, or a value of another type or out of range.
        """
        fields = {f.name: f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
        if unknown := sorted(set(values) - set(fields)):
            raise ConfigError(f"unknown key {unknown[0]!r}, expected one of {sorted(fields)}")
        required = {n for n, f in fields.items() if _has_no_default(f)}
        if missing := sorted(required - set(values)):
            raise ConfigError(f"key {missing[0]!r} is missing")
        return cls(**{n: _convert(n, fields[n].type, value) for n, value in values.items()})


def _has_no_default(f: "dataclasses.Field[Any]") -> bool:
    return f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING


def _convert(name: str, kind: Any, value: Any) -> Any:
    """Returns ``value`` as the field's type: tables become configs, lists become tuples."""
    if get_origin(kind) is tuple:
        if not isinstance(value, list | tuple):
            raise ConfigError(f"{name} must be a list, got {value!r}")
        return tuple(_convert(name, get_args(kind)[0], item) for item in value)
    if isinstance(kind, UnionType):
        if isinstance(value, kind):
            return value
        kind = next(option for option in get_args(kind) if option is not NoneType)
    if isinstance(kind, type) and issubclass(kind, StrictConfig) and isinstance(value, Mapping):
        return kind.from_dict(value)
    if kind is float and isinstance(value, int) and abs(value) <= _LARGEST_NUMBER:
        value = float(value)
    if kind is float and isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"{name} must be finite, got {value}")
    # Python takes true for 1
    if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
        raise ConfigError(f"{name} must be {getattr(kind, '__name__', kind)}, got {value!r}")
    return value


def _check_counts(config: Any, *may_be_zero: str) -> None:
    """Checks that all whole numbers of a config can be those of a network."""
    for f in dataclasses.fields(config):
        value = getattr(config, f.name)
        least = 0 if f.name in may_be_zero else 1
        for number in value if isinstance(value, tuple) else (value,):
            if type(number) is not int or least <= number <= _MOST_CHANNELS:
                continue
            bound = f">= {least}" if number < least else f"<= {_MOST_CHANNELS}"
            raise ConfigError(f"{f.name} must be {bound}, got {number}")


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
        _check_counts(self)
        if not self.widths:
            raise ConfigError("discriminator.widths must name at least one")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig(StrictConfig):
    """Shape of E, P, G and D."""

    name: str
    widths: tuple[int, ...]
    """Feature channels from the finest scale to stride 16. Five widths begin at stride 1; four
    begin at stride 2, and the generator then ends in a sub-pixel convolution."""
    stem_kernel: int
    """Kernel of the encoder's first convolution."""
    latent_channels: int
    hyper_channels: int
    residual_blocks: tuple[int, ...]
    """Residual blocks of each generator stage, from stride 16 to the finest."""
    text_width: int
    """Length t of the text vector."""
    text_hidden: int
    """Hidden width of the two MLPs of an SSA block."""
    mask_channels: tuple[int, ...]
    """Hidden channels of each SSA block's mask predictor, from stride 16 to the finest."""
    num_levels: int = 1
    """Trained rate points, spread evenly over quality 1 to 9; 1 is a fixed-rate model."""
    ssa: bool = True
    """Whether G reads the text, in an SSA block behind each stage; without them it is HiFiC's."""
    linear_paths: bool = False
    """Adds to E and G a linear map between each latent and its block of pixels."""
    linear_kernel: int = 1
    """Latents along an axis that G's linear map reads for one block: 1, or 3 for a smooth join."""
    discriminator: DiscriminatorConfig = field(default_factory=DiscriminatorConfig)

    def __post_init__(self) -> None:
        if len(self.widths) not in (4, 5):
            raise ConfigError(f"widths must have 4 or 5 entries, got {len(self.widths)}")
        for name in ("residual_blocks", "mask_channels"):
            if len(getattr(self, name)) != len(self.widths):
                raise ConfigError(f"{name} must have {len(self.widths)} entries like widths")
        _check_counts(self, "residual_blocks")
        if self.stem_kernel % 2 == 0:
            raise ConfigError(f"stem_kernel must be odd, got {self.stem_kernel}")
        if self.linear_kernel not in (1, 3):
            raise ConfigError(f"linear_kernel must be 1 or 3, got {self.linear_kernel}")

    @property
    def stem_stride(self) -> int:
        """Stride of the encoder's first convolution: 1 or 2."""
        return LATENT_STRIDE >> (len(self.widths) - 1)

    @property
    def reads_text(self) -> bool:
        """Whether a caption changes what is decoded."""
        return self.ssa

    def level_position(self, quality: float) -> float:
        """Returns the place of a quality from 1 to 9 among the trained levels, from 0."""
        share = (quality - MIN_QUALITY) / (MAX_QUALITY - MIN_QUALITY)
        return share * (self.num_levels - 1)


ARCHITECTURES = ("balle2018", "minnen2018-mean-scale", "minnen2018", "cheng2020", "tgic")


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineConfig(StrictConfig):
    """Shape of one of the paper's other learned codecs (docs/model.md)."""

    architecture: str
    """One of ``ARCHITECTURES``."""
    name: str
    hyper_channels: int
    """N of its paper: the channels of the transforms and of the hyper-latent."""
    latent_channels: int
    """M of its paper."""
    text_width: int = 384
    """Length t of the text vector, for models that read it and for D."""
    ssa: bool = False
    """Whether SSA blocks follow the decoder's stages (paper section 4.5); for cheng2020."""
    text_hidden: int = 64
    """Hidden width of the two MLPs of an SSA block; width of tgic's word features."""
    vocabulary: int = 0
    """Word pieces that the text vector may name by id, for tgic; elsewhere 0."""
    mask_channels: tuple[int, ...] = (32, 32, 32, 32)
    """Hidden channels of each SSA block's mask predictor, coarse to fine."""
    shifted_hyper: bool = False
    """Whether h_s begins with a 1x1 convolution; models from elsewhere, whose hyper-latent is
    rounded around medians that are no integers, come with one that adds these."""
    discriminator: DiscriminatorConfig = field(default_factory=DiscriminatorConfig)

    num_levels: ClassVar[int] = 1
    """These models have one rate each."""
    linear_paths: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.architecture not in ARCHITECTURES:
            raise ConfigError(
                f"architecture must be one of {ARCHITECTURES}, got {self.architecture!r}"
            )
        _check_counts(self, "vocabulary")
        if self.architecture == "cheng2020" and self.hyper_channels != self.latent_channels:
            raise ConfigError(
                "cheng2020 has as many latent_channels as hyper_channels, got "
                f"{self.latent_channels} and {self.hyper_channels}"
            )
        if self.ssa and self.architecture != "cheng2020":
            raise ConfigError(f"ssa is for cheng2020, got {self.architecture}")
        if self.ssa and len(self.mask_channels) != 4:
            raise ConfigError(f"mask_channels must have 4 entries, got {len(self.mask_channels)}")
        if (self.vocabulary > 1) != (self.architecture == "tgic"):
            raise ConfigError(
                "vocabulary must be > 1 for tgic and 0 for others, "
                f"got {self.vocabulary} for {self.architecture}"
            )

    @property
    def reads_text(self) -> bool:
        """Whether a caption changes what is decoded."""
        return self.ssa or self.architecture == "tgic"

    def level_position(self, quality: float) -> float:  # noqa: ARG002
        """Returns the place of any quality among the levels: the only one."""
        return 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierConfig(StrictConfig):
    """Shape of a carrier generator, a U-Net on a standard codec's picture, and of its D."""

    architecture: str = "carrier"
    """Tells these tables from those of other models."""
    name: str
    widths: tuple[int, ...]
    """Feature channels at stride 2, 4, 8, ..."""
    encoder_blocks: tuple[int, ...]
    """Residual blocks on the way down, fine to coarse."""
    decoder_blocks: tuple[int, ...]
    """Residual blocks on the way up, coarse to fine."""
    mask_channels: tuple[int, ...]
    """Hidden channels of each SSA block's mask predictor, coarse to fine."""
    text_width: int
    """Length t of the text vector."""
    text_hidden: int
    """Hidden width of the two MLPs of an SSA block."""
    dial_hidden: int = 16
    """Hidden width of the MLP that each stage reads the dial with."""
    norm: bool = False
    """Whether residual blocks begin with a ChannelNorm."""
    default_realism: float = 0.5
    """Place of the dial where the user names none; export measures and sets it."""
    discriminator: DiscriminatorConfig = field(default_factory=DiscriminatorConfig)

    def __post_init__(self) -> None:
        if self.architecture != "carrier":
            raise ConfigError(f"architecture must be 'carrier', got {self.architecture!r}")
        if len(self.widths) < 2:
            raise ConfigError(f"widths must have at least 2 entries, got {len(self.widths)}")
        for name in ("encoder_blocks", "decoder_blocks", "mask_channels"):
            if len(getattr(self, name)) != len(self.widths):
                raise ConfigError(f"{name} must have {len(self.widths)} entries like widths")
        _check_counts(self, "encoder_blocks", "decoder_blocks")
        check_realism(self.default_realism)

    @property
    def stride(self) -> int:
        """Picture pixels per position of the coarsest features, along each axis."""
        return 2 ** len(self.widths)


def check_realism(realism: float) -> None:
    """Checks a place of the dial.

    Raises:
        ConfigError: It is not between 0 and 1.
    """
    if not 0 <= realism <= 1:
        raise ConfigError(f"realism must be between 0 (faithful) and 1 (natural), got {realism}")


def model_config(table: Mapping[str, Any]) -> ModelConfig | BaselineConfig | CarrierConfig:
    """Returns the config of any model, by its ``architecture``; E, P and G have none.

    Raises:
        ConfigError: A key is unknown or missing, or a value of another type or out of range.
    """
    if "architecture" not in table:
        return ModelConfig.from_dict(table)
    kind = CarrierConfig if table["architecture"] == "carrier" else BaselineConfig
    return kind.from_dict(table)
