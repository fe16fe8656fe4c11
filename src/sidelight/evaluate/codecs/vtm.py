"""VVC by its reference software VTM, 12.1 or later; its programs are named by variables."""

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from sidelight.errors import CodecError, ConfigError
from sidelight.evaluate.codecs.ycbcr import rgb_to_ycbcr10, ycbcr10_to_rgb
from sidelight.programs import read_output, run_program, version_line

VARIABLES = {
    "SIDELIGHT_VTM_ENCODER": "EncoderAppStatic",
    "SIDELIGHT_VTM_DECODER": "DecoderAppStatic",
    "SIDELIGHT_VTM_CONFIG": "encoder_intra_vtm.cfg",
}
_SOURCE = "https://vcgit.hhi.fraunhofer.de/jvet/VVCSoftware_VTM"
_WIDTH_BYTES = 2
_MAX_SIDE_PX = 2**16 - 1


class VtmPoint:
    """VTM intra, 10-bit YCbCr 4:4:4, BT.709 in full range, rounded (choice C29).

    DecoderAppStatic writes planes without their size, so two bytes of width precede the stream.

    Raises:
        ConfigError: A variable of ``VARIABLES`` is not set, or names no file.
    """

    codec = "vtm"
    reads_text = False

    def __init__(self, qp: float) -> None:
        """Args: ``qp`` 0 to 63."""
        self.setting = f"qp={qp:g}"
        self._encoder, self._decoder, self._config = map(_named_file, VARIABLES)

    def describe(self) -> dict[str, Any]:
        """Returns the version and both command lines."""
        encode = self._encode_options("x.yuv", "x.bin", width="WIDTH", height="HEIGHT")
        config = ["-c", Path(self._config).name]
        return {
            "program": version_line((self._encoder, "--help")),
            "encode": " ".join(["EncoderAppStatic", *config, *encode]),
            "decode": " ".join(["DecoderAppStatic", *_decode_options("x.bin", "y.yuv")]),
        }

    def encode(self, image: UInt8[np.ndarray, "h w 3"]) -> bytes:
        """Returns the width and the stream.

        Raises:
            CodecError: VTM fails, or the picture is wider than two bytes can say.
        """
        height, width = image.shape[:2]
        if width > _MAX_SIDE_PX:
            raise CodecError(f"vtm takes pictures up to {_MAX_SIDE_PX} px wide, got {width}")
        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder) / "x.yuv", Path(folder) / "x.bin"
            source.write_bytes(rgb_to_ycbcr10(image).astype("<u2").tobytes())
            options = self._encode_options(
                str(source), str(target), width=str(width), height=str(height)
            )
            run_program([self._encoder, "-c", self._config, *options])
            return width.to_bytes(_WIDTH_BYTES, "little") + read_output(target, "VTM")

    def decode(self, data: bytes, text: str) -> UInt8[np.ndarray, "h w 3"]:  # noqa: ARG002
        """Returns the picture; ``text`` is not looked at.

        Raises:
            CodecError: VTM fails, or what it decodes does not fit the width.
        """
        width = int.from_bytes(data[:_WIDTH_BYTES], "little")
        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder) / "x.bin", Path(folder) / "y.yuv"
            source.write_bytes(data[_WIDTH_BYTES:])
            run_program([self._decoder, *_decode_options(str(source), str(target))])
            samples = np.frombuffer(read_output(target, "VTM"), "<u2")
        if width == 0 or samples.size % (3 * width):
            raise CodecError(f"VTM decoded {samples.size} samples, no picture {width} px wide")
        return ycbcr10_to_rgb(samples.reshape(3, -1, width).astype(np.uint16))

    def _encode_options(self, source: str, target: str, *, width: str, height: str) -> list[str]:
        files = ["-i", source, "-b", target, "-o", os.devnull]
        size = ["-wdt", width, "-hgt", height, "-fr", "1", "-f", "1"]
        samples = ["--InputChromaFormat=444", "--InputBitDepth=10", "--ConformanceWindowMode=1"]
        return [*files, "-q", self.setting.removeprefix("qp="), *size, *samples]


def _decode_options(source: str, target: str) -> list[str]:
    return ["-b", source, "-o", target, "-d", "10"]


def _named_file(variable: str) -> str:
    path = os.environ.get(variable)
    if path is None or not Path(path).is_file():
        found = "it is not set" if path is None else f"it names {path}, which is no file"
        raise ConfigError(
            f"set {variable} to VTM's {VARIABLES[variable]}: {found}; build VTM from {_SOURCE}"
        )
    return path
