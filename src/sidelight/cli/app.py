"""The ``sidelight`` command: gathers the commands and turns our errors into exit codes.

0 done, 1 an error of ours, 2 wrong usage, 130 interrupted.
"""

import functools
import os
import sys
import warnings
from collections.abc import Callable
from io import TextIOWrapper
from typing import Annotated

import typer

from sidelight import __version__
from sidelight.cli import page
from sidelight.cli.compare import compare
from sidelight.cli.decode import decode
from sidelight.cli.demo import demo
from sidelight.cli.encode import encode
from sidelight.cli.evaluate import evaluate
from sidelight.cli.export import export
from sidelight.cli.info import info
from sidelight.cli.inspect import inspect
from sidelight.cli.messages import say, show
from sidelight.cli.train import train
from sidelight.cli.usage import StrictCommand
from sidelight.errors import CodecError, is_out_of_memory, reason_of

_ERROR, _INTERRUPTED = 1, 130
_EXTRAS = {"train": "train", "evaluate": "evaluate", "export": "export", "decode": "match"}
"""What commands need that import packages of an extra; of ``decode``, its ``--check-caption``."""

app = typer.Typer(
    help="Better pictures from ordinary AVIF, JPEG and WebP files and their captions; and .slt "
    "files, whose decoder reads the caption too.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _show_version(asked: bool) -> None:
    if asked:
        show(f"sidelight {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_show_version, help="Print the version."),
    ] = False,
) -> None:
    pass


def _reporting_errors(command: Callable[..., None]) -> Callable[..., None]:
    """Returns the command with our errors printed in one line; Typer reports wrong usage."""

    @functools.wraps(command)
    def run(*args: object, **options: object) -> None:
        if isinstance(sys.stdout, TextIOWrapper):
            # file names may be no text at all; they are printed as stderr does it
            sys.stdout.reconfigure(errors="backslashreplace")
        # Pillow's own, of metadata that is read here anyway; the library leaves the filters alone
        warnings.filterwarnings("ignore", module=r"PIL\.")
        try:
            command(*args, **options)
        except KeyboardInterrupt:
            say("sidelight: interrupted")
            raise typer.Exit(_INTERRUPTED) from None
        except BrokenPipeError:
            # whoever read our output has had enough; keep Python from complaining at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            raise typer.Exit(_ERROR) from None
        except ModuleNotFoundError as error:
            package, extra = (error.name or "").partition(".")[0], _EXTRAS.get(command.__name__)
            if extra is None or package in ("", "sidelight"):
                raise
            say(f"sidelight: error: this needs {package}: pip install 'sidelight[{extra}]'")
            raise typer.Exit(_ERROR) from None
        except (CodecError, OSError, MemoryError, RuntimeError) as error:
            if isinstance(error, RuntimeError) and not is_out_of_memory(error):
                raise
            say(f"sidelight: error: {reason_of(error)}")
            raise typer.Exit(_ERROR) from None

    return run


for _command in (encode, decode, info, inspect, train, export, evaluate, compare, demo):
    app.command(cls=StrictCommand)(_reporting_errors(_command))

_page = typer.Typer(help="Code the pictures of an HTML page, or decode them.", no_args_is_help=True)
_page.command(cls=StrictCommand)(_reporting_errors(page.encode))
_page.command(cls=StrictCommand)(_reporting_errors(page.decode))
app.add_typer(_page, name="page")
