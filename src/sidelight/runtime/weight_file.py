"""A model's file, read by numpy alone."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from sidelight.errors import CheckpointError
from sidelight.files import write_atomically
from sidelight.runtime.sealing import check_seal, read_weight_file, sealed


class WeightFile(NamedTuple):
    """What a safetensors file holds."""

    metadata: dict[str, str]
    tensors: dict[str, np.ndarray]
    """By name, sorted, in the types that they are stored in."""

    @classmethod
    def read(cls, path: Path) -> "WeightFile":
        """Reads a file whole and checks its seal.

        Raises:
            CheckpointError: It is missing, damaged, or no safetensors file.
        """
        data = read_weight_file(path)
        try:
            tensors = load(data)
            return cls(check_seal(data).metadata, dict(sorted(tensors.items())))
        except (CheckpointError, SafetensorError, KeyError) as error:
            raise CheckpointError(f"cannot read {path}: {error}") from None

    def write(self, path: Path) -> None:
        """Writes the file, sealed, through a temporary one."""
        unsealed = save(self.tensors, self.metadata)
        write_atomically(path, save(self.tensors, sealed(self.metadata, unsealed)))
