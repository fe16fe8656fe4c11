"""Keeps the vectors of a slow text encoder on disk, by the digest of their caption."""

import hashlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np

from sidelight.errors import TextError
from sidelight.text.encoder import TextEncoder

_WAIT_S = 60.0


class CachedEncoder:
    """A text encoder whose vectors are kept in one SQLite file per encoder and weights.

    Several processes may share it. Vectors that are damaged there are computed anew.
    """

    def __init__(self, encoder: TextEncoder, folder: Path | None = None) -> None:
        """Opens or makes the file.

        Args:
            encoder: Is asked for captions that are new.
            folder: None for ``sidelight/text`` in the user's cache folder.

        Raises:
            TextError: The file is damaged, or cannot be written; so does calling the encoder.
        """
        self.identity, self.width = encoder.identity, encoder.width
        self.holds_ids = encoder.holds_ids
        self._encoder = encoder
        folder = folder or _user_cache()
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{self.identity.name}-{self.identity.fingerprint}.sqlite"
        with self._opened() as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, v BLOB)")

    def characters_read(self, caption: str) -> int:
        """Returns what the encoder says."""
        return self._encoder.characters_read(caption)

    def __call__(self, captions: Sequence[str]) -> np.ndarray:
        """Returns the encoder's vectors in float32, in the captions' order."""
        keys = [
            hashlib.sha256(caption.encode("utf-8", "surrogatepass")).digest()
            for caption in captions
        ]
        known = self._read(keys)
        new = {
            key: caption for key, caption in zip(keys, captions, strict=True) if key not in known
        }
        if new:
            vectors = self._encoder(list(new.values()))
            known |= dict(zip(new, vectors, strict=True))
            self._write({key: known[key] for key in new})
        return np.stack([known[key] for key in keys]).astype(np.float32)

    def _read(self, keys: Sequence[bytes]) -> dict[bytes, np.ndarray]:
        with self._opened() as connection:
            rows = [
                (key, row[0])
                for key in set(keys)
                if (
                    row := connection.execute(
                        "SELECT v FROM vectors WHERE key = ?", (key,)
                    ).fetchone()
                )
            ]
        found = {
            key: np.frombuffer(values, "<f4")
            for key, values in rows
            if isinstance(values, bytes) and len(values) == 4 * self.width
        }
        return {key: vector for key, vector in found.items() if np.isfinite(vector).all()}

    def _write(self, vectors: dict[bytes, np.ndarray]) -> None:
        rows = [(key, vector.astype("<f4").tobytes()) for key, vector in vectors.items()]
        with self._opened() as connection:
            connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self._path, timeout=_WAIT_S)) as connection, connection:
                yield connection
        except sqlite3.OperationalError as error:
            raise TextError(f"the cache of text vectors {self._path} fails: {error}") from None
        except sqlite3.DatabaseError as error:
            raise TextError(
                f"the cache of text vectors {self._path} is damaged ({error}): delete it, its "
                "vectors are computed anew"
            ) from None


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "sidelight" / "text"
