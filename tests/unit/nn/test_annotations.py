"""Shapes in annotations are checked while tests run, so that they cannot say what is not so."""

import pytest
import torch
from jaxtyping import TypeCheckError

from sidelight.models.gain import interpolate_levels
from sidelight.nn.rounding import lower_bound
from sidelight.nn.ssa import SSABlock
from sidelight.train.losses.adversarial import mismatched_rows


def test_a_wrong_shape_or_type_is_an_error_in_every_room_of_networks():
    block = SSABlock(4, text_width=3, text_hidden=2, mask_channels=2)
    x = torch.zeros(2, 4, 5, 6)
    assert block(x, torch.zeros(2, 3)).shape == x.shape
    with pytest.raises(TypeCheckError):
        block(x, torch.zeros(1, 3))  # one text for two pictures
    with pytest.raises(TypeCheckError):
        lower_bound(torch.zeros(2, dtype=torch.int32), 0.1)
    with pytest.raises(TypeCheckError):
        interpolate_levels(torch.zeros(2), torch.zeros(1, 1))
    with pytest.raises(TypeCheckError):
        mismatched_rows(torch.zeros(2, 2, dtype=torch.int64))
