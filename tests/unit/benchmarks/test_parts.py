import numpy as np
import pytest
from benchmarks.speed.kodak import in_parts
from benchmarks.speed.parts import time_decode, time_encode

from sidelight.codec.codec import Codec
from sidelight.codec.stored import Checkpoint
from sidelight.entropy.coder import SymbolDecoder
from sidelight.models.exported import ExportedCodec
from sidelight.pixels.picture import Picture
from sidelight.text.encoder import EncoderIdentity


@pytest.fixture(scope="module")
def codec(make_tiny_model):
    return Codec(Checkpoint(ExportedCodec(make_tiny_model()), EncoderIdentity("none", "0"), {}))


def test_parts_add_up_to_the_whole_and_leave_the_library_as_it_was(codec):
    before = ExportedCodec.analyse, SymbolDecoder.pull
    picture = Picture(image=np.random.default_rng(2).integers(0, 256, (70, 50, 3), np.uint8))
    encoded = time_encode(codec, picture, 5)
    decoded = time_decode(codec, encoded.result, "", "fp32")
    for run in (encoded, decoded):
        assert sum(run.parts_s.values()) == pytest.approx(run.total_s)
        assert min(run.parts_s.values()) >= 0
    assert decoded.parts_s["generator"] > 0
    assert decoded.result.image.shape == picture.image.shape
    assert (ExportedCodec.analyse, SymbolDecoder.pull) == before
    shares = in_parts([decoded])["parts"].values()
    assert sum(part["share_percent"] for part in shares) == pytest.approx(100)
