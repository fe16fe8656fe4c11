"""``sidelight page``: an HTML page whose pictures travel as .slt files."""

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sidelight.cli.options import ModelOption
from sidelight.cli.streams import say
from sidelight.config import MAX_QUALITY, MIN_QUALITY
from sidelight.errors import ConfigError

if TYPE_CHECKING:
    from sidelight.page.coding import PageResult

PageArgument = Annotated[Path, typer.Argument(metavar="PAGE", help="HTML file.", dir_okay=False)]
FolderArgument = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="Where the page and its files go.", file_okay=False)
]


def encode(
    page: PageArgument,
    folder: FolderArgument,
    *,
    quality: Annotated[
        float, typer.Option(min=MIN_QUALITY, max=MAX_QUALITY, help="1 (smallest files) to 9.")
    ] = 5.0,
    digest: Annotated[
        bool, typer.Option("--digest", help="Put 4 bytes of each caption's digest into its file.")
    ] = False,
    model: ModelOption = None,
) -> None:
    """Code every local picture of PAGE; the captions stay in the page.

    A picture's caption is its figcaption, else its alt text, else its title, else the heading
    above it.
    """
    _need_parser()
    from sidelight.api import load
    from sidelight.page.coding import encode_page

    _report(encode_page(page, folder, load(model), quality=quality, digest=digest))


def decode(
    page: PageArgument,
    folder: FolderArgument,
    *,
    format: Annotated[str, typer.Option(help="Of the pictures, such as png or webp.")] = "png",
    model: ModelOption = None,
) -> None:
    """Turn a coded PAGE back into one with pictures, decoded with the page's own captions."""
    _need_parser()
    if not format.isalnum():
        raise typer.BadParameter(f"--format takes a suffix such as png, got {format!r}")
    from sidelight.api import load
    from sidelight.page.coding import decode_page

    _report(decode_page(page, folder, load(model), format=format))


def _need_parser() -> None:
    if importlib.util.find_spec("bs4") is None:
        raise ConfigError("pages need an HTML parser: pip install 'sidelight[page]'")


def _report(result: "PageResult") -> None:
    for picture in result.pictures:
        typer.echo(
            f"{picture.source} -> {picture.target}: {picture.bytes_before} -> "
            f"{picture.bytes_after} bytes"
        )
        for note in (f"caption: {picture.caption or 'none found'}", *picture.notes):
            say(f"{picture.source}: {note}")
    before = sum(picture.bytes_before for picture in result.pictures)
    after = sum(picture.bytes_after for picture in result.pictures)
    typer.echo(f"{result.page}: {len(result.pictures)} pictures, {before} -> {after} bytes")
    if result.failures:
        say(f"{len(result.failures)} pictures failed and stay as they were:")
        for source, error in result.failures:
            say(f"  {source}: {error}")
        raise typer.Exit(1)
