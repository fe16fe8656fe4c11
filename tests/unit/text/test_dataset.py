"""Text vectors of a whole data set: read, embedded once, saved and found again."""

import io
import json
import tarfile
from pathlib import Path

import pytest
import torch
from tests.golden.tiny_text import HashingTextEncoder
from typer.testing import CliRunner

from sidelight.cli.app import app
from sidelight.errors import ImageError, TextError
from sidelight.text.dataset import DatasetEmbedder, captions_of, load_vectors
from sidelight.text.encoder import embed_captions

CAPTIONS = {"dog": ["A dog.", "A brown dog."], "cat": ["A cat."]}


def write_shard(path: Path, records: dict[str, object]) -> None:
    with tarfile.open(path, "w") as shard:
        for key, record in records.items():
            for suffix, data in (("avif", b"never read"), ("json", json.dumps(record).encode())):
                member = tarfile.TarInfo(f"{key}.{suffix}")
                member.size = len(data)
                shard.addfile(member, io.BytesIO(data))


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("sidelight.text.registry.load_text_encoder", lambda n: HashingTextEncoder())
    (tmp_path / "shards").mkdir()
    for name, texts in CAPTIONS.items():
        write_shard(tmp_path / "shards" / f"{name}s-00.tar", {name: {"captions": texts}})
    (tmp_path / "listed").mkdir()
    (tmp_path / "listed" / "captions.json").write_text(json.dumps(CAPTIONS))
    return tmp_path


def test_every_kind_of_data_set_is_read(folder):
    listed = {key: tuple(texts) for key, texts in CAPTIONS.items()}
    assert captions_of(folder / "listed") == listed
    assert captions_of(folder / "listed" / "captions.json") == listed
    assert captions_of(folder / "shards") == {f"{key}s-00/{key}": listed[key] for key in listed}
    assert captions_of(folder / "shards" / "cats-00.tar") == {"cats-00/cat": ("A cat.",)}


def test_what_holds_no_captions_is_refused(folder):
    with pytest.raises(TextError, match=r"neither tar shards nor captions\.json"):
        captions_of(folder)
    write_shard(folder / "bad.tar", {"dog": {"words": "A dog."}})
    with pytest.raises(ImageError, match=r"bad\.tar: bad/dog has no captions"):
        captions_of(folder / "bad.tar")


@pytest.mark.parametrize("dataset", ["shards", "listed"])
def test_saved_vectors_are_those_that_the_codec_would_use(folder, dataset):
    target = folder / "out" / "vectors.safetensors"
    done = CliRunner().invoke(app, ["text", "embed", str(folder / dataset), str(target)])
    assert (done.exit_code, done.stdout) == (0, "")
    assert "3 captions of 2 pictures, tiny" in done.stderr
    loaded = load_vectors(target, HashingTextEncoder.identity)
    for key, texts in CAPTIONS.items():
        (found,) = (vectors for name, vectors in loaded.items() if name.endswith(key))
        expected = embed_captions(texts, HashingTextEncoder(), HashingTextEncoder.width)
        assert torch.equal(found, expected.half())


def test_captions_that_are_done_are_not_embedded_again(folder, monkeypatch):
    texts = [f"caption {k}" for k in range(150)]
    whole = torch.cat(list(DatasetEmbedder(HashingTextEncoder(), folder).pieces(texts)))
    monkeypatch.setattr(HashingTextEncoder, "__call__", None)
    pieces = list(DatasetEmbedder(HashingTextEncoder(), folder).pieces(texts))
    assert [len(piece) for piece in pieces] == [64, 64, 22]
    assert torch.equal(torch.cat(pieces), whole)


def test_vectors_of_another_encoder_and_other_files_are_refused(folder):
    target = folder / "vectors.safetensors"
    CliRunner().invoke(app, ["text", "embed", str(folder / "listed"), str(target)])
    with pytest.raises(TextError, match=r"expected .*fingerprint='ffff'"):
        load_vectors(target, HashingTextEncoder.identity._replace(fingerprint="ffff"))
    target.write_bytes(b"no safetensors")
    with pytest.raises(TextError, match="holds no text vectors"):
        load_vectors(target, HashingTextEncoder.identity)


def test_an_existing_target_is_kept(folder):
    target = folder / "vectors.safetensors"
    target.write_bytes(b"kept")
    done = CliRunner().invoke(app, ["text", "embed", str(folder / "listed"), str(target)])
    assert done.exit_code == 1
    assert "give --force" in done.stderr
    assert target.read_bytes() == b"kept"
