import json
import resource

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from sidelight.codec.card import FORMAT
from sidelight.codec.checkpoint import load_checkpoint, save_checkpoint
from sidelight.codec.stored import Checkpoint
from sidelight.entropy.arrays import fingerprint
from sidelight.errors import CheckpointError
from sidelight.models.exported import ExportedCodec
from sidelight.models.hific import HiFiC
from sidelight.runtime.sealing import SEAL
from sidelight.text.encoder import EncoderIdentity

ENCODER = EncoderIdentity("fake-encoder", "00ff")
PROVENANCE = {"commit": "abc", "steps": 3, "loss": [0.5, 0.25]}


@pytest.fixture(scope="module")
def saved(tmp_path_factory, tiny_exported):
    path = tmp_path_factory.mktemp("checkpoint") / "tiny.safetensors"
    save_checkpoint(path, Checkpoint(tiny_exported, ENCODER, PROVENANCE))
    return path


@pytest.fixture
def rewrite(saved, tmp_path):
    """Writes the saved file again with some tensors or metadata changed, as if by its maker."""

    def write(change_tensors=lambda tensors: None, **metadata):
        tensors = load_file(saved)
        change_tensors(tensors)
        with safe_open(saved, framework="pt") as file:
            merged = file.metadata() | {SEAL: None} | metadata
        path = tmp_path / "changed.safetensors"
        save_file(tensors, path, {key: value for key, value in merged.items() if value is not None})
        return path

    return write


def test_a_model_comes_back_with_its_provenance(saved, tiny_exported):
    checkpoint = load_checkpoint(saved)
    assert checkpoint.text_encoder == ENCODER
    assert checkpoint.provenance == PROVENANCE
    assert checkpoint.model.config == tiny_exported.config
    assert fingerprint(checkpoint.model.frozen) == fingerprint(tiny_exported.frozen)
    loaded = checkpoint.model.state_dict()
    for name, value in tiny_exported.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            # 11 bits of float16, less where a weight is below its normal range
            torch.testing.assert_close(loaded[name], value, rtol=2**-11, atol=2**-25)


def test_a_loaded_model_writes_the_same_file_again(saved, tmp_path):
    again = tmp_path / "again.safetensors"
    save_checkpoint(again, load_checkpoint(saved))
    first, second = load_file(saved), load_file(again)
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert value.dtype == second[name].dtype
        assert torch.equal(value, second[name])


def test_a_loaded_model_codes_like_the_next_one(saved, make_picture):
    x, text = make_picture(64, 64)[None], np.ones((1, 16), np.float32)
    pictures = []
    for _ in range(2):
        model = load_checkpoint(saved).model
        latents = model.quantise(model.analyse(x), 60)
        pictures.append(model.synthesise(model.dequantise(latents, 60), text))
    assert np.array_equal(*pictures)
    assert pictures[0].std() > 1


def test_weights_are_halved_and_vectors_and_gains_are_not(saved):
    tensors = load_file(saved)
    assert tensors["model.g_a.network.0.weight"].dtype == torch.float16
    for name in (
        "model.g_a.network.0.bias",
        "model.latent_gain.log_gain",
        "model.g_s.ssa.0.norm.running_var",
    ):
        assert tensors[name].dtype == torch.float32
    assert not any("h_s.mean" in name for name in tensors)


def test_loading_leaves_the_random_state_alone(saved):
    torch.manual_seed(0)
    before = torch.get_rng_state()
    load_checkpoint(saved)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(CheckpointError, match=r"cannot read .*absent\.safetensors"):
        load_checkpoint(tmp_path / "absent.safetensors")


def test_another_kind_of_file_is_an_error(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"PK\x03\x04 this is no safetensors file")
    with pytest.raises(CheckpointError, match="cannot read"):
        load_checkpoint(path)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.999])
def test_a_truncated_file_is_an_error(saved, tmp_path, share):
    data = saved.read_bytes()
    path = tmp_path / "cut.safetensors"
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(CheckpointError, match="cannot read"):
        load_checkpoint(path)


@pytest.mark.parametrize("found", ["sidelight-model-2", None])
def test_another_format_is_named(rewrite, found):
    path = rewrite(format=found)
    with pytest.raises(CheckpointError, match=f"has format {found!r}, expected {FORMAT!r}"):
        load_checkpoint(path)


@pytest.mark.parametrize(
    "name", ["model.g_a.network.3.weight", "model.g_s.ssa.1.norm.running_mean", "frozen.thresholds"]
)
def test_a_missing_tensor_is_named(rewrite, name):
    path = rewrite(lambda tensors: tensors.pop(name))
    with pytest.raises(
        CheckpointError,
        match=f"missing.*{name.removeprefix('frozen.')}|{name.removeprefix('frozen.')}.*missing",
    ):
        load_checkpoint(path)


def test_an_unknown_tensor_is_named(rewrite):
    path = rewrite(lambda tensors: tensors.update({"decoder.weight": torch.zeros(2)}))
    with pytest.raises(CheckpointError, match=r"decoder\.weight"):
        load_checkpoint(path)


def test_a_tensor_of_another_shape_is_an_error(rewrite):
    path = rewrite(lambda tensors: tensors.update({"model.g_a.network.0.bias": torch.zeros(7)}))
    with pytest.raises(CheckpointError, match=r"g_a\.network\.0\.bias"):
        load_checkpoint(path)


