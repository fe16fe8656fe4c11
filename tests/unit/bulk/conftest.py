import json
from pathlib import Path

import pytest
from tests.unit.bulk.shard_files import picture, write_table, write_tar


@pytest.fixture
def shards(tmp_path, monkeypatch) -> Path:
    """Two of either kind; the picture in the middle of the first ones is broken."""
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    pictures = [picture(k) for k in range(5)]
    pictures[1] = b"junk"
    words = [json.dumps({"caption": f"Picture {k}.", "url": "x"}).encode() for k in range(5)]
    for name, ks in {"00": (0, 1, 2), "01": (3, 4)}.items():
        files = {}
        for k in ks:
            files |= {f"a/{k}.png": pictures[k], f"a/{k}.json": words[k]}
        write_tar(Path(f"in/{name}.tar"), files)
        write_table(
            Path(f"in/{name}.parquet"),
            image=[{"bytes": pictures[k], "path": f"{k}.png"} for k in ks],
            caption=[f"Picture {k}." for k in ks],
            number=list(ks),
        )
    return tmp_path
