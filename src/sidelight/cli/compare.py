"""``sidelight compare``: two codecs judged by eye, blindly, in the browser."""

from pathlib import Path
from typing import Annotated

import typer

from sidelight.cli.messages import count, say, show
from sidelight.cli.options import ForceOption, MaxPixelsOption
from sidelight.cli.progress import progress_bar


def compare(
    places: Annotated[
        list[Path],
        typer.Argument(
            metavar="OUT",
            help="Folder that gets the page; with --results the files that pages exported.",
        ),
    ],
    *,
    of: Annotated[
        list[str] | None,
        typer.Option(
            "--of", metavar="PLACE", help="Originals: a folder, glob or file; repeatable."
        ),
    ] = None,
    a: Annotated[
        list[str] | None,
        typer.Option(
            "--a",
            metavar="[LABEL=]PLACE",
            help="One side's pictures, named as the originals but for the suffix; repeatable.",
        ),
    ] = None,
    b: Annotated[
        list[str] | None,
        typer.Option("--b", metavar="[LABEL=]PLACE", help="The other side's; repeatable."),
    ] = None,
    question: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help='What judges are asked, "Which is closer to the original?" if not given.',
        ),
    ] = None,
    title: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Of the page; say no codec's name in it.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often each picture is asked for.")] = 1,
    seed: Annotated[
        int | None,
        typer.Option(min=0, max=2**32 - 1, help="Of the names in OUT; drawn if not given."),
    ] = None,
    results: Annotated[
        bool, typer.Option("--results", help="Print what judges chose, all files together.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Of --results: one JSON record.")] = False,
    max_pixels: MaxPixelsOption = None,
    force: ForceOption = False,
) -> None:
    """Make a page in OUT that asks, blindly, about two versions.

    It asks which is closer to the original, or what --question says.
    Pictures are shown as any viewer shows them; decode .slt files, and what Sidelight is to
    improve, before. Open OUT/index.html from the disk or put OUT on any server. Choices stay in the
    judge's browser, which exports them as JSON; --results pools such files.
    """
    if results:
        if of or a or b:
            raise typer.BadParameter("--results takes exported files, and no --of, --a or --b")
        _show_results(places, as_json=as_json)
        return
    if not (of and a and b):
        raise typer.BadParameter("give --of, --a and --b, or --results")
    if len(places) != 1 or as_json:
        raise typer.BadParameter("give one OUT; several files and --json go with --results")

    from sidelight.compare.folder import QUESTION, TITLE, prepare
    from sidelight.compare.matching import find_pictures, find_series

    with progress_bar(transient=True) as progress:
        task = progress.add_task("pictures", total=None)
        made = prepare(
            places[0],
            find_pictures(of),
            find_series(a),
            find_series(b),
            question=QUESTION if question is None else question,
            title=TITLE if title is None else title,
            rounds=rounds,
            seed=seed,
            force=force,
            max_pixels=max_pixels,
            report=lambda done, total, name: progress.update(
                task, completed=done, total=total, description=name
            ),
        )
    for note in made.notes:
        say(note)
    show(f"{made.page}: {count(made.num_pictures, 'picture')}, seed {made.seed}")


def _show_results(paths: list[Path], *, as_json: bool) -> None:
    from sidelight.compare.pooling import pool
    from sidelight.strict_json import to_json

    pooled = pool(paths)
    for line in [to_json(pooled.to_dict())] if as_json else pooled.lines():
        show(line)
