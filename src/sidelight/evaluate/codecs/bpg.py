"""BPG by the programs bpgenc and bpgdec of libbpg 0.9.8 (https://bellard.org/bpg)."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from sidelight.errors import CodecError
from sidelight.programs import (
    find_program,
    read_output,
    run_program,
    version_line,
)

_REMEDY = "build libbpg 0.9.8 from https://bellard.org/bpg and put bpgenc and bpgdec there"


class BpgPoint:
    """BPG, 8-bit YCbCr 4:4:4, effort 8 (choice C29).

    Raises:
        ConfigError: ``bpgenc`` or ``bpgdec`` is not on the PATH.
    """

    codec = "bpg"
    reads_text = False

    def __init__(self, qp: float, *, encoder: str = "jctvc") -> None:
        """Args: ``qp`` 0 to 51; ``encoder`` jctvc, the slower and better one, or x265."""
        self.setting = f"qp={qp:g}"
        self._options = ["-q", f"{qp:g}", "-f", "444", "-c", "ycbcr", "-b", "8", "-e", encoder]
        self._options += ["-m", "8"]
        self._bpgenc, self._bpgdec = (find_program(name, _REMEDY) for name in ("bpgenc", "bpgdec"))

    def describe(self) -> dict[str, Any]:
        """Returns the version and both command lines."""
        return {
            "program": version_line((self._bpgenc, "-h")),
            "encode": " ".join(["bpgenc", *self._options, "-o", "x.bpg", "x.png"]),
            "decode": "bpgdec -o y.png x.bpg",
        }

    def encode(self, image: UInt8[np.ndarray, "h w 3"]) -> bytes:
        """Returns the file.

        Raises:
            CodecError: bpgenc fails.
        """
        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder) / "x.png", Path(folder) / "x.bpg"
            Image.fromarray(image).save(source)
            run_program([self._bpgenc, *self._options, "-o", str(target), str(source)])
            return read_output(target, "bpgenc")

    def decode(self, data: bytes, text: str) -> UInt8[np.ndarray, "h w 3"]:  # noqa: ARG002
        """Returns the picture; ``text`` is not looked at.

        Raises:
            CodecError: bpgdec fails.
        """
        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder) / "x.bpg", Path(folder) / "y.png"
            source.write_bytes(data)
            run_program([self._bpgdec, "-o", str(target), str(source)])
            try:
                with Image.open(target, formats=["PNG"]) as picture:
                    return np.asarray(picture.convert("RGB"))
            except OSError as error:
                raise CodecError(f"bpgdec wrote no picture: {error}") from None
