"""Real files through the installed command: what it writes, prints and returns."""

import json
import os
import signal
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from sidelight import __version__

GOLDEN = Path(__file__).parents[1] / "golden"
TINY = GOLDEN / "tiny.safetensors"
COMMAND = Path(sys.executable).with_name("sidelight")


def tree_of(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def records(output: bytes) -> list[dict]:
    return [json.loads(line) for line in output.decode().splitlines()]


def test_a_folder_keeps_its_tree_skips_and_lists_what_failed(folder, run):
    first = run("encode", "tree", "out", "--format", "slt", "--json")
    assert first.returncode == 1
    coded = ["a.jpg.slt", "a.png.slt", "deep/b.slt"]
    assert tree_of(folder / "out") == coded
    told = {r.pop("target"): r for r in records(first.stdout)}
    assert told.pop("out/deep/broken.slt")["error"].startswith("no PNG")
    assert [*told] == [f"out/{name}" for name in coded]
    assert all(r["target_bytes"] == (folder / p).stat().st_size for p, r in told.items())
    assert b"1 of 4 files failed:\n  tree/deep/broken.png: no PNG" in first.stderr

    (folder / "tree" / "deep" / "broken.png").unlink()
    times = [(folder / "out" / name).stat().st_mtime_ns for name in coded]
    second = run("encode", "tree", "out", "--format", "slt")
    assert (second.returncode, second.stdout) == (0, b"")
    assert b"3 of 3 files were there already; --force codes them again" in second.stderr
    assert [(folder / "out" / name).stat().st_mtime_ns for name in coded] == times

    decoded = run(
        "decode", "out/**/*.slt", "pictures", "--format", "webp", "--caption-from", "none"
    )
    assert decoded.returncode == 0
    assert tree_of(folder / "pictures") == ["a.jpg.webp", "a.png.webp", "b.webp"]
    with Image.open(folder / "pictures" / "a.jpg.webp") as picture:
        assert picture.size == (30, 40)


def test_pipes_carry_bytes_and_nothing_else(folder, run):
    photo = (folder / "photo.jpg").read_bytes()
    encoded = run("encode", "-", "-", "--format", "slt", stdin=photo)
    assert encoded.stdout.startswith(b"\x89SLT")
    assert encoded.stderr.startswith(b"- -> - (%d bytes, " % len(encoded.stdout))
    decoded = run("decode", "-", "-", "--json", stdin=encoded.stdout)
    assert Image.open(BytesIO(decoded.stdout)).format == "PNG"
    notes, record = decoded.stderr.splitlines()
    assert notes == b"-: caption: none found"
    assert json.loads(record)["caption"] is None
    assert json.loads(record)["source_bytes"] == len(encoded.stdout)
    asked = run("info", "-", "--json", stdin=encoded.stdout, model=None)
    assert json.loads(asked.stdout)["bytes"] == len(encoded.stdout)


def shell(folder: Path, script: str) -> "subprocess.CompletedProcess[bytes]":
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "SIDELIGHT": str(COMMAND)}
    command = ["bash", "-c", script]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True)


def test_stdout_and_pipes_are_targets_under_any_name(folder):
    done = shell(
        folder,
        '"$SIDELIGHT" encode photo.jpg /dev/stdout >stdout && '
        '"$SIDELIGHT" encode photo.jpg /dev/stdout | cat >piped && '
        '"$SIDELIGHT" encode photo.jpg >(cat >substituted) --format webp && '
        'mkfifo pipe.avif && (cat pipe.avif >fifo &) && "$SIDELIGHT" encode photo.jpg pipe.avif && '
        '"$SIDELIGHT" encode photo.jpg /dev/null --format jpg && sleep 1',
    )
    assert done.returncode == 0, done.stderr
    formats = {}
    for name in ("stdout", "piped", "substituted", "fifo"):
        with Image.open(folder / name) as image:
            formats[name] = image.format
    assert formats == {"stdout": "AVIF", "piped": "AVIF", "substituted": "WEBP", "fifo": "AVIF"}
    assert done.stderr.startswith(b"photo.jpg -> /dev/stdout (")


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ('"$SIDELIGHT" encode - x.avif <&-', b"stdin is closed"),
        ('"$SIDELIGHT" info - <&-', b"stdin is closed"),
        ('"$SIDELIGHT" encode photo.jpg - >&-', b"stdout is closed"),
        ('"$SIDELIGHT" encode photo.jpg - >/dev/full', b"No space left"),
    ],
)
def test_streams_that_are_closed_or_full_are_one_line(folder, script, told):
    done = shell(folder, script)
    assert done.returncode == 1
    assert done.stderr.startswith(b"sidelight: error: ")
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (folder / "x.avif").exists()


def test_a_reader_that_stops_reading_is_no_traceback(folder):
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run(
        [COMMAND, "info", GOLDEN / "rgb.slt"], stdout=write_end, stderr=subprocess.PIPE
    )
    os.close(write_end)
    assert (done.returncode, done.stderr) == (1, b"")


def test_info_answers_without_torch(folder):
    code = (
        "import sys; from sidelight.cli.app import app\n"
        "try: app()\n"
        "finally: assert not {'torch', 'numpy', 'PIL'} & set(sys.modules), 'heavy import'"
    )
    command = [sys.executable, "-c", code, "info", GOLDEN / "caption.slt"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    facts = dict(line.split(None, 1) for line in done.stdout.splitlines())
    assert (facts["width"], facts["height"], facts["quality"]) == ("64", "64", "5.0")
    assert facts["caption"] == "A brown dog runs on the beach."


@pytest.mark.parametrize("arguments", [["--help"], ["encode", "--help"], ["--version"]])
def test_help_answers_without_torch(arguments):
    command = [sys.executable, "-X", "importtime", COMMAND, *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0
    assert not any(line.endswith((" torch", " numpy")) for line in done.stderr.splitlines())
    assert __version__ in done.stdout or "Usage:" in done.stdout


def test_exit_codes_of_error_and_usage(folder, run):
    (folder / "junk.slt").write_bytes(b"junk")
    done = run("decode", "junk.slt", "x.png")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"sidelight: error: junk.slt: starts with 6a756e6b, expected ")
    assert run("encode", "photo.jpg", "x.slt", "--quality", "11").returncode == 2
    assert not (folder / "x.slt").exists()


def test_interrupted_in_a_folder_it_stops_with_130_and_whole_files(folder):
    photo = Image.new("RGB", (700, 700), "teal")
    (folder / "many").mkdir()
    for k in range(300):
        photo.save(folder / "many" / f"{k:03}.jpg")
    process = subprocess.Popen(
        [COMMAND, "encode", "many", "out", "--format", "slt", "--model", TINY],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    while not list((folder / "out").glob("*.slt")):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stderr.decode().splitlines()[-1] == "sidelight: interrupted"
    assert b"Traceback" not in stderr
    written = list((folder / "out").iterdir())
    assert 0 < len(written) < 300
    assert all(path.suffix == ".slt" for path in written)
    for path in written:
        assert subprocess.run([COMMAND, "info", path], capture_output=True).returncode == 0
