"""Average precision by hand and by definition; the real detector where its file lies."""

import importlib.util
import json
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnxruntime
import pytest
import torch
from benchmarks.metrics.references.definitions import average_precision
from PIL import Image
from torchmetrics.functional.classification import multilabel_average_precision

from sidelight.assets import ENVIRONMENT_VARIABLE
from sidelight.errors import CheckpointError, ConfigError
from sidelight.metrics.detection import MultiLabelAP, ObjectScores, _letterboxed

PRESENT, ABSENT = MultiLabelAP.THRESHOLD, np.nextafter(np.float32(MultiLabelAP.THRESHOLD), 0)
PERSON, BUS, ZEBRA, SKIS, LAPTOP, OVEN, REFRIGERATOR = 0, 5, 22, 30, 63, 69, 72


@pytest.fixture
def metric() -> MultiLabelAP:
    return MultiLabelAP(SimpleNamespace(name="none"))


@pytest.fixture(scope="module")
def folder() -> Path:
    if ENVIRONMENT_VARIABLE not in os.environ:
        pytest.skip(f"{ENVIRONMENT_VARIABLE} is not set: YOLOX-nano and COCO pictures are needed")
    return Path(os.environ[ENVIRONMENT_VARIABLE]) / "data" / "coco-test"


def table(**columns: list[float]) -> np.ndarray:
    """80 classes, zeros but for those named by their number, such as ``c3``."""
    rows = np.zeros((len(next(iter(columns.values()))), 80), np.float32)
    for name, column in columns.items():
        rows[:, int(name[1:])] = column
    return rows


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([0.9, 0.8, 0.7, 0.6], (1 / 1 + 2 / 3) / 2),
        ([0.2, 0.3, 0.1, 0.0], (1 / 2 + 2 / 3) / 2),
        ([0.1, 0.8, 0.2, 0.9], (1 / 3 + 2 / 4) / 2),
        ([0.5, 0.5, 0.5, 0.5], 2 / 4),  # ties enter together: no order of rows can help
        ([0.9, 0.5, 0.5, 0.1], (1 / 1 + 2 / 3) / 2),
    ],
)
def test_precision_by_hand(metric, scores, expected):
    originals = table(c3=[0.9, 0.0, 0.4, 0.29])
    value = metric(originals, table(c3=scores))
    assert value.value == pytest.approx(expected, abs=1e-6)
    assert value.num_rows == 4


def test_the_threshold_itself_is_present(metric):
    originals = table(c0=[PRESENT, ABSENT])
    assert metric(originals, table(c0=[1.0, 0.5])).value == 1
    assert metric(originals, table(c0=[0.5, 1.0])).value == 0.5


def test_classes_that_no_original_has_count_for_nothing(metric):
    originals = table(c1=[0.9, 0.0], c79=[0.0, 0.9])
    decoded = table(c1=[0.9, 0.0], c79=[0.9, 0.0], c40=[0.9, 0.9])
    assert metric(originals, decoded).value == pytest.approx((1 + 1 / 2) / 2)


def test_the_mean_is_that_of_the_definition_and_of_torchmetrics(metric):
    random = np.random.default_rng(8)
    originals, decoded = random.random((2, 60, 80)).astype(np.float32).round(1)  # with ties
    originals[:, 70:] = 0
    present = originals >= PRESENT
    expected = [average_precision(present[:, k], decoded[:, k]) for k in range(70)]
    value = metric(originals, decoded).value
    assert value == pytest.approx(np.mean(expected), abs=1e-6)
    theirs = multilabel_average_precision(
        torch.from_numpy(decoded[:, :70]), torch.from_numpy(present[:, :70]).long(), num_labels=70
    )
    assert value == pytest.approx(theirs.item(), abs=1e-6)


def test_originals_against_themselves_are_perfect(metric):
    originals = np.random.default_rng(9).random((50, 80), np.float32)
    assert metric(originals, originals).value == 1


