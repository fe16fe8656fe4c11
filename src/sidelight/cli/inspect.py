"""``sidelight inspect``: pictures of what the text and the bits did."""

from pathlib import Path
from typing import Annotated

import typer

from sidelight.bulk.streams import read_bytes
from sidelight.cli.captions import CaptionFromOption, CaptionOption, check_captions
from sidelight.cli.messages import say, show
from sidelight.cli.options import ForceOption, MaxPixelsOption, ModelOption
from sidelight.errors import ConfigError, about


def inspect(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="Coded file, or - for stdin.")],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the PNG files go.")],
    *,
    caption: CaptionOption = None,
    caption_from: CaptionFromOption = None,
    realism: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="Dial of ordinary files.")
    ] = None,
    model: ModelOption = None,
    max_pixels: MaxPixelsOption = None,
    force: ForceOption = False,
) -> None:
    """Draw where the caption acted and what it changed.

    Masks of the SSA blocks, and the difference to a picture without caption; of .slt files where
    the bits went too.
    """
    if folder.is_dir() and any(folder.glob("*.png")) and not force:
        raise ConfigError(f"{folder} holds pictures already; give --force to replace them")
    check_captions(caption, caption_from)
    from sidelight.api import decoder_of
    from sidelight.bulk.captions import CaptionToRead
    from sidelight.carriers.registry import check_start
    from sidelight.codec.carrier_codec import OpenedCarrier
    from sidelight.codec.inspect import inspect_carrier, inspect_slt
    from sidelight.pixels.files import write_picture
    from sidelight.pixels.picture import from_pillow

    captions = CaptionToRead(given=caption, place=caption_from)
    with about(source):
        data = read_bytes(source, check_start)
        opened = decoder_of(data, model, max_pixels=max_pixels).open(data)
        found = captions.of(source, data, opened)
        if isinstance(opened, OpenedCarrier):
            inspected = inspect_carrier(opened, found.text, realism)
        else:
            inspected = inspect_slt(opened, found.text, realism)
    for note in (f"caption: {found.origin}", *found.notes, *inspected.notes):
        say(note)
    for name, image in inspected.images.items():
        write_picture(from_pillow(image), folder / f"{name}.png")
        show(str(folder / f"{name}.png"))
