"""Files that appear whole or not at all."""

import secrets
from pathlib import Path


def write_atomically(path: Path, data: bytes) -> None:
    """Writes a file under a temporary name beside it, then renames it; makes missing folders.

    A file that is replaced hands on its permissions, a new one follows the umask. Links are
    followed. Devices and pipes cannot be renamed over and are written straight.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():
        path.write_bytes(data)  # a folder raises IsADirectoryError here
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{secrets.token_hex(8)}.partial")
    try:
        with partial.open("xb") as stream:
            stream.write(data)
        if path.exists():
            partial.chmod(path.stat().st_mode & 0o777)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
