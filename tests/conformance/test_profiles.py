"""Which ICC profiles are kept, and what is drawn in their colours; web/ reads the same folder.

Only scripts/conformance_profiles.py writes it.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sidelight.carriers.reading import read
from sidelight.codec.carrier_codec import CarrierCodec
from sidelight.codec.checkpoint import load_checkpoint
from sidelight.pixels.profiles import sound_profile
from sidelight.text.bundled import BundledEncoder

FOLDER = Path(__file__).resolve().parents[2] / "conformance" / "carrier"
MANIFEST = json.loads((FOLDER / "profiles" / "manifest.json").read_text("utf-8"))


@pytest.mark.parametrize("entry", MANIFEST["files"], ids=lambda entry: entry["file"])
def test_a_sound_profile_is_kept_and_any_other_dropped(entry):
    picture = read((FOLDER / entry["file"]).read_bytes()).picture
    digest = None if picture.icc is None else hashlib.sha256(picture.icc).hexdigest()
    assert digest == entry["profile_sha256"]
    assert (picture.width, picture.height) == (entry["width"], entry["height"])


def test_damaged_profiles_are_kept_or_dropped():
    sound = bytes.fromhex(MANIFEST["profile"])
    for entry in MANIFEST["damaged"]:
        data = bytearray(sound[: entry["bytes"]])
        for place, value in entry["set"]:
            data[place] = value
        icc, _ = sound_profile(bytes(data), gray=False)
        assert (icc is not None) == entry["kept"], entry


@pytest.mark.parametrize("entry", MANIFEST["drawn"], ids=lambda entry: entry["file"])
def test_pictures_are_drawn_in_their_own_colours(entry):
    codec = CarrierCodec(
        load_checkpoint(FOLDER / "carrier.safetensors"),
        BundledEncoder(FOLDER / "text.safetensors"),
    )
    opened = codec.open((FOLDER / entry["file"]).read_bytes())
    drawn = opened.decode(entry["caption"], precision="fp32")
    with Image.open(FOLDER / entry["expected"]) as expected:
        assert abs(drawn.image.astype(int) - np.array(expected)).max() <= 1
    assert drawn.icc == bytes.fromhex(MANIFEST["profile"])
