"""Jobs on files: what is refused before a picture is read, and what a failure leaves alone."""

import errno
import os
import pickle
from dataclasses import dataclass
from pathlib import Path

import pytest

from sidelight.bulk.coding import Coded
from sidelight.bulk.decoding import Decoding
from sidelight.bulk.encoding import Encoding
from sidelight.bulk.jobs import Job
from sidelight.bulk.local import FileWork, run
from sidelight.bulk.streams import write_bytes
from sidelight.errors import CheckpointError, ConfigError, ImageError, reason_of

GOLDEN = Path(__file__).parents[2] / "golden"


@dataclass(frozen=True)
class Upper:
    """Stands in for a codec: letters become capitals."""

    suffix: str = ".up"

    def prepare(self) -> None:
        pass

    def check_start(self, data: bytes) -> None:
        if data.startswith(b"!"):
            raise ImageError("starts with !")

    def code(self, data: bytes, name: str, caption: str | None = None) -> Coded:
        return Coded(data.upper(), {"target_bytes": len(data), "bpp": 1.0, "notes": [name]})

    def write(self, data: bytes, name: str, target: str) -> dict:
        coded = self.code(data, name)
        write_bytes(target, coded.data)
        return coded.record


def test_a_job_reads_codes_and_writes(folder):
    Path("photos/a.png").write_bytes(b"red")
    record = FileWork(Upper())(Job("photos/a.png", "new/a.up"))
    assert Path("new/a.up").read_bytes() == b"RED"
    assert record.pop("seconds") >= 0
    assert record == {
        "source": "photos/a.png",
        "target": "new/a.up",
        "target_bytes": 3,
        "bpp": 1.0,
        "notes": ["photos/a.png"],
    }


def test_a_target_that_exists_is_refused_unless_forced(folder):
    Path("a.up").write_bytes(b"old")
    job = Job("photos/a.png", "a.up")
    with pytest.raises(ConfigError, match=r"a\.up exists; give --force"):
        FileWork(Upper())(job)
    assert Path("a.up").read_bytes() == b"old"
    FileWork(Upper(), force=True)(job)
    assert Path("a.up").read_bytes() == b""


@pytest.mark.parametrize("name", ["photos/a.png", "link.png", "hard.png", "photos/../photos/a.png"])
def test_a_source_is_not_replaced_even_by_force(folder, name):
    Path("photos/a.png").write_bytes(b"red")
    Path("link.png").symlink_to("photos/a.png")
    Path("hard.png").hardlink_to("photos/a.png")
    with pytest.raises(ConfigError, match="is the source itself"):
        FileWork(Upper(), force=True)(Job("photos/a.png", name))
    assert Path("photos/a.png").read_bytes() == b"red"


def test_what_cannot_be_replaced_needs_no_force(folder):
    os.mkfifo("pipe")
    reader = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    Path("photos/a.png").write_bytes(b"red")
    for target in ("/dev/null", "pipe"):
        assert FileWork(Upper())(Job("photos/a.png", target))["target"] == target
    assert os.read(reader, 9) == b"RED"
    os.close(reader)


@pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EROFS])
def test_a_disk_that_takes_nothing_ends_the_run(folder, reason):
    def work(job: Job) -> dict:
        raise OSError(reason, os.strerror(reason), job.target)

    outcomes = run([Job("a", "a.up"), Job("b", "b.up")], work)
    with pytest.raises(OSError, match=rf"{os.strerror(reason)}; what is done .*: 'a\.up'"):
        list(outcomes)


def test_a_failure_leaves_the_rest_alone(folder):
    Path("photos/bad.png").write_bytes(b"!")
    jobs = [Job(f"photos/{name}.png", f"{name}.up") for name in ("a", "bad", "gone", "a")]
    outcomes = list(run(jobs, FileWork(Upper())))
    assert [outcome.job for outcome in outcomes] == jobs
    assert [type(outcome.error) for outcome in outcomes] == [
        type(None),
        ImageError,
        FileNotFoundError,
        ConfigError,
    ]
    assert not Path("bad.up").exists()


@pytest.mark.parametrize(
    "coding",
    [
        Encoding(quality=3, caption_from="auto", max_pixels=9),
        Encoding(suffix=".slt", model=str(GOLDEN / "tiny.safetensors"), caption="A dog."),
        Decoding(format="webp", caption="", realism=1.0),
        Decoding(caption_from="sidecar", check_caption="warn"),
    ],
)
def test_a_coding_may_be_sent_elsewhere(coding):
    assert pickle.loads(pickle.dumps(coding)) == coding


def test_a_large_picture_is_written_piece_by_piece(tmp_path, monkeypatch):
    decoding = Decoding(format="png", caption="", model=str(GOLDEN / "tiny.safetensors"))
    data = (GOLDEN / "rgb.slt").read_bytes()
    whole = decoding.code(data, "rgb.slt")
    monkeypatch.setattr("sidelight.bulk.decoding.encode_picture", None)
    assert decoding.write(data, "rgb.slt", str(tmp_path / "a.png")) == whole.record
    assert (tmp_path / "a.png").read_bytes() == whole.data


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Encoding(suffix=".png"), r"no format has the suffix '\.png'"),
        (lambda: Encoding(model="small-multirate"), r"--model is for \.slt files"),
        (lambda: Encoding(suffix=".slt", effort=3), "--effort is for AVIF, WebP and JPEG XL; .slt"),
        (lambda: Encoding(bpp=1, max_bytes=100), "only one of bpp and max_bytes"),
        (lambda: Encoding(caption="A.", caption_from="auto"), "not both"),
        (lambda: Encoding(caption_from="nowhere"), "captions cannot come from 'nowhere'"),
        (lambda: Decoding(format="xyz").prepare(), "cannot write format 'xyz'"),
        (lambda: Decoding(model="large").prepare(), "no model 'large'"),
        (lambda: Decoding(check_caption="maybe"), "must be warn or drop, got 'maybe'"),
    ],
)
def test_options_that_contradict_are_refused_before_any_picture(make, message):
    with pytest.raises((CheckpointError, ConfigError, ImageError), match=message):
        make()


def test_a_file_that_cannot_be_read_stops_nothing(folder, monkeypatch):
    open_file = Path.open

    def refuse(path, *arguments, **options):
        if path.name == "a.png":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return open_file(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", refuse)
    jobs = [Job("photos/a.png", "a.up"), Job("photos/b.JPG", "b.up")]
    first, second = run(jobs, FileWork(Upper()))
    assert reason_of(first.error) == "photos/a.png: Permission denied"
    assert second.error is None
    assert not Path("a.up").exists()


def test_a_folder_in_the_place_of_a_file_is_told_as_what_it_is(tmp_path):
    with pytest.raises(IsADirectoryError) as raised:
        tmp_path.open()
    assert reason_of(raised.value) == f"{tmp_path}: is a folder, expected a file"
