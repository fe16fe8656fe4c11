"""What a model's file says of itself: read without torch, so that commands answer at once."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sidelight.errors import CheckpointError
from sidelight.models.config import model_config

FORMAT = "sidelight-model-1"
MODEL_SUFFIX = ".safetensors"
"""Of exported models."""
_WEIGHTS = Path(__file__).parents[1] / "weights"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """A model, described."""

    name: str
    kind: str
    """What it codes, and how."""
    levels: int | None
    """Trained rate points; None for carrier generators, which decide no rate."""
    reads_caption: bool
    text_encoder: str
    """Name and fingerprint of the encoder that it was trained with."""
    terms: str | None
    """Under which its weights may be used."""
    bytes: int
    """Of its file."""
    provenance: dict[str, Any]
    """Recipe, steps, commit, versions, as the training run recorded them."""

    @classmethod
    def read(cls, path: Path) -> "ModelCard":
        """Reads a checkpoint's metadata.

        Raises:
            CheckpointError: The file is missing, or no checkpoint.
        """
        metadata = _metadata(path)
        check_format(path, metadata)
        try:
            config = model_config(json.loads(metadata["config"]))
            provenance = dict(json.loads(metadata["provenance"]))
            encoder = f"{metadata['text_encoder']} {metadata['text_fingerprint']}"
        except (LookupError, TypeError, ValueError) as error:
            raise CheckpointError(f"{path} is not a complete model: {error}") from None
        codes = "carrier generator" if config.improves_carriers else "codec of .slt files"
        return cls(
            name=config.name,
            kind=f"{codes} ({config.architecture})",
            levels=config.num_rates or None,
            reads_caption=config.reads_text,
            text_encoder=encoder,
            terms=provenance.pop("terms", None),
            bytes=path.stat().st_size,
            provenance=provenance,
        )


def shipped_models() -> dict[str, Path]:
    """Returns the models inside the package, by name."""
    return {path.stem: path for path in sorted(_WEIGHTS.glob(f"*{MODEL_SUFFIX}"))}


def find_model(model: str | os.PathLike[str]) -> Path:
    """Returns the file of a shipped model by its name, or the path itself.

    Raises:
        CheckpointError: There is neither, or it is a folder.
    """
    shipped = shipped_models()
    path = shipped.get(str(model), Path(model))
    if not path.exists():
        raise CheckpointError(f"no model {str(model)!r}: shipped are {[*shipped]}, or give a path")
    _check_no_folder(path)
    return path


def check_format(path: Path, metadata: dict[str, str]) -> None:
    """Checks that a file's metadata are a model's.

    Raises:
        CheckpointError: They are not.
    """
    if metadata.get("format") != FORMAT:
        raise CheckpointError(f"{path} has format {metadata.get('format')!r}, expected {FORMAT!r}")


def _check_no_folder(path: Path) -> None:
    if path.is_dir():
        raise CheckpointError(
            f"{path} is a folder, expected a model's .safetensors file; a run's folder becomes one "
            "by sidelight export"
        )


def _metadata(path: Path) -> dict[str, str]:
    from safetensors import SafetensorError, safe_open

    _check_no_folder(path)
    try:
        with safe_open(path, framework="numpy") as file:
            return file.metadata() or {}
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"cannot read {path}: {error}") from None
