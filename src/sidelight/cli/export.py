"""``sidelight export``."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from sidelight.cli.messages import say
from sidelight.cli.options import ForceOption
from sidelight.codec.card import MODEL_SUFFIX
from sidelight.errors import ConfigError
from sidelight.files import copy_atomically


def export(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE", help="What train wrote, or a weights file that CompressAI published."
        ),
    ],
    target: Annotated[Path, typer.Argument(metavar="TARGET", help="A .safetensors file.")],
    *,
    terms: Annotated[
        str, typer.Option(help="What its users may do with it; is recorded in the file.")
    ] = "",
    pictures: Annotated[
        Path | None, typer.Option(help="Folder of pictures to place the levels on.")
    ] = None,
    bpp: Annotated[
        list[float] | None, typer.Option(help="Rate of each level on them; repeat, rising.")
    ] = None,
    default_realism: Annotated[
        float | None,
        typer.Option(min=0.0, max=1.0, help="Dial of a carrier generator where none is named."),
    ] = None,
    architecture: Annotated[
        str,
        typer.Option(
            "--architecture",
            "-a",
            help="Of CompressAI's file: balle2018 (bmshj2018-hyperprior), minnen2018-mean-scale "
            "(mbt2018-mean), minnen2018 (mbt2018) or cheng2020 (cheng2020-attn).",
        ),
    ] = "",
    graphs: Annotated[
        bool,
        typer.Option(
            help="Write the networks as graphs too, so that files decode without torch "
            "(extra export)."
        ),
    ] = True,
    force: ForceOption = False,
) -> None:
    """Make a checkpoint for encode and decode.

    Of a run's averaged weights, or of weights that CompressAI published.
    With --pictures and --bpp the quality levels are moved so that they meet these rates.
    """
    if target.suffix != MODEL_SUFFIX:
        raise ConfigError(f"a model is a {MODEL_SUFFIX} file, and TARGET is {target}: name another")
    if target.exists() and not force:
        raise ConfigError(f"{target} exists; give --force to replace it")
    if (pictures is None) != (bpp is None):
        raise typer.BadParameter("give --pictures and --bpp together")
    if source.is_file() and not architecture:
        raise typer.BadParameter(f"{source} is a file: CompressAI's need --architecture")
    if source.is_dir() and architecture:
        raise typer.BadParameter(f"--architecture is for files, and {source} is a run's folder")
    if architecture and (pictures is not None or default_realism is not None):
        raise typer.BadParameter("--pictures, --bpp and --default-realism are for run folders")

    if graphs:
        from sidelight.nn.graphs import need_export_extra

        need_export_extra()
    with TemporaryDirectory() as folder:
        made = Path(folder) / target.name  # whole, before it takes its place
        if architecture:
            from sidelight.train.export import convert_compressai

            convert_compressai(source, architecture, made, terms=terms)
        else:
            from sidelight.train.export import export_run

            export_run(
                source,
                made,
                terms=terms,
                pictures=[] if pictures is None else _pictures_in(pictures),
                target_bpp=bpp or (),
                default_realism=default_realism,
            )
        told = ""
        if graphs:
            from sidelight.codec.graphs import add_graphs

            told = "" if add_graphs(made) else ", and no graphs: it runs with torch only"
        copy_atomically(made, target)
    say(f"{target}: {target.stat().st_size} bytes{told}")


def _pictures_in(folder: Path) -> list[Path]:
    from sidelight.pixels.suffixes import is_named_as_picture

    found = sorted(p for p in folder.iterdir() if is_named_as_picture(p) and p.is_file())
    if not found:
        raise ConfigError(f"no pictures in {folder}, such as .png, .jpg or .avif files")
    return found
