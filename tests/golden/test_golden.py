"""Files written by a release decode forever: exact latents, pixels within one level.

Only scripts/regenerate_golden.py writes this folder.
"""

import hashlib
import json
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from tests.golden.tiny_text import HashingTextEncoder

from sidelight.bitstream.container import Container
from sidelight.codec.checkpoint import load_checkpoint
from sidelight.codec.codec import Codec
from sidelight.entropy.coder import CodingTables
from sidelight.pixels.files import read_picture, write_picture
from sidelight.pixels.picture import Picture

FOLDER = Path(__file__).parent
MANIFEST = json.loads((FOLDER / "manifest.json").read_text())
CASES = MANIFEST["cases"]


@pytest.fixture(scope="module")
def codec() -> Codec:
    return Codec(load_checkpoint(FOLDER / "tiny.safetensors"), HashingTextEncoder())


def read(name: str) -> bytes:
    return (FOLDER / f"{name}.slt").read_bytes()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def decode(codec: Codec, name: str) -> Picture:
    return codec.decode(read(name), CASES[name]["text"], precision="fp32")


def test_the_manifest_lists_every_file():
    assert {path.stem for path in FOLDER.glob("*.slt")} == set(CASES)
    assert {path.stem for path in FOLDER.glob("*.png")} == set(CASES)


def test_the_fingerprint_of_the_model_is_unchanged(codec):
    assert codec.fingerprint.hex() == MANIFEST["model"]


@pytest.mark.parametrize("name", CASES)
def test_the_file_is_the_one_that_was_written(name):
    assert sha256(read(name)) == CASES[name]["sha256"]


@pytest.mark.parametrize("name", CASES)
def test_latents_decode_to_the_same_integers(codec, name):
    latents = codec.decode_latents([Container.parse(read(name))])
    integers = latents.z_symbols, latents.fixed_point()
    words = b"".join(values.astype("<i4").tobytes() for values in integers)
    assert sha256(words) == CASES[name]["latents_sha256"]


@pytest.mark.parametrize("name", CASES)
def test_latents_code_to_the_same_words(codec, name):
    # unlike E, the entropy coder promises its bytes
    container = Container.parse(read(name))
    encoded = codec.coder.encode(codec.decode_latents([container]))
    assert encoded == (container.latents, container.latents_crc)


@pytest.mark.parametrize("name", CASES)
def test_pixels_come_back_within_one_level(codec, name):
    # by PNG, as the expected picture: what "odd" metadata may do to pixels cancels out
    stream = BytesIO()
    write_picture(decode(codec, name), stream, "png")
    stream.seek(0)
    decoded, expected = read_picture(stream), read_picture(FOLDER / f"{name}.png")
    difference = decoded.image.astype(int) - expected.image
    assert np.abs(difference).max() <= 1
    assert decoded.gray == expected.gray
    assert (decoded.icc, decoded.exif) == (expected.icc, expected.exif)
    if expected.alpha is None:
        assert decoded.alpha is None
    else:
        assert (decoded.alpha == expected.alpha).all()


def test_each_file_has_the_feature_that_it_is_there_for(codec):
    assert decode(codec, "gray").gray
    assert decode(codec, "alpha").alpha is not None
    assert decode(codec, "icc-exif").icc
    assert decode(codec, "icc-exif").exif
    assert Container.parse(read("caption")).caption == "A brown dog runs on the beach."
    assert Container.parse(read("digest")).caption_digest
    assert decode(codec, "one-pixel").image.shape == (1, 1, 3)
    assert decode(codec, "odd-size").image.shape == (65, 63, 3)
    steps = [Container.parse(read(f"quality-{q}")).quality_step for q in ("1", "5.3", "9")]
    assert steps == [0, 69, 128]


def test_the_escapes_file_has_symbols_outside_the_tables(codec):
    latents = codec.decode_latents([Container.parse(read("escapes"))])
    tables = CodingTables(codec.model.frozen.latent_tables)
    index = latents.prediction.index
    entries = latents.y_symbols - tables.first[index]
    assert ((entries < 0) | (entries >= tables.escape[index])).any()


def test_the_caption_inside_the_file_reaches_the_generator(codec):
    with_caption = decode(codec, "caption").image
    without = codec.decode(read("caption"), "", precision="fp32").image
    assert (with_caption != without).any()


def test_the_script_writes_nothing_unless_told_to():
    before = {path: path.read_bytes() for path in FOLDER.iterdir() if path.is_file()}
    script = FOLDER.parents[1] / "scripts" / "regenerate_golden.py"
    done = subprocess.run([sys.executable, script], capture_output=True, text=True)
    assert done.returncode == 2
    assert "--yes-change-the-format" in done.stderr
    assert {path: path.read_bytes() for path in FOLDER.iterdir() if path.is_file()} == before
