"""``sidelight decode``."""

from io import BytesIO
from pathlib import Path
from typing import Annotated

import typer

from sidelight.cli.batch import Job, Record, find_jobs, run_jobs, stands_for_several
from sidelight.cli.captions import TextFileOption, TextFromOption, TextOption, read_caption
from sidelight.cli.options import ForceOption, JsonOption, ModelOption, OnMismatch, Precision
from sidelight.cli.streams import STREAM, read_bytes, write_bytes


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
    text_from: TextFromOption = None,
    no_text: Annotated[bool, typer.Option("--no-text", help="Use no caption at all.")] = False,
    check_caption: Annotated[
        bool,
        typer.Option(
            "--check-caption",
            help="Compare the caption with the picture as it decodes without it (extra match).",
        ),
    ] = False,
    on_mismatch: Annotated[
        OnMismatch, typer.Option(help="What --check-caption does where they do not fit.")
    ] = OnMismatch.WARN,
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

    Without a --text option it takes the caption inside the file, else the one in a .txt file beside
    it, else none, and says which.
    """
    if sum((text is not None, text_file is not None, text_from is not None, no_text)) > 1:
        raise typer.BadParameter("give only one of --text, --text-file, --text-from and --no-text")
    fallback = on_mismatch is OnMismatch.FALLBACK
    if fallback and not check_caption:
        raise typer.BadParameter("--on-mismatch fallback needs --check-caption")
    if not format.isalnum():
        raise typer.BadParameter(f"--format takes a suffix such as png, got {format!r}")
    jobs = find_jobs(source, target, read_suffixes={".slt"}, suffix=f".{format}")

    from sidelight.api import load
    from sidelight.checking import decode_checked
    from sidelight.pixels.files import write_picture
    from sidelight.text.matching import CaptionMatcher

    codec = load(model)
    matcher = CaptionMatcher.load() if check_caption else None

    def work(job: Job) -> Record:
        data = read_bytes(job.source)
        caption = read_caption(
            data,
            job.source,
            text="" if no_text else text,
            text_file=text_file,
            text_from=text_from,
        )
        if matcher is None:
            picture = codec.decode(data, caption.text, precision=precision.value)
        else:
            picture = decode_checked(
                codec, matcher, data, caption.text, fallback=fallback, precision=precision.value
            )
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
