"""How sure one may be of a share that was counted."""

import math
from statistics import NormalDist
from typing import NamedTuple

LEVEL = 0.95


class Share(NamedTuple):
    """A share of choices with its interval, which holds with probability ``LEVEL``."""

    value: float
    low: float
    high: float


def wilson(successes: int, trials: int) -> Share | None:
    """Returns the share with Wilson's score interval of the binomial; None without trials.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
    """
    if not trials:
        return None
    z = NormalDist().inv_cdf((1 + LEVEL) / 2)
    share = successes / trials
    shrink = 1 + z * z / trials
    middle = (share + z * z / (2 * trials)) / shrink
    half = z / shrink * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials**2))
    # at the ends the two are the same number but for rounding
    low = 0.0 if successes == 0 else middle - half
    high = 1.0 if successes == trials else middle + half
    return Share(share, low, high)
