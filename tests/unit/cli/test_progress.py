"""What a log, which shows no bar, is told of how far a command is."""

import pytest

from sidelight.cli import progress
from sidelight.cli.progress import PhaseLog


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_a_log_hears_of_each_phase_and_every_half_minute_how_far_it_is(clock, capsys):
    log = PhaseLog()
    log.tell("decoding the pictures")
    for second in range(70):
        clock[0] = 101.0 + second
        log.tell("coding pairs", f"{second} of 70")
    log.tell("training", "step 50 of 1000")
    assert capsys.readouterr().err.splitlines() == [
        "decoding the pictures",
        "coding pairs: 0 of 70",
        "coding pairs: 30 of 70",
        "coding pairs: 60 of 70",
        "training: step 50 of 1000",
    ]


def test_a_terminal_has_a_bar_and_hears_nothing(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")  # by which rich takes anything for a terminal
    PhaseLog().tell("training", "step 50 of 1000")
    assert capsys.readouterr().err == ""
