"""A server of a built site: to this machine's browser, and to nobody else."""

import sys
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from sidelight.errors import ConfigError

LOOPBACK = "127.0.0.1"
_HOSTS = (LOOPBACK, "localhost")
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".wasm": "application/wasm",
    ".svg": "image/svg+xml",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".avif": "image/avif",
}
_UNKNOWN_TYPE = "application/octet-stream"
_HEADERS = {
    # an isolated page may compute in threads
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    # the page's own policy, for its workers too
    "Content-Security-Policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; "
    "worker-src 'self'; connect-src 'self'; img-src 'self' blob:; style-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",  # asked again each time, and answered by 304
}


def site_server(folder: Path, port: int) -> ThreadingHTTPServer:
    """Returns a server of a built site, bound to loopback, that has yet to be started.

    Raises:
        ConfigError: There is no site, or the port cannot be had.
    """
    if not (folder / "index.html").is_file():
        raise ConfigError(
            f"no demo site in {folder}: run `make site` in a checkout of Sidelight, "
            "or name the folder of a built one"
        )
    handler = partial(_Handler, directory=str(folder.resolve()))
    try:
        return _Server((LOOPBACK, port), handler)
    except OSError as error:
        raise ConfigError(
            f"cannot serve on port {port} ({error.strerror}): give another by --port, "
            "or 0 for any free one"
        ) from error


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing of a browser that has left before the answer was whole."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(SimpleHTTPRequestHandler):
    """Files of one folder by GET and HEAD: no listings, nothing outside, no other host's name."""

    protocol_version = "HTTP/1.1"

    def send_head(self) -> Any:
        """Answers with a file's headers and returns the file, or answers with an error."""
        # a page of another name that resolves to this machine must not read from here
        host = self.headers.get("Host", "").rpartition(":")[0] or self.headers.get("Host", "")
        if host not in _HOSTS:
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return None
        if not self._is_inside():
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return super().send_head()

    def _is_inside(self) -> bool:
        try:
            wanted = Path(self.translate_path(self.path)).resolve()
        except (OSError, ValueError):  # a name that no file can have
            return False
        return wanted.is_relative_to(self.directory)

    def list_directory(self, path: Any) -> None:  # noqa: ARG002 (it is called so)
        """Lists nothing."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def guess_type(self, path: Any) -> str:
        """Returns the type by suffix, whatever this machine's tables say."""
        return _TYPES.get(Path(path).suffix.lower(), _UNKNOWN_TYPE)

    def end_headers(self) -> None:
        """Ends the headers of every answer alike."""
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *_: Any) -> None:
        """Says nothing: a page asks for dozens of files."""
