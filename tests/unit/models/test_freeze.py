import numpy as np
import pytest
import torch

from sidelight.bitstream.quality import NUM_QUALITY_STEPS, step_to_quality
from sidelight.entropy import model as model_module
from sidelight.entropy.arrays import fingerprint, from_arrays, to_arrays
from sidelight.entropy.latents import MEAN_BITS
from sidelight.entropy.model import EntropyModel
from sidelight.entropy.network import FRACTION_BITS
from sidelight.errors import CheckpointError
from sidelight.models.freeze import freeze
from sidelight.models.prior import MIN_SCALE


@pytest.fixture(scope="module")
def frozen(tiny_exported) -> EntropyModel:
    return tiny_exported.frozen


@pytest.fixture
def tensors(frozen) -> dict[str, np.ndarray]:
    return {name: value.copy() for name, value in to_arrays(frozen).items()}


def random_symbols(height: int = 6, width: int = 5, batch: int = 1) -> np.ndarray:
    random = np.random.default_rng(0)
    return random.integers(-12, 13, (batch, 8, height, width), dtype=np.int32)


def test_tensors_rebuild_the_same_hyperprior(frozen, tensors):
    rebuilt = from_arrays(tensors)
    assert fingerprint(rebuilt) == fingerprint(frozen)
    again = to_arrays(rebuilt)
    assert again.keys() == tensors.keys()
    for name, value in tensors.items():
        assert again[name].dtype == value.dtype
        assert np.array_equal(again[name], value)
    found, expected = (model.predict(random_symbols(), 40) for model in (rebuilt, frozen))
    assert np.array_equal(found.means, expected.means)
    assert np.array_equal(found.index, expected.index)


def test_every_tensor_holds_integers(tensors):
    assert all(value.dtype.kind == "i" for value in tensors.values())


def change_weight(tensors: dict[str, np.ndarray]) -> None:
    tensors["scale.1.weight"].reshape(-1)[7] += 1


def change_bias(tensors: dict[str, np.ndarray]) -> None:
    tensors["mean.2.bias"][3] -= 1


def change_shift(tensors: dict[str, np.ndarray]) -> None:
    tensors["mean.0.shift"] += 1


def change_gain(tensors: dict[str, np.ndarray]) -> None:
    tensors["inverse_gains"][128, 7] += 1


def change_threshold(tensors: dict[str, np.ndarray]) -> None:
    tensors["thresholds"][63] += 1


def change_latent_table(tensors: dict[str, np.ndarray]) -> None:
    frequencies = tensors["latent_tables.frequencies"]
    middle = len(frequencies) - int(tensors["latent_tables.lengths"][-1]) // 2
    frequencies[middle : middle + 2] += np.array([1, -1], np.int32)


def change_hyper_table_start(tensors: dict[str, np.ndarray]) -> None:
    tensors["hyper_tables.first"][0] -= 1


def move_an_entry_between_tables(tensors: dict[str, np.ndarray]) -> None:
    # the last table keeps its sum when its first entry joins its second
    frequencies, lengths = tensors["hyper_tables.frequencies"], tensors["hyper_tables.lengths"]
    start = int(lengths[:-1].sum())
    frequencies[start + 1] += frequencies[start]
    kept = np.concatenate([frequencies[:start], frequencies[start + 1 :]])
    tensors["hyper_tables.frequencies"] = kept
    lengths[-1] -= 1


@pytest.mark.parametrize(
    "change",
    [
        change_weight,
        change_bias,
        change_shift,
        change_gain,
        change_threshold,
        change_latent_table,
        change_hyper_table_start,
        move_an_entry_between_tables,
    ],
)
def test_one_changed_number_changes_the_fingerprint(frozen, tensors, change):
    change(tensors)
    assert fingerprint(from_arrays(tensors)) != fingerprint(frozen)


def test_the_fingerprint_does_not_depend_on_the_process(frozen):
    assert len(fingerprint(frozen)) == 8
    assert fingerprint(frozen) == fingerprint(frozen)


def test_freezing_leaves_the_float_model_as_it_was(make_tiny_model):
    model, untouched = make_tiny_model(), make_tiny_model().state_dict()
    freeze(model)
    for name, value in model.state_dict().items():
        assert value.dtype == untouched[name].dtype
        assert torch.equal(value, untouched[name])


def test_freezing_twice_gives_the_same_fingerprint(make_tiny_model, frozen):
    assert fingerprint(freeze(make_tiny_model())) == fingerprint(frozen)


def test_a_missing_tensor_is_named(tensors):
    for name in list(tensors):
        kept = {key: value for key, value in tensors.items() if key != name}
        with pytest.raises(CheckpointError, match=f"'{name}' is missing"):
            from_arrays(kept)


