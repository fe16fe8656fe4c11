from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.tiny_codecs import TINY_CODECS

from sidelight.entropy.arrays import fingerprint, from_arrays, to_arrays
from sidelight.entropy.context import ContextModel
from sidelight.entropy.latents import MEAN_BITS, Front, Latents, Prediction, by_rounding
from sidelight.entropy.model import EntropyModel
from sidelight.entropy.network import ExactStack
from sidelight.errors import CheckpointError
from sidelight.models.freeze import freeze
from sidelight.models.registry import build_model

NAMES = sorted(TINY_CODECS)
IN_ORDER = ["tiny-cheng2020", "tiny-minnen2018"]


def model_of(name: str):
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(7)
        model = build_model(TINY_CODECS[name])
        for parameter in model.h_s.parameters():
            parameter.mul_(2.0)
    return model.eval()


def random_integers(channels: int, height: int, width: int, *, batch: int = 2) -> np.ndarray:
    random = np.random.default_rng(1)
    return random.integers(-6, 7, (batch, channels, height, width), dtype=np.int32)


def run(frozen: EntropyModel, z: np.ndarray, symbols: np.ndarray) -> Latents:
    """Returns the latents whose symbols are known, as a decoder reads them."""

    def settle(front: Front, _: Prediction) -> np.ndarray:
        return symbols[:, :, *front]

    return frozen.latents(z, 0, settle)


def case(name: str, height: int = 2, width: int = 3):
    model = model_of(name)
    z = random_integers(model.config.hyper_channels, height, width)
    symbols = random_integers(model.config.latent_channels, 4 * height, 4 * width)
    return model, freeze(model), z, symbols


@pytest.mark.parametrize("name", NAMES)
def test_integers_are_close_to_the_float_model(name):
    model, frozen, z, symbols = case(name)
    latents = run(frozen, z, symbols)
    y_hat = latents.fixed_point() * 2.0**-MEAN_BITS
    text = torch.zeros(len(z), model.config.text_width)
    with torch.no_grad():
        hyper = model.hyper_synthesis(torch.from_numpy(z).float(), text)
        predicted = model.means_and_scales(hyper, torch.from_numpy(y_hat).float())
        means, scales = (part.numpy() for part in predicted)
    assert np.abs(latents.prediction.means * 2.0**-MEAN_BITS - means).max() < 1 / 32
    largest = frozen.thresholds * 2.0**-12
    index = latents.prediction.index.astype(int)
    assert (scales <= largest[index] * 1.01 + 0.01).all()
    assert ((index == 0) | (scales > largest[(index - 1).clip(min=0)] * 0.99 - 0.01)).all()
    assert len(np.unique(index)) > 2  # several tables are in use


@pytest.mark.parametrize("name", NAMES)
def test_what_is_rounded_to_the_prediction_comes_back(name):
    _, frozen, z, symbols = case(name)
    y = symbols * np.float32(1.37)
    sent = frozen.latents(z, 0, by_rounding(y))
    received = run(frozen, z, sent.y_symbols)
    assert np.array_equal(received.fixed_point(), sent.fixed_point())
    assert np.array_equal(received.prediction.index, sent.prediction.index)
    assert np.abs(sent.fixed_point() * 2.0**-MEAN_BITS - y).max() <= 0.5


@pytest.mark.parametrize("name", IN_ORDER)
def test_each_front_is_told_only_by_what_was_settled_before(name):
    _, frozen, z, symbols = case(name)
    seen = []

    def settle(front: Front, prediction: Prediction) -> np.ndarray:
        seen.append((front, prediction.means.copy()))
        return symbols[:, :, *front]

    frozen.latents(z, 0, settle)
    middle = len(seen) // 2
    later = symbols.copy()
    for front, _ in seen[middle:]:
        later[:, :, *front] += 5
    again = run(frozen, z, later).prediction.means
    for k, (front, means) in enumerate(seen):
        same = np.array_equal(again[:, :, *front], means)
        assert same == (k <= middle), k


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(4, 4), (8, 20)])
def test_fronts_hold_every_position_once(name, size):
    frozen = freeze(model_of(name))
    count = np.zeros(size)
    for front in frozen.fronts(*size):
        count[*front] += 1
    assert (count == 1).all()


