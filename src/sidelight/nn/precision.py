"""bfloat16 where the hardware computes in it: elsewhere it is emulated, many times slower."""

import torch


def computes_in_bf16(device: torch.device | str = "cpu") -> bool:
    """Returns whether convolutions in bfloat16 are faster than in float32 on a device."""
    if torch.device(device).type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(torch.cpu._is_avx512_bf16_supported())  # torch has no public question for it


def fast_autocast(device: torch.device | str) -> torch.autocast:
    """Returns a context that computes in bfloat16 where that is faster, else in float32."""
    kind = torch.device(device).type
    return torch.autocast(kind, dtype=torch.bfloat16, enabled=computes_in_bf16(device))
