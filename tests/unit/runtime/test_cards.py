"""Files whose graphs are missing, damaged or of other weights: one clear error each."""

import json
from pathlib import Path

import numpy as np
import pytest

from sidelight.api import DEFAULT_CARRIER_MODEL, load_carrier
from sidelight.codec.card import find_model
from sidelight.errors import CheckpointError
from sidelight.pixels.picture import Picture
from sidelight.runtime.weight_file import WeightFile

GRAPH = "runtime.redraw"
WEIGHT = "generator.stem.weight"


@pytest.fixture(scope="module")
def shipped() -> WeightFile:
    return WeightFile.read(find_model(DEFAULT_CARRIER_MODEL))


def broken(shipped: WeightFile, tmp_path: Path, *, card=None, **tensors) -> Path:
    metadata = shipped.metadata if card is None else {**shipped.metadata, "runtime": card}
    kept = {k: v for k, v in {**shipped.tensors, **tensors}.items() if v is not None}
    path = tmp_path / "broken.safetensors"
    WeightFile(metadata, kept).write(path)
    return path


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({GRAPH: None}, "no graph redraw; export the model again"),
        ({GRAPH: np.zeros(4, np.float32)}, "no graph redraw"),
        ({WEIGHT: None}, r"graph redraw needs \['generator.stem.weight'\], which are missing"),
        ({WEIGHT: np.full((1, 1), np.nan, np.float16)}, "stem.weight holds NaN"),
        ({"card": "no JSON"}, "description of the model's graphs is damaged"),
        ({"card": "[]"}, "key 'halo' is missing"),
        ({"card": json.dumps({"halo": 8, "redraw": [], "more": 1})}, "unknown key 'more'"),
    ],
)
def test_what_is_missing_is_named_when_the_model_is_loaded(shipped, tmp_path, change, said):
    with pytest.raises(CheckpointError, match=said):
        load_carrier(broken(shipped, tmp_path, **change))


@pytest.mark.parametrize(
    "change",
    [
        {GRAPH: np.frombuffer(b"no graph at all", np.uint8)},
        {WEIGHT: np.zeros((1, 1), np.float16)},
        {"card": json.dumps({"halo": 16, "redraw": [WEIGHT]})},
        {"card": json.dumps({"halo": 16, "redraw": [WEIGHT, GRAPH]})},
    ],
)
def test_a_graph_that_does_not_fit_its_weights_is_refused(shipped, tmp_path, change):
    codec = load_carrier(broken(shipped, tmp_path, **change))
    with pytest.raises(CheckpointError, match="cannot open the model's graph"):
        codec.improve(Picture(image=np.zeros((8, 8, 3), np.uint8)))
