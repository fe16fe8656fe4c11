"""How much memory one step takes on a large picture: run by test_large_pictures.py, alone.

python -m tests.unit.memory_growth CASE

Prints bytes per pixel beyond what was there before the step. A small picture goes first, so that
imports and tables are not counted.
"""

import gc
import sys
import tempfile
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from sidelight.entropy.coder import CodingTables, SymbolDecoder, SymbolEncoder
from sidelight.entropy.latents import WHOLE, Latents, Prediction, by_rounding
from sidelight.entropy.tables import gaussian_tables
from sidelight.pixels.decoding import decode_picture
from sidelight.pixels.encoding import encode_picture
from sidelight.pixels.files import write_picture
from sidelight.pixels.picture import Picture
from sidelight.pixels.transparency import fill_transparent
from sidelight.runtime.tiles import run_in_tiles
from sidelight.tiling import TileGrid

SIDES = (64, 2800)
"""Of a small picture and of a large one, 7.8 megapixels."""
_TURNED = 6


def flat(side: int, *, has_alpha: bool = False) -> Picture:
    alpha = np.full((side, side), 200, np.uint8) if has_alpha else None
    return Picture(image=np.full((side, side, 3), 90, np.uint8), alpha=alpha)


def reading(format: str, *, has_alpha: bool = False) -> Iterator[Callable[[], object]]:
    for side in SIDES:
        data = encode_picture(flat(side, has_alpha=has_alpha), format)
        yield lambda data=data: decode_picture(data, max_pixels=2**27)


def reading_turned() -> Iterator[Callable[[], object]]:
    exif = Image.Exif()
    exif[274] = _TURNED
    with tempfile.TemporaryDirectory() as folder:
        for side in SIDES:
            path = Path(folder) / f"{side}.png"
            Image.new("RGB", (side, side // 2)).save(path, exif=exif)
            data = path.read_bytes()
            yield lambda data=data: decode_picture(data, max_pixels=2**27)


def writing(format: str) -> Iterator[Callable[[], object]]:
    with tempfile.TemporaryDirectory() as folder:
        for side in SIDES:
            picture, path = flat(side), Path(folder) / f"a.{format}"
            yield lambda picture=picture, path=path: write_picture(picture, path)


def filling() -> Iterator[Callable[[], object]]:
    for side in SIDES:
        picture = flat(side, has_alpha=True)
        assert picture.alpha is not None
        picture.alpha[side // 2 :] = 0
        yield lambda picture=picture: fill_transparent(picture)


def tiling() -> Iterator[Callable[[], object]]:
    for side in SIDES:
        x = flat(side).image[None].transpose(0, 3, 1, 2)
        grid = TileGrid(256, 64, Fraction(1))
        yield lambda x=x, grid=grid: run_in_tiles(
            lambda tile, _: [tile + 1], x, grid, multiple=128, by_pixel=True
        )


def latents_of(side: int) -> tuple[Latents, CodingTables]:
    """Returns integers, as many as a picture of this side has pixels."""
    shape = (1, 32, side // 4, side // 8)
    symbols = np.arange(side * side, dtype=np.int32).reshape(shape) % 7 - 3
    index = np.arange(side * side, dtype=np.uint32).astype(np.uint8).reshape(shape) % 5
    tables = CodingTables(gaussian_tables([0.5, 1.0, 1.5, 2.0, 3.0]))
    return Latents(symbols, symbols, Prediction(np.zeros(shape, np.int32), index)), tables


def pushing() -> Iterator[Callable[[], object]]:
    for side in SIDES:
        latents, tables = latents_of(side)
        yield lambda found=latents, tables=tables: SymbolEncoder().push(
            found.y_symbols, found.prediction.index, tables
        )


def pulling() -> Iterator[Callable[[], object]]:
    for side in SIDES:
        latents, tables = latents_of(side)
        index, encoder = latents.prediction.index, SymbolEncoder()
        encoder.push(latents.y_symbols, index, tables)
        decoder = SymbolDecoder(encoder.finish())
        del latents, encoder
        yield lambda decoder=decoder, index=index, tables=tables: decoder.pull(index, tables)


def rounding_off() -> Iterator[Callable[[], object]]:
    for side in SIDES:
        latents, _ = latents_of(side)
        y = np.ones(latents.y_symbols.shape, np.float32)
        yield lambda y=y, found=latents: by_rounding(y)(WHOLE, found.prediction)


def dequantising() -> Iterator[Callable[[], object]]:
    for side in SIDES:
        latents, _ = latents_of(side)
        yield lambda found=latents: found.dequantised(np.ones((1, 32, 1, 1), np.float32))


CASES: dict[str, Callable[[], Iterator[Callable[[], object]]]] = {
    "read png": lambda: reading("png"),
    "read png with alpha": lambda: reading("png", has_alpha=True),
    "read turned png": reading_turned,
    "read tiff": lambda: reading("tiff"),
    "read webp": lambda: reading("webp"),
    "write png": lambda: writing("png"),
    "write tiff": lambda: writing("tiff"),
    "fill transparent": filling,
    "run in tiles": tiling,
    "push symbols": pushing,
    "pull symbols": pulling,
    "round": rounding_off,
    "dequantise": dequantising,
}


def memory(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(field))
    return int(line.split()[1]) * 1024


def growth(case: str) -> float:
    steps = CASES[case]()
    next(steps)()
    step = next(steps)
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = memory("VmRSS")
    kept = step()
    peak = memory("VmHWM")
    del kept
    return (peak - before) / SIDES[1] ** 2


if __name__ == "__main__":
    sys.stdout.write(f"{growth(sys.argv[1])}\n")
