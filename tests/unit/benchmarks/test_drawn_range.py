"""How far drawing helps: the table says what decode uses of it."""

from benchmarks.tables.carriers import drawn_range


def test_table_shows_what_decode_uses():
    row = {
        "codec": "jpeg",
        "quality": 75,
        "bpp": 2.5,
        "share": 0.75,
        "ssimulacra2_plain": 73.0,
        "ssimulacra2_drawn": 74.25,
        "worst_change": -0.5,
        "lpips_plain": 0.03,
        "lpips_drawn": 0.02,
    }
    assert drawn_range({"rows": [row], "conditions": {"pictures": 4}}).splitlines()[-1] == (
        "| JPEG 75 | 2.50 | 73.0 | +1.25 | -0.50 | 0.0300 | 0.0200 | 75 % |"
    )
