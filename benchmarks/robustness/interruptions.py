"""Kills commands at random moments, and lets their disk fill up; counts files that are not whole.

python -m benchmarks.robustness.interruptions [--kills 60] [--seed 2311]

Whatever happens, a file at its final name is whole or the one from before, and the command goes on
where it was. A full disk is played by a limit on the size of files (EFBIG), and by /dev/full where
the command writes to it; it must be told in one line, and nothing may be left over.
"""

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

import numpy as np

import sidelight
from benchmarks.measured import sidelight_command
from benchmarks.record import Record, add_output_option, say, write_record
from benchmarks.robustness.corpus import CAPTION, PAGE, RECIPE, Corpus, make_corpus
from benchmarks.robustness.shards import pack_shard
from sidelight.bulk.tar_shards import TarShards
from sidelight.codec.checkpoint import load_checkpoint
from sidelight.errors import CodecError
from sidelight.evaluate.environment import environment
from sidelight.evaluate.results import Results
from sidelight.pixels.decoding import decode_picture
from sidelight.train.state_file import read_state

_SEED = 2311
_STATE_LIMIT_BYTES, _FILE_LIMIT_BYTES = 500_000, 100


def main() -> None:
    """Parses the command line, interrupts and writes the record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=_SEED)
    add_output_option(parser, "robustness_interruptions.json")
    arguments = parser.parse_args()

    head = environment(seed=arguments.seed)
    random, corpus = np.random.default_rng(arguments.seed), make_corpus(arguments.seed)
    names = islice(cycle(_WORK), arguments.kills)
    kills = [kill(name, corpus, random) for name in names]
    full = [fill(name, corpus) for name in _WORK]
    record = {
        "environment": head,
        "kills": len(kills),
        "killed_while_at_work": sum(row["killed"] for row in kills),
        "full_disks": full,
        "faults": [row for row in (*kills, *full) if row["faults"]],
    }
    write_record(arguments.output, record)
    sys.exit(1 if record["faults"] else 0)


def kill(name: str, corpus: Corpus, random: np.random.Generator) -> Record:
    """Kills one command at a random moment, checks its files, and lets it end another time."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        command, again = _WORK[name](folder, corpus)
        process = _start(command, folder)
        moment_s = float(random.uniform(0.5, 8))
        try:
            process.wait(moment_s)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        killed = process.wait() == -signal.SIGKILL
        faults = _torn(folder)
        done = _start(again, folder)
        said = done.communicate()[1].decode("utf-8", "replace")
        if done.returncode:
            faults.append(f"does not go on: {(said.strip().splitlines() or ['no word'])[-1]}")
        faults += _torn(folder)
    say(f"{name}, after {moment_s:.1f} s: {faults or 'whole'}")
    return {"name": name, "killed": killed, "faults": faults}


