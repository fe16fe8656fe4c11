"""Values by libjxl's own programs, beside ours.

They must be on the PATH: Debian 13 has those of libjxl 0.11 in libjxl-devtools.
"""

import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from statistics import fmean

import numpy as np
from PIL import Image

from sidelight.evaluate.dataset import load_dataset
from sidelight.metrics.butteraugli import PROGRAM, ButteraugliMax, ButteraugliNorm
from sidelight.metrics.protocol import Sample
from sidelight.metrics.ssimulacra2 import Ssimulacra2
from sidelight.programs import find_program, run_program

_REMEDY = "apt-get install libjxl-devtools of Debian 13, or build libjxl 0.11 with its devtools"
_SIZES = ((512, 768), (131, 203), (64, 80), (9, 15))  # six scales, six of odd sides, five, two
_NORMS = (3, 6, 12)

Pair = tuple[list[float], list[float]]


def ssimulacra2(*qualities: int) -> Pair:
    """Returns values of Kodak's first pictures, whole and cut, as JPEG of these qualities."""
    program, metric = find_program("ssimulacra2", _REMEDY), Ssimulacra2()
    ours, theirs = [], []
    for sample in _samples(qualities):
        ours.append(metric(sample))
        theirs.append(float(_run([program], sample)))
    return ours, theirs


def butteraugli() -> Pair:
    """Returns both distances, and what they are by definition of the map that the program draws."""
    program, metrics = find_program(PROGRAM, _REMEDY), (ButteraugliMax(), ButteraugliNorm())
    ours, theirs = [], []
    for sample in _samples((10, 80)):
        ours += [metric(sample) for metric in metrics]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "map.pfm"
            _run([program, "--intensity_target", "80", "--rawdistmap", str(path)], sample)
            found = _read_map(path)
        norms = [(found**p).mean() ** (1 / p) for p in _NORMS]
        theirs += [float(found.max()), fmean(norms)]
    return ours, theirs


def _samples(qualities: tuple[int, ...]) -> Iterator[Sample]:
    dataset = load_dataset("kodak", limit=3)
    for k in range(len(dataset.pictures)):
        for height, width in _SIZES:
            original = np.ascontiguousarray(dataset.image(k)[:height, :width])
            for quality in qualities:
                file = BytesIO()
                Image.fromarray(original).save(file, "JPEG", quality=quality)
                yield Sample(original, np.asarray(Image.open(file)), ())


def _run(command: list[str], sample: Sample) -> str:
    """Returns what a program prints of two PNG files."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder) / name) for name in ("original.png", "decoded.png")]
        for path, image in zip(paths, sample[:2], strict=True):
            Image.fromarray(image).save(path)
        return run_program([command[0], *paths, *command[1:]]).decode()


def _read_map(path: Path) -> np.ndarray:
    """Returns a grey PFM file as (h, w); the order of rows does not matter here."""
    with path.open("rb") as file:
        kind, size, scale = (file.readline().split() for _ in range(3))
        width, height = map(int, size)
        order = "<f4" if float(scale[0]) < 0 else ">f4"
        values = np.frombuffer(file.read(), order).astype(float)
    if kind != [b"Pf"]:
        raise SystemExit(f"{path.name} starts with {kind}, expected a grey PFM file")
    return values.reshape(height, width)
