"""``sidelight demo``: serves the demo site to this machine's browser."""

from pathlib import Path
from typing import Annotated

import typer

from sidelight.cli.messages import say, show

_BUILT = Path("web", "site")


def demo(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="FOLDER", help="The built site; left out, web/site of the checkout."
        ),
    ] = None,
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for any free one.")] = 8017,
    open_browser: Annotated[bool, typer.Option("--open/--no-open", help="Open a browser.")] = True,
) -> None:
    """Serve the demo site to this machine alone, until Ctrl-C.

    It is made by `make site`.
    """
    import webbrowser

    from sidelight.cli.site_server import LOOPBACK, site_server

    with site_server(folder or _built_site(), port) as server:
        address = f"http://{LOOPBACK}:{server.server_port}/"
        show(address)
        say("serving this machine alone; Ctrl-C ends it")
        if open_browser:
            webbrowser.open(address)
        server.serve_forever()


def _built_site() -> Path:
    """Returns where ``make site`` puts it: in the checkout of this module, else in this folder."""
    checkout = Path(__file__).resolve().parents[3]
    return checkout / _BUILT if (checkout / "web" / "package.json").is_file() else _BUILT
