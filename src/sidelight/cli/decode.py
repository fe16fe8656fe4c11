"""``sidelight decode``."""

from io import BytesIO
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from sidelight.bitstream.container import Container
from sidelight.cli.batch import Job, Record, find_jobs, run_jobs, stands_for_several
from sidelight.cli.options import (
    ForceOption,
    JsonOption,
    ModelOption,
    Precision,
    TextFileOption,
    TextOption,
)
from sidelight.cli.streams import STREAM, read_bytes, write_bytes
from sidelight.errors import TextError


class ChosenCaption(NamedTuple):
    """A caption ("" for none) and where it was found."""

    text: str
    origin: str


def decode(
    source: Annotated[
        str,
        typer.Argument(metavar="SOURCE", help=".slt file, folder, quoted glob, or - for stdin."),
    ],
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="Picture, folder, or - for stdout.")
    ],
    *,
    text: TextOption = None,
    text_file: TextFileOption = None,
    no_text: Annotated[bool, typer.Option("--no-text", help="Use no caption at all.")] = False,
    precision: Annotated[
        Precision, typer.Option(help="Of the generator; the latents are the same in each.")
    ] = Precision.AUTO,
    format: Annotated[
        str, typer.Option(help="Of the pictures in a folder or on stdout, such as png or webp.")
    ] = "png",
    model: ModelOption = None,
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Decode SOURCE into TARGET, with the caption given.

    Without --text, --text-file or --no-text it takes the caption inside the file, else the one in
    a .txt file beside it, else none, and says which.
    """
    if sum((text is not None, text_file is not None, no_text)) > 1:
        raise typer.BadParameter("give only one of --text, --text-file and --no-text")
    if not format.isalnum():
        raise typer.BadParameter(f"--format takes a suffix such as png, got {format!r}")
    jobs = find_jobs(source, target, read_suffixes={".slt"}, suffix=f".{format}")

    from sidelight.api import load
    from sidelight.pixels.files import write_picture

    codec = load(model)

    def work(job: Job) -> Record:
        data = read_bytes(job.source)
        caption = read_caption("" if no_text else text, text_file, data, job.source)
        picture = codec.decode(data, caption.text, precision=precision.value)
        if job.target == STREAM:
            buffer = BytesIO()
            write_picture(picture, buffer, format)
            write_bytes(STREAM, buffer.getvalue())
        else:
            write_picture(picture, Path(job.target))
        return {
            "bytes": len(data),
            "bpp": 8 * len(data) / (picture.width * picture.height),
            "caption": caption.text or None,
            "notes": [f"caption: {caption.origin}", *picture.notes],
        }

    run_jobs(jobs, work, force=force, as_json=json, several=stands_for_several(source))


def read_caption(
    text: str | None, text_file: Path | None, data: bytes, source: str
) -> ChosenCaption:
    """Returns the caption given, else the one in the file, else the one beside it, else none.

    Args:
        text: From the command line; "" asks for none.
        text_file: From the command line.
        data: The .slt file.
        source: Where it was read: beside it a .txt file may lie.
    """
    if text is not None:
        return ChosenCaption(text, "given" if text else "none, as asked")
    if text_file is not None:
        return ChosenCaption(_read_text(text_file), f"read from {text_file}")
    embedded = Container.parse(data).caption
    if embedded is not None:
        return ChosenCaption(embedded, "the one inside the file")
    sidecar = Path(source).with_suffix(".txt")
    if source != STREAM and sidecar.is_file():
        return ChosenCaption(_read_text(sidecar), f"read from {sidecar}")
    return ChosenCaption("", "none found")


def _read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TextError(f"{path} is not UTF-8 text: {error}") from None
