"""``sidelight info``: reads the container only, so it needs no torch and answers at once."""

import json as json_format
from typing import Annotated, Any

import typer

from sidelight.bitstream.container import Container, section_sizes
from sidelight.bitstream.header import VERSION
from sidelight.cli.options import JsonOption
from sidelight.cli.streams import read_bytes
from sidelight.config import step_to_quality


def info(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help=".slt file, or - for stdin.")],
    *,
    json: JsonOption = False,
) -> None:
    """Print what SOURCE holds, after checking every checksum."""
    facts = _facts(read_bytes(source))
    if json:
        typer.echo(json_format.dumps(facts))
        return
    width = max(map(len, facts))
    for name, value in facts.items():
        typer.echo(f"{name.ljust(width)}  {_shown(value)}")


def _facts(data: bytes) -> dict[str, Any]:
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


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {number}" for key, number in value.items())
    return "-" if value is None else str(value)
