import json
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import binomtest

from sidelight.compare.interval import wilson
from sidelight.compare.judgements import read_judgements
from sidelight.compare.pooling import pool
from sidelight.errors import ConfigError

EXPORTED = Path(__file__).parent / "data" / "judgements.json"
"""Saved by the page in Chromium; web/tests/browser/compare.test.ts checks that it still is so."""


@pytest.fixture
def exported() -> dict[str, Any]:
    return json.loads(EXPORTED.read_text())


def write(path: Path, value: object) -> Path:
    path.write_text(json.dumps(value))
    return path


@pytest.mark.parametrize(("k", "n"), [(0, 1), (1, 1), (0, 40), (17, 24), (41, 66), (500, 1000)])
def test_the_interval_is_that_of_scipy(k, n):
    expected = binomtest(k, n).proportion_ci(0.95, method="wilson")
    share = wilson(k, n)
    assert share == pytest.approx((k / n, expected.low, expected.high), abs=1e-12)


def test_without_trials_there_is_no_share():
    assert wilson(0, 0) is None


def test_what_the_page_saved_is_read(exported):
    judged = read_judgements(EXPORTED)
    assert judged.labels == ("Smooth", "Noisy")
    assert [c.outcome for c in judged.choices] == ["a", "a", "none", "b"]
    assert [c.is_left for c in judged.choices] == [False, False, None, True]


def test_choices_are_counted_by_what_was_chosen_not_by_where(tmp_path, exported):
    other = exported | {"draw": exported["draw"] ^ 1}
    other["choices"] = [
        c | {"left": c["right"], "right": c["left"], "choice": flipped}
        for c in exported["choices"]
        for flipped in [{"left": "right", "right": "left"}.get(c["choice"], "none")]
    ]
    pooled = pool([EXPORTED, write(tmp_path / "other.json", other)])
    assert pooled.num_judges == 2
    assert [pooled.count(outcome) for outcome in ("a", "b", "none")] == [4, 2, 2]
    assert pooled.share == wilson(4, 6)
    assert pooled.num_left == 3
    assert all(sum(counts.values()) == 2 for counts in pooled.pictures.values())


def test_no_difference_alone_has_no_share(tmp_path, exported):
    for choice in exported["choices"]:
        choice["choice"] = "none"
    pooled = pool([write(tmp_path / "x.json", exported)])
    assert pooled.to_dict()["a_of_decided"] is None
    assert "no difference in all choices" in list(pooled.lines())[-1]


def damage(place: str, value: object) -> Any:
    def change(record: dict[str, Any]) -> None:
        at: Any = record
        *parents, last = place.split(".")
        for name in parents:
            at = at[int(name) if name.isdigit() else name]
        if value is KeyError:
            del at[last]
        else:
            at[last] = value

    return change


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("format", "x", "not the choices of a comparison page"),
        ("version", 2, "version 2; this release reads 1"),
        ("labels", KeyError, "the file lacks labels"),
        ("labels.a", KeyError, "labels lacks a"),
        ("labels.a", "Noisy", "both labels are 'Noisy'"),
        ("labels.c", "X", "labels has 'c', which no page writes"),
        ("draw", 1.5, "draw is 1.5, expected a whole number"),
        ("draw", True, "draw is True, expected a whole number"),
        ("choices", {}, "choices is {}, expected a list"),
        ("choices.1.left", "c", "has 'c' left and"),
        ("choices.0.right", "b", "has 'b' left and 'b' right"),
        ("choices.0.choice", "up", "choice is 'up', expected left, right or none"),
        ("choices.0.choice", ["left"], "choice is .'left'., expected a text"),
        ("choices.0.seconds", -1, "seconds is -1, expected 0 or more"),
        ("choices.0.seconds", float("nan"), "seconds is nan, expected a finite number"),
        ("choices.0.picture", None, "picture is None, expected a text"),
        ("choices.0.round", 2, "expected each of rounds 1 to 1 once"),
        ("choices.0.more", 2, "has 'more', which no page writes"),
    ],
)
def test_damaged_exports_are_told(tmp_path, exported, place, value, message):
    damage(place, value)(exported)
    path = write(tmp_path / "x.json", exported)
    with pytest.raises(ConfigError, match=f"x.json: .*{message}.*; export it again"):
        read_judgements(path)


@pytest.mark.parametrize("data", [b"", b"[1]", b"\xff", b"null", b'{"format": ', b"[" * 100_000])
def test_what_is_no_export_is_told(tmp_path, data):
    path = tmp_path / "x.json"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match="export it again from the page"):
        read_judgements(path)


def test_an_answer_given_twice_is_damage(tmp_path, exported):
    exported["choices"].append(exported["choices"][0])
    with pytest.raises(ConfigError, match=r"choices\[4\] is round 1 of .* once at most"):
        read_judgements(write(tmp_path / "x.json", exported))


def test_files_that_do_not_belong_together_are_told(tmp_path, exported):
    with pytest.raises(ConfigError, match="are of one sitting; give the later one alone"):
        pool([EXPORTED, write(tmp_path / "copy.json", exported)])
    with pytest.raises(ConfigError, match="are of one sitting; give the later one alone"):
        pool([EXPORTED, EXPORTED])  # as of globs that overlap
    other = exported | {"draw": 1, "question": "Which looks better?"}
    with pytest.raises(ConfigError, match=r"question of .*; pool each comparison by itself"):
        pool([EXPORTED, write(tmp_path / "other.json", other)])
    other = exported | {"draw": 1, "labels": {"a": "Noisy", "b": "Smooth"}}
    with pytest.raises(ConfigError, match=r"labels of .*Smooth and Noisy; of .*Noisy and Smooth"):
        pool([EXPORTED, write(tmp_path / "other.json", other)])
