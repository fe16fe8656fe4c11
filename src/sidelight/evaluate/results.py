"""The folder that an experiment fills, picture by picture, and goes on with after a cut."""

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from sidelight.errors import ConfigError
from sidelight.evaluate.names import file_name
from sidelight.files import append_whole, write_atomically
from sidelight.strict_json import from_json, to_json

ORIGINALS = "original"
_ROWS_FILE, _CONDITIONS_FILE = "pictures.jsonl", "conditions.json"
_FEATURES, _FILES = "features", "files"
_CODECS = "codecs"
_LOST = "begin in another folder, or delete this one"
_REMEDY = "take it out of the folder, or choose another folder"


@dataclass(frozen=True, slots=True)
class Row:
    """One picture by one codec at one setting, decoded with one choice of captions."""

    codec: str
    setting: str
    captions: str
    image: str
    width: int
    height: int
    bytes: int
    caption_bytes: int
    """Of the caption in UTF-8; it is not part of ``bytes``."""
    encode_s: float
    decode_s: float
    metrics: dict[str, float]

    @property
    def point(self) -> tuple[str, str, str]:
        """Codec, setting and captions: the point of a curve that it belongs to."""
        return self.codec, self.setting, self.captions

    @property
    def bpp(self) -> float:
        """Bits per pixel of the whole file."""
        return 8 * self.bytes / (self.width * self.height)

    @property
    def bpp_with_caption(self) -> float:
        """The same with the caption added."""
        return 8 * (self.bytes + self.caption_bytes) / (self.width * self.height)


class Results:
    """Rows in ``pictures.jsonl``, coded files and features of each picture beside them."""

    def __init__(self, folder: Path, conditions: Mapping[str, Any] | None = None) -> None:
        """Opens the folder.

        Args:
            folder: A new one, or one begun under the same conditions; codecs may join.
            conditions: Of what is to be added; None where nothing is.

        Raises:
            ConfigError: What is there was measured under others.
        """
        self.folder = folder
        if conditions is not None:
            self.conditions = _agree(folder, from_json(to_json(conditions)))
        self._path = folder / _ROWS_FILE
        self.rows = _read_rows(self._path)
        self._held = {_key(row) for row in self.rows}

    def missing(
        self, codec: str, setting: str, image: str, captions: Sequence[str]
    ) -> tuple[str, ...]:
        """Returns the choices of captions that there is no row of."""
        return tuple(c for c in captions if (codec, setting, image, c) not in self._held)

    def add(self, rows: Sequence[Row]) -> None:
        """Appends the rows of one picture, all in one write."""
        lines = "".join(to_json(asdict(row)) + "\n" for row in rows)
        append_whole(self._path, lines.encode())
        self.rows += rows
        self._held |= {_key(row) for row in rows}

    def pass_over_unfinished(self, num_pictures: int) -> None:
        """Leaves out of ``rows`` points that do not have every picture; the file keeps them."""
        count = Counter(row.point for row in self.rows)
        self.rows = [row for row in self.rows if count[row.point] == num_pictures]

    def keep_file(self, codec: str, setting: str, image: str, data: bytes) -> None:
        """Keeps what a codec wrote, so that it can be decoded again."""
        write_atomically(self._file(codec, setting, image), data)

    def read_file(self, codec: str, setting: str, image: str) -> bytes:
        """Returns what ``keep_file`` kept.

        Raises:
            ConfigError: It is missing.
        """
        try:
            return self._file(codec, setting, image).read_bytes()
        except OSError as error:
            raise ConfigError(f"a coded file cannot be read ({error}): {_LOST}") from None

    def features_path(self, extractor: str, image: str, *series: str) -> Path:
        """Returns where the features of one picture lie; no series means the original."""
        return self._below(_FEATURES, extractor, *(series or (ORIGINALS,)), f"{image}.npy")

    def features(self, extractor: str, image: str, *series: str) -> Float32[np.ndarray, "n f"]:
        """Returns the rows of one picture; no series means the original.

        Raises:
            ConfigError: They are missing or damaged.
        """
        path = self.features_path(extractor, image, *series)
        try:
            return np.load(path)
        except (OSError, EOFError, ValueError) as error:
            raise ConfigError(f"features cannot be read ({error}): {_LOST}") from None

    def _file(self, codec: str, setting: str, image: str) -> Path:
        return self._below(_FILES, codec, setting, image)

    def _below(self, *names: str) -> Path:
        return self.folder.joinpath(*map(file_name, names))


def save_features(path: Path, features: Float32[np.ndarray, "n f"]) -> None:
    """Writes what ``Results.features`` reads, whole or not at all."""
    buffer = io.BytesIO()
    np.save(buffer, features)
    write_atomically(path, buffer.getvalue())


def _key(row: Row) -> tuple[str, str, str, str]:
    return row.codec, row.setting, row.image, row.captions


def _agree(folder: Path, conditions: dict[str, Any]) -> dict[str, Any]:
    """Returns the conditions with the codecs that the folder knows already."""
    place = folder / _CONDITIONS_FILE
    before = _read_conditions(place) if place.exists() else conditions
    if not any((folder / name).exists() for name in (_ROWS_FILE, _FEATURES, _FILES)):
        before = conditions  # a run of which nothing came binds nobody
    if before.keys() != conditions.keys():
        raise ConfigError(f"{folder} was begun by another release: choose another folder")
    differing = [k for k, v in conditions.items() if k != _CODECS and before[k] != v]
    together = {codec: dict(settings) for codec, settings in before[_CODECS].items()}
    for codec, settings in conditions[_CODECS].items():
        known = together.setdefault(codec, {})
        differing += [f"{codec} {s}" for s, v in settings.items() if known.get(s, v) != v]
        known |= settings
    if differing:
        raise ConfigError(
            f"{folder} was begun with other {', '.join(differing)}: choose another folder, "
            "or delete it"
        )
    conditions = conditions | {_CODECS: together}
    write_atomically(place, to_json(conditions, indent=1).encode())
    return conditions


def _read_conditions(path: Path) -> dict[str, Any]:
    try:
        conditions = from_json(path.read_bytes())
        return conditions | {_CODECS: dict(conditions[_CODECS])}
    except (LookupError, TypeError, ValueError) as error:
        raise ConfigError(f"{path} is damaged ({error}): {_REMEDY}") from None


def _read_rows(path: Path) -> list[Row]:
    """Returns whole rows, each once; a last line that a cut left unfinished leaves the file."""
    if not path.exists():
        return []
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if whole != data:
        write_atomically(path, whole)
    rows: dict[tuple[str, str, str, str], Row] = {}
    for number, line in enumerate(whole.splitlines(), start=1):
        try:
            row = _row(from_json(line))
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise ConfigError(f"{path}, line {number} is damaged ({error}): {_REMEDY}") from None
        rows.setdefault(_key(row), row)  # releases that let two processes in wrote some twice
    return list(rows.values())


def _row(values: Any) -> Row:
    metrics = {name: float(value) for name, value in values["metrics"].items()}
    return Row(**values | {"metrics": metrics})