@pytest.mark.parametrize(
    "metadata",
    [
        {"config": None},
        {"config": "{"},
        {"config": "5"},
        {"config": "{}"},
        {"text_encoder": None},
        {"text_fingerprint": None},
        {"provenance": "not json"},
    ],
)
def test_broken_metadata_is_an_error(rewrite, metadata):
    with pytest.raises(CheckpointError, match="is not a complete model"):
        load_checkpoint(rewrite(**metadata))


@pytest.mark.parametrize(
    ("key", "value"),
    [("latent_channels", "many"), ("widths", 3), ("nam", "x"), ("latent_channels", 13)],
)
def test_a_config_that_does_not_fit_is_an_error(rewrite, tiny_config, key, value):
    config = tiny_config.to_dict() | {key: value}
    with pytest.raises(CheckpointError):
        load_checkpoint(rewrite(config=json.dumps(config)))


@pytest.mark.parametrize("names", [("mean",), ("mean", "scale")])
def test_a_frozen_part_of_another_width_is_an_error(rewrite, names):
    def shrink(tensors):
        for name in names:
            for kind in ("weight", "bias"):
                key = f"frozen.{name}.2.{kind}"
                tensors[key] = tensors[key][:-1].clone()

    with pytest.raises(CheckpointError, match="channels"):
        load_checkpoint(rewrite(shrink))


def test_frozen_layers_that_do_not_follow_each_other_are_an_error(rewrite):
    def shrink(tensors):
        tensors["frozen.scale.1.weight"] = tensors["frozen.scale.1.weight"][:, :-1].clone()
        tensors["frozen.scale.1.bias"] = tensors["frozen.scale.1.bias"][:-1].clone()

    with pytest.raises(CheckpointError, match="a layer of 8 channels follows one of 7"):
        load_checkpoint(rewrite(shrink))


def test_a_weight_and_a_bias_that_disagree_are_an_error(rewrite):
    def shrink(tensors):
        tensors["frozen.scale.1.bias"] = tensors["frozen.scale.1.bias"][:-1].clone()

    with pytest.raises(CheckpointError, match=r"8 outputs have biases of shape \(7,\)"):
        load_checkpoint(rewrite(shrink))


@pytest.mark.parametrize("shift", [-1, 53, 2**31 - 1])
def test_a_shift_out_of_range_is_an_error(rewrite, shift):
    changed = {"frozen.mean.1.shift": torch.tensor(shift, dtype=torch.int32)}
    with pytest.raises(CheckpointError, match=f"shift must be 0 to 52, got {shift}"):
        load_checkpoint(rewrite(lambda tensors: tensors.update(changed)))


def test_every_damaged_sector_is_told(saved, tmp_path):
    whole = saved.read_bytes()
    path = tmp_path / "damaged.safetensors"
    for start in range(0, len(whole), 512 * (len(whole) // 512 // 24)):
        damaged = bytearray(whole)
        damaged[start : start + 512] = b"\xff" * len(damaged[start : start + 512])
        path.write_bytes(damaged)
        with pytest.raises(CheckpointError, match=r"cannot read .*damaged\.safetensors"):
            load_checkpoint(path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_single_bit_of_a_weight_is_told(saved, tmp_path, share):
    damaged = bytearray(saved.read_bytes())
    damaged[int(share * len(damaged))] ^= 1
    path = tmp_path / "damaged.safetensors"
    path.write_bytes(damaged)
    with pytest.raises(CheckpointError, match=r"SHA-256 .* the file is damaged, fetch or export"):
        load_checkpoint(path)


def test_changed_metadata_is_told(rewrite, saved):
    with safe_open(saved, framework="pt") as file:
        seal = file.metadata()[SEAL]
    with pytest.raises(CheckpointError, match="tensors and metadata have SHA-256"):
        load_checkpoint(rewrite(text_encoder="another", **{SEAL: seal}))


def test_a_file_of_an_early_release_has_no_seal_and_loads(rewrite):
    assert load_checkpoint(rewrite()).text_encoder == ENCODER


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(rewrite, value):
    name = "model.g_s.ssa.1.norm.running_var"
    with pytest.raises(CheckpointError, match=f"{name} holds NaN or infinite values"):
        load_checkpoint(rewrite(lambda tensors: tensors[name].fill_(value)))


@pytest.mark.parametrize(
    "claimed",
    [
        {"widths": (2**15, 2**15, 2**15, 2**15)},
        {"text_hidden": 2**40},
        {"text_width": 10**30},
        {"residual_blocks": (10**12, 1, 1, 1)},
        {"mask_channels": (2**31, 4, 4, 4)},
        {"num_levels": 2**50},
        {"stem_kernel": 2**20 + 1},
    ],
)
def test_what_a_config_claims_is_compared_before_it_is_built(rewrite, tiny_config, claimed):
    config = tiny_config.to_dict() | claimed
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CheckpointError):
        load_checkpoint(rewrite(config=json.dumps(config)))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KiB


def test_of_a_large_file_of_another_kind_only_the_first_bytes_are_read(tmp_path):
    path = tmp_path / "film.safetensors"
    with path.open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(CheckpointError, match="expected a safetensors file"):
        load_checkpoint(path)


def test_a_failed_save_leaves_the_old_file(saved, tmp_path, tiny_config):
    path = tmp_path / "model.safetensors"
    path.write_bytes(saved.read_bytes())
    model = ExportedCodec(HiFiC(tiny_config))
    with pytest.raises(TypeError):
        save_checkpoint(path, Checkpoint(model, ENCODER, {"not json": object()}))
    assert path.read_bytes() == saved.read_bytes()
