from dataclasses import replace

import pytest
import torch
from tests.tiny_baselines import TINY_BASELINES
from torch import Tensor

from sidelight.errors import CheckpointError
from sidelight.models.frozen_baseline import FrozenBaseline, freeze_baseline
from sidelight.models.latents import MEAN_BITS, Front, Latents, Prediction
from sidelight.models.registry import build_baseline

NAMES = sorted(TINY_BASELINES)
IN_ORDER = ["tiny-cheng2020", "tiny-minnen2018"]


def model_of(name: str):
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(7)
        model = build_baseline(TINY_BASELINES[name])
        for parameter in model.h_s.parameters():
            parameter.mul_(2.0)
    return model.eval()


def random_integers(channels: int, height: int, width: int, *, batch: int = 2) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    shape = batch, channels, height, width
    return torch.randint(-6, 7, shape, generator=generator, dtype=torch.int32)


def run(frozen: FrozenBaseline, z: Tensor, symbols: Tensor) -> Latents:
    """Returns the latents whose symbols are known, as a decoder reads them."""

    def settle(front: Front, _: Prediction) -> Tensor:
        return symbols[:, :, *front]

    return frozen.latents(z, 0, settle)


def case(name: str, height: int = 2, width: int = 3):
    model = model_of(name)
    z = random_integers(model.config.hyper_channels, height, width)
    symbols = random_integers(model.config.latent_channels, 4 * height, 4 * width)
    return model, freeze_baseline(model), z, symbols


@pytest.mark.parametrize("name", NAMES)
def test_integers_are_close_to_the_float_model(name):
    model, frozen, z, symbols = case(name)
    latents = run(frozen, z, symbols)
    y_hat = latents.fixed_point() * 2.0**-MEAN_BITS
    text = torch.zeros(len(z), model.config.text_width)
    with torch.no_grad():
        means, scales = model.means_and_scales(model.hyper_synthesis(z.float(), text), y_hat)
    assert (latents.prediction.means * 2.0**-MEAN_BITS - means).abs().max() < 1 / 32
    largest = frozen.thresholds.double() * 2.0**-12
    index = latents.prediction.index.long()
    assert (scales <= largest[index] * 1.01 + 0.01).all()
    assert ((index == 0) | (scales > largest[(index - 1).clamp_min(0)] * 0.99 - 0.01)).all()
    assert index.unique().numel() > 2  # several tables are in use


@pytest.mark.parametrize("name", NAMES)
def test_what_is_rounded_to_the_prediction_comes_back(name):
    _, frozen, z, symbols = case(name)
    y = symbols * 1.37

    def settle(front: Front, prediction: Prediction) -> Tensor:
        residual = y[:, :, *front] - prediction.means * 2.0**-MEAN_BITS
        return torch.floor(residual + 0.5).to(torch.int32)

    sent = frozen.latents(z, 0, settle)
    received = run(frozen, z, sent.y_symbols)
    assert torch.equal(received.fixed_point(), sent.fixed_point())
    assert torch.equal(received.prediction.index, sent.prediction.index)
    assert (sent.fixed_point() * 2.0**-MEAN_BITS - y).abs().max() <= 0.5


@pytest.mark.parametrize("name", IN_ORDER)
def test_each_front_is_told_only_by_what_was_settled_before(name):
    _, frozen, z, symbols = case(name)
    seen = []

    def settle(front: Front, prediction: Prediction) -> Tensor:
        seen.append((front, prediction.means.clone()))
        return symbols[:, :, *front]

    frozen.latents(z, 0, settle)
    middle = len(seen) // 2
    later = symbols.clone()
    for front, _ in seen[middle:]:
        later[:, :, *front] += 5
    again = run(frozen, z, later).prediction.means
    for k, (front, means) in enumerate(seen):
        same = torch.equal(again[:, :, *front], means)
        assert same == (k <= middle), k


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(4, 4), (8, 20)])
def test_fronts_hold_every_position_once(name, size):
    frozen = freeze_baseline(model_of(name))
    count = torch.zeros(size)
    for front in frozen.fronts(*size):
        count[*front] += 1
    assert (count == 1).all()


def test_a_wavefront_takes_a_step_per_column_and_three_per_row():
    frozen = freeze_baseline(model_of("tiny-minnen2018"))
    assert len(list(frozen.fronts(32, 48))) == 48 + 3 * 31


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_alone_has_the_integers_that_it_has_in_a_batch(name):
    _, frozen, z, symbols = case(name)
    together = run(frozen, z, symbols)
    alone = run(frozen, z[1:], symbols[1:])
    assert torch.equal(together.prediction.means[1:], alone.prediction.means)
    assert torch.equal(together.prediction.index[1:], alone.prediction.index)


@pytest.mark.parametrize("name", IN_ORDER)
def test_threads_and_onednn_change_no_integer(name):
    _, frozen, z, symbols = case(name)
    expected = run(frozen, z, symbols).prediction
    torch.set_num_threads(2)
    torch.backends.mkldnn.set_flags(False)
    try:
        found = run(frozen, z, symbols).prediction
    finally:
        torch.set_num_threads(1)
        torch.backends.mkldnn.set_flags(True)
    assert torch.equal(found.means, expected.means)
    assert torch.equal(found.index, expected.index)


@pytest.mark.parametrize("name", NAMES)
def test_tensors_rebuild_the_same_model(name):
    _, frozen, z, symbols = case(name)
    tensors = frozen.to_tensors()
    assert not any(value.is_floating_point() for value in tensors.values())
    rebuilt = FrozenBaseline.from_tensors(tensors)
    assert rebuilt.fingerprint() == frozen.fingerprint()
    found, expected = (run(f, z, symbols).prediction for f in (rebuilt, frozen))
    assert torch.equal(found.means, expected.means)
    assert torch.equal(found.index, expected.index)


def test_the_fingerprint_sees_a_layout():
    tensors = freeze_baseline(model_of("tiny-minnen2018")).to_tensors()
    before = FrozenBaseline.from_tensors(tensors).fingerprint()
    tensors["h_s.0.layout"][2] += 1
    assert FrozenBaseline.from_tensors(tensors).fingerprint() != before


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
    tensors = freeze_baseline(model_of(name)).to_tensors()
    del tensors[lost]
    with pytest.raises(CheckpointError, match=message):
        FrozenBaseline.from_tensors(tensors)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [(2, 5000, "slope 5000"), (2, -1, "slope -1"), (3, 0, "upscale 0"), (0, 60, "shift must be")],
)
def test_a_layout_out_of_range_is_refused(place, value, message):
    tensors = freeze_baseline(model_of("tiny-cheng2020")).to_tensors()
    tensors["h_s.0.layout"][place] = value
    with pytest.raises(CheckpointError, match=message):
        FrozenBaseline.from_tensors(tensors)


def test_parts_that_do_not_fit_are_refused():
    frozen = freeze_baseline(model_of("tiny-minnen2018"))
    with pytest.raises(CheckpointError, match="the context reads 12 channels"):
        replace(frozen, latent_channels=8)
    with pytest.raises(CheckpointError, match="must ascend"):
        replace(frozen, thresholds=frozen.thresholds.flip(0))
    with pytest.raises(CheckpointError, match="one scale threshold"):
        replace(frozen, thresholds=frozen.thresholds[1:])
    with pytest.raises(CheckpointError, match="entropy parameters read"):
        replace(frozen, entropy_parameters=frozen.context)
    alone = replace(frozen, context=None, entropy_parameters=None)
    with pytest.raises(CheckpointError, match="parameters for 7 latent channels"):
        replace(alone, latent_channels=7)
