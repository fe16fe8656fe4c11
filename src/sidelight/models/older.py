"""Names in checkpoints from when HiFiC was a model apart: the first that were shipped."""

import re
from collections.abc import Mapping
from typing import TypeVar

_Value = TypeVar("_Value")
_SIGN = "encoder."
_RENAMED = (
    (r"^encoder\.", "model.g_a."),
    (r"^analysis\.", "model.h_a."),
    (r"^generator\.", "model.g_s."),
    (r"^(latent|hyper)_gain\.", r"model.\1_gain."),
)


def current_names(weights: Mapping[str, _Value]) -> dict[str, _Value]:
    """Returns the weights of a checkpoint by the names of today."""
    if not any(name.startswith(_SIGN) for name in weights):
        return dict(weights)
    return {_renamed(name): value for name, value in weights.items()}


def _renamed(name: str) -> str:
    for pattern, replacement in _RENAMED:
        name = re.sub(pattern, replacement, name)
    return name
