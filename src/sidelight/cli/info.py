"""``sidelight info``: reads files only, so it needs no torch and answers at once."""

import json as json_format
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from sidelight.bitstream.header import MAGIC
from sidelight.bulk.streams import STREAM, read_bytes
from sidelight.cli.messages import show
from sidelight.cli.options import MaxPixelsOption
from sidelight.codec.info import read_info
from sidelight.errors import about


def info(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help=".slt, AVIF, JPEG, WebP or JPEG XL file, - for stdin, or a model: its name or "
            "checkpoint.",
        ),
    ],
    *,
    max_pixels: MaxPixelsOption = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON record.")] = False,
) -> None:
    """Print what a file holds, or what a model is.

    The file is checked to be whole.
    """
    if (model := _model_file(source)) is not None:
        facts = _model_facts(model, whole=json)
    else:
        with about(source):
            facts = asdict(read_info(read_bytes(source, _check_start), max_pixels=max_pixels))
    if json:
        show(json_format.dumps(facts))
        return
    width = max(map(len, facts))
    for name, value in facts.items():
        show(f"{name.ljust(width)}  {_shown(value)}")


def _check_start(data: bytes) -> None:
    if not data.startswith(MAGIC):  # else numpy and Pillow would be loaded for nothing
        from sidelight.carriers.registry import check_start

        check_start(data)


def _model_file(source: str) -> Path | None:
    """Returns the checkpoint that SOURCE names, if it names one.

    Raises:
        CheckpointError: It is a bare name, and of no shipped model.
    """
    from sidelight.codec.card import find_model

    path = Path(source)
    if path.suffix == ".safetensors":
        return path
    is_name = not (path.suffix or path.exists() or "/" in source or source == STREAM)
    return find_model(source) if is_name else None


def _model_facts(path: Path, *, whole: bool) -> dict[str, Any]:
    """Returns a model's card; its recipe, which is long, only in the whole one."""
    from sidelight.codec.card import ModelCard

    facts = asdict(ModelCard.read(path))
    if not whole:
        facts["provenance"].pop("recipe", None)
    return facts


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {number}" for key, number in value.items()) or "-"
    if isinstance(value, list | tuple):
        return "; ".join(value) or "-"
    return "-" if value is None else str(value)
