"""``sidelight encode``."""

from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from sidelight.bitstream.quality import MAX_QUALITY, MIN_QUALITY
from sidelight.cli.batch import Record, run_jobs
from sidelight.cli.captions import CaptionFromOption, CaptionOption, CaptionToSend
from sidelight.cli.jobs import Job, find_jobs
from sidelight.cli.options import CaptionAs, ForceOption, JsonOption, MaxPixelsOption, ModelOption
from sidelight.cli.streams import read_bytes, suffix_of, write_bytes
from sidelight.errors import ConfigError

if TYPE_CHECKING:
    from sidelight.pixels.picture import Picture

_DEFAULT_QUALITY = 5.0
_END_TO_END = ".slt"


class _Asked(NamedTuple):
    """What one file is to be."""

    suffix: str
    quality: float
    max_bytes: int | None
    """Where given, ``quality`` does not count."""
    effort: int | None
    caption: str | None
    caption_as: CaptionAs
    model: str | None
    verify: bool


def encode(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="Picture, folder, quoted glob, or - for stdin.")
    ],
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET",
            help="File whose suffix says the format (.avif, .jpg, .webp, .jxl or .slt), folder, "
            "or - for stdout.",
        ),
    ],
    *,
    quality: Annotated[
        float | None,
        typer.Option(
            "--quality",
            "-q",
            min=MIN_QUALITY,
            max=MAX_QUALITY,
            help="1 (smallest file) to 9; 5 if nothing is given.",
        ),
    ] = None,
    bpp: Annotated[
        float | None, typer.Option(help="Best file of at most this many bits per pixel.")
    ] = None,
    max_bytes: Annotated[
        int | None, typer.Option(min=1, help="Best file of at most this size.")
    ] = None,
    effort: Annotated[
        int | None,
        typer.Option(
            "--effort",
            "-e",
            min=1,
            max=9,
            help="1 (fastest) to 9 (smallest file) of AVIF, WebP and JPEG XL; the format's own if "
            "not given.",
        ),
    ] = None,
    caption: CaptionOption = None,
    caption_from: CaptionFromOption = None,
    caption_as: Annotated[
        CaptionAs,
        typer.Option(
            help="Embed the caption in the file (in XMP but for .slt), or put 4 bytes of its "
            "digest into the .slt file."
        ),
    ] = CaptionAs.EMBED,
    strip: Annotated[
        bool, typer.Option("--strip", help="Leave out ICC profile, EXIF and XMP.")
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Decode each file before it is written.")
    ] = False,
    format: Annotated[
        str,
        typer.Option(help="Of files in a folder or on stdout: avif, jpg, webp, jxl or slt."),
    ] = "avif",
    model: ModelOption = None,
    max_pixels: MaxPixelsOption = None,
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Code SOURCE into TARGET, an ordinary file that decode improves, or a .slt file.

    The caption is not needed: the decoder reads it. Given here, it travels inside the file.
    """
    if sum(option is not None for option in (quality, bpp, max_bytes)) > 1:
        raise typer.BadParameter("give only one of --quality, --bpp and --max-bytes")
    _check_known(f".{format}", "--format")
    from sidelight.pixels.suffixes import picture_suffixes

    found = find_jobs(source, target, read_suffixes=picture_suffixes(), suffix=f".{format}")
    to_send = CaptionToSend(caption_as.value, given=caption, place=caption_from)
    if len(found.jobs) > 1 and to_send.is_one:
        raise typer.BadParameter("one caption cannot be that of several pictures")

    from sidelight.pixels.rate import bits_per_pixel

    def work(job: Job) -> Record:
        suffix = suffix_of(job.target, format)
        _check_known(suffix, job.target)
        file = read_bytes(job.source)
        picture = _decoded(job.source, file, strip=strip, max_pixels=max_pixels)
        sent = to_send.of(job.source, file)
        asked = _Asked(
            suffix=suffix,
            quality=_DEFAULT_QUALITY if quality is None else quality,
            max_bytes=_max_bytes(picture, bpp, max_bytes),
            effort=effort,
            caption=sent.text,
            caption_as=caption_as,
            model=model,
            verify=verify,
        )
        write = _write_end_to_end if suffix == _END_TO_END else _write_carrier
        data, facts = write(picture, asked)
        write_bytes(job.target, data)
        return {
            "bytes": len(data),
            "bpp": bits_per_pixel(len(data), picture),
            "width": picture.width,
            "height": picture.height,
            **facts,
            "notes": [*picture.notes, *facts.pop("notes", ()), *sent.notes],
        }

    run_jobs(found, work, force=force, as_json=json)


def _check_known(suffix: str, where: str) -> None:
    from sidelight.carriers.registry import SUFFIXES

    if suffix not in (*SUFFIXES, _END_TO_END):
        known = ", ".join((*SUFFIXES, _END_TO_END))
        raise ConfigError(f"{where}: no format has the suffix {suffix!r}, expected one of {known}")


def _decoded(source: str, file: bytes, *, strip: bool, max_pixels: int | None) -> "Picture":
    from dataclasses import replace

    from sidelight.errors import ImageError
    from sidelight.pixels.decoding import decode_picture

    try:
        picture = decode_picture(file, max_pixels=max_pixels)
    except ImageError as error:
        raise ImageError(f"{source}: {error}") from error
    return replace(picture, icc=None, exif=None, xmp=None) if strip else picture


def _max_bytes(picture: "Picture", bpp: float | None, max_bytes: int | None) -> int | None:
    """Returns the size that a file may have; None where its quality is given."""
    from sidelight.pixels.rate import max_bytes_for

    return max_bytes if bpp is None else max_bytes_for(bpp, picture)


def _write_carrier(picture: "Picture", asked: _Asked) -> tuple[bytes, Record]:
    """Returns an ordinary file, and what its record tells of it."""
    from sidelight.carriers.reading import read
    from sidelight.carriers.registry import carrier_of_suffix

    if asked.caption_as is CaptionAs.DIGEST or asked.model is not None:
        option = "--model" if asked.model is not None else "--caption-as digest"
        raise ConfigError(f"{option} is for .slt files, this is {asked.suffix}")
    carrier = carrier_of_suffix(asked.suffix)
    assert carrier is not None  # _check_known has looked
    if asked.max_bytes is None:
        data = carrier.encode(picture, asked.quality, caption=asked.caption, effort=asked.effort)
    else:
        data = carrier.encode_to_size(
            picture, asked.max_bytes, caption=asked.caption, effort=asked.effort
        )
    if asked.verify:
        read(data, max_pixels=picture.width * picture.height)
    quality = asked.quality if asked.max_bytes is None else None
    return data, {"codec": carrier.name, "quality": quality}


def _write_end_to_end(picture: "Picture", asked: _Asked) -> tuple[bytes, Record]:
    """Returns a .slt file, and what its record tells of it."""
    from sidelight.api import load
    from sidelight.bitstream.container import Container
    from sidelight.bitstream.quality import step_to_quality
    from sidelight.pixels.rights import rights_lost_without

    if asked.effort is not None:
        raise ConfigError("--effort is for ordinary files, this is .slt, which has one effort")
    codec = load(asked.model, max_pixels=picture.width * picture.height)
    caption, caption_as = asked.caption, asked.caption_as.value
    if asked.max_bytes is None:
        data = codec.encode(picture, quality=asked.quality, caption=caption, caption_as=caption_as)
    else:
        data = codec.encode_to_size(
            picture, asked.max_bytes, caption=caption, caption_as=caption_as
        )
    if asked.verify:
        codec.decode(data, caption if codec.model.encoder_reads_text else "")
    reached = step_to_quality(Container.parse(data).quality_step)
    facts = {"codec": "slt", "quality": reached, "model": codec.fingerprint.hex()}
    return data, {**facts, "notes": rights_lost_without(picture.xmp)}
