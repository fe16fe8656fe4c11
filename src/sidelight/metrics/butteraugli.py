"""Butteraugli (Alakuijala et al. 2017) by libjxl's program: how visible the differences are."""

import hashlib
import re
import tempfile
from functools import cache
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from sidelight.errors import CodecError, ImageError
from sidelight.metrics.pictures import check_sizes
from sidelight.metrics.protocol import Sample
from sidelight.programs import find_program, run_program

PROGRAM = "butteraugli_main"
_REMEDY = "apt-get install libjxl-devtools (Debian, Ubuntu), or build libjxl with its devtools"
_NITS = 80
_SMALLEST_PX = 8
_PRINTED = re.compile(r"^([0-9.]+)\s+3-norm: ([0-9.]+)$")


class Distances(NamedTuple):
    """What the program says of a picture; 0 for equal ones, about 1 where they just differ."""

    max: float
    norm: float


class _Butteraugli:
    higher_is_better = False

    def __init__(self) -> None:
        """Finds the program.

        Raises:
            ConfigError: It is not on the PATH.
        """
        self._measurer = _measurer(find_program(PROGRAM, _REMEDY))
        self.source = (
            f"Alakuijala et al. 2017, arXiv 1703.04421; {PROGRAM} at {_NITS} nits, SHA-256 "
            f"{self._measurer.digest}"
        )


class ButteraugliNorm(_Butteraugli):
    """Over all places: libjxl's 3-norm, which is the mean of the norms 3, 6 and 12."""

    name = "butteraugli_3norm"
    label = "Butteraugli (3-norm)"

    def __call__(self, sample: Sample) -> float:
        """Returns the picture's value.

        Raises:
            ImageError: The two pictures differ in size, or have a side of less than 8 px.
            CodecError: The program fails.
        """
        return self._measurer.measure(sample).norm


class ButteraugliMax(_Butteraugli):
    """At the worst place."""

    name = "butteraugli_max"
    label = "Butteraugli (max)"

    def __call__(self, sample: Sample) -> float:
        """Returns the picture's value; errors are those of the norm."""
        return self._measurer.measure(sample).max


class _Measurer:
    """Runs the program once for both distances: keeps what it said of the last sample."""

    def __init__(self, program: str) -> None:
        self._program = program
        # libjxl 0.7 and 0.11 differ by 2 %, and the program does not tell its version
        self.digest = hashlib.sha256(Path(program).read_bytes()).hexdigest()[:12]
        self._last: tuple[Sample, Distances] | None = None

    def measure(self, sample: Sample) -> Distances:
        if self._last is None or self._last[0] is not sample:
            self._last = sample, self._run(sample)
        return self._last[1]

    def _run(self, sample: Sample) -> Distances:
        check_sizes(sample)
        height, width, _ = sample.original.shape
        if min(height, width) < _SMALLEST_PX:  # the program would say that they are equal
            raise ImageError(
                f"Butteraugli needs sides of {_SMALLEST_PX} px or more, got {width}x{height} px"
            )
        with tempfile.TemporaryDirectory() as folder:
            paths = [str(Path(folder) / name) for name in ("original.ppm", "decoded.ppm")]
            for path, image in zip(paths, sample[:2], strict=True):
                Image.fromarray(image).save(path)
            options = ["--intensity_target", str(_NITS), "--pnorm", "3"]
            printed = run_program([self._program, *paths, *options]).decode(errors="replace")
        found = _PRINTED.match(printed.strip())
        if found is None:
            raise CodecError(
                f"{PROGRAM} printed {printed!r}, expected a distance and a 3-norm: {_REMEDY}"
            )
        return Distances(*map(float, found.groups()))


@cache
def _measurer(program: str) -> _Measurer:
    return _Measurer(program)
