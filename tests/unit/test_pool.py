"""Workers that die, fail or are not waited for: every job gets one outcome, nobody is left over."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.bulk.working import act

from sidelight import pool
from sidelight.errors import ConfigError, ImageError
from sidelight.pool import run_in_processes


def results(jobs: list[str], count: int = 2, **options: object) -> dict[str, object]:
    return {o.job: o.error or o.result for o in run_in_processes(jobs, act, count, **options)}


def test_every_job_is_done_once_whatever_becomes_of_the_others(tmp_path):
    jobs = ["a", "fail broken", f"once {tmp_path / 'died'}", "die", *"bcdefgh"]
    abandoned: list[str] = []
    outcomes = list(run_in_processes(jobs, act, 2, abandoned=abandoned.append))
    assert sorted(o.job for o in outcomes) == sorted(jobs)
    found = {o.job: o for o in outcomes}
    assert [found[k].result for k in "abcdefgh"] == [*"ABCDEFGH"]
    assert found[jobs[2]].result == jobs[2].upper()
    assert isinstance(found["fail broken"].error, ImageError)
    error = found["die"].error
    assert isinstance(error, ChildProcessError)
    assert "its worker process was killed (SIGKILL), twice; perhaps memory" in str(error)
    assert {"die", jobs[2]} <= set(abandoned)


def test_two_workers_work_at_a_time():
    pids = results([f"pid {k}" for k in range(8)])
    assert len(set(pids.values())) == 2
    assert str(os.getpid()) not in pids.values()


def test_workers_share_the_cores_unless_the_user_says_how_many_threads(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(pool, "num_cores", lambda: 7)
    assert results(["threads"]) == {"threads": "3"}
    assert "OMP_NUM_THREADS" not in os.environ
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    assert results(["threads"], 1) == {"threads": "5"}


def test_jobs_are_taken_when_there_is_somebody_to_do_them():
    taken = []

    def jobs():
        for k in range(100):
            taken.append(k)
            yield f"pid {k}"

    outcomes = run_in_processes(jobs(), act, 2)
    for done, _ in enumerate(outcomes, 1):
        assert len(taken) <= done + 4
        if done == 10:
            break
    outcomes.close()


def test_no_job_is_begun_too_far_ahead_of_the_oldest():
    jobs = ["sleep 2", *(f"job {k}" for k in range(20))]
    done = [o.job for o in run_in_processes(jobs, act, 2, ahead=6)]
    assert sorted(done) == sorted(jobs)
    assert done.index("sleep 2") <= 5


def gone(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] == "Z"
    except OSError:
        return True


def soon(is_so: Callable[[], bool], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while not is_so() and time.monotonic() < end:
        time.sleep(0.05)
    return is_so()


def test_closed_early_it_ends_its_workers_at_once_and_names_what_was_under_way():
    abandoned: list[str] = []
    jobs = ["pid 1", "pid 2", "sleep 100", "sleep 101"]
    outcomes = run_in_processes(jobs, act, 2, abandoned=abandoned.append)
    pids = [next(outcomes).result for _ in range(2)]
    start = time.monotonic()
    outcomes.close()
    assert time.monotonic() - start < 5
    assert all(map(gone, pids))
    assert sorted(abandoned) == ["sleep 100", "sleep 101"]


def test_a_mistake_in_our_code_is_told_with_its_traceback():
    with pytest.raises(RuntimeError, match=r"(?s)in a worker process: Traceback.*KeyError: 'x'"):
        results(["err x"])


def test_what_cannot_start_is_told(monkeypatch):
    monkeypatch.setattr(pool, "_serve", os._exit)
    with pytest.raises(ConfigError, match="before it could start"):
        results(["a"])


def test_an_error_that_does_not_travel_says_the_same():
    class ForeignError(OSError):
        def __init__(self, code: int, text: str) -> None:
            super().__init__(f"{code} {text}")

    assert str(pool._that_travels(ForeignError(7, "gone"))) == "7 gone"
