"""Options that several commands share."""

from enum import StrEnum
from typing import Annotated

import typer

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
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON record per picture.")]


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
