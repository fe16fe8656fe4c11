"""Parquet tables with a column of pictures (extra ``bulk``): Hugging Face's and img2dataset's.

Hugging Face keeps a picture as ``image``, a struct of ``bytes`` and ``path``; img2dataset as plain
bytes in a column named by the format, with ``caption`` beside it.
"""

import contextlib
import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from sidelight.bulk.coding import Coded
from sidelight.bulk.packing import PackedFile
from sidelight.bulk.places import opened
from sidelight.bulk.rows import Row, Write
from sidelight.captions.members import captions_of
from sidelight.errors import CodecError, ConfigError, ImageError, reason_of

if TYPE_CHECKING:
    import pyarrow

_IMAGES = ("image", "jpg", "jpeg", "png", "webp", "avif", "jxl", "img")
_CAPTIONS = ("caption", "captions", "txt", "text")
_ROWS_AT_A_TIME = 64
_ANY_SUFFIX = ".picture"
"""Of a file that is to be coded; that of the coded one takes its place."""
_BPP, _ERROR = "bpp", "error"
_FEATURES = b"huggingface"
"""The key of the schema's metadata in which Hugging Face says what the columns are."""


class _Cell(NamedTuple):
    """Where a row stands, for the writer."""

    batch: "pyarrow.RecordBatch"
    place: int
    column: str


@dataclass(frozen=True, slots=True)
class ParquetShards:
    """Reads and writes them."""

    image_column: str | None = None
    """None for the first that is there of those that both layouts use."""
    caption_column: str | None = None
    adds_columns: bool = True
    """Whether tables are made of tables, so that these may have no such columns of their own."""
    suffix: str = ".parquet"

    def rows(self, place: str) -> Iterator[Row]:
        """Yields the pictures of a table.

        Raises:
            OSError: It cannot be read.
            ImageError: It is no Parquet file or a damaged one; the rows before were yielded.
            ConfigError: It has no column of pictures, or columns named as those that are added;
                or pyarrow is not installed.
        """
        pyarrow = needs_pyarrow()
        from pyarrow.parquet import ParquetFile

        with opened(place) as stream:
            try:
                table = ParquetFile(stream)
                image, caption = self._columns(table.schema_arrow)
                if self.adds_columns:
                    _check_free(table.schema_arrow)
                if not table.metadata.num_rows:
                    raise ImageError("has no rows")
                for number, batch in enumerate(table.iter_batches(_ROWS_AT_A_TIME)):
                    yield from _rows(batch, image, caption, number * _ROWS_AT_A_TIME)
            except CodecError:
                raise
            except (pyarrow.ArrowException, ValueError, OverflowError) as error:
                raise ImageError(f"no Parquet file, or a damaged one ({error})") from None

    def packed(self, files: Iterator[PackedFile]) -> Iterator[Row]:
        """Yields a row for each file, as Hugging Face has them, with ``caption``."""
        pyarrow = needs_pyarrow()
        from pyarrow import binary, string, struct

        image = struct([("bytes", binary()), ("path", string())])
        while chunk := list(itertools.islice(files, _ROWS_AT_A_TIME)):
            columns = {
                "image": pyarrow.array(
                    [{"bytes": None, "path": f.key + _ANY_SUFFIX} for f in chunk], image
                ),
                "caption": pyarrow.array([_caption_beside(file) for file in chunk], string()),
            }
            batch = pyarrow.RecordBatch.from_pydict(columns)
            for place, file in enumerate(chunk):
                yield Row(file.key, place=file.place, kept=_Cell(batch, place, "image"))

    def _columns(self, schema: "pyarrow.Schema") -> tuple[str, str | None]:
        """Returns the names of both columns."""
        image = _named(self.image_column, [n for n in _IMAGES if n in schema.names], schema.names)
        if image is None or not _holds_bytes(schema.field(image).type):
            kind = "" if image is None else f"; {image} is {schema.field(image).type}"
            raise ConfigError(
                f"no column of pictures among {', '.join(schema.names)}{kind}: expected bytes, or "
                "a struct with bytes; name it by --image-column"
            )
        there = [name for name in _CAPTIONS if name in schema.names and name != image]
        return image, _named(self.caption_column, there, schema.names)

    def prepare(self) -> None:
        """Looks whether pyarrow is there.

        Raises:
            ConfigError: It is not.
        """
        needs_pyarrow()

    def beside(self, row: Row) -> dict[str, bytes]:
        """Returns the caption."""
        return {".txt": row.caption.encode()} if row.caption else {}

    @contextlib.contextmanager
    def writer(self, stream: BinaryIO, suffix: str) -> Iterator[Write]:
        """Yields what takes rows: their pictures are replaced, null where one failed.

        Columns ``bpp`` and ``error`` are added.
        """
        from pyarrow.parquet import ParquetWriter

        waiting: list[tuple[_Cell, Coded | None, Exception | None]] = []
        writer: ParquetWriter | None = None

        def flush() -> None:
            nonlocal writer
            if waiting:
                batch = _replaced(waiting, suffix)
                if writer is None:
                    writer = ParquetWriter(stream, batch.schema)
                writer.write_batch(batch)
                waiting.clear()

        def write(row: Row, coded: Coded | None, error: Exception | None) -> None:
            if waiting and waiting[0][0].batch is not row.kept.batch:
                flush()
            waiting.append((row.kept, coded, error))

        yield write
        flush()
        if writer is not None:
            writer.close()


