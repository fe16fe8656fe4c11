"""Layers that know no codec: normalisation, rounding, SSA, exact integer convolution."""
