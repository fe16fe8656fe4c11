"""HEVC (x265), VVC (VVenC) and JPEG XL (libjxl) by the ffmpeg of the imageio-ffmpeg wheel.

HEVC and VVC are raw streams of one intra picture: width and height are inside, no container is.
"""

import tempfile
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from sidelight.errors import CodecError, ConfigError
from sidelight.pixels.padding import pad_to_multiple
from sidelight.programs import read_output, run_program, version_line

_INSTALL = "pip install 'sidelight[evaluate]'"
_OUTPUT = "coded"


@dataclass(frozen=True, kw_only=True)
class FfmpegPoint:
    """One encoder of ffmpeg with its options; ffmpeg's own decoder reads the stream.

    Raises:
        ConfigError: The wheel imageio-ffmpeg, or the encoder in its ffmpeg, is missing.
    """

    reads_text: ClassVar[bool] = False

    codec: str
    setting: str
    encoder: str
    options: tuple[str, ...]
    muxer: str
    demuxer: str
    planes: str | None = None
    """Pixel format of the coded picture, BT.709 in limited range; None for RGB."""

    accurate_colour: bool = True
    """False is ffmpeg's own choice: it darkens 4:2:0 pictures by two levels, 40 dB at best."""

    even_sides: bool = False
    """Whether halved chroma asks for even sides: odd ones are padded, see ``encode``."""

    min_side_px: int = 1
    threads: int = 1
    """Of encoder and decoder. VVenC's bytes depend on it."""

    decode_limit_s: float = 60.0
    """On damaged JPEG XL this ffmpeg never ends."""

    def __post_init__(self) -> None:
        if self.encoder not in _encoders():
            raise ConfigError(
                f"the ffmpeg of imageio-ffmpeg lacks {self.encoder}: {_INSTALL} --upgrade"
            )

    def describe(self) -> dict[str, Any]:
        """Returns the versions and both command lines."""
        return {
            "program": version_line((find_ffmpeg(), "-version")),
            "wheel": f"imageio-ffmpeg {version('imageio-ffmpeg')}",
            "encode": " ".join(["ffmpeg", *self._encode_arguments("WIDTHxHEIGHT", _OUTPUT)]),
            "decode": " ".join(["ffmpeg", *self._decode_arguments()]),
        }

    def encode(self, image: UInt8[np.ndarray, "h w 3"]) -> bytes:
        """Returns the stream.

        Where the coder needs even sides and one is odd, its last row or column is repeated, and
        a byte before the stream says what to crop: 1 for a column, 2 for a row, 3 for both. The
        streams of such coders begin with a zero byte, so there is no doubt whether it is there.

        Raises:
            CodecError: The picture is too small for the encoder, or ffmpeg fails.
        """
        height, width = image.shape[:2]
        if min(height, width) < self.min_side_px:
            least = self.min_side_px
            raise CodecError(
                f"{self.encoder} codes pictures of {least}x{least} px or more, got {width}x{height}"
            )
        if not self.even_sides:
            return self._encode(image)
        crop = 2 * (height % 2) + width % 2
        return (bytes([crop]) if crop else b"") + self._encode(pad_to_multiple(image, 2))

    def decode(self, data: bytes, text: str) -> UInt8[np.ndarray, "h w 3"]:  # noqa: ARG002
        """Returns the picture; ``text`` is not looked at.

        Raises:
            CodecError: ffmpeg cannot read the bytes.
        """
        crop = data[0] if self.even_sides and data else 0
        stream = data[1:] if crop else data
        command = [find_ffmpeg(), *self._decode_arguments()]
        portable_pixmap = run_program(command, stream, limit_s=self.decode_limit_s)
        try:
            with Image.open(BytesIO(portable_pixmap), formats=["PPM"]) as picture:
                image = np.asarray(picture)
        except (OSError, ValueError):
            raise CodecError(f"ffmpeg found no {self.codec} picture in {len(data)} bytes") from None
        return image[: len(image) - crop // 2, : image.shape[1] - crop % 2]

    def _encode(self, image: UInt8[np.ndarray, "h w 3"]) -> bytes:
        size = f"{image.shape[1]}x{image.shape[0]}"
        # a file, not stdout: VVenC prints a warning there, which would join the stream
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / _OUTPUT
            command = [find_ffmpeg(), *self._encode_arguments(size, str(target))]
            run_program(command, image.tobytes())
            return read_output(target, "ffmpeg")

    def _encode_arguments(self, size: str, target: str) -> list[str]:
        source = ["-v", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-i", "pipe:"]
        colour = f"scale=out_color_matrix=bt709:out_range=tv{self._scaling()}"
        convert = ["-vf", f"{colour},format={self.planes}"] if self.planes else []
        coding = ["-c:v", self.encoder, *self.options, "-threads", str(self.threads)]
        return [*source, *convert, *coding, "-f", self.muxer, target]

    def _decode_arguments(self) -> list[str]:
        threads = ["-threads", str(self.threads)]
        source = ["-v", "error", *threads, "-f", self.demuxer, "-i", "pipe:"]
        colour = f"scale=in_color_matrix=bt709:in_range=tv{self._scaling()}"
        convert = ["-vf", colour] if self.planes else []
        target = ["-pix_fmt", "rgb24", "-c:v", "ppm", "-f", "image2pipe", "pipe:"]
        return [*source, *convert, *target]

    def _scaling(self) -> str:
        flags = "bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"
        return f":flags={flags}" if self.accurate_colour else ""


def jpeg_xl(distance: float, *, effort: int = 7, threads: int = 1) -> FfmpegPoint:
    """Returns lossy JPEG XL; ``distance`` is Butteraugli's, 15 at most in ffmpeg."""
    return FfmpegPoint(
        codec="jpeg-xl",
        setting=f"distance={distance:g}",
        encoder="libjxl",
        options=("-distance", f"{distance:g}", "-effort", str(effort)),
        muxer="image2pipe",
        demuxer="jpegxl_pipe",
        threads=threads,
    )


def hevc(
    qp: float, *, preset: str = "placebo", tune: str | None = "ssim", info: bool = False
) -> FfmpegPoint:
    """Returns HEVC intra, 4:4:4, 8 bits.

    The defaults are what bpgenc 0.9.8 sets in its own x265 at effort 8 (x265_glue.c).

    Args:
        qp: 0 to 51.
        preset: Of x265.
        tune: Of x265; None leaves its psychovisual terms on, which cost PSNR.
        info: Leaves in the stream the 2.2 kB in which x265 lists its options.
    """
    return FfmpegPoint(
        codec="hevc",
        setting=f"qp={qp:g}",
        encoder="libx265",
        options=(
            *("-preset", preset),
            *(("-tune", tune) if tune else ()),
            *("-qp", f"{qp:g}"),
            *("-x265-params", f"keyint=1:info={int(info)}:log-level=error"),
        ),
        muxer="hevc",
        demuxer="hevc",
        planes="yuv444p",
        min_side_px=32,
    )


def vvc(qp: float, *, preset: str = "medium", accurate_colour: bool = True) -> FfmpegPoint:
    """Returns VVC intra by VVenC, 4:2:0, 10 bits; ``qp`` is 0 to 63."""
    return FfmpegPoint(
        codec="vvc",
        setting=f"qp={qp:g}",
        encoder="libvvenc",
        options=("-preset", preset, "-qp", f"{qp:g}", "-vvenc-params", "intraperiod=1"),
        muxer="vvc",
        demuxer="vvc",
        planes="yuv420p10le",
        accurate_colour=accurate_colour,
        even_sides=True,
        min_side_px=16,
    )


def find_ffmpeg() -> str:
    """Returns the path of the wheel's ffmpeg, or of what IMAGEIO_FFMPEG_EXE names.

    Raises:
        ConfigError: The wheel is not installed.
    """
    try:
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError) as error:
        raise ConfigError(f"this codec needs ffmpeg: {_INSTALL} ({error})") from None


@cache
def _encoders() -> frozenset[str]:
    listed = run_program([find_ffmpeg(), "-v", "error", "-hide_banner", "-encoders"]).decode()
    return frozenset(line.split()[1] for line in listed.splitlines() if len(line.split()) > 1)
