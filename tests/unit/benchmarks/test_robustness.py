"""The fuzzer finds what it looks for, repeats itself, and finds nothing in a few inputs."""

import numpy as np
import pytest
from benchmarks.robustness import interruptions, worker
from benchmarks.robustness.cases import KINDS, Case
from benchmarks.robustness.corpus import Corpus, make_corpus
from benchmarks.robustness.fuzz import fuzz, summary
from benchmarks.robustness.mutations import damaged, damaged_text, resealed
from PIL import Image

from sidelight.bitstream.container import Container

SEED, FEW = 3, 40


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return make_corpus(SEED)


def test_a_few_inputs_of_every_kind_leave_no_fault():
    rows = fuzz(SEED, FEW, list(KINDS))
    record = summary(rows, [])
    assert record["faults"] == []
    assert record["inputs"] == FEW
    assert record["silent_wrong_pictures"] == 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_draws_give_the_same_input(kind, corpus, tmp_path):
    made = []
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        case = KINDS[kind][1](folder, corpus, np.random.default_rng(SEED))
        files = {
            p.relative_to(folder): p.read_bytes()
            for p in folder.rglob("*")
            if p.is_file() and p.suffix != ".toml"  # which names its folder
        }
        made.append((files, [len(command) for command in case.commands]))
    assert made[0] == made[1]


def test_damage_changes_bytes_and_texts():
    random = np.random.default_rng(SEED)
    data = bytes(range(200))
    assert sum(damaged(data, [data], random) != data for _ in range(100)) > 80
    assert sum(damaged_text("a caption", random) != b"a caption" for _ in range(100)) > 80


def test_resealed_files_pass_their_checksums(corpus):
    random = np.random.default_rng(SEED)
    for _ in range(30):
        data, must_be_same = resealed(corpus.end_to_end[0], corpus.end_to_end, random)
        found, before = Container.parse(data), Container.parse(corpus.end_to_end[0])
        assert must_be_same == (found.latents != before.latents) or found == before


def boom() -> None:
    raise KeyError("boom")


def test_faults_are_told(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr("sidelight.bitstream.container.Container.parse", lambda data: boom())
    source = tmp_path / "in.slt"
    source.write_bytes(corpus.end_to_end[0])
    faults, _ = worker._run(Case([["info", str(source)]]), tmp_path)
    assert len(faults) == 1
    assert faults[0].startswith("KeyError at ")


def test_a_wrong_picture_is_told(corpus, tmp_path):
    source, out = tmp_path / "in.slt", tmp_path / "out.png"
    source.write_bytes(corpus.end_to_end[0])
    command = [
        "decode",
        str(source),
        str(out),
        "--caption-from",
        "none",
        "--precision",
        "fp32",
        "--force",
    ]
    assert worker._run(Case([command], corpus.shown[0]), tmp_path)[0] == []
    other = 255 - corpus.shown[0]
    assert worker._run(Case([command], other), tmp_path)[0] == ["silent wrong picture"]


def test_a_disk_that_is_full_is_told_and_leaves_nothing(corpus):
    assert interruptions.fill("encode", corpus)["faults"] == []


def test_a_torn_file_is_told(corpus, tmp_path):
    Image.new("RGB", (90, 90)).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes()[:80])
    (tmp_path / "c.slt").write_bytes(corpus.end_to_end[0][:-3])
    torn = sorted(interruptions._torn(tmp_path))
    assert [fault.split()[0] for fault in torn] == ["b.png", "c.slt"]
