"""What a run tells while it goes: ``log.jsonl`` and TensorBoard's events in its folder."""

from pathlib import Path
from typing import Any

import numpy as np

from sidelight.files import append_whole
from sidelight.strict_json import to_json

Record = dict[str, Any]


class RunLog:
    """Appends records to both logs; only the process of rank 0 has one.

    TensorBoard's package (extra ``train``) may be missing: then only ``log.jsonl`` is written.
    """

    def __init__(self, folder: Path) -> None:
        self._lines = folder / "log.jsonl"
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            self._board = None
        else:
            self._board = SummaryWriter(str(folder / "tensorboard"))

    def add(self, step: int, record: Record) -> None:
        """Writes numbers, or lists of them, that belong to a step."""
        append_whole(self._lines, f"{to_json({'step': step, **record})}\n".encode())
        if self._board is None:
            return
        for name, value in record.items():
            values = value if isinstance(value, list) else [value]
            for k, number in enumerate(values):
                self._board.add_scalar(
                    f"{name}/{k}" if isinstance(value, list) else name, number, step
                )

    def add_picture(self, step: int, name: str, image: np.ndarray) -> None:
        """Shows a picture, uint8 (h, w, 3), in TensorBoard."""
        if self._board is not None:
            self._board.add_image(name, image, step, dataformats="HWC")

    def close(self) -> None:
        """Writes what is left."""
        if self._board is not None:
            self._board.close()
