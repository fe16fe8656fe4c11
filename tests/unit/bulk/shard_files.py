"""Small shards of either kind, and the commands on them."""

import io
import tarfile
from pathlib import Path

import pyarrow as pa
from PIL import Image
from pyarrow import parquet
from typer.testing import CliRunner, Result

from sidelight.cli.app import app


def picture(k: int) -> bytes:
    stream = io.BytesIO()
    Image.linear_gradient("L").resize((48, 40)).rotate(40 * k).convert("RGB").save(stream, "PNG")
    return stream.getvalue()


def write_tar(path: Path, files: dict[str, bytes]) -> None:
    with tarfile.open(path, "w") as shard:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 7
            shard.addfile(info, io.BytesIO(data))


def read_tar(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as shard:
        return {info.name: shard.extractfile(info).read() for info in shard}


def write_table(path: Path, **columns: list) -> None:
    parquet.write_table(pa.table(columns), path)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])
