import numpy as np
import pytest
from benchmarks.rd.overhead import summarise, symbol_bits

from sidelight.entropy.coder import CodingTables, SymbolEncoder
from sidelight.entropy.tables import gaussian_tables


def test_estimate_is_what_the_coder_writes():
    tables = gaussian_tables([0.3, 2.0, 9.0])
    generator = np.random.default_rng(5)
    index = generator.integers(0, 3, 20_000).astype(np.uint8)
    symbols = np.rint(generator.normal(0, np.array([0.3, 2.0, 9.0])[index])).astype(np.int32)
    symbols[:50] *= 100_000  # escaped
    encoder = SymbolEncoder()
    encoder.push(symbols, index, CodingTables(tables))
    written = 8 * len(encoder.finish())
    # the coder rounds up to whole words and loses below 0.1 % on its fixed-point tables
    assert symbol_bits(symbols, index, tables) == pytest.approx(written, rel=1e-3, abs=64)


def test_the_overhead_is_that_of_all_files_together():
    times = {"encode_s": 1.0, "decode_s": 3.0}
    found = summarise(
        [
            {"bits": 110, "estimated": 100, "pixels": 100} | times,
            {"bits": 900, "estimated": 900, "pixels": 1000} | times,
        ]
    )
    assert found["overhead_percent"] == pytest.approx(1.0)
    assert found["bpp"] == pytest.approx(1.0)
    assert found["bpp_estimated"] == pytest.approx(0.95)
    assert (found["encode_s"], found["decode_s"]) == (1.0, 3.0)
