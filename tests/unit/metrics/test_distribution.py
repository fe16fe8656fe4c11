"""Distances between sets against closed forms and direct computation."""

import numpy as np
import pytest
from benchmarks.metrics.references.definitions import (
    frechet_distance,
    inception_scores,
    kernel_distances,
)

from sidelight.errors import ConfigError
from sidelight.metrics.distribution import (
    ClassifierScore,
    FrechetDistance,
    InstanceDistance,
    KernelDistance,
    squared_mmd,
)
from sidelight.metrics.protocol import Sample


class Features:
    """Rows that are given; their logits are the rows themselves."""

    def __init__(self, name: str = "inception_tiles") -> None:
        self.name = name

    def __call__(self, image: np.ndarray) -> np.ndarray:
        return image.reshape(1, -1).astype(np.float32)

    def logits(self, features: np.ndarray) -> np.ndarray:
        return features


def rows(count: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, width)).astype(np.float32)


def rows_with(covariance: np.ndarray, mean: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Rows whose unbiased covariance and mean are exactly these."""
    noise = np.random.default_rng(seed).normal(size=(count, len(mean)))
    noise -= noise.mean(0)
    white = np.linalg.qr(noise)[0] * np.sqrt(count - 1)
    return (white @ np.linalg.cholesky(covariance).T + mean).astype(np.float32)


@pytest.mark.parametrize("count", [12, 40])  # about as many rows as features, and more
def test_fid_of_gaussians_with_diagonal_covariances(count):
    mean, mean_hat = np.arange(8.0), np.full(8, 2.0)
    spread, spread_hat = np.linspace(0.5, 4, 8), np.linspace(3, 1, 8)
    value = FrechetDistance(Features())(
        rows_with(np.diag(spread**2), mean, count, 1),
        rows_with(np.diag(spread_hat**2), mean_hat, count, 2),
    )
    expected = ((mean - mean_hat) ** 2).sum() + ((spread - spread_hat) ** 2).sum()
    assert value.value == pytest.approx(expected, rel=1e-5)
    assert value.num_rows == count


def test_fid_of_covariances_that_do_not_commute():
    random = np.random.default_rng(4)
    first, second = (a @ a.T + np.eye(6) for a in random.normal(size=(2, 6, 6)))
    assert np.abs(first @ second - second @ first).max() > 1
    value = FrechetDistance(Features())(
        rows_with(first, np.zeros(6), 30, 1), rows_with(second, np.ones(6), 30, 2)
    )
    expected = frechet_distance(np.zeros(6), first, np.ones(6), second)
    assert value.value == pytest.approx(expected, rel=1e-5)


def test_fid_of_sets_that_each_fill_one_line_of_many_dimensions():
    random = np.random.default_rng(5)
    line, line_hat = random.normal(size=(2, 300))
    line, line_hat = line / np.linalg.norm(line), line_hat / np.linalg.norm(line_hat)
    steps = np.array([-1.0, 0, 1])  # unit variance
    value = FrechetDistance(Features())(
        np.outer(3 * steps, line).astype(np.float32),
        np.outer(2 * steps, line_hat).astype(np.float32),
    )
    assert value.value == pytest.approx(9 + 4 - 2 * 3 * 2 * abs(line @ line_hat), rel=1e-5)


@pytest.mark.parametrize(("count", "width"), [(20, 100), (100, 20)])
def test_fid_of_equal_sets_is_zero(count, width):
    features = rows(count, width)
    assert FrechetDistance(Features())(features, features[::-1]).value == pytest.approx(0, abs=1e-9)


def test_kid_is_the_mean_over_pairs():
    x, y = rows(5, 3), rows(5, 3, seed=1) + 0.5

    def kernel(a, b):
        return (sum(float(p) * float(q) for p, q in zip(a, b, strict=True)) / 3 + 1) ** 3

    pairs = [(i, j) for i in range(5) for j in range(5)]
    within = [kernel(s[i], s[j]) for s in (x, y) for i, j in pairs if i != j]
    across = [kernel(x[i], y[j]) for i, j in pairs]
    assert squared_mmd(x, y) == pytest.approx(2 * np.mean(within) - 2 * np.mean(across))


def test_kid_draws_half_of_few_rows_a_hundred_times_with_the_seed_2020():
    x, y = rows(192, 16), rows(192, 16, seed=1) + 0.3
    values = kernel_distances(x, y, 96)
    result = KernelDistance(Features())(x, y)
    assert result == pytest.approx((np.mean(values), 192, np.std(values)))
    assert result.std > 0


def test_kid_takes_at_most_a_thousand_rows(monkeypatch):
    sizes = []
    monkeypatch.setattr(
        "sidelight.metrics.distribution.squared_mmd", lambda x, y: sizes.append(len(x)) or 0.0
    )
    KernelDistance(Features())(rows(2500, 2), rows(2500, 2))
    assert sizes == [1000] * 100


def test_kid_of_sets_from_one_distribution_is_about_zero_and_of_others_is_not():
    metric = KernelDistance(Features())
    same = metric(rows(2000, 16), rows(2000, 16, seed=1))
    other = metric(rows(2000, 16), rows(2000, 16, seed=1) + 0.5)
    assert abs(same.value) < 0.01
    assert other.value > 0.5


def test_kid_of_one_set_with_itself_lacks_what_its_equal_pairs_add():
    # pairs of a row with itself count across the sets, but not within them
    x = rows(100, 16)
    kernel = (x.astype(float) @ x.T / 16 + 1) ** 3
    others = (kernel.sum() - np.trace(kernel)) / (100 * 99)
    expected = 2 * (others - kernel.mean())
    assert expected < -0.1
    result = KernelDistance(Features())(x, x)
    assert result.value == pytest.approx(expected, abs=3 * result.std / 10)


def test_is_of_sure_and_varied_answers_is_the_number_of_classes():
    logits = (60 * np.eye(10, dtype=np.float32))[np.arange(200) % 10]
    result = ClassifierScore(Features())(logits, logits)
    assert result == pytest.approx((10, 200, None))


def test_is_of_answers_that_are_all_the_same_is_one():
    logits = np.tile(rows(1, 10), (50, 1))
    assert ClassifierScore(Features())(logits, logits).value == pytest.approx(1, abs=1e-12)


def test_is_where_no_row_gives_a_class_any_chance():
    logits = np.zeros((4, 3), np.float32)
    logits[:, 2] = -2000
    logits[:2, 0] = 2000
    logits[2:, 1] = 2000
    assert ClassifierScore(Features())(logits, logits).value == pytest.approx(2)


def test_is_reads_decoded_pictures_only():
    sure = (60 * np.eye(10, dtype=np.float32))[np.arange(20) % 10]
    assert ClassifierScore(Features())(np.zeros_like(sure), sure).value == pytest.approx(10)


def test_is_averages_ten_shuffled_splits_of_many_rows():
    logits = 3 * rows(1003, 7)
    scores = inception_scores(logits, 10)
    result = ClassifierScore(Features())(logits, logits)
    assert result == pytest.approx((np.mean(scores), 1003, np.std(scores)))


def test_ipd_is_the_distance_between_features():
    original = np.zeros((1, 2, 3), np.uint8)
    decoded = original.copy()
    decoded[0, 0] = [3, 4, 12]
    metric = InstanceDistance(Features("inception_whole"))
    assert metric(Sample(original, decoded, [])) == pytest.approx(13)
    assert metric(Sample(decoded, decoded, [])) == 0


@pytest.mark.parametrize(
    ("metric", "names"),
    [
        (FrechetDistance, [("fid", "FID (Inception, 256 px tiles)"),
                           ("fd_effnet", "FD-EffNet (256 px tiles)")]),
        (KernelDistance, [("kid", "KID (Inception, 256 px tiles)"),
                          ("kd_effnet", "KD-EffNet (256 px tiles)")]),
        (ClassifierScore, [("is", "IS (Inception, 256 px tiles)"),
                           ("is_effnet", "IS-EffNet (256 px tiles)")]),
        (InstanceDistance, [("ipd", "IPD (Inception, our definition)"),
                            ("ipd_effnet", "IPD-EffNet (our definition)")]),
    ],
)  # fmt: skip
def test_published_names_are_for_the_published_network(metric, names):
    made = [metric(Features(f"{network}_tiles")) for network in ("inception", "effnet")]
    assert [(each.name, each.label) for each in made] == names


@pytest.mark.parametrize(
    ("metric", "fewest"), [(FrechetDistance, 2), (KernelDistance, 4), (ClassifierScore, 1)]
)
def test_too_few_rows_are_refused(metric, fewest):
    metric = metric(Features())
    enough, few = rows(fewest, 5), rows(fewest - 1, 5)
    assert np.isfinite(metric(enough, enough).value)
    with pytest.raises(ConfigError, match=f"{metric.name} needs {fewest} patches or more, got"):
        metric(few, few)
    with pytest.raises(ConfigError, match="compares sets of the same shape"):
        metric(enough, rows(fewest, 6))
