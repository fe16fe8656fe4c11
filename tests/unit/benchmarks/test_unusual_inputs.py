"""Files that need little: the cases are what they say, and their table."""

from io import BytesIO

import numpy as np
from benchmarks.rd import unusual_inputs
from benchmarks.tables.carriers import unusual_inputs as table
from PIL import Image

from sidelight.carriers.reading import read


def _photograph():
    columns, rows = np.meshgrid(np.arange(64), np.arange(48))
    return np.stack([3 * columns, 5 * rows, columns + rows], axis=2).astype(np.uint8)


def test_every_case_makes_a_carrier_file_of_its_original():
    for case, _, make in unusual_inputs._cases():
        file = make(_photograph())
        decoded = read(file.data).picture.image
        assert decoded.shape == file.original.shape, case
        assert np.abs(decoded.astype(int) - file.original).mean() < 12, case


def test_lossless_files_are_the_original():
    lossless = [make for case, _, make in unusual_inputs._cases() if "lossless" in case]
    assert len(lossless) == 2
    for make in lossless:
        file = make(_photograph())
        assert np.array_equal(np.asarray(Image.open(BytesIO(file.data))), file.original)


def test_table_shows_the_worst_picture():
    row = {
        "case": "page, AVIF 40",
        "pictures": 3,
        "coded_bpp": 0.512,
        "ssimulacra2_plain": 80.0,
        "ssimulacra2_default": 79.5,
        "worst_change": -1.25,
        "lpips_plain": 0.1,
        "lpips_default": 0.05,
    }
    assert table({"rows": [row]}).splitlines()[-1] == (
        "| page, AVIF 40 | 3 | 0.51 | 80.0 | 79.5 | -1.2 | 0.1000 | 0.0500 |"
    )
