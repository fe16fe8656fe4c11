import json
from pathlib import Path

from benchmarks import record


def test_command_names_no_place_on_this_machine():
    root = Path(record.__file__).parents[1]
    arguments = [f"{root}/.venv/bin/python3.11", "-m", "benchmarks.rd.kodak", "--output"]
    assert record.command_line([*arguments, f"{root}/a b.json"]) == (
        "python -m benchmarks.rd.kodak --output 'a b.json'"
    )


def test_environment_is_json_with_versions(tmp_path):
    path = tmp_path / "new" / "record.json"
    record.write_record(path, record.environment(model=bytes(8), seed=3))
    found = json.loads(path.read_text())
    assert found["packages"]["torch"]
    assert found["model"] == "0" * 16
    assert found["seed"] == 3