def test_a_wavefront_takes_a_step_per_column_and_three_per_row():
    frozen = freeze(model_of("tiny-minnen2018"))
    assert len(list(frozen.fronts(32, 48))) == 48 + 3 * 31


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_alone_has_the_integers_that_it_has_in_a_batch(name):
    _, frozen, z, symbols = case(name)
    together = run(frozen, z, symbols)
    alone = run(frozen, z[1:], symbols[1:])
    assert np.array_equal(together.prediction.means[1:], alone.prediction.means)
    assert np.array_equal(together.prediction.index[1:], alone.prediction.index)


@pytest.mark.parametrize("name", NAMES)
def test_tensors_rebuild_the_same_model(name):
    _, frozen, z, symbols = case(name)
    tensors = to_arrays(frozen)
    assert all(value.dtype.kind == "i" for value in tensors.values())
    rebuilt = from_arrays(tensors)
    assert fingerprint(rebuilt) == fingerprint(frozen)
    found, expected = (run(f, z, symbols).prediction for f in (rebuilt, frozen))
    assert np.array_equal(found.means, expected.means)
    assert np.array_equal(found.index, expected.index)


def test_the_fingerprint_sees_a_layout():
    tensors = to_arrays(freeze(model_of("tiny-minnen2018")))
    before = fingerprint(from_arrays(tensors))
    tensors["h_s.0.layout"][2] += 1
    assert fingerprint(from_arrays(tensors)) != before


@pytest.mark.parametrize(
    ("name", "lost", "message"),
    [
        ("tiny-balle2018", "h_s.0.weight", "hyper-synthesis is missing"),
        ("tiny-balle2018", "thresholds", "tensor 'thresholds' is missing"),
        ("tiny-minnen2018", "context.0.weight", "need each other"),
        ("tiny-minnen2018", "h_s.1.layout", "h_s.1.layout"),
    ],
)
def test_a_tensor_that_is_missing_is_named(name, lost, message):
    tensors = to_arrays(freeze(model_of(name)))
    del tensors[lost]
    with pytest.raises(CheckpointError, match=message):
        from_arrays(tensors)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [(2, 5000, "slope 5000"), (2, -1, "slope -1"), (3, 0, "upscale 0"), (0, 60, "shift must be")],
)
def test_a_layout_out_of_range_is_refused(place, value, message):
    tensors = to_arrays(freeze(model_of("tiny-cheng2020")))
    tensors["h_s.0.layout"][place] = value
    with pytest.raises(CheckpointError, match=message):
        from_arrays(tensors)


def narrow(context: ContextModel) -> ExactStack:
    """Returns entropy parameters without their first layer."""
    return ExactStack(context.entropy_parameters.layers[1:])


def test_parts_that_do_not_fit_are_refused():
    frozen = freeze(model_of("tiny-minnen2018"))
    with pytest.raises(CheckpointError, match="the context reads 12 channels"):
        replace(frozen, latent_channels=8)
    with pytest.raises(CheckpointError, match="must ascend"):
        replace(frozen, thresholds=frozen.thresholds[::-1])
    with pytest.raises(CheckpointError, match="one scale threshold"):
        replace(frozen, thresholds=frozen.thresholds[1:])
    context = frozen.context
    with pytest.raises(CheckpointError, match="entropy parameters read 40 channels"):
        replace(frozen, context=replace(context, entropy_parameters=narrow(context)))
    with pytest.raises(CheckpointError, match="must read one position each"):
        replace(context, entropy_parameters=context.masked)
    with pytest.raises(CheckpointError, match=r"kernels \[1, 1, 1\], expected one of 5"):
        replace(context, masked=context.entropy_parameters)
    alone = replace(frozen, context=None)
    with pytest.raises(CheckpointError, match="parameters for 7 latent channels"):
        replace(alone, latent_channels=7)
