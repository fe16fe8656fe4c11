"""``sidelight evaluate``: codecs over a data set, and the paper's tables and figures."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from sidelight.cli.messages import count, say, show
from sidelight.cli.progress import progress_bar
from sidelight.errors import CheckpointError, ConfigError

if TYPE_CHECKING:
    from sidelight.evaluate.codecs.choice import CodecChoice
    from sidelight.evaluate.dataset import Dataset
    from sidelight.evaluate.run import Experiment

_MAPS, _PICTURES = "figure10", "figure11"
"""Those that draw and measure nothing."""
_CODEC_OF_MAPS = "sidelight:3"
_CODECS_OF_PICTURES = ("avif+", "avif", "webp", "vvc", "sidelight")
_METRICS_OF_PICTURES = ("psnr", "lpips")
_FEW = 4


def evaluate(
    dataset: Annotated[
        str,
        typer.Argument(
            metavar="DATASET",
            help="A folder of pictures with captions.json, or kodak, coco-test, ...",
        ),
    ],
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="FOLDER", help="Gets all results; a cut run goes on there."),
    ] = None,
    *,
    paper: Annotated[
        Literal["table1", "table2", "figure9", "figure10", "figure11", "figure12"] | None,
        typer.Option(help="A table or figure of the paper; figures 6 to 8 if not given."),
    ] = None,
    codec: Annotated[
        list[str] | None,
        typer.Option(
            "--codec",
            metavar="NAME[=CHECKPOINT][:SETTING,...]",
            help="Such as vvc, avif+1:25,35 or mine=FILE; repeatable. All that are here if not "
            "given.",
        ),
    ] = None,
    condition: Annotated[
        str,
        typer.Option(
            metavar="NAME,...",
            help="What decoders that read text are given: right, none, wrong, other, shuffled, NA, "
            "caption-1, ...",
        ),
    ] = "",
    metrics: Annotated[
        str, typer.Option(metavar="NAME,...", help="The table's or figure's own if not given.")
    ] = "",
    anchor: Annotated[
        list[str] | None,
        typer.Option(metavar="SERIES", help="What BD-rates are against, such as vvc; repeatable."),
    ] = None,
    published: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A curve in CompressAI's form, to show; repeatable."),
    ] = None,
    bpp: Annotated[
        float | None,
        typer.Option(min=0.01, help="Of figure11: the rate that every codec is brought to."),
    ] = None,
    min_side: Annotated[
        int,
        typer.Option(
            min=1, help="Pass over pictures with a shorter side, in pixels before --side."
        ),
    ] = 1,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first pictures.")] = None,
    side: Annotated[
        int | None, typer.Option(min=64, help="Squeeze whole pictures to squares of this side.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that share the pictures.")] = 1,
    check: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Only say what the folder DATASET lacks to be kodak, clic2020, coco2014-val, ...",
        ),
    ] = "",
) -> None:
    """Measure codecs over DATASET: rate against every metric.

    Table 1: what the text is worth, variants against the first codec. Table 2: one file with each
    of five captions. Figure 9: what a detector still finds. Figure 10: masks, the effect of the
    text and the bits, drawn. Figure 11: pictures of all codecs at one rate. Figure 12: a model
    against its twin without text, which is named first.
    """
    if check:
        _check(check, dataset)
        return
    if folder is None:
        raise typer.BadParameter("give a FOLDER for the results")
    if (bpp is not None) != (paper == _PICTURES):
        raise typer.BadParameter(f"--paper {_PICTURES} needs --bpp, and it alone")

    from sidelight.evaluate.codecs.choice import CodecChoice
    from sidelight.evaluate.codecs.published import read_curve
    from sidelight.evaluate.dataset import load_dataset
    from sidelight.evaluate.paper import PAPER, RATE_DISTORTION, experiment

    codecs = [CodecChoice.parse(text) for text in codec or ()]
    if paper == _PICTURES:
        limit = limit or _FEW
    chosen = load_dataset(dataset, side_px=side, shortest_px=min_side, limit=limit)
    if chosen.num_too_small:
        say(f"passed over {count(chosen.num_too_small, 'picture')} with a side below {min_side} px")
    if paper == _MAPS:
        _draw_maps(chosen, codecs or [CodecChoice.parse(_CODEC_OF_MAPS)], folder)
    elif paper == _PICTURES:
        assert bpp is not None
        shown = codecs or [CodecChoice.parse(name) for name in _CODECS_OF_PICTURES]
        _show(chosen, shown, bpp, _names(metrics) or _METRICS_OF_PICTURES, folder)
    else:
        made = experiment(
            PAPER[paper] if paper else RATE_DISTORTION,
            chosen,
            codecs,
            conditions=_names(condition),
            metrics=_names(metrics),
            anchors=anchor or (),
            published=[read_curve(path) for path in published or ()],
        )
        _run(made, folder, workers)


def _run(experiment: "Experiment", folder: Path, workers: int) -> None:
    from sidelight.evaluate.outputs import write_outputs
    from sidelight.evaluate.run import run

    with progress_bar() as progress:

        def report(done: int, total: int, name: str) -> None:
            if not progress.task_ids:  # not before what may be refused
                progress.add_task(experiment.name)
            progress.update(progress.task_ids[0], completed=done, total=total, description=name)

        summary = run(experiment, folder, workers=workers, report=report, tell=say)
    say(f"wrote {write_outputs(experiment, summary, folder)}")


def _draw_maps(dataset: "Dataset", codecs: "Sequence[CodecChoice]", folder: Path) -> None:
    from sidelight.evaluate.maps import draw_maps

    for path in draw_maps(dataset, codecs, folder):
        show(str(path))


def _show(
    dataset: "Dataset",
    codecs: "Sequence[CodecChoice]",
    bpp: float,
    metrics: Sequence[str],
    folder: Path,
) -> None:
    from sidelight.evaluate.visual import show_at_equal_rate

    say(f"wrote {show_at_equal_rate(dataset, codecs, bpp, metrics, folder)}")


def _check(name: str, place: str) -> None:
    from sidelight.evaluate.dataset import dataset_folder
    from sidelight.evaluate.known_datasets import find_known

    known = find_known(name)
    try:
        folder = dataset_folder(place)
    except CheckpointError:
        folder = Path(place)  # of which the next line tells what is wrong, and where to get it
    problems = known.problems(folder)
    for problem in problems:
        show(problem)
    if problems:
        raise ConfigError(f"{folder} is not {known.title}; get it from {known.origin}")
    checked = "names and bytes" if known.sha256 else "the number; no digests are recorded"
    show(f"{folder} is {known.title} (checked: {checked})")


def _names(given: str) -> list[str]:
    return given.split(",") if given else []
