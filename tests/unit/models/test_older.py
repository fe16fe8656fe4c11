from pathlib import Path

from safetensors import safe_open

from sidelight.codec.card import find_model
from sidelight.codec.checkpoint import load_checkpoint
from sidelight.models.older import current_names
from sidelight.runtime.cards import is_of_graphs


def names_in(path: Path) -> set[str]:
    with safe_open(path, framework="numpy") as file:
        return {name for name in file.keys() if not name.startswith("frozen.")}  # noqa: SIM118


def test_the_names_of_the_first_checkpoints_are_read():
    old = ("encoder.network.0.bias", "analysis.0.weight", "generator.linear.project.bias")
    gains = ("latent_gain.log_gain", "hyper_gain.log_inverse")
    assert list(current_names(dict.fromkeys((*old, *gains)))) == [
        "model.g_a.network.0.bias",
        "model.h_a.0.weight",
        "model.g_s.linear.project.bias",
        "model.latent_gain.log_gain",
        "model.hyper_gain.log_inverse",
    ]


def test_names_of_today_stay_as_they_are():
    codec = ["model.g_a.0.weight", "model.latent_gain.log_gain", "model.h_a.0.bias"]
    carrier = ["generator.encoder.0.weight", "generator.stem.bias"]
    for names in (codec, carrier):
        assert list(current_names(dict.fromkeys(names))) == names


def test_the_shipped_codec_has_the_weights_of_its_file():
    path = find_model("small-multirate")
    kept = load_checkpoint(path).model.state_dict()
    stored = [name for name in names_in(path) if not is_of_graphs(name)]
    assert set(current_names(dict.fromkeys(stored))) == {
        name for name in kept if not name.endswith("num_batches_tracked")
    }
