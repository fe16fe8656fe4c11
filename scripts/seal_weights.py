"""Writes weight files again with their checksum; tensors and all other metadata stay as they are.

python scripts/seal_weights.py FILE [FILE ...]

For files of releases that wrote none; what is exported today has one.
"""

import sys
from pathlib import Path

from safetensors.torch import load, save

from sidelight.files import write_atomically
from sidelight.runtime.sealing import SEAL, check_seal, read_weight_file, sealed


def seal(path: Path) -> bool:
    """Returns whether the file had to be written.

    Raises:
        CheckpointError: It is no weight file, or already damaged.
    """
    data = read_weight_file(path)
    metadata = check_seal(data).metadata
    if SEAL in metadata:
        return False
    write_atomically(path, save(load(data), sealed(metadata, data)))
    assert SEAL in check_seal(read_weight_file(path)).metadata
    return True


if __name__ == "__main__":
    for name in sys.argv[1:]:
        told = "sealed" if seal(Path(name)) else "had a seal"
        sys.stdout.write(f"{name}: {told}\n")
