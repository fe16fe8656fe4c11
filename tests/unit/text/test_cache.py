"""Vectors kept on disk: damage there is healed or named, and never changes what is computed."""

import sqlite3
from contextlib import closing

import numpy as np
import pytest
from tests.golden.tiny_text import HashingTextEncoder

from sidelight.errors import TextError
from sidelight.text.cache import CachedEncoder

CAPTIONS = ["A dog.", "A cat.", "half \ud83d"]


class Counting(HashingTextEncoder):
    """Counts the captions that it is asked for."""

    count = 0

    def __call__(self, captions):
        self.count += len(captions)
        return super().__call__([c.encode("utf-8", "replace").decode() for c in captions])


def damage(folder, statement: str, *values: object) -> None:
    (path,) = folder.glob("*.sqlite")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, values)


@pytest.mark.parametrize("value", [b"", b"123", b"\xff" * 64, None, "text", 7, b"\x00" * 4096])
def test_vectors_that_are_damaged_are_computed_anew(tmp_path, value):
    expected = CachedEncoder(Counting(), tmp_path)(CAPTIONS)
    damage(tmp_path, "UPDATE vectors SET v = ?", value)
    encoder = Counting()
    for _ in range(2):
        assert np.array_equal(CachedEncoder(encoder, tmp_path)(CAPTIONS), expected)
    assert encoder.count == len(CAPTIONS)


def test_a_file_that_is_no_cache_is_one_clear_error(tmp_path):
    CachedEncoder(Counting(), tmp_path)(CAPTIONS)
    (path,) = tmp_path.glob("*.sqlite")
    path.write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 16)
    with pytest.raises(TextError, match=r"sqlite (is damaged|fails)"):
        CachedEncoder(Counting(), tmp_path)(CAPTIONS)
    path.write_bytes(b"a shopping list")
    with pytest.raises(TextError, match=r"is damaged .*: delete it, its vectors are computed anew"):
        CachedEncoder(Counting(), tmp_path)


def test_another_table_is_one_clear_error(tmp_path):
    encoder = CachedEncoder(Counting(), tmp_path)
    damage(tmp_path, "DROP TABLE vectors")
    with pytest.raises(TextError, match="no such table"):
        encoder(CAPTIONS)
