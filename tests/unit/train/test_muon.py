"""Muon against torch's own, and its iteration against the decomposition that it stands for."""

import pytest
import torch
from torch import nn

from sidelight.train import muon
from sidelight.train.muon import Muon, orthogonalised


@pytest.mark.parametrize("shape", [(16, 40), (40, 16), (24, 24)])
@pytest.mark.parametrize("bf16", [False, True])
def test_singular_values_become_equal_and_directions_stay(shape, bf16, monkeypatch):
    monkeypatch.setattr(muon, "computes_in_bf16", lambda device: bf16)
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    result = orthogonalised(matrix)
    assert result.dtype == torch.float32
    values = torch.linalg.svdvals(result)
    assert 0.6 < values.min() <= values.max() < 1.3
    u, _, v = torch.linalg.svd(matrix, full_matrices=False)
    along = u.T @ result @ v.T  # diagonal where the directions are the same
    assert (along - along.diag().diag()).abs().max() < (0.05 if bf16 else 1e-4)


def test_its_steps_are_those_of_torchs_own(monkeypatch):
    monkeypatch.setattr(muon, "computes_in_bf16", lambda device: True)
    start = torch.randn(12, 30, generator=torch.Generator().manual_seed(1))
    ours, theirs = (nn.Parameter(start.clone()) for _ in range(2))
    optimizers = (
        Muon([ours], lr=0.01),
        torch.optim.Muon([theirs], lr=0.01, weight_decay=0.0, adjust_lr_fn="match_rms_adamw"),
    )
    for step in range(5):
        gradient = torch.randn(12, 30, generator=torch.Generator().manual_seed(2 + step))
        for parameter, optimizer in zip((ours, theirs), optimizers, strict=True):
            parameter.grad = gradient.clone()
            optimizer.step()
    moved = (theirs - start).norm()
    assert (ours - theirs).norm() < 0.02 * moved


def test_a_matrix_without_gradient_stays():
    still = nn.Parameter(torch.ones(3, 4))
    Muon([still], lr=1.0).step()
    assert torch.equal(still, torch.ones(3, 4))
