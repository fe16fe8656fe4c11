"""``sidelight encode``."""

from typing import Annotated

import typer

from sidelight.bitstream.quality import DEFAULT_QUALITY, MAX_QUALITY, MIN_QUALITY
from sidelight.bulk.jobs import find_jobs
from sidelight.bulk.streams import suffix_of
from sidelight.cli.batch import RunOptions, check_manifest, cluster_of, code_files
from sidelight.cli.captions import CaptionFromOption, CaptionOption, check_captions
from sidelight.cli.options import (
    AddressOption,
    CaptionAs,
    CaptionColumnOption,
    Engine,
    EngineOption,
    ForceOption,
    ImageColumnOption,
    JsonOption,
    ManifestOption,
    MaxPixelsOption,
    ModelOption,
    ProcessesOption,
    UnpackOption,
    as_suffix,
)
from sidelight.cli.shards import check_no_shard_options, code_shards

_FORMAT = "avif"


def encode(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="Picture, folder, quoted glob, .tar or .parquet shard, address such as s3://, or "
            "- for stdin.",
        ),
    ],
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET",
            help="File whose suffix says the format (.avif, .jpg, .webp, .jxl or .slt), folder, "
            "shard, address, or - for stdout.",
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
            help=f"1 (smallest file) to 9; {DEFAULT_QUALITY:g} if nothing is given.",
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
        bool,
        typer.Option("--strip", help="Leave out ICC profile (colours become sRGB), EXIF and XMP."),
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Decode each file before it is written.")
    ] = False,
    format: Annotated[
        str | None,
        typer.Option(
            callback=as_suffix,
            help="Of files in a folder or on stdout: avif, jpg, webp, jxl or slt.",
            show_default=_FORMAT,
        ),
    ] = None,
    model: ModelOption = None,
    max_pixels: MaxPixelsOption = None,
    jobs: ProcessesOption = None,
    engine: EngineOption = Engine.LOCAL,
    address: AddressOption = None,
    manifest: ManifestOption = None,
    unpack: UnpackOption = False,
    image_column: ImageColumnOption = None,
    caption_column: CaptionColumnOption = None,
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Code SOURCE into TARGET: an ordinary file, or a .slt file.

    Every viewer opens the ordinary file; decode improves it.
    The caption is not needed: the decoder reads it. Given here, it travels inside the file.
    """
    if sum(option is not None for option in (quality, bpp, max_bytes)) > 1:
        raise typer.BadParameter("give only one of --quality, --bpp and --max-bytes")
    check_captions(caption, caption_from)
    check_manifest(manifest, target)
    cluster = cluster_of(engine, address, jobs)
    from sidelight.bulk.encoding import Encoding, check_known
    from sidelight.bulk.shards import is_shard, packed_name
    from sidelight.pixels.suffixes import picture_suffixes

    suffix = f".{format or _FORMAT}"
    check_known(suffix, "--format")
    found = None
    if not is_shard(source):
        check_no_shard_options(source, image_column, caption_column, unpack=unpack)
        place = packed_name(target) if is_shard(target) else target
        found = find_jobs(source, place, read_suffixes=picture_suffixes(), suffix=suffix)
        if not (found.several or is_shard(target)):
            suffix = suffix_of(found.jobs[0].target, format, _FORMAT)
            check_known(suffix, found.jobs[0].target)
    encoding = Encoding(
        suffix=suffix,
        quality=DEFAULT_QUALITY if quality is None else quality,
        bpp=bpp,
        max_bytes=max_bytes,
        effort=effort,
        caption=caption,
        caption_from=caption_from,
        caption_as=caption_as.value,
        strip=strip,
        verify=verify,
        model=model,
        max_pixels=max_pixels,
    )
    if (found is None or len(found.jobs) > 1) and encoding.has_one_caption:
        raise typer.BadParameter("one caption cannot be that of several pictures")
    options = RunOptions(
        processes=jobs, cluster=cluster, manifest=manifest, force=force, as_json=json
    )
    if found is None or is_shard(target):
        columns = image_column, caption_column
        code_shards(source, target, encoding, options, files=found, columns=columns, unpack=unpack)
    else:
        code_files(found, encoding, options)