def test_without_any_object_there_is_no_value(metric):
    nothing = table(c0=[ABSENT, 0.0])
    with pytest.raises(ConfigError, match=r"none of 2 originals .* at least 0\.3"):
        metric(nothing, nothing)


def test_a_picture_is_halved_into_the_corner_of_a_grey_square_as_bgr():
    image = np.random.default_rng(1).integers(0, 256, (100, 832, 3), np.uint8)
    x = _letterboxed(image)
    assert x.shape == (1, 3, 416, 416)
    pairs = image.astype(float).reshape(50, 2, 416, 2, 3).mean((1, 3))
    assert np.abs(x[0, ::-1, :50].transpose(1, 2, 0) - pairs).max() <= 0.5
    assert (x == x.round()).all()
    assert (x[:, :, 50:] == 114).all()


@pytest.mark.parametrize(("shape", "inside"), [((1, 900, 3), (1, 416)), ((20, 10, 3), (416, 208))])
def test_pictures_of_any_shape_fit(shape, inside):
    x = _letterboxed(np.zeros(shape, np.uint8))
    assert (x[:, :, : inside[0], : inside[1]] == 0).all()
    assert (x == 0).sum() == 3 * inside[0] * inside[1]


@pytest.mark.parametrize(
    ("name", "objects"),
    [
        ("000000000785.jpg", {PERSON, SKIS}),
        ("000000000802.jpg", {REFRIGERATOR, OVEN}),
        ("000000001818.jpg", {ZEBRA}),
        ("000000002006.jpg", {BUS, PERSON}),
    ],
)
def test_the_detector_sees_what_captions_say(folder, name, objects):
    features = ObjectScores()
    with Image.open(folder / name) as image:
        scores = features(np.array(image.convert("RGB")))
    assert scores.shape == (1, 80)
    assert scores.dtype == np.float32
    assert set(scores[0].argsort()[::-1][: len(objects)].tolist()) == objects
    assert scores[0, sorted(objects)].min() > 0.6


def test_a_coarse_picture_loses_objects(folder):
    metric = MultiLabelAP()
    originals, coarse = [], []
    for name in sorted(json.loads((folder / "captions.json").read_text()))[:12]:
        with Image.open(folder / name) as image:
            originals.append(metric.features(np.array(image.convert("RGB"))))
            blurred = image.convert("RGB").resize((20, 15)).resize(image.size)
            coarse.append(metric.features(np.array(blurred)))
    rows = np.concatenate(originals)
    assert metric(rows, rows) == (1, 12, None)
    assert metric(rows, np.concatenate(coarse)).value < 0.5


def test_a_missing_file_is_named_with_its_source(tmp_path, monkeypatch):
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(tmp_path))
    with pytest.raises(
        CheckpointError, match=rf"yolox_nano\.onnx .*now {tmp_path}.*https://github"
    ):
        ObjectScores()


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "x.onnx"
    path.write_bytes(b"nothing")
    with pytest.raises(CheckpointError, match=r"x\.onnx is no readable ONNX file"):
        ObjectScores(path)


def test_another_network_is_refused(tmp_path, monkeypatch):
    other = SimpleNamespace(get_outputs=lambda: [SimpleNamespace(shape=[1, 1000])])
    monkeypatch.setattr(onnxruntime, "InferenceSession", lambda *args, **options: other)
    with pytest.raises(CheckpointError, match=r"shape \[\[1, 1000\]\], expected .*3549, 85"):
        ObjectScores(tmp_path / "x.onnx")


@pytest.mark.parametrize("package", ["onnxruntime", "torchmetrics"])
def test_without_a_package_the_extra_is_named(monkeypatch, package):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == package else find(name)
    )
    with pytest.raises(ConfigError, match=rf"needs {package}: pip install 'sidelight\[evaluate\]'"):
        MultiLabelAP()