def fill(name: str, corpus: Corpus) -> Record:
    """Runs one command on a disk that takes only small files."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        command, _ = _WORK[name](folder, corpus)
        limit = _STATE_LIMIT_BYTES if name == "train" else _FILE_LIMIT_BYTES
        before = set(folder.rglob("*"))
        process = _start(command, folder, limit)
        said = process.communicate()[1].decode("utf-8", "replace").strip()
        said = said.replace(f"{folder}/", "")
        faults = _torn(folder)
        if process.returncode not in (1, 2):
            faults.append(f"exit code {process.returncode}")
        if "Traceback" in said or not said:
            faults.append(f"says {said.splitlines()[-1:]}")
        left = [p.name for p in set(folder.rglob("*")) - before if p.name.endswith(".partial")]
        faults += [f"left over: {name}" for name in left]
    say(f"{name} on a full disk: {faults or (said.splitlines() or [''])[-1][-100:]}")
    return {"name": name, "said": said.splitlines()[-1:], "faults": faults}


def _start(command: list[str], folder: Path, limit: int | None = None) -> subprocess.Popen[bytes]:
    def prepare() -> None:
        if limit is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    own = {"XDG_CACHE_HOME": str(folder / "cache"), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        sidelight_command(*command),
        env=os.environ | own,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=prepare,
    )


def _torn(folder: Path) -> list[str]:
    """Returns which files are not whole."""
    checks: dict[str, Callable[[Path], object]] = {
        ".avif": lambda p: decode_picture(p.read_bytes()),
        ".png": lambda p: decode_picture(p.read_bytes()),
        ".slt": lambda p: sidelight.decode(p, caption=""),
        ".pt": read_state,
        ".json": lambda p: json.loads(p.read_bytes()),
        ".jsonl": _check_rows,
        ".tar": lambda p: list(TarShards().rows(str(p))),
        ".safetensors": load_checkpoint,
    }
    faults = []
    for path in folder.rglob("*"):
        check = checks.get(path.suffix)
        if check is None or path.name.startswith(".") or "cache" in path.parts:
            continue
        try:
            check(path)
        except (CodecError, OSError, ValueError) as error:
            faults.append(f"{path.name} is not whole: {error}")
    return faults


def _check_rows(path: Path) -> None:
    for line in path.read_text().splitlines():
        json.loads(line)
    if path.name == "pictures.jsonl":
        Results(path.parent)


def _encode(folder: Path, corpus: Corpus) -> tuple[list[str], list[str]]:
    (folder / "in.png").write_bytes(corpus.pictures["png"])
    command = ["encode", str(folder / "in.png"), str(folder / "out.slt")]
    return command, [*command, "--force"]


def _decode(folder: Path, corpus: Corpus) -> tuple[list[str], list[str]]:
    (folder / "in.avif").write_bytes(corpus.coded["avif"])
    command = ["decode", str(folder / "in.avif"), str(folder / "out.png"), "--caption", CAPTION]
    return command, [*command, "--force"]


def _folder(folder: Path, corpus: Corpus) -> tuple[list[str], list[str]]:
    (folder / "in").mkdir()
    for k in range(40):
        (folder / "in" / f"{k}.png").write_bytes(corpus.pictures["png"])
    command = ["encode", str(folder / "in"), str(folder / "out"), "--format", "slt"]
    return command, command


def _processes(folder: Path, corpus: Corpus) -> tuple[list[str], list[str]]:
    command, _ = _folder(folder, corpus)
    command += ["--jobs", "2", "--manifest", str(folder / "rows.jsonl")]
    return command, command


def _shards(folder: Path, corpus: Corpus) -> tuple[list[str], list[str]]:
    for name in ("a", "b"):
        files = {f"{k}.png": corpus.pictures["png"] for k in range(20)}
        pack_shard(folder / f"{name}.tar", files)
    command = ["encode", str(folder / "*.tar"), str(folder / "out"), "--format", "slt"]
    command += ["--jobs", "2", "--manifest", str(folder / "rows.jsonl")]
    return command, command


def _page(folder: Path, corpus: Corpus) -> tuple[list[str], list[str]]:
    site = folder / "site"
    site.mkdir()
    for name, suffix in (("a.png", "png"), ("b.jpg", "jpg"), ("c.webp", "webp")):
        (site / name).write_bytes(corpus.pictures[suffix])
    (site / "index.html").write_text(PAGE)
    (site / "style.css").write_text("")
    command = ["page", "encode", str(site / "index.html")]
    return [*command, str(folder / "out")], [*command, str(folder / "out again")]


def _train(folder: Path, corpus: Corpus) -> tuple[list[str], list[str]]:
    pack_shard(folder / "set.tar", {"a.jpg": corpus.pictures["jpg"], "a.txt": CAPTION.encode()})
    recipe = folder / "recipe.toml"
    recipe.write_text(RECIPE.replace("set.tar", str((folder / "set.tar").resolve())))
    command = ["train", str(recipe), str(folder / "run"), "--resume"]
    return command, command


def _evaluate(folder: Path, corpus: Corpus) -> tuple[list[str], list[str]]:
    (folder / "set").mkdir()
    for k in range(8):
        (folder / "set" / f"{k}.png").write_bytes(corpus.pictures["png"])
    command = ["evaluate", str(folder / "set"), str(folder / "out"), "--codec", "jpeg"]
    command += ["--condition", "none", "--metrics", "psnr"]
    return command, command


_WORK: dict[str, Callable[[Path, Corpus], tuple[list[str], list[str]]]] = {
    "encode": _encode,
    "decode": _decode,
    "folder": _folder,
    "processes": _processes,
    "shards": _shards,
    "page": _page,
    "train": _train,
    "evaluate": _evaluate,
}
"""What is interrupted, and how it goes on."""


if __name__ == "__main__":
    main()