def needs_pyarrow() -> Any:
    """Returns pyarrow.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        import pyarrow
    except ImportError:
        raise ConfigError("Parquet needs pyarrow: pip install 'sidelight[bulk]'") from None
    return pyarrow


def _named(given: str | None, found: Sequence[str], names: Sequence[str]) -> str | None:
    if given is None:
        return found[0] if found else None
    if given not in names:
        raise ConfigError(f"there is no column {given!r}, only {', '.join(names)}")
    return given


def _check_free(schema: "pyarrow.Schema") -> None:
    """Checks that no column would be lost to those that are added, save those of an earlier run."""
    fields = [(field.name, str(field.type)) for field in schema]
    if fields[-2:] == [(_BPP, "double"), (_ERROR, "string")]:
        del fields[-2:]
    if taken := [name for name, _ in fields if name in (_BPP, _ERROR)]:
        raise ConfigError(
            f"it has {' and '.join(taken)} among its columns, and columns of these names are "
            "added: rename yours"
        )


def _holds_bytes(kind: "pyarrow.DataType") -> bool:
    from pyarrow import types

    if types.is_struct(kind):
        return any(field.name == "bytes" and _holds_bytes(field.type) for field in kind)
    return bool(types.is_binary(kind) or types.is_large_binary(kind))


def _rows(
    batch: "pyarrow.RecordBatch", image: str, caption: str | None, first: int
) -> Iterator[Row]:
    pictures = batch.column(image)
    captions = None if caption is None else batch.column(caption)
    for place in range(batch.num_rows):
        value = pictures[place].as_py()
        data = value.get("bytes") if isinstance(value, dict) else value
        name, kept = f"{first + place:09}", _Cell(batch, place, image)
        if data:
            text = "" if captions is None else _text(captions[place].as_py())
            yield Row(name, data, text, kept=kept)
        else:
            yield Row(name, error=ImageError(f"no picture in column {image}"), kept=kept)


def _caption_beside(file: PackedFile) -> str | None:
    try:
        return next(iter(captions_of(file.beside())), None)
    except ValueError:  # whoever codes it will say so, where captions are asked for
        return None


def _text(value: Any) -> str:
    """Returns a caption, the first where a row has several."""
    texts = value if isinstance(value, list) else [value]
    return next((text for text in texts if isinstance(text, str) and text.strip()), "")


def _replaced(
    rows: Sequence[tuple[_Cell, Coded | None, Exception | None]], suffix: str
) -> "pyarrow.RecordBatch":
    """Returns a batch with its pictures replaced."""
    import pyarrow as pa

    batch, column = rows[0][0].batch, rows[0][0].column
    batch = batch.take(pa.array([cell.place for cell, _, _ in rows]))
    before = batch.schema.field(column)
    pictures: list[Any] = []
    for place, (_, coded, _) in enumerate(rows):
        data = None if coded is None else coded.data
        if not pa.types.is_struct(before.type):
            pictures.append(data)
            continue
        value = batch.column(column)[place].as_py() or {}
        pictures.append({**value, "bytes": data, **_renamed(value.get("path"), suffix)})
    added = {
        _BPP: pa.array([c.record["bpp"] if c else None for _, c, _ in rows], pa.float64()),
        _ERROR: pa.array([reason_of(e) if e else None for _, _, e in rows], pa.string()),
    }
    columns = {f.name: batch.column(f.name) for f in batch.schema if f.name not in added}
    columns[column] = pa.array(pictures, before.type)
    fields = [batch.schema.field(name) for name in columns]
    fields[list(columns).index(column)] = before.with_nullable(True)
    fields += [pa.field(name, values.type) for name, values in added.items()]
    schema = pa.schema(fields, _metadata(batch.schema.metadata))
    return pa.RecordBatch.from_arrays([*columns.values(), *added.values()], schema=schema)


def _renamed(path: Any, suffix: str) -> dict[str, str]:
    """Returns the path of a picture that has one, with another suffix."""
    if not isinstance(path, str) or not PurePosixPath(path).name:
        return {}
    return {"path": str(PurePosixPath(path).with_suffix(suffix))}


def _metadata(before: dict[bytes, bytes] | None) -> dict[bytes, bytes] | None:
    """Returns the schema's metadata; Hugging Face's names the new columns too."""
    if not before or _FEATURES not in before:
        return before
    try:
        told = json.loads(before[_FEATURES])
        told["info"]["features"] |= {
            _BPP: {"dtype": "float64", "_type": "Value"},
            _ERROR: {"dtype": "string", "_type": "Value"},
        }
    except (ValueError, KeyError, TypeError):
        return {key: value for key, value in before.items() if key != _FEATURES}
    return {**before, _FEATURES: json.dumps(told).encode()}
