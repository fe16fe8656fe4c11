"""A recipe is data: a TOML file that says which model to train, on what and how long."""

import dataclasses
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from sidelight.config import StrictConfig
from sidelight.errors import CheckpointError, ConfigError
from sidelight.files import write_atomically
from sidelight.models.config import ModelConfig, model_config
from sidelight.models.presets import PRESETS
from sidelight.models.registry import check_architecture
from sidelight.strict_json import from_json, to_json
from sidelight.train.data.crops import FRAMINGS
from sidelight.train.data.pairs import PairsConfig
from sidelight.train.losses.dial import DialConfig
from sidelight.train.losses.rate_distortion import DistortionConfig

RECIPE_FILE = "recipe.json"
"""A run's recipe in its folder."""
_AT_LEAST = {
    "warmup_steps": 1,
    "cooldown_steps": 1,
    "steer_rate_after": 1,
    "sample_every": 1,
    "max_skipped": 1,
    "held_out": 0,
    "seed": 0,
    "matrix_learning_rate": 0,
    "freeze_norm_after": 0,
}
_LARGEST = 2**63
_LARGEST_BATCH, _LARGEST_CROP = 2**16, 2**14
_CHOICES = {
    "framing": FRAMINGS,
    "schedule": ("cosine", "half", "trapezoid"),
    "rate_rule": ("steered", "switched"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase(StrictConfig):
    """A stretch of training with one crop size."""

    steps: int
    crop: int
    """Side of the square crops in pixels, a multiple of 64."""
    batch: int
    learning_rate_share: float = 1.0
    """Of both peak learning rates."""

    def __post_init__(self) -> None:
        if self.steps < 1 or self.batch < 1:
            raise ConfigError("phase.steps and phase.batch must be >= 1")
        if not 0 < self.learning_rate_share <= 1:
            raise ConfigError(
                f"phase.learning_rate_share must be in (0, 1], got {self.learning_rate_share}"
            )
        if self.batch > _LARGEST_BATCH:
            raise ConfigError(f"phase.batch must be <= {_LARGEST_BATCH}, got {self.batch}")
        if not 64 <= self.crop <= _LARGEST_CROP or self.crop % 64:
            raise ConfigError(
                f"phase.crop must be a multiple of 64, at most {_LARGEST_CROP}, got {self.crop}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSource(StrictConfig):
    """Captioned pictures, found or drawn; relative paths begin where ``SIDELIGHT_ASSETS`` says."""

    pictures: str = ""
    """A glob of tar shards, or a folder of pictures."""
    captions: str = ""
    """A JSON listing, in COCO's form or by file name; a folder needs it, shards have their own."""
    drawings: int = 0
    """In place of ``pictures``: so many pages of text, windows, line drawings and charts."""

    def __post_init__(self) -> None:
        if self.drawings < 0 or bool(self.pictures) == bool(self.drawings):
            raise ConfigError(
                "a source of data names pictures or a number of drawings > 0, got pictures "
                f"{self.pictures!r} and drawings {self.drawings}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class AdversarialConfig(StrictConfig):
    """Stage 2: the discriminator D beside E, P and G (paper eq. 4 and 6)."""

    weight: float = 0.15
    """beta, of the adversarial term in G's loss."""
    learning_rate: float = 1e-4
    """Peak of D's Adam."""
    text: bool = True
    """Whether D reads the caption; without it the third term of eq. 6 is dropped (choice C11)."""
    first_step: int = 0
    """Step at which D joins; what comes before is stage 1."""

    def __post_init__(self) -> None:
        for name in ("weight", "learning_rate"):
            if getattr(self, name) <= 0:
                raise ConfigError(f"adversarial.{name} must be > 0, got {getattr(self, name)}")
        if self.first_step < 0:
            raise ConfigError(f"adversarial.first_step must be >= 0, got {self.first_step}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe(StrictConfig):
    """Everything that one run needs to know: stage 1, or with ``adversarial`` stage 2."""

    model: ModelConfig
    data: tuple[DataSource, ...]
    held_out_shard: str = ""
    """The shard, by its name without ``.tar``, whose last pictures are never trained on."""
    held_out: int = 0
    """How many of ``held_out_shard``."""
    in_memory: bool = True
    """Whether decoded pictures stay in memory, or are decoded each time they are drawn."""
    skip_broken: bool = False
    """Whether broken pictures, and those without captions, are passed over with their count."""
    framing: str = "native"
    """How a crop is taken from its picture: ``native``, ``whole`` or ``mixed`` (choice C13)."""
    start_from: str = ""
    """The run folder whose averaged weights this run starts from, or an exported carrier's file."""
    learns: tuple[str, ...] = ()
    """The parts of the model that learn, such as ``grain`` or ``to_gamma.0``; else all do."""
    afresh: tuple[str, ...] = ()
    """The parts that begin anew, whatever ``start_from`` has of them."""
    text_share: float = 1.0
    """Of what captions change in ``start_from``, the share that this run begins with."""
    adversarial: AdversarialConfig | None = None
    generator_text: bool = True
    """Whether G reads the caption; an ablation sets it to false (paper section 4.4)."""
    text_encoder: str = "sidelight-text"
    """Name of the encoder whose vectors the model is trained with."""
    target_bpp: tuple[float, ...] = ()
    """Rate of each quality level on the training crops, in bits per pixel; none for carriers."""
    initial_lmbda: tuple[float, ...] = ()
    """Where each level's lambda (it multiplies the rate) starts; none for carriers."""
    pairs: PairsConfig | None = None
    """What the pictures are coded with, for a carrier generator."""
    phases: tuple[Phase, ...]
    learning_rate: float = 5e-4
    """Peak of Adam, which trains vectors and narrow layers."""
    matrix_learning_rate: float = 1e-3
    """Peak of Muon, which trains the convolutions; 0 leaves them to Adam, as in the paper."""
    schedule: str = "cosine"
    """How the learning rate falls: ``cosine``; ``half``: a tenth from half of the steps on;
    ``trapezoid``: at its peak until ``cooldown_steps`` before the end, so that a run may be made
    longer without having been another one."""
    final_share: float = 0.02
    """Share of both peaks that cosine and trapezoid end at."""
    cooldown_steps: int = 1000
    """Steps over which the trapezoid falls."""
    warmup_steps: int = 200
    """Steps over which the learning rate rises from zero."""
    rate_rule: str = "steered"
    """``steered``: lambda follows the measured rate; ``switched``: it is ``initial_lmbda`` above
    the target and ``low_lmbda`` below it, as in the paper (choice C2)."""
    low_lmbda: float = 2.0**-4
    steer_rate_after: int = 1500
    """Steps before lambda begins to follow the measured rate."""
    initial_rate_share: float = 0.2
    """Share of lambda at the first step; it is whole after ``steer_rate_after`` steps."""
    level_balance: float = 0.0
    """Each sample's loss is divided by lambda to this power, so that no level dominates."""
    text_dropout: float = 0.1
    """Share of samples that see no caption (choice C14)."""
    odd_text: float = 0.0
    """Share of samples that see text which is no caption, so that such text does little harm."""
    gray: float = 0.0
    """Share of samples that lose their colour."""
    freeze_norm_after: float = 0.5
    """Share of the steps after which batch norms keep their statistics (choice C6)."""
    ema_decay: float = 0.999
    max_gradient_norm: float = 1.0
    max_skipped: int = 100
    """Steps with a gradient that is not finite, after which the run gives up."""
    sample_every: int = 5000
    """Steps from one set of sample pictures to the next."""
    seed: int = 2311
    distortion: DistortionConfig = field(default_factory=DistortionConfig)
    """What codecs minimise beside the rate."""
    dial: DialConfig = field(default_factory=DialConfig)
    """What a carrier generator minimises."""

    def __post_init__(self) -> None:
        check_architecture(self.model)
        carrier = self.model.improves_carriers
        if carrier != (self.pairs is not None):
            raise ConfigError("pairs are for carrier generators, and they need them")
        if carrier and self.framing != "native":
            raise ConfigError(
                f"framing must be 'native' for carrier generators, got {self.framing!r}: scaled "
                "crops would not show what a codec does"
            )
        if not carrier and self.dial != DialConfig():
            raise ConfigError("dial is for carrier generators; codecs have distortion")
        if not self.start_from and (self.afresh or self.text_share != 1):
            raise ConfigError("afresh and text_share are about what start_from has: name it too")
        levels = self.model.num_rates
        if not len(self.target_bpp) == len(self.initial_lmbda) == levels:
            raise ConfigError(f"target_bpp and initial_lmbda need {levels} values, one per level")
        for name in ("target_bpp", "initial_lmbda"):
            if min(getattr(self, name), default=1.0) <= 0:
                raise ConfigError(f"{name} must be > 0, got {getattr(self, name)}")
        for name, least in _AT_LEAST.items():
            if not least <= getattr(self, name) < _LARGEST:
                raise ConfigError(f"{name} must be >= {least}, got {getattr(self, name)}")
        for name in ("learning_rate", "max_gradient_norm", "low_lmbda"):
            if getattr(self, name) <= 0:
                raise ConfigError(f"{name} must be > 0, got {getattr(self, name)}")
        for name in ("final_share", "initial_rate_share", "ema_decay", "gray", "text_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"{name} must be in [0, 1], got {getattr(self, name)}")
        if not self.phases:
            raise ConfigError("phases must name at least one")
        for name, known in _CHOICES.items():
            if getattr(self, name) not in known:
                raise ConfigError(f"{name} must be one of {known}, got {getattr(self, name)!r}")
        if carrier and self.adversarial and self.adversarial.first_step < self.dial.first_step:
            raise ConfigError(
                f"adversarial.first_step must be >= dial.first_step, got "
                f"{self.adversarial.first_step} and {self.dial.first_step}: D judges nothing at "
                "realism 0"
            )
        if self.rate_rule == "switched" and levels > 1:
            raise ConfigError("rate_rule switched is for models of one level")
        if not self.data:
            raise ConfigError("data must name at least one source of pictures")
        if self.adversarial and min(phase.batch for phase in self.phases) < 2:
            raise ConfigError("adversarial training needs batches of at least 2 pictures")
        if self.model.reads_words and self.adversarial and self.adversarial.text:
            raise ConfigError(
                f"{self.model.name} reads word ids, which are no vector for D to read: set "
                "adversarial.text to false"
            )
        if not 0 <= self.text_dropout < 1:
            raise ConfigError(f"text_dropout must be in [0, 1), got {self.text_dropout}")
        if not 0 <= self.odd_text < 1 - self.text_dropout:
            raise ConfigError(
                f"odd_text must be in [0, 1 - text_dropout), got {self.odd_text} beside "
                f"text_dropout {self.text_dropout}"
            )

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """As for every config; the model's ``architecture`` says which config it has."""
        model = values.get("model")
        if isinstance(model, Mapping):
            values = {**values, "model": model_config(model)}
        return super(Recipe, cls).from_dict(values)

    @property
    def needs_lpips(self) -> bool:
        """Whether LPIPS is among what is minimised."""
        if self.model.improves_carriers:
            return self.dial.needs_lpips
        return self.distortion.lpips_weight > 0

    @property
    def num_steps(self) -> int:
        """Steps of all phases together."""
        return sum(phase.steps for phase in self.phases)

    def phase_at(self, step: int) -> Phase:
        """Returns the phase that ``step``, counted from 0, belongs to."""
        for phase in self.phases:
            if step < phase.steps:
                return phase
            step -= phase.steps
        return self.phases[-1]


def load_recipe(
    path: Path, overrides: Iterable[str] = (), *, fragments: Iterable[Path] = ()
) -> Recipe:
    """Reads a recipe, lays fragments over it and applies ``key=value`` overrides, values in TOML.

    A file whose key ``extends`` names another beside it is laid over that one.

    Raises:
        ConfigError: A file is not TOML, or a key or value does not fit.
    """
    table = read_table(path)
    for fragment in fragments:
        table = laid_over(table, read_table(fragment))
    return recipe_of_table(table, overrides)


def recipe_of_table(table: dict[str, Any], overrides: Iterable[str] = ()) -> Recipe:
    """Returns the recipe that a table and ``key=value`` overrides come to; errors as above."""
    for override in overrides:
        key, _, value = override.partition("=")
        *parents, last = key.split(".")
        place = table
        for parent in parents:
            place = place.setdefault(parent, {})
            if not isinstance(place, dict):
                raise ConfigError(f"{override}: {parent} is not a table")
        place[last] = _toml(
            f"value = {value}", f"{override}: no value of TOML, where texts stand in quotes"
        )["value"]
    return Recipe.from_dict(table | {"model": _model(table.get("model", {}))})


def save_recipe(recipe: Recipe, folder: Path) -> None:
    """Writes the recipe of a run into its folder, whole or not at all."""
    write_atomically(folder / RECIPE_FILE, to_json(recipe.to_dict(), indent=1).encode())


def recipe_of_run(folder: Path) -> Recipe:
    """Returns what ``save_recipe`` wrote.

    Raises:
        CheckpointError: The folder holds no run, or a damaged one.
    """
    path = folder / RECIPE_FILE
    try:
        return Recipe.from_dict(from_json(path.read_bytes()))
    except OSError as error:
        raise CheckpointError(f"{folder} holds no run: {path}: {error.strerror}") from None
    except (ValueError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"{path} is damaged ({error}): train --resume writes it anew"
        ) from None


def read_table(path: Path, extended_by: tuple[Path, ...] = ()) -> dict[str, Any]:
    """Returns a TOML file laid over the one that it ``extends``.

    Raises:
        ConfigError: A file is not TOML, or extends itself.
    """
    try:
        table = _toml(path.read_text("utf-8-sig"), f"{path} is no TOML")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is no TOML file in UTF-8: {error}") from None
    base = table.pop("extends", None)
    if base is None:
        return table
    if not isinstance(base, str) or "\0" in base:
        raise ConfigError(f"{path}: extends must name a file, got {base!r}")
    if path in extended_by:
        raise ConfigError(f"{path} extends itself, by {' and '.join(map(str, extended_by))}")
    return laid_over(read_table(path.parent / base, (*extended_by, path)), table)


def _toml(text: str, told: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except ValueError as error:
        raise ConfigError(f"{told}: {error}") from None
    except RecursionError:
        raise ConfigError(f"{told}: nested too deeply") from None


def laid_over(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Returns ``base`` with all keys of ``changes``; tables in both are laid over each other."""
    merged = dict(base)
    for key, value in changes.items():
        below = merged.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            merged[key] = laid_over(below, value)
        else:
            merged[key] = value
    return merged


def _model(table: Any) -> ModelConfig:
    if not isinstance(table, dict):
        raise ConfigError(f"model must be a table, got {table!r}")
    changes = dict(table)
    preset = changes.pop("preset", None)
    if preset is None and "architecture" in changes:
        return model_config(changes)
    if not isinstance(preset, str) or preset not in PRESETS:
        raise ConfigError(f"model.preset must be one of {sorted(PRESETS)}, got {preset!r}")
    start = PRESETS[preset]
    if (given := changes.get("architecture", start.architecture)) != start.architecture:
        raise ConfigError(
            f"model.preset {preset!r} has the architecture {start.architecture!r}, got {given!r}: "
            "give one of the two"
        )
    return type(start).from_dict(dataclasses.asdict(start) | changes)
