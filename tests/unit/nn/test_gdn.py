import pytest
import torch

from sidelight.nn.gdn import GDN

BETA = [0.5, 2.0, 1e-6]
GAMMA = [[0.1, 0.0, 0.3], [0.7, 0.2, 0.0], [0.0, 0.0, 0.4]]


def with_constants(*, inverse: bool) -> GDN:
    """Written as their roots above the pedestal; the last beta lies at its bound."""
    layer = GDN(3, inverse=inverse)
    with torch.no_grad():
        layer.beta.copy_(torch.tensor(BETA).add(2.0**-36).sqrt())
        layer.gamma.copy_(torch.tensor(GAMMA).add(2.0**-36).sqrt())
    return layer


@pytest.mark.parametrize("inverse", [False, True])
def test_it_divides_or_multiplies_by_the_root_of_the_pooled_energy(inverse):
    torch.manual_seed(0)
    x = 2 * torch.randn(2, 3, 4, 5)
    energy = torch.tensor(BETA, dtype=torch.float64)[:, None, None] + torch.einsum(
        "ij,bjhw->bihw", torch.tensor(GAMMA, dtype=torch.float64), x.double().square()
    )
    factor = energy.sqrt() if inverse else 1 / energy.sqrt()
    found = with_constants(inverse=inverse)(x)
    torch.testing.assert_close(found.double(), x.double() * factor, rtol=1e-5, atol=1e-6)


def test_a_fresh_layer_hardly_pools_over_channels():
    x = torch.zeros(1, 4, 1, 1)
    x[0, 1] = 3.0
    expected = 3.0 / (1 + 0.1 * 9.0) ** 0.5
    assert GDN(4)(x).flatten().tolist() == pytest.approx([0, expected, 0, 0])


def test_constants_below_their_bounds_count_as_the_bounds():
    layer = GDN(2)
    with torch.no_grad():
        layer.beta.fill_(-3.0)
        layer.gamma.fill_(-3.0)
    x = torch.full((1, 2, 1, 1), 1e6)  # any gamma above 0 would show
    assert layer(x).flatten().tolist() == pytest.approx([1e9, 1e9], rel=1e-4)


def test_a_constant_at_its_bound_can_still_rise():
    layer = GDN(2)
    with torch.no_grad():
        layer.gamma.fill_(0.0)
    x = torch.full((1, 2, 1, 1), 2.0)
    layer(x).sum().backward()  # descent makes the output smaller: more gamma
    assert (layer.gamma.grad < 0).all()
    layer.gamma.grad = None
    (-layer(x).sum()).backward()
    assert (layer.gamma.grad == 0).all()


def test_it_keeps_float32_under_autocast():
    layer, x = with_constants(inverse=True), torch.randn(1, 3, 2, 2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(layer(x), with_constants(inverse=True)(x.clone()))
        assert layer(x.bfloat16()).dtype == torch.float32
