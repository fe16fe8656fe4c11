"""What the benchmarks of more machines and more processes come to."""

import pytest
from benchmarks.bulk import ray
from benchmarks.speed import ddp
from benchmarks.tables.bulk import at_scale, on_ray
from benchmarks.tables.measurements import speed_ddp


def test_ray_is_compared_with_as_many_processes():
    rows = [
        {
            "direction": "encode",
            "workers": 2,
            "engine": engine,
            "wall_s": wall_s,
            "read_bytes": 10**8,
            "written_bytes": 10**6,
        }
        for engine, wall_s in (("processes", 50.0), ("ray", 62.5))
    ]
    record = {
        "conditions": {"pictures": 100},
        "start_s": {"processes": 1.0, "ray": 9.0},
        "rows": ray.compared(rows, 100),
        "identical": True,
    }
    assert [row["share"] for row in record["rows"]] == pytest.approx([1, 0.8])
    table = on_ray(record)
    assert "| encode | 2 | ray | 1.60 | 80 % |" in table
    assert "all runs wrote the same bytes" in table
    assert "| encode | 100 | 80.0 | 34.7 | 3,472 | 80.00 | 0.80 |" in at_scale(record)


def test_efficiency_of_training_is_over_so_many_lone_processes():
    rows = [
        {"kind": kind, "processes": count, "batch": batch, "s_per_step": s, "exchange_s": 0.01}
        for kind, count, batch, s in (
            ("shared", 1, 8, 1.0),
            ("shared", 2, 8, 0.625),
            ("each", 1, 8, 1.0),
            ("each", 2, 16, 1.25),
        )
    ]
    compared = ddp.compared([{**row, "gradient_bytes": 2**20} for row in rows])
    assert [row["efficiency"] for row in compared] == pytest.approx([1, 0.8, 1, 0.8])
    record = {"conditions": {"recipe": "recipes/a.toml", "crop": 64}, "rows": compared}
    assert "| shared | 8 | 2 | 0.62 | 12.80 | 80% | 0.010 |" in speed_ddp(record)
