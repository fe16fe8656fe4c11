"""bfloat16 where the hardware computes in it: elsewhere it is emulated, many times slower."""

import torch

from sidelight.runtime.networks import check_precision


def computes_in_bf16(device: torch.device | str = "cpu") -> bool:
    """Returns whether convolutions in bfloat16 are faster than in float32 on a device."""
    if torch.device(device).type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(torch.cpu._is_avx512_bf16_supported())  # torch has no public question for it


def uses_bf16(precision: str, device: torch.device | str = "cpu") -> bool:
    """Returns whether a generator runs in bfloat16 on a device; "auto" asks it.

    Raises:
        ConfigError: ``precision`` is none of "auto", "fp32" and "bf16".
    """
    check_precision(precision)
    return computes_in_bf16(device) if precision == "auto" else precision == "bf16"


def fast_autocast(device: torch.device | str) -> torch.autocast:
    """Returns a context that computes in bfloat16 where that is faster, else in float32."""
    kind = torch.device(device).type
    return torch.autocast(kind, dtype=torch.bfloat16, enabled=computes_in_bf16(device))
