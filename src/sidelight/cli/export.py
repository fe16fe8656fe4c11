"""``sidelight export``."""

from pathlib import Path
from typing import Annotated

import typer

from sidelight.cli.options import ForceOption
from sidelight.cli.streams import say
from sidelight.errors import ConfigError


def export(
    folder: Annotated[Path, typer.Argument(metavar="RUN_FOLDER", help="What train wrote.")],
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
    force: ForceOption = False,
) -> None:
    """Freeze the averaged weights of a run into a checkpoint for encode and decode.

    With --pictures and --bpp the quality levels are moved so that they meet these rates.
    """
    if target.exists() and not force:
        raise ConfigError(f"{target} exists; give --force to replace it")
    if (pictures is None) != (bpp is None):
        raise typer.BadParameter("give --pictures and --bpp together")

    from sidelight.pixels.suffixes import is_named_as_picture
    from sidelight.train.export import export_run

    found = []
    if pictures is not None:
        found = sorted(p for p in pictures.iterdir() if is_named_as_picture(p) and p.is_file())
        if not found:
            raise ConfigError(f"no pictures in {pictures}, such as .png, .jpg or .avif files")
    export_run(
        folder,
        target,
        terms=terms,
        pictures=found,
        target_bpp=bpp or (),
        default_realism=default_realism,
    )
    say(f"{target}: {target.stat().st_size} bytes")
