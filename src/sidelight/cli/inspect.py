"""``sidelight inspect``: pictures of what the text and the bits did."""

from pathlib import Path
from typing import Annotated

import typer

from sidelight.cli.captions import TextFileOption, TextFromOption, TextOption, read_caption
from sidelight.cli.options import ForceOption, ModelOption
from sidelight.cli.streams import read_bytes
from sidelight.errors import ConfigError


def inspect(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help=".slt file, or - for stdin.")],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the PNG files go.")],
    *,
    text: TextOption = None,
    text_file: TextFileOption = None,
    text_from: TextFromOption = None,
    model: ModelOption = None,
    force: ForceOption = False,
) -> None:
    """Draw SSA masks, the bit-allocation map and the difference that the caption makes."""
    if folder.is_dir() and any(folder.glob("*.png")) and not force:
        raise ConfigError(f"{folder} holds pictures already; give --force to replace them")
    if sum(option is not None for option in (text, text_file, text_from)) > 1:
        raise typer.BadParameter("give only one of --text, --text-file and --text-from")
    from sidelight.api import load
    from sidelight.inspection import inspect_file
    from sidelight.pixels.files import write_picture
    from sidelight.pixels.picture import from_pillow

    data = read_bytes(source)
    caption = read_caption(data, source, text=text, text_file=text_file, text_from=text_from)
    typer.echo(f"caption: {caption.origin}", err=True)
    for name, image in inspect_file(load(model), data, caption.text).items():
        write_picture(from_pillow(image), folder / f"{name}.png")
        typer.echo(str(folder / f"{name}.png"))
