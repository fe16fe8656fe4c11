"""``sidelight decode``."""

from typing import Annotated

import typer

from sidelight.bulk.jobs import find_jobs
from sidelight.bulk.streams import suffix_of
from sidelight.cli.batch import RunOptions, check_manifest, cluster_of, code_files
from sidelight.cli.captions import CaptionFromOption, CaptionOption, check_captions
from sidelight.cli.options import (
    AddressOption,
    CaptionColumnOption,
    Engine,
    EngineOption,
    ForceOption,
    ImageColumnOption,
    JsonOption,
    ManifestOption,
    MaxPixelsOption,
    ModelOption,
    OnMismatch,
    Precision,
    ProcessesOption,
    UnpackOption,
    as_suffix,
)
from sidelight.cli.shards import check_no_shard_options, code_shards

_FORMAT = "png"


def decode(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="AVIF, JPEG, WebP, JPEG XL or .slt file, folder, quoted glob, .tar or .parquet "
            "shard, address such as s3://, or - for stdin.",
        ),
    ],
    target: Annotated[
        str,
        typer.Argument(metavar="TARGET", help="Picture, folder, shard, address, or - for stdout."),
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
        str | None,
        typer.Option(
            callback=as_suffix,
            help="Of the pictures in a folder or on stdout, such as png or webp.",
            show_default=_FORMAT,
        ),
    ] = None,
    model: ModelOption = None,
    max_pixels: MaxPixelsOption = None,
    jobs: ProcessesOption = None,
    engine: EngineOption = Engine.LOCAL,
    address: AddressOption = None,
    gpus: Annotated[
        float,
        typer.Option(min=0.0, help="Of each worker on Ray, such as 0.25, with --device cuda."),
    ] = 0.0,
    manifest: ManifestOption = None,
    unpack: UnpackOption = False,
    image_column: ImageColumnOption = None,
    caption_column: CaptionColumnOption = None,
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Decode SOURCE into TARGET, better by the caption given.

    Without --caption and --caption-from it takes the caption inside the file, else the one in a
    .txt file beside it, else none, and says which.
    """
    check_captions(caption, caption_from)
    check_manifest(manifest, target)
    cluster = cluster_of(engine, address, jobs, gpus)
    if format is not None and not format.isalnum():
        raise typer.BadParameter(f"--format takes a suffix such as png, got {format!r}")
    from sidelight.bulk.decoding import Decoding
    from sidelight.bulk.shards import is_shard, packed_name
    from sidelight.carriers.registry import SUFFIXES

    suffix, found = f".{format or _FORMAT}", None
    if not is_shard(source):
        check_no_shard_options(source, image_column, caption_column, unpack=unpack)
        place = packed_name(target) if is_shard(target) else target
        found = find_jobs(source, place, read_suffixes={".slt", *SUFFIXES}, suffix=suffix)
        if not (found.several or is_shard(target)):
            suffix = suffix_of(found.jobs[0].target, format, _FORMAT)
    decoding = Decoding(
        format=suffix.removeprefix("."),
        caption=caption,
        caption_from=caption_from,
        check_caption=None if check_caption is None else check_caption.value,
        realism=realism,
        precision=precision.value,
        device=device,
        model=model,
        max_pixels=max_pixels,
    )
    processes = jobs or (1 if device else None)  # one model fills a GPU
    options = RunOptions(
        processes=processes, cluster=cluster, manifest=manifest, force=force, as_json=json
    )
    if found is None or is_shard(target):
        columns = image_column, caption_column
        code_shards(source, target, decoding, options, files=found, columns=columns, unpack=unpack)
    else:
        code_files(found, decoding, options)
