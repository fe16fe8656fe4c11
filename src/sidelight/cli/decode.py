"""``sidelight decode``."""

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sidelight.cli.batch import Record, run_jobs
from sidelight.cli.captions import CaptionFromOption, CaptionOption, CaptionToRead
from sidelight.cli.jobs import Job, find_jobs
from sidelight.cli.options import (
    ForceOption,
    JsonOption,
    MaxPixelsOption,
    ModelOption,
    OnMismatch,
    Precision,
)
from sidelight.cli.streams import is_stream, read_bytes, suffix_of, write_bytes

if TYPE_CHECKING:
    from sidelight.pixels.picture import Picture


def decode(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="AVIF, JPEG, WebP, JPEG XL or .slt file, folder, quoted glob, or - for stdin.",
        ),
    ],
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="Picture, folder, or - for stdout.")
    ],
    *,
    caption: CaptionOption = None,
    caption_from: CaptionFromOption = None,
    check_caption: Annotated[
        OnMismatch | None,
        typer.Option(
            help="Compare the caption with the picture as it decodes without it, and warn where "
            "they do not fit, or drop the caption there (extra match)."
        ),
    ] = None,
    realism: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=1.0,
            help="Of ordinary files: 0 (faithful) to 1 (natural); the model's choice if not given.",
        ),
    ] = None,
    precision: Annotated[
        Precision, typer.Option(help="Of the generator; the latents are the same in each.")
    ] = Precision.AUTO,
    device: Annotated[
        str | None,
        typer.Option(
            help="Where torch is to run the model, such as cuda (extra torch); else onnxruntime "
            "runs it on the processor."
        ),
    ] = None,
    format: Annotated[
        str, typer.Option(help="Of the pictures in a folder or on stdout, such as png or webp.")
    ] = "png",
    model: ModelOption = None,
    max_pixels: MaxPixelsOption = None,
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Decode SOURCE into TARGET, better by the caption given.

    Without --caption and --caption-from it takes the caption inside the file, else the one in a
    .txt file beside it, else none, and says which.
    """
    captions = CaptionToRead(given=caption, place=caption_from)
    if not format.isalnum():
        raise typer.BadParameter(f"--format takes a suffix such as png, got {format!r}")
    from sidelight.carriers.registry import SUFFIXES, check_start

    found = find_jobs(source, target, read_suffixes={".slt", *SUFFIXES}, suffix=f".{format}")

    from sidelight.api import decoder_of
    from sidelight.codec.check import decode_checked
    from sidelight.pixels.rate import bits_per_pixel

    matcher = None
    if check_caption is not None:
        from sidelight.metrics.caption_match import CaptionMatcher

        matcher = CaptionMatcher.load()

    def work(job: Job) -> Record:
        data = read_bytes(job.source, check_start)
        opened = decoder_of(data, model, max_pixels=max_pixels, device=device).open(data)
        caption = captions.of(job.source, data, opened)
        if matcher is None:
            picture = opened.decode(caption.text, realism=realism, precision=precision.value)
        else:
            picture = decode_checked(
                opened,
                matcher,
                caption.text,
                drop=check_caption is OnMismatch.DROP,
                realism=realism,
                precision=precision.value,
            )
        _write(picture, job.target, format)
        return {
            "bytes": len(data),
            "bpp": bits_per_pixel(len(data), picture),
            "caption": caption.text or None,
            "notes": [f"caption: {caption.origin}", *caption.notes, *picture.notes],
        }

    run_jobs(found, work, force=force, as_json=json)


def _write(picture: "Picture", target: str, format: str) -> None:
    from sidelight.pixels.files import write_picture

    if not is_stream(target):
        write_picture(picture, Path(target))
        return
    buffer = BytesIO()
    write_picture(picture, buffer, suffix_of(target, format).removeprefix("."))
    write_bytes(target, buffer.getvalue())
