"""Options that several commands share."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Engine(StrEnum):
    """What runs many pictures."""

    LOCAL = "local"
    RAY = "ray"


ModelOption = Annotated[
    str | None,
    typer.Option("--model", help="Name of a shipped model, or the path of a checkpoint."),
]
ForceOption = Annotated[bool, typer.Option("--force", "-f", help="Replace files that exist.")]
MaxPixelsOption = Annotated[
    int | None,
    typer.Option(
        "--max-pixels",
        min=1,
        help="Refuse larger pictures before they are decoded. If not given, those of more than "
        "134 million pixels, and of 17 million in files of less than a byte per 1,024 pixels.",
    ),
]
ProcessesOption = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        min=1,
        help="Processes that code at a time. If not given, one for each core where there are 16 "
        "pictures or more, else 1.",
    ),
]
EngineOption = Annotated[
    Engine,
    typer.Option(
        help="What runs a folder, a glob or shards on many cores: processes of this machine, or "
        "the machines of a Ray cluster (extra ray), which must see the same files; there --jobs is "
        "one for each core of the cluster if not given."
    ),
]
AddressOption = Annotated[
    str | None,
    typer.Option(
        "--address",
        metavar="HOST:PORT",
        help="Of the Ray cluster's head. If not given, what RAY_ADDRESS names, else a Ray of this "
        "run's own on this machine.",
    ),
]
ManifestOption = Annotated[
    Path | None,
    typer.Option(
        "--manifest",
        metavar="FILE",
        help="JSON lines that tell what became of each picture of a folder or glob. A later run "
        "leaves alone what they vouch for and codes the rest again. Files that exist and that they "
        "do not list are replaced by --force alone.",
        dir_okay=False,
    ),
]
UnpackOption = Annotated[
    bool,
    typer.Option("--unpack", help="Of tar and Parquet shards: write a folder of files for each."),
]
ImageColumnOption = Annotated[
    str | None,
    typer.Option(
        "--image-column",
        metavar="NAME",
        help="Of Parquet files; if not given, image, jpg or another usual name.",
    ),
]
CaptionColumnOption = Annotated[
    str | None,
    typer.Option(
        "--caption-column",
        metavar="NAME",
        help="Of Parquet files; if not given, caption, txt or another usual name.",
    ),
]
JsonOption = Annotated[
    bool,
    typer.Option(
        "--json",
        help="Print one JSON record per picture; in folders and shards also of those that fail.",
    ),
]


class Precision(StrEnum):
    """Of the generator; the latents are the same in each."""

    AUTO = "auto"
    FP32 = "fp32"
    BF16 = "bf16"


class OnMismatch(StrEnum):
    """What to do with a caption that does not fit the picture."""

    WARN = "warn"
    DROP = "drop"


class CaptionAs(StrEnum):
    """How a caption travels inside a file: itself, or four bytes of its digest."""

    EMBED = "embed"
    DIGEST = "digest"


def as_suffix(value: str | None) -> str | None:
    """Returns a format as its suffix is compared, without the dot: AVIF and .avif are avif."""
    return value if value is None else value.lower().removeprefix(".")
