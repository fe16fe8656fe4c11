import json

from benchmarks import record


def test_record_makes_its_folder_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "new" / "record.json"
    record.write_record(path, {"seed": 3})
    assert json.loads(path.read_text()) == {"seed": 3}
    assert list(path.parent.iterdir()) == [path]
