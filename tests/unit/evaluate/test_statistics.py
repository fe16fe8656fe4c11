import numpy as np
import pytest

from sidelight.errors import ConfigError
from sidelight.evaluate import statistics
from sidelight.evaluate.statistics import Curve, bd_rate, bd_rate_of_means, mean_with_interval

RATES = np.array([0.1, 0.2, 0.4, 0.8])


def curve(rates, metric, pictures=6):
    """Every picture has the given rates times its own factor, and the given metric."""
    factors = np.linspace(0.8, 1.2, pictures)
    return Curve(np.outer(rates, factors), np.repeat(np.array(metric)[:, None], pictures, axis=1))


@pytest.mark.parametrize(
    ("metric", "higher_is_better"), [([0.4, 0.3, 0.2, 0.1], False), ([26, 29, 31, 34], True)]
)
def test_a_codec_that_takes_a_quarter_less_at_each_metric_has_minus_25_percent(
    metric, higher_is_better
):
    anchor, tested = curve(RATES, metric), curve(0.75 * RATES, metric)
    result = bd_rate(anchor, tested, higher_is_better=higher_is_better)
    assert result.percent == pytest.approx(-25)
    assert result.percent_akima == pytest.approx(-25)
    assert (result.low, result.high) == (pytest.approx(-25), pytest.approx(-25))
    assert result.percent_log == (None if higher_is_better else pytest.approx(-25))
    assert result.overlap == pytest.approx(1)


def test_exchanging_codecs_inverts_the_ratio():
    one, other = curve(RATES, [30, 33, 36, 39]), curve(RATES, [29.5, 32.9, 35.2, 38.7])
    forth = bd_rate(one, other, higher_is_better=True).percent
    back = bd_rate(other, one, higher_is_better=True).percent
    assert forth > 1
    assert (1 + forth / 100) * (1 + back / 100) == pytest.approx(1)


def test_between_straight_lines_it_is_the_closed_form():
    # log10 rate linear in the metric: half a decade per unit, shifted by 0.1 units
    rate = 10 ** (np.array([0.0, 1, 2, 3]) / 2)
    tested = [(r, m + 0.1) for r, m in zip(rate, range(4), strict=True)]
    anchor = list(zip(rate, range(4), strict=True))
    found = bd_rate_of_means(anchor, tested, higher_is_better=True)
    assert found.percent == pytest.approx(100 * (10**-0.05 - 1))
    assert found.overlap == pytest.approx(2.9 / 3.1)
    assert np.isnan([found.low, found.high]).all()


def test_a_metric_that_falls_below_zero_has_no_logarithm_but_a_rate():
    metric = [0.3, 0.1, 0.01, -0.002]  # as an unbiased estimate of a distance may
    result = bd_rate(curve(RATES, metric), curve(0.75 * RATES, metric), higher_is_better=False)
    assert result.percent == pytest.approx(-25)
    assert result.percent_log is None


def test_a_metric_that_rises_from_below_zero_is_compared_like_any_other():
    metric = np.array([-54.0, 12.0, 48.0, 77.0])  # as SSIMULACRA2's of coarse pictures
    anchor, tested = curve(RATES, metric), curve(0.75 * RATES, metric)
    result = bd_rate(anchor, tested, higher_is_better=True)
    assert (result.percent, result.overlap) == (pytest.approx(-25), pytest.approx(1))
    assert (result.low, result.high) == (pytest.approx(-25), pytest.approx(-25))
    assert result.percent_log is None
    moved = bd_rate(
        curve(RATES, metric + 100), curve(0.75 * RATES, metric + 100), higher_is_better=True
    )
    assert result.percent == pytest.approx(moved.percent)


def test_the_interval_holds_the_value_and_widens_with_disagreement():
    agree = mean_with_interval([1.0, 1.01] * 12)
    differ = mean_with_interval([0.0, 2.01] * 12)
    assert agree.value == pytest.approx(differ.value)
    assert agree.low < agree.value < agree.high
    assert differ.high - differ.low > 50 * (agree.high - agree.low)


def test_the_interval_of_normal_values_is_near_two_standard_errors():
    values = np.random.default_rng(3).normal(5, 1, 400)
    found = mean_with_interval(values)
    standard_error = values.std() / 20
    assert found.high - found.low == pytest.approx(2 * 1.96 * standard_error, rel=0.1)


@pytest.mark.parametrize("at_once", [1, 700, 10**9])
def test_draws_in_pieces_are_those_of_one_piece(monkeypatch, at_once):
    monkeypatch.setattr(statistics, "_MOST_PLACES", at_once)
    values = np.random.default_rng(4).normal(size=24)
    places = np.random.default_rng(2311).integers(0, 24, (2000, 24))
    expected = np.quantile(values[places].mean(1), (0.025, 0.975))
    found = mean_with_interval(values)
    assert (found.low, found.high) == tuple(expected)
    assert np.array_equal(np.stack(list(statistics.draws(24, 2000))), places)


def test_many_pictures_are_drawn_a_few_times_at_once():
    pieces = [len(piece) for piece in statistics._resampled(300_000, 10)]
    assert pieces == [3, 3, 3, 1]


@pytest.mark.parametrize(
    ("tested", "message"),
    [
        (curve(RATES, [0.4, 0.3, 0.35, 0.1]), "gets no better from 0.200 to 0.400"),
        (curve(RATES, [0.9, 0.8, 0.7, 0.35]), "share 6%"),
        (curve(RATES, [0.9, 0.8, 0.7, 0.6]), "share 0%"),
        (curve(RATES[:1], [0.4]), "two settings or more, got 1"),
    ],
)
def test_what_cannot_be_compared_is_refused(tested, message):
    with pytest.raises(ConfigError, match=message):
        bd_rate(curve(RATES, [0.4, 0.3, 0.2, 0.1]), tested, higher_is_better=False)
