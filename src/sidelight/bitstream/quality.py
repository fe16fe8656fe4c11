"""Numbers of the format that encoder and decoder share: strides, and the steps of a quality."""

from numbers import Real

from sidelight.errors import ConfigError

LATENT_STRIDE = 16
"""Picture pixels per latent position, along each axis."""
HYPER_STRIDE = 64
"""Picture pixels per hyper-latent position; pictures are padded to a multiple of it."""
MIN_QUALITY, MAX_QUALITY = 1.0, 9.0
DEFAULT_QUALITY = 5.0
"""Where a sender says nothing of quality, rate or size."""
QUALITY_STEPS_PER_UNIT = 16
"""A file stores the quality in sixteenths, as one byte."""
NUM_QUALITY_STEPS = int((MAX_QUALITY - MIN_QUALITY) * QUALITY_STEPS_PER_UNIT) + 1


def quality_to_step(quality: float) -> int:
    """Returns the index 0..128 that a file stores for ``quality``.

    Raises:
        ConfigError: ``quality`` is not between 1 and 9.
    """
    if not (isinstance(quality, Real) and MIN_QUALITY <= quality <= MAX_QUALITY):
        raise ConfigError(f"quality must be between 1 and 9, got {quality!r}")
    return round((quality - MIN_QUALITY) * QUALITY_STEPS_PER_UNIT)


def step_to_quality(step: int) -> float:
    """Returns the quality 1..9 that a stored index stands for."""
    return MIN_QUALITY + step / QUALITY_STEPS_PER_UNIT
