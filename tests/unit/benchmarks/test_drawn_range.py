"""The rates at which drawing ends: the table says what decode uses of it."""

from benchmarks.tables.carriers import drawn_range

from sidelight.carriers.reading import DRAWN_RANGE_BPP


def test_table_shows_what_decode_uses():
    row = {
        "codec": "jpeg",
        "quality": 75,
        "bpp": sum(DRAWN_RANGE_BPP) / 2,
        "ssimulacra2_plain": 73.0,
        "ssimulacra2_drawn": 74.25,
        "worst_change": -0.5,
        "lpips_plain": 0.03,
        "lpips_drawn": 0.02,
    }
    assert drawn_range({"rows": [row], "conditions": {"pictures": 4}}).splitlines()[-1] == (
        "| JPEG 75 | 1.80 | 73.0 | +1.25 | -0.50 | 0.0300 | 0.0200 | 50 % |"
    )
