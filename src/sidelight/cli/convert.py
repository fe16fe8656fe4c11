"""``sidelight convert``."""

from pathlib import Path
from typing import Annotated

import typer

from sidelight.cli.options import ForceOption
from sidelight.cli.streams import say
from sidelight.errors import ConfigError


def convert(
    source: Annotated[
        Path, typer.Argument(metavar="SOURCE", help="A weights file that CompressAI published.")
    ],
    target: Annotated[Path, typer.Argument(metavar="TARGET", help="A .safetensors file.")],
    *,
    architecture: Annotated[
        str,
        typer.Option(
            "--architecture",
            "-a",
            help="balle2018 (bmshj2018-hyperprior), minnen2018-mean-scale (mbt2018-mean), "
            "minnen2018 (mbt2018) or cheng2020 (cheng2020-attn).",
        ),
    ],
    terms: Annotated[
        str, typer.Option(help="What its users may do with it; is recorded in the file.")
    ] = "",
    force: ForceOption = False,
) -> None:
    """Make a checkpoint for encode and decode of weights that CompressAI published."""
    if target.exists() and not force:
        raise ConfigError(f"{target} exists; give --force to replace it")

    from sidelight.train.export import convert_compressai

    convert_compressai(source, architecture, target, terms=terms)
    say(f"{target}: {target.stat().st_size} bytes")
