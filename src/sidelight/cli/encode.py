"""``sidelight encode``."""

from typing import TYPE_CHECKING, Annotated

import typer

from sidelight.cli.batch import Job, Record, find_jobs, run_jobs, stands_for_several
from sidelight.cli.captions import CaptionToSend
from sidelight.cli.options import ForceOption, JsonOption, ModelOption
from sidelight.cli.streams import read_bytes, write_bytes
from sidelight.config import MAX_QUALITY, MIN_QUALITY

if TYPE_CHECKING:
    from sidelight.codec import Codec
    from sidelight.pixels.picture import Picture

_DEFAULT_QUALITY = 5.0
_PLACES = "auto, xmp, iptc, exif, sidecar (.txt) or a JSON file of captions"


def encode(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="Picture, folder, quoted glob, or - for stdin.")
    ],
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help=".slt file, folder, or - for stdout.")
    ],
    *,
    quality: Annotated[
        float | None,
        typer.Option(
            min=MIN_QUALITY, max=MAX_QUALITY, help="1 (smallest file) to 9; 5 if nothing is given."
        ),
    ] = None,
    bpp: Annotated[
        float | None, typer.Option(help="Best file of at most this many bits per pixel.")
    ] = None,
    max_bytes: Annotated[
        int | None, typer.Option("--bytes", min=1, help="Best file of at most this size.")
    ] = None,
    embed_caption: Annotated[
        str | None, typer.Option(help="Put this caption into the file.")
    ] = None,
    digest_caption: Annotated[
        str | None,
        typer.Option(help="Put 4 bytes of this caption's digest into the file."),
    ] = None,
    embed_from: Annotated[
        str | None,
        typer.Option(metavar="PLACE", help=f"Embed each picture's own caption, from {_PLACES}."),
    ] = None,
    digest_from: Annotated[
        str | None,
        typer.Option(metavar="PLACE", help="Digest each picture's own caption, from there."),
    ] = None,
    strip: Annotated[bool, typer.Option("--strip", help="Leave out ICC profile and EXIF.")] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Decode each file before it is written.")
    ] = False,
    model: ModelOption = None,
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Code SOURCE into TARGET. Only TGIC, whose encoder reads it, needs the caption."""
    if sum(option is not None for option in (quality, bpp, max_bytes)) > 1:
        raise typer.BadParameter("give only one of --quality, --bpp and --bytes")
    from PIL import Image

    Image.init()
    jobs = find_jobs(source, target, read_suffixes=set(Image.EXTENSION), suffix=".slt")
    if len(jobs) > 1 and (embed_caption is not None or digest_caption is not None):
        raise typer.BadParameter("one caption cannot be that of several pictures")

    from sidelight.api import load
    from sidelight.codec import max_bytes_for

    embed = CaptionToSend("embed", given=embed_caption, place=embed_from)
    digest = CaptionToSend("digest", given=digest_caption, place=digest_from)
    codec = load(model)

    def work(job: Job) -> Record:
        file = read_bytes(job.source)
        picture = _decoded(job.source, file, strip=strip)
        embedded, digested = (sent.of(job.source, file) for sent in (embed, digest))
        captions = {"embed_caption": embedded.text, "digest_caption": digested.text}
        if bpp is not None or max_bytes is not None:
            limit = max_bytes_for(bpp, picture) if bpp is not None else max_bytes or 0
            data = codec.encode_to_size(picture, limit, **captions)
        else:
            data = codec.encode(picture, quality=quality or _DEFAULT_QUALITY, **captions)
        if verify:
            codec.decode(data, "")
        write_bytes(job.target, data)
        notes = [*picture.notes, *embedded.notes, *digested.notes]
        return {**_record(codec, picture, data), "notes": notes}

    run_jobs(jobs, work, force=force, as_json=json, several=stands_for_several(source))


def _decoded(source: str, file: bytes, *, strip: bool) -> "Picture":
    from dataclasses import replace

    from sidelight.errors import ImageError
    from sidelight.pixels.decoding import decode_picture

    try:
        picture = decode_picture(file)
    except ImageError as error:
        raise ImageError(f"{source}: {error}") from error
    return replace(picture, icc=None, exif=None) if strip else picture


def _record(codec: "Codec", picture: "Picture", data: bytes) -> Record:
    from sidelight.bitstream.container import Container
    from sidelight.config import step_to_quality

    num_pixels = picture.width * picture.height
    return {
        "bytes": len(data),
        "bpp": 8 * len(data) / num_pixels,
        "width": picture.width,
        "height": picture.height,
        "quality": step_to_quality(Container.parse(data).quality_step),
        "model": codec.fingerprint.hex(),
    }
