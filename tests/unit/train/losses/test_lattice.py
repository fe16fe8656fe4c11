"""What a residual repeats in every block."""

import pytest
import torch

from sidelight.train.losses.lattice import lattice_energy


@pytest.mark.parametrize("period", [2, 4, 8, 16])
def test_a_lattice_has_its_own_energy_whatever_the_picture(period):
    x = torch.rand(1, 3, 70, 100)
    lattice = torch.zeros_like(x)
    lattice[:, :, ::period, ::period] = 4 / 255
    share = 1 / period**2
    assert float(lattice_energy(x, x + lattice)) == pytest.approx(
        16 * share * (1 - share), rel=1e-3
    )


def test_brightness_and_equal_pictures_have_none():
    x = torch.rand(2, 3, 48, 48)
    assert torch.equal(lattice_energy(x, x), torch.zeros(2))
    assert lattice_energy(x, x + 0.1).abs().max() < 1e-6


def test_what_is_not_periodic_averages_out():
    torch.manual_seed(0)
    small, large = (torch.zeros(1, 3, side, side) for side in (16, 256))
    noise = [(5 / 255) * torch.randn_like(x) for x in (small, large)]
    energies = [float(lattice_energy(x, x + n)) for x, n in zip((small, large), noise, strict=True)]
    # the variance of a mean over 256 blocks
    assert energies[0] == pytest.approx(25, rel=0.3)
    assert energies[1] == pytest.approx(25 / 256, rel=0.3)
