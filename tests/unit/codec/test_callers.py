"""Codecs whatever the caller does: torch's defaults, threads, copies, worker processes."""

import contextlib
import copy
import multiprocessing
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from tests.golden.tiny_text import HashingTextEncoder
from tests.tiny_carrier import trained_carrier
from tests.tiny_codecs import TINY_CODECS

from sidelight.api import DEFAULT_CARRIER_MODEL, DEFAULT_MODEL
from sidelight.codec.card import find_model
from sidelight.codec.carrier_codec import CarrierCodec
from sidelight.codec.checkpoint import save_checkpoint
from sidelight.codec.codec import Codec
from sidelight.codec.joint_codec import codec_of
from sidelight.codec.loading import load_by_torch, load_model
from sidelight.codec.stored import Checkpoint
from sidelight.models.exported import ExportedCodec
from sidelight.models.exported_carrier import ExportedCarrier
from sidelight.models.registry import build_codec
from sidelight.pixels.picture import Picture

CAPTION = "a brown dog"
BY_TORCH = ("codec", "minnen2018", "carrier")
SHIPPED = {"shipped codec": DEFAULT_MODEL, "shipped carrier": DEFAULT_CARRIER_MODEL}
"""These run from their graphs."""
KINDS = (*BY_TORCH, *SHIPPED)


@pytest.fixture(scope="module")
def paths(tmp_path_factory, tiny_exported):
    models = {"codec": tiny_exported, "carrier": ExportedCarrier(trained_carrier())}
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(1)
        model = build_codec(TINY_CODECS["tiny-minnen2018"])
        convs = [m for m in model.g_a.modules() if isinstance(m, torch.nn.Conv2d)]
        [m for m in convs if m.stride == (2, 2)][-1].weight.mul_(16)  # something to code
        models["minnen2018"] = ExportedCodec(model)
    folder = tmp_path_factory.mktemp("models")
    for name, model in models.items():
        checkpoint = Checkpoint(model, HashingTextEncoder.identity, {})
        save_checkpoint(folder / f"{name}.safetensors", checkpoint)
    written = {name: folder / f"{name}.safetensors" for name in models}
    return written | {kind: find_model(name) for kind, name in SHIPPED.items()}


@pytest.fixture(scope="module")
def picture(make_picture):
    return Picture(image=make_picture(70, 90))


def loaded(path):
    checkpoint = load_model(path)
    encoder = HashingTextEncoder() if checkpoint.text_encoder.name == "tiny" else None
    if hasattr(checkpoint.model, "improve"):
        return CarrierCodec(checkpoint, encoder)
    return codec_of(checkpoint, encoder)


def results(codec, picture):
    """Everything that a codec computes, as bytes."""
    if isinstance(codec, CarrierCodec):
        masks = codec.masks(picture, CAPTION)
        improved = [codec.improve(picture, t, precision="fp32").image for t in ("", CAPTION)]
        return [m.tobytes() for m in masks] + [image.tobytes() for image in improved]
    data = codec.encode(picture, quality=7)
    latents = codec.quantised(picture, 7).fixed_point()
    decoded = [codec.decode(data, t, precision="fp32").image for t in ("", CAPTION)]
    return [data, latents.tobytes(), *(image.tobytes() for image in decoded)]


@contextlib.contextmanager
def default_dtype(dtype):
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


SETTINGS = {
    "float64": lambda: default_dtype(torch.float64),
    "bfloat16": lambda: default_dtype(torch.bfloat16),
    "device": lambda: torch.device("meta"),
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    "inference": torch.inference_mode,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("setting", SETTINGS)
def test_no_default_of_the_caller_changes_anything(paths, picture, kind, setting):
    before = loaded(paths[kind])
    expected = results(before, picture)
    with SETTINGS[setting]():
        assert results(before, picture) == expected
        under = loaded(paths[kind])
        assert results(under, picture) == expected
    assert results(under, picture) == expected


@pytest.mark.parametrize("setting", ["bfloat16", "device"])
def test_shipped_models_read_captions_under_every_default(picture, setting):
    with SETTINGS[setting]():
        codec = CarrierCodec(load_by_torch(find_model(DEFAULT_CARRIER_MODEL)))
        shown = codec.improve(picture, CAPTION, precision="fp32").image
    plain = CarrierCodec(load_by_torch(find_model(DEFAULT_CARRIER_MODEL)))
    assert np.array_equal(shown, plain.improve(picture, CAPTION, precision="fp32").image)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda codec: pickle.loads(pickle.dumps(codec))]
)
def test_copies_compute_the_same(paths, picture, kind, copied):
    codec = loaded(paths[kind])
    assert results(copied(codec), picture) == results(codec, picture)


@pytest.mark.parametrize("kind", KINDS)
def test_threads_share_a_codec(paths, picture, kind):
    codec = loaded(paths[kind])
    expected = results(codec, picture)
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda _: results(codec, picture), range(4))) == [expected] * 4


def _work(codec: Codec, picture: Picture) -> list[bytes]:
    return results(codec, picture)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.parametrize("kind", ["codec", "shipped codec", "shipped carrier"])
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_worker_processes_compute_after_their_parent_has(paths, picture, method, kind):
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        codec = loaded(paths[kind])
        large = Picture(image=np.tile(picture.image, (3, 3, 1)))
        expected = results(codec, large)  # in OpenMP's threads, which a forked child has not
        with multiprocessing.get_context(method).Pool(1) as pool:
            assert pool.apply_async(_work, (codec, large)).get(timeout=120) == expected
    finally:
        torch.set_num_threads(before)
