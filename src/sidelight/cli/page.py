"""``sidelight page``: an HTML page whose pictures travel as small files with their captions."""

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sidelight.cli.options import ModelOption
from sidelight.cli.streams import say, show
from sidelight.config import MAX_QUALITY, MIN_QUALITY
from sidelight.errors import ConfigError

if TYPE_CHECKING:
    from sidelight.page.coding import PageResult
    from sidelight.pixels.picture import Picture

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
    format: Annotated[
        str, typer.Option(help="Of the pictures: avif, jpg, webp, jxl or slt.")
    ] = "avif",
    digest: Annotated[
        bool,
        typer.Option("--digest", help="Put 4 bytes of each caption's digest into its .slt file."),
    ] = False,
    model: ModelOption = None,
) -> None:
    """Code every local picture of PAGE; the captions stay in the page.

    A picture's caption is its figcaption, else its alt text, else its title, else the heading
    above it.
    """
    _need_parser()
    from sidelight.api import load
    from sidelight.carriers.registry import SUFFIXES, carrier_of_suffix
    from sidelight.page.coding import encode_page

    suffix = f".{format}"
    carrier = carrier_of_suffix(suffix)
    if carrier is None and suffix != ".slt":
        known = ", ".join(place.removeprefix(".") for place in (*SUFFIXES, ".slt"))
        raise ConfigError(f"--format takes one of {known}, got {format!r}")
    if carrier is not None and (digest or model is not None):
        raise ConfigError(f"--digest and --model are for .slt files, not for {format}")

    def write(picture: "Picture", caption: str) -> bytes:
        if carrier is not None:
            return carrier.encode(picture, quality)
        digested = caption if digest and caption else None
        return load(model).encode(picture, quality=quality, caption=digested, caption_as="digest")

    _report(encode_page(page, folder, write, suffix=suffix))


def decode(
    page: PageArgument,
    folder: FolderArgument,
    *,
    format: Annotated[str, typer.Option(help="Of the pictures, such as png or webp.")] = "png",
    realism: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="Dial of ordinary pictures.")
    ] = None,
    model: ModelOption = None,
) -> None:
    """Decode the AVIF, JPEG, WebP, JPEG XL and .slt files of PAGE by the page's own captions."""
    _need_parser()
    if not format.isalnum():
        raise typer.BadParameter(f"--format takes a suffix such as png, got {format!r}")
    from sidelight.api import decoder_of
    from sidelight.carrier_codec import CarrierCodec
    from sidelight.page.coding import decode_page

    def show(data: bytes, caption: str) -> "Picture":
        codec = decoder_of(data, model)
        if isinstance(codec, CarrierCodec):
            return codec.decode(data, caption or None, realism=realism)
        return codec.decode(data, caption or None)

    _report(decode_page(page, folder, show, format=format))


def _need_parser() -> None:
    if importlib.util.find_spec("bs4") is None:
        raise ConfigError("pages need an HTML parser: pip install 'sidelight[page]'")


def _report(result: "PageResult") -> None:
    for picture in result.pictures:
        show(
            f"{picture.source} -> {picture.target}: {picture.bytes_before} -> "
            f"{picture.bytes_after} bytes"
        )
        for note in (f"caption: {picture.caption or 'none found'}", *picture.notes):
            say(f"{picture.source}: {note}")
    before = sum(picture.bytes_before for picture in result.pictures)
    after = sum(picture.bytes_after for picture in result.pictures)
    show(f"{result.page}: {len(result.pictures)} pictures, {before} -> {after} bytes")
    if result.failures:
        say(f"{len(result.failures)} pictures failed and stay as they were:")
        for source, error in result.failures:
            say(f"  {source}: {error}")
        raise typer.Exit(1)
