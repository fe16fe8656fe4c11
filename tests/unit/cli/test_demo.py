"""``demo`` serves a built site to this machine alone."""

import http.client
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from signal import SIGINT

import pytest
from typer.testing import CliRunner

from sidelight.cli.app import app
from sidelight.cli.site_server import site_server
from sidelight.errors import ConfigError

FILES = {
    "index.html": b"<!doctype html><title>Demo</title>",
    "app.mjs": b"export {}",
    "made.wasm": b"\0asm",
    "models/manifest.json": b"{}",
    "models/text.onnx.packed": b"\x1f\x8b",
}


@pytest.fixture
def site(tmp_path) -> Path:
    """A built site beside a secret and a link to it."""
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "site"
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return folder


@pytest.fixture
def server(site) -> Iterator[http.client.HTTPConnection]:
    """A connection to a server of the site on a free port."""
    with site_server(site, 0) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        connection = http.client.HTTPConnection("127.0.0.1", running.server_port, timeout=20)
        yield connection
        connection.close()
        running.shutdown()
        thread.join()


def ask(
    server: http.client.HTTPConnection, path: str, method: str = "GET", **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    server.request(method, path, headers=headers)
    response = server.getresponse()
    return response, response.read()


@pytest.mark.parametrize(
    ("path", "kind", "name"),
    [
        ("/", "text/html; charset=utf-8", "index.html"),
        ("/app.mjs?again", "text/javascript; charset=utf-8", "app.mjs"),
        ("/made.wasm", "application/wasm", "made.wasm"),
        ("/models/manifest.json", "application/json", "models/manifest.json"),
        ("/models/text.onnx.packed", "application/octet-stream", "models/text.onnx.packed"),
    ],
)
def test_files_come_with_their_types_and_an_isolated_page(server, path, kind, name):
    response, body = ask(server, path)
    assert (response.status, body) == (200, FILES[name])
    assert response.headers["Content-Type"] == kind
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert "'unsafe-inline'" not in response.headers["Content-Security-Policy"]
    assert "Content-Encoding" not in response.headers


def test_the_policy_is_that_of_the_page_and_keeps_it_out_of_frames(server):
    build = (Path(__file__).parents[3] / "web" / "build-site.mjs").read_text()
    (lines,) = re.findall(r"const POLICY =(.*?);\n\n", build, re.DOTALL)
    policy = "".join(re.findall('"(.*)"', lines))
    response, _ = ask(server, "/")
    assert response.headers["Content-Security-Policy"] == f"{policy}; frame-ancestors 'none'"


def test_head_says_as_much_as_get_without_the_file(server):
    (told, body), (whole, content) = ask(server, "/", "HEAD"), ask(server, "/")
    assert (told.status, body) == (200, b"")
    assert told.headers["Content-Length"] == str(len(content)) == whole.headers["Content-Length"]


def test_what_has_not_changed_is_not_sent_again(server):
    first, _ = ask(server, "/app.mjs")
    again = {"If-Modified-Since": first.headers["Last-Modified"]}
    response, body = ask(server, "/app.mjs", **again)
    assert (response.status, body) == (304, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/models/",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/models/..%2f..%2fsecret.txt",
        "//etc/passwd",
        "/link.txt",
        "/none.js",
        "/%00",
    ],
)
def test_nothing_is_listed_and_nothing_outside_is_sent(server, path):
    response, body = ask(server, path)
    assert response.status == 404
    assert b"secret" not in body.replace(b"secret.txt", b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_the_server_only_reads(server, method):
    assert ask(server, "/", method)[0].status == 501


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost:80", 200), ("127.0.0.1", 200), ("a.example:80", 421), ("a.example", 421)],
)
def test_a_page_of_another_name_reads_nothing(server, host, status):
    assert ask(server, "/", Host=host)[0].status == status


def test_only_loopback_is_listened_on(site):
    with site_server(site, 0) as running:
        assert running.server_address[0] == "127.0.0.1"


def test_a_taken_port_is_an_error_that_says_what_to_do(site):
    with site_server(site, 0) as running, pytest.raises(ConfigError, match="--port, or 0 for any"):
        site_server(site, running.server_port)


def test_without_a_site_the_error_says_how_to_build_it(tmp_path):
    done = CliRunner().invoke(app, ["demo", str(tmp_path), "--no-open"])
    assert done.exit_code == 1
    assert "no demo site in" in done.stderr
    assert "run `make site`" in done.stderr


def test_it_says_its_address_and_ctrl_c_ends_it(site):
    command = [sys.executable, "-c", "from sidelight.cli.app import app; app()"]
    process = subprocess.Popen(
        [*command, "demo", str(site), "--port", "0", "--no-open"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        address = process.stdout.readline() if process.stdout else ""
        process.send_signal(SIGINT)
        _, told = process.communicate(timeout=60)
    finally:
        process.kill()
    assert address.startswith("http://127.0.0.1:")
    assert process.returncode == 130
    assert "interrupted" in told
    assert "Traceback" not in told
