"""``sidelight info``: reads files only, so it needs no torch and answers at once."""

import json as json_format
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from sidelight.bitstream.container import Container, section_sizes
from sidelight.bitstream.header import MAGIC, VERSION
from sidelight.cli.options import JsonOption
from sidelight.cli.streams import read_bytes, show
from sidelight.config import step_to_quality


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
    json: JsonOption = False,
) -> None:
    """Print what SOURCE holds, after checking that it is whole, or what a model is."""
    if (model := _model_file(source)) is not None:
        facts = _model_facts(model, whole=json)
    else:
        data = read_bytes(source, _check_start)
        facts = _end_to_end_facts(data) if data.startswith(MAGIC) else _carrier_facts(data)
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
    """Returns the checkpoint that SOURCE names, if it names one."""
    from sidelight.card import shipped_models

    path = Path(source)
    if path.suffix == ".safetensors":
        return path
    return None if path.exists() else shipped_models().get(source)


def _model_facts(path: Path, *, whole: bool) -> dict[str, Any]:
    """Returns a model's card; its recipe, which is long, only in the whole one."""
    from sidelight.card import ModelCard

    facts = asdict(ModelCard.read(path))
    if not whole:
        facts["provenance"].pop("recipe", None)
    return facts


def _end_to_end_facts(data: bytes) -> dict[str, Any]:
    container = Container.parse(data)
    return {
        "format_version": VERSION,
        "model": container.model.hex(),
        "width": container.width,
        "height": container.height,
        "quality": step_to_quality(container.quality_step),
        "gray": container.gray,
        "bytes": len(data),
        "bpp": round(8 * len(data) / (container.width * container.height), 5),
        "section_bytes": section_sizes(data),
        "latents_crc": f"{container.latents_crc:08x}",
        "caption": container.caption,
        "caption_digest": container.caption_digest.hex() if container.caption_digest else None,
    }


def _carrier_facts(data: bytes) -> dict[str, Any]:
    from sidelight.carriers.reading import read
    from sidelight.pixels.rate import bits_per_pixel
    from sidelight.text.metadata import caption_in_packet

    file = read(data)
    picture = file.picture
    return {
        "codec": file.codec,
        "width": picture.width,
        "height": picture.height,
        "gray": picture.gray,
        "alpha": picture.alpha is not None,
        "bytes": len(data),
        "bpp": round(bits_per_pixel(len(data), picture), 5),
        "coded_bytes": file.coded_bytes,
        "coded_bpp": round(file.coded_bpp, 5),
        "metadata_bytes": {
            name: len(block)
            for name, block in (("icc", picture.icc), ("exif", picture.exif), ("xmp", picture.xmp))
            if block is not None
        },
        "caption": caption_in_packet(picture.xmp) or None,
        "notes": list(picture.notes),
    }


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {number}" for key, number in value.items()) or "-"
    if isinstance(value, list):
        return "; ".join(value) or "-"
    return "-" if value is None else str(value)
