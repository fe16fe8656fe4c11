"""The options that say which caption a command uses."""

from typing import Annotated

import typer

CaptionOption = Annotated[str | None, typer.Option("--caption", "-c", help="The caption.")]
CaptionFromOption = Annotated[
    str | None,
    typer.Option(
        "--caption-from",
        metavar="PLACE",
        help="Where captions lie: auto, none, sidecar (.txt), xmp, iptc, exif, or a .txt or .json "
        "file.",
    ),
]


def check_captions(given: str | None, place: str | None) -> None:
    """Checks that only one of both options is given.

    Raises:
        BadParameter: Both are.
    """
    if given is not None and place is not None:
        raise typer.BadParameter("give only one of --caption and --caption-from")
