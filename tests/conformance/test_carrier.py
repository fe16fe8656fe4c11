"""What every implementation agrees on, with tiny models; web/ reads the same folder.

Only scripts/make_conformance.py writes conformance/.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sidelight import errors
from sidelight.carriers.reading import read
from sidelight.codec.carrier_codec import CarrierCodec
from sidelight.codec.checkpoint import load_checkpoint
from sidelight.pixels.picture import Picture
from sidelight.text.bundled import BundledEncoder, tokenize
from sidelight.text.encoder import fit_caption

FOLDER = Path(__file__).resolve().parents[2] / "conformance" / "carrier"
MANIFEST = json.loads((FOLDER / "manifest.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def encoder():
    return BundledEncoder(FOLDER / "text.safetensors")


@pytest.fixture(scope="module")
def codec(encoder):
    return CarrierCodec(load_checkpoint(FOLDER / "carrier.safetensors"), encoder)


@pytest.mark.parametrize("entry", MANIFEST["captions"], ids=lambda entry: entry["caption"][:20])
def test_captions_are_cut_and_read_as_ids(entry, encoder):
    used = fit_caption(entry["caption"], encoder)
    assert used == entry["used"]
    assert tokenize(encoder._tokenizer, [used])[0][0].tolist() == entry["ids"]


@pytest.mark.parametrize("entry", MANIFEST["pictures"], ids=lambda entry: entry["expected"])
def test_pictures_are_within_a_level(entry, codec):
    drawn = codec.improve(
        Picture(image=_pixels(entry["picture"])),
        entry["caption"],
        realism=entry["realism"],
        precision="fp32",
        drawn_share=entry["share"],
    )
    difference = drawn.image.astype(int) - _pixels(entry["expected"])
    assert abs(difference).max() <= 1


@pytest.mark.parametrize("entry", MANIFEST["files"], ids=lambda entry: entry["file"])
def test_files_have_their_coded_bytes_and_share_or_one_error(entry):
    data = (FOLDER / entry["file"]).read_bytes()
    if "error" in entry:
        with pytest.raises(getattr(errors, entry["error"])):
            read(data)
        return
    file = read(data)
    assert (file.codec, file.coded_bytes, file.is_lossless) == (
        entry["codec"],
        entry["coded_bytes"],
        entry["lossless"],
    )
    assert (file.picture.width, file.picture.height) == (entry["width"], entry["height"])
    assert file.drawn_share == pytest.approx(entry["drawn_share"], abs=1e-12)


def test_the_models_of_the_browser_are_those_of_python(codec, encoder):
    models = json.loads((FOLDER / "models" / "manifest.json").read_text("utf-8"))
    assert models["generator"]["fingerprint"] == codec.fingerprint.hex()
    assert models["text"]["fingerprint"] == encoder.identity.fingerprint


def _pixels(name):
    with Image.open(FOLDER / name) as image:
        return np.array(image)
