"""Tar shards of bytes."""

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path


def pack_shard(path: Path, members: Mapping[str, bytes]) -> None:
    """Writes a tar file of files by name."""
    with tarfile.open(path, "w") as tar:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
