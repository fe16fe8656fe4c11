"""State dicts as CompressAI writes them, against its layers evaluated by their names."""

import pytest
import torch
from tests.compressai_layers import ARCHITECTURES, M, N, Theirs, published
from torch import Tensor

from sidelight.entropy.network import FRACTION_BITS
from sidelight.errors import CheckpointError
from sidelight.models.compressai_keys import load_compressai
from sidelight.models.freeze import freeze


def close(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@torch.no_grad()
def test_the_model_computes_what_compressai_does(architecture):
    state = published(architecture)
    theirs, model = Theirs(architecture, state), load_compressai(state, architecture).eval()
    generator = torch.Generator().manual_seed(5)
    x, text = torch.rand(2, 3, 64, 128, generator=generator), torch.zeros(2, 384)
    y = theirs.g_a(x)
    close(model.analyse(x, text), y)

    y = 3 * y / y.std()
    medians = state["entropy_bottleneck.quantiles"][:, 0, 1, None, None]
    z = theirs.h_a(y)
    z_hat = torch.round(z - medians) + medians
    symbols = torch.floor(model.h_a(y) + 0.5)
    close(symbols + medians, z_hat)
    close(model.prior(symbols), theirs.density(z_hat))

    hyper = theirs.h_s(z_hat)
    close(model.hyper_synthesis(symbols, text), hyper)
    for found, expected in zip(
        model.means_and_scales(hyper, y), theirs.gaussian(hyper, y), strict=True
    ):
        close(found, expected)
    close(model.synthesise(y, text), theirs.g_s(y))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@torch.no_grad()
def test_its_integer_copy_adds_the_medians_too(architecture):
    model = load_compressai(published(architecture), architecture).eval()
    z = torch.randint(-3, 4, (1, N, 2, 3), generator=torch.Generator().manual_seed(6))
    integers = freeze(model).h_s(z.double().numpy() * 2**FRACTION_BITS)
    frozen = torch.from_numpy(integers * 2.0**-FRACTION_BITS)
    expected = model.hyper_synthesis(z.float(), torch.zeros(1, 384))
    assert (frozen.clamp_min(0.11) - expected.clamp_min(0.11)).abs().max() < 0.05  # of up to 65


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_widths_are_read_from_the_shapes(architecture):
    config = load_compressai(published(architecture), architecture).config
    assert config.architecture == architecture
    assert config.hyper_channels == N
    assert config.latent_channels == (N if architecture == "cheng2020" else M)


@pytest.mark.parametrize(
    ("since", "before"),
    [("_matrix", "_matrices."), ("_matrix", "matrices."), ("_bias", "_biases."),
     ("_bias", "biases."), ("_factor", "_factors."), ("_factor", "factors.")],
)  # fmt: skip
def test_older_names_of_the_prior_are_read_too(since, before):
    state = published("balle2018")
    old = {
        name.replace("entropy_bottleneck." + since, "entropy_bottleneck." + before): value
        for name, value in state.items()
    }
    assert old.keys() != state.keys()
    first, second = (load_compressai(s, "balle2018").state_dict() for s in (state, old))
    assert all(torch.equal(value, second[name]) for name, value in first.items())


def test_older_names_of_cheng_and_of_parallel_training_are_read_too():
    state = published("cheng2020")
    old = {"module." + name.replace(".skip.", ".downsample."): v for name, v in state.items()}
    first, second = (load_compressai(s, "cheng2020").state_dict() for s in (state, old))
    assert all(torch.equal(value, second[name]) for name, value in first.items())


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_file_is_read_without_running_what_it_holds(tmp_path, wrapped):
    state = published("balle2018")
    path = tmp_path / "q1.pth.tar"
    torch.save({"state_dict": state, "epoch": 3} if wrapped else state, path)
    model = load_compressai(path, "balle2018")
    assert torch.equal(model.g_a[0].weight, state["g_a.0.weight"])


class Unsafe:
    pass


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot read .*model.pth"),
        (b"no checkpoint at all", "model.pth is no weight file"),
        ([1, 2], "model.pth is no weight file"),
        ({"epoch": 3}, "model.pth is no weight file"),
        (Unsafe(), "model.pth is no weight file"),
        ({"w": torch.zeros(1)}, "no mbt2018 of CompressAI: entropy_bottleneck.quantiles is"),
    ],
)
def test_a_file_that_is_none_is_one_clear_error(tmp_path, content, message):
    path = tmp_path / "model.pth"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        torch.save(content, path)
    with pytest.raises(CheckpointError, match=message) as caught:
        load_compressai(path, "minnen2018")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("other", ARCHITECTURES)
def test_a_model_of_another_architecture_is_refused(architecture, other):
    if architecture != other:
        with pytest.raises(CheckpointError, match=r"is no \S+ of CompressAI"):
            load_compressai(published(other), architecture)


def test_a_weight_of_another_shape_is_refused_by_name():
    state = published("minnen2018")
    state["g_a.2.bias"] = torch.zeros(N + 1)
    with pytest.raises(CheckpointError, match=r"1 weights .* such as g_a\.2\.bias"):
        load_compressai(state, "minnen2018")


def test_an_architecture_that_compressai_has_not_is_refused():
    with pytest.raises(CheckpointError, match="CompressAI has no 'tgic', expected one of"):
        load_compressai({}, "tgic")


def _spoiled(key: str, value: Tensor) -> dict[str, Tensor]:
    return published("balle2018") | {key: value}


@pytest.mark.parametrize(
    "state",
    [
        _spoiled("h_a.0.weight", torch.ones(3)),
        _spoiled("h_a.0.weight", torch.tensor(1.0)),
        _spoiled("h_a.0.weight", torch.ones(1).expand(60_000, 60_000, 3, 3)),
        _spoiled("h_a.0.weight", torch.ones(10**5, 10**5, 0, 3)),
        _spoiled("entropy_bottleneck.quantiles", torch.ones(N)),
        _spoiled("entropy_bottleneck.quantiles", torch.ones(N, 1, 1)),
        _spoiled("entropy_bottleneck.quantiles", torch.full((N, 1, 3), torch.nan)),
        _spoiled("g_a.0.weight", published("balle2018")["g_a.0.weight"] * torch.inf),
        _spoiled("g_a.0.weight", published("balle2018")["g_a.0.weight"].long()),
        _spoiled("dotless", torch.ones(1)),
        _spoiled("g_s.\u00b2.weight", torch.ones(1)),
        _spoiled("", torch.ones(1)),
    ],
)
def test_weights_that_are_no_models_are_one_clear_error(state):
    with pytest.raises(CheckpointError, match="is no bmshj2018-hyperprior of CompressAI: "):
        load_compressai(state, "balle2018")
