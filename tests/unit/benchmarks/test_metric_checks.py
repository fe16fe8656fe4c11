import pytest
from benchmarks.metrics import comparisons
from benchmarks.metrics.checks import CHECKS, Check, measure

from sidelight.metrics.registry import METRICS


def test_every_metric_of_the_registry_is_checked():
    assert {name for check in CHECKS for name in check.metrics} == set(METRICS)


def test_the_largest_difference_is_told_whatever_its_sign():
    row = measure(Check(("x",), "value", "itself", lambda: ([1.0, 2.0, 3.5], [1.5, 2.0, 3.0])))
    assert (row["largest_difference"], row["largest_value"], row["num_values"]) == (0.5, 3.0, 3)


def test_a_metric_that_is_wrong_shows(monkeypatch):
    (check,) = (c for c in CHECKS if c.compare is comparisons.psnr)
    assert measure(check)["largest_difference"] < 1e-5
    monkeypatch.setattr("sidelight.metrics.fidelity._PEAK", 256.0)
    assert measure(check)["largest_difference"] == pytest.approx(0.034, abs=1e-3)