def test_gains_of_other_steps_or_channels_are_refused(tensors):
    tensors["inverse_gains"] = tensors["inverse_gains"][:, :-1]
    with pytest.raises(CheckpointError, match=r"shape \(129, 7\), expected \(129, 8\)"):
        from_arrays(tensors)


def test_a_table_without_its_threshold_is_refused(tensors):
    tensors["thresholds"] = tensors["thresholds"][:-1]
    with pytest.raises(CheckpointError, match="one scale threshold"):
        from_arrays(tensors)


def test_thresholds_out_of_order_are_refused(tensors):
    tensors["thresholds"] = tensors["thresholds"][::-1]
    with pytest.raises(CheckpointError, match="must ascend"):
        from_arrays(tensors)


def test_floats_are_refused(tensors):
    tensors["mean.1.weight"] = tensors["mean.1.weight"].astype(np.float32)
    with pytest.raises(CheckpointError, match=r"mean\.1\.weight has float32, expected integers"):
        from_arrays(tensors)


def test_a_table_that_does_not_add_up_is_refused(tensors):
    tensors["hyper_tables.frequencies"][0] += 1
    with pytest.raises(CheckpointError, match="sum to 1048576"):
        from_arrays(tensors)


def test_weights_that_could_lose_a_bit_are_refused(tensors):
    tensors["scale.2.bias"][0] = 2**53
    with pytest.raises(CheckpointError, match="layer 2: sums may reach"):
        from_arrays(tensors)


@pytest.mark.parametrize("step", [0, 33, NUM_QUALITY_STEPS - 1])
def test_means_and_scales_are_those_of_the_float_network(make_tiny_model, frozen, step):
    model = make_tiny_model()
    symbols = random_symbols()
    prediction = frozen.predict(symbols, step)
    position = torch.tensor([model.config.level_position(step_to_quality(step))])
    with torch.no_grad():
        gained = torch.from_numpy(symbols) * model.hyper_gain.inverse(position)
        y_hat = torch.zeros(prediction.means.shape)
        parts = model.means_and_scales(model.h_s(gained), y_hat)
        means, scales = (part.numpy() for part in parts)
    assert prediction.means.dtype == np.int32
    assert np.abs(prediction.means * 2.0**-MEAN_BITS - means).max() < 1 / 32
    # the first table whose scale is not below: off by one where the scale is close to its own
    largest = frozen.thresholds * 2.0**-FRACTION_BITS
    expected = np.searchsorted(largest, scales).clip(max=63)
    expected[scales <= MIN_SCALE] = 0  # stored rounded down
    difference = np.abs(prediction.index - expected)
    assert difference.max() <= 1
    assert difference.mean() < 0.02
    assert len(np.unique(prediction.index)) > 5


def test_thresholds_rise_geometrically_from_0_11_to_128(frozen):
    thresholds = frozen.thresholds
    assert (np.diff(thresholds) > 0).all()
    assert thresholds[0] == int(MIN_SCALE * 2**FRACTION_BITS)
    assert thresholds[-1].item() == pytest.approx(128 << FRACTION_BITS, abs=1)
    ratios = thresholds[1:] / thresholds[:-1]
    assert np.abs(ratios - (128 / MIN_SCALE) ** (1 / 63)).max() < 0.003


def test_gains_of_a_step_are_the_models_own(make_tiny_model, frozen):
    model = make_tiny_model()
    with torch.no_grad():
        top = model.hyper_gain.log_inverse[-1].exp().numpy()
    error = frozen.inverse_gains[-1] * 2.0**-FRACTION_BITS - top
    assert np.abs(error).max() <= 2.0**-FRACTION_BITS


def test_a_batch_is_predicted_like_its_pictures(frozen):
    symbols = random_symbols(batch=2)
    together = frozen.predict(symbols, 50)
    for k in range(2):
        alone = frozen.predict(symbols[k : k + 1], 50)
        assert np.array_equal(together.means[k], alone.means[0])
        assert np.array_equal(together.index[k], alone.index[0])


@pytest.mark.parametrize("size", [(9, 8), (13, 4), (17, 21)])
def test_tiles_give_the_same_integers_as_the_whole(frozen, monkeypatch, size):
    symbols = random_symbols(*size)
    whole = frozen.predict(symbols, 20)
    monkeypatch.setattr(model_module, "_TILE", 4)
    tiled = frozen.predict(symbols, 20)
    assert np.array_equal(tiled.means, whole.means)
    assert np.array_equal(tiled.index, whole.index)


def test_extreme_symbols_stay_in_range(frozen):
    symbols = np.full((1, 8, 2, 2), 2**31 - 1, np.int32)
    symbols[:, ::2] = -(2**31)
    prediction = frozen.predict(symbols, 0)
    assert np.abs(prediction.means).max() < 2**24
    assert prediction.index.max() <= 63
