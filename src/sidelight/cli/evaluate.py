"""``sidelight evaluate``: the paper's tables and figures, one command each."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sidelight.cli.progress import progress_bar
from sidelight.cli.streams import say, show

if TYPE_CHECKING:
    from sidelight.evaluate.dataset import Dataset
    from sidelight.evaluate.experiment import Experiment

DatasetArgument = Annotated[
    str,
    typer.Argument(
        metavar="DATASET", help="A folder of pictures with captions.json, or kodak, coco-test, ..."
    ),
]
FolderArgument = Annotated[
    Path, typer.Argument(metavar="FOLDER", help="Gets all results; a cut run goes on there.")
]
CodecOption = Annotated[
    list[str] | None,
    typer.Option(
        "--codec",
        metavar="NAME[:SETTING,...]",
        help="A codec, such as vvc or sidelight:3,5; repeatable. All that are here if not given.",
    ),
]
ModelsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        metavar="NAME=CHECKPOINT",
        help="A checkpoint; repeatable, the rates of one codec under one name.",
    ),
]
CaptionsOption = Annotated[
    str, typer.Option(help="What decoders that read text are given, separated by commas.")
]
MetricsOption = Annotated[
    str, typer.Option(help="Names separated by commas; the experiment's own if empty.")
]
LimitOption = Annotated[int | None, typer.Option(min=1, help="Only the first pictures.")]
SideOption = Annotated[
    int | None, typer.Option(min=64, help="Squeeze whole pictures to squares of this side.")
]
WorkersOption = Annotated[int, typer.Option(min=1, help="Processes that share the pictures.")]
QualityOption = Annotated[float, typer.Option("--quality", "-q", help="1 to 9.")]


def rd(
    dataset: DatasetArgument,
    folder: FolderArgument,
    *,
    codec: CodecOption = None,
    model: ModelsOption = None,
    captions: CaptionsOption = "right,none,wrong,other,shuffled,NA",
    metrics: MetricsOption = "",
    anchor: Annotated[
        list[str] | None,
        typer.Option(metavar="SERIES", help="What BD-rates are against, such as vvc; repeatable."),
    ] = None,
    published: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A curve in CompressAI's form, to show; repeatable."),
    ] = None,
    limit: LimitOption = None,
    side: SideOption = None,
    workers: WorkersOption = 1,
) -> None:
    """Rate against every metric, for every codec (figures 6 to 8)."""
    from sidelight.evaluate.codecs.published import read_curve
    from sidelight.evaluate.experiments import rate_distortion
    from sidelight.metrics.registry import RD_METRICS

    experiment = rate_distortion(
        _dataset(dataset, limit, side),
        _codecs(codec or ()),
        _models(model or ()),
        captions=captions.split(","),
        metrics=_metrics(metrics, RD_METRICS),
        anchors=anchor or (),
        published=[read_curve(path) for path in published or ()],
    )
    _run(experiment, folder, workers)


def ablation(
    dataset: DatasetArgument,
    folder: FolderArgument,
    *,
    model: ModelsOption = None,
    metrics: MetricsOption = "",
    limit: LimitOption = None,
    side: SideOption = None,
    workers: WorkersOption = 1,
) -> None:
    """What the text is worth: variants of a model against the first one (table 1)."""
    from sidelight.evaluate.experiments import ablation

    made = ablation(_dataset(dataset, limit, side), _models(model or ()), metrics=_metrics(metrics))
    _run(made, folder, workers)


def stability(
    dataset: DatasetArgument,
    folder: FolderArgument,
    *,
    quality: QualityOption = 3.0,
    metrics: MetricsOption = "",
    limit: LimitOption = None,
    side: SideOption = None,
    workers: WorkersOption = 1,
) -> None:
    """The same files with captions 1 to 5, a wrong one and none (table 2)."""
    from sidelight.evaluate.experiments import stability

    made = stability(_dataset(dataset, limit, side), quality, metrics=_metrics(metrics))
    _run(made, folder, workers)


def machine_vision(
    dataset: DatasetArgument,
    folder: FolderArgument,
    *,
    codec: CodecOption = None,
    limit: LimitOption = None,
    side: SideOption = None,
    workers: WorkersOption = 1,
) -> None:
    """What a detector still finds in decoded pictures (figure 9)."""
    from sidelight.evaluate.experiments import machine_vision

    _run(machine_vision(_dataset(dataset, limit, side), _codecs(codec or ())), folder, workers)


def backbone(
    dataset: DatasetArgument,
    folder: FolderArgument,
    *,
    model: ModelsOption = None,
    metrics: MetricsOption = "",
    limit: LimitOption = None,
    side: SideOption = None,
    workers: WorkersOption = 1,
) -> None:
    """A model against its twin without text, which is named first (figure 12)."""
    from sidelight.evaluate.experiments import backbone

    made = backbone(_dataset(dataset, limit, side), _models(model or ()), metrics=_metrics(metrics))
    _run(made, folder, workers)


def visual(
    dataset: DatasetArgument,
    page: Annotated[Path, typer.Argument(metavar="PAGE", help="The HTML file to write.")],
    *,
    bpp: Annotated[float, typer.Option(min=0.01, help="Rate that every codec is brought to.")],
    codecs: Annotated[
        str, typer.Option(help="Names separated by commas; the first is compared with the others.")
    ] = "sidelight,vvc,avif,webp,jpeg2000",
    metrics: MetricsOption = "psnr,lpips",
    limit: LimitOption = 4,
    side: SideOption = None,
) -> None:
    """Pictures of all codecs at one rate, side by side (figure 11)."""
    from sidelight.evaluate.visual import show_at_equal_rate

    chosen = _dataset(dataset, limit, side)
    show_at_equal_rate(chosen, codecs.split(","), bpp, _metrics(metrics), page)
    say(f"wrote {page}")


def maps(
    dataset: DatasetArgument,
    folder: FolderArgument,
    *,
    quality: QualityOption = 3.0,
    limit: LimitOption = None,
    side: SideOption = None,
) -> None:
    """Masks of the text, its effect and the bits, drawn for every picture (figure 10)."""
    from sidelight.evaluate.maps import draw_maps

    for path in draw_maps(_dataset(dataset, limit, side), quality, folder):
        show(str(path))


def _run(experiment: "Experiment", folder: Path, workers: int) -> None:
    from sidelight.evaluate.experiment import run
    from sidelight.evaluate.present import present

    with progress_bar() as progress:
        task = progress.add_task(experiment.name)

        def report(done: int, total: int, name: str) -> None:
            progress.update(task, completed=done, total=total, description=name)

        summary = run(experiment, folder, workers=workers, report=report, tell=say)
    say(f"wrote {present(experiment, summary, folder)}")


def _dataset(place: str, limit: int | None, side: int | None) -> "Dataset":
    from sidelight.evaluate.dataset import load_dataset

    return load_dataset(place, side_px=side, limit=limit)


def _codecs(given: Sequence[str]) -> dict[str, list[float] | None]:
    codecs: dict[str, list[float] | None] = {}
    for codec in given:
        name, _, settings = codec.partition(":")
        try:
            codecs[name] = [float(s) for s in settings.split(",")] if settings else None
        except ValueError:
            raise typer.BadParameter(
                f"--codec takes such as vvc or vvc:42,38, got {codec!r}"
            ) from None
    return codecs


def _models(given: Sequence[str]) -> Mapping[str, Sequence[str]]:
    models: dict[str, list[str]] = {}
    for model in given:
        name, _, path = model.partition("=")
        if not (name and path):
            raise typer.BadParameter(f"--model takes NAME=CHECKPOINT, got {model!r}")
        models.setdefault(name, []).append(path)
    return models


def _metrics(given: str, of_experiment: Sequence[str] = ()) -> Sequence[str]:
    from sidelight.metrics.registry import PAPER_METRICS

    return given.split(",") if given else of_experiment or PAPER_METRICS
