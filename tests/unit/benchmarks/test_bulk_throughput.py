"""What the runs of the bulk benchmark come to, and that it can run."""

import sys

import pytest
from benchmarks.bulk.throughput import digest_of, run_on_cores, summary
from benchmarks.tables.bulk import throughput


def run(direction: str, processes: int, wall_s: float, identical: bool = True) -> dict:
    row = {"direction": direction, "processes": processes, "wall_s": wall_s, "cpu_s": 10.0}
    return row | {"identical": identical}


def test_efficiency_is_the_rate_over_that_of_as_many_single_processes():
    runs = [run("encode", 1, 100.0), run("encode", 2, 60.0), run("decode", 1, 50.0)]
    record = summary([*runs, run("encode", 1, 90.0), run("encode", 1, 300.0)], 200)
    assert [row["pictures_per_s"] for row in record["rows"]] == pytest.approx([2, 200 / 60, 4])
    assert [row["efficiency"] for row in record["rows"]] == pytest.approx([1, 100 / 120, 1])
    table = throughput(record | {"conditions": {"pictures": 200}})
    assert "wrote the same bytes" in table
    assert "| encode | 2 | 3.33 | 83 % | 0.050 |" in table


def test_one_run_with_other_bytes_is_told():
    record = summary([run("encode", 1, 1.0), run("encode", 2, 1.0, identical=False)], 9)
    assert "wrote NOT the same bytes" in throughput(record | {"conditions": {"pictures": 9}})


def test_names_and_bytes_make_the_digest(tmp_path):
    digests = []
    for name, data in (("a", b"1"), ("a", b"2"), ("b", b"2")):
        folder = tmp_path / f"{name}{data!r}"
        folder.mkdir()
        (folder / name).write_bytes(data)
        digests.append(digest_of(folder))
    assert len(set(digests)) == 3


def test_a_command_gets_its_cores_and_a_failure_is_told():
    code = "import os, sys; sys.exit(len(os.sched_getaffinity(0)) - 1)"
    wall_s, cpu_s = run_on_cores([sys.executable, "-c", code], 1)
    assert wall_s > 0
    assert cpu_s > 0
    with pytest.raises(RuntimeError, match="failed: told"):
        run_on_cores([sys.executable, "-c", "import sys; sys.exit('told')"], 1)
