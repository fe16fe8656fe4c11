"""Butteraugli by a program, which small scripts play here."""

import hashlib

import numpy as np
import pytest

from sidelight.errors import CodecError, ConfigError, ImageError
from sidelight.metrics.butteraugli import ButteraugliMax, ButteraugliNorm
from sidelight.metrics.protocol import Sample

# tells the mean level of what is added to the first file, and counts how often it ran
PROGRAM = """
from pathlib import Path
def pixels(path):
    data = Path(path).read_bytes()
    assert data.startswith(b"P6\\n80 64\\n255\\n"), data[:20]
    return data[-3 * 80 * 64:]
assert args[2:] == ["--intensity_target", "80", "--pnorm", "3"], args
original, decoded = map(pixels, args[:2])
added = [b - a for a, b in zip(original, decoded)]
with Path(__file__).with_name("runs").open("a") as runs:
    runs.write("x")
print("lib/color_hints.cc:54: assuming sRGB", file=sys.stderr)
print(f"{max(added):.10f}")
print(f"3-norm: {sum(added) / len(added):.6f}")
"""


@pytest.fixture
def sample(make_picture):
    original = make_picture(64, 80) // 2
    decoded = original.copy()
    decoded[:32] += 3
    return Sample(original, decoded, [])


def test_one_run_of_the_program_serves_both_distances(install, sample):
    path = install("butteraugli_main", PROGRAM)
    norm, worst = ButteraugliNorm(), ButteraugliMax()
    assert (norm(sample), worst(sample)) == (1.5, 3.0)
    assert path.with_name("runs").read_text() == "x"
    other = sample._replace(decoded=sample.original)
    assert (norm(other), worst(other), norm(sample)) == (0.0, 0.0, 1.5)
    assert path.with_name("runs").read_text() == "xxx"


def test_the_source_tells_which_program_it_was(install, sample):
    path = install("butteraugli_main", PROGRAM)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert ButteraugliNorm().source.endswith(f"butteraugli_main at 80 nits, SHA-256 {digest[:12]}")


def test_names_are_those_of_the_two_distances(install):
    install("butteraugli_main", PROGRAM)
    found = {m.name: (m.label, m.higher_is_better) for m in (ButteraugliNorm(), ButteraugliMax())}
    assert found == {
        "butteraugli_3norm": ("Butteraugli (3-norm)", False),
        "butteraugli_max": ("Butteraugli (max)", False),
    }


@pytest.mark.parametrize("metric", [ButteraugliNorm, ButteraugliMax])
def test_without_the_program_the_error_names_its_package(monkeypatch, tmp_path, metric):
    monkeypatch.setenv("PATH", str(tmp_path))
    missing = "butteraugli_main is not on the PATH: apt-get install libjxl-devtools"
    with pytest.raises(ConfigError, match=missing):
        metric()


@pytest.mark.parametrize("printed", ["", "1.5", "nan\\n3-norm: nan", "1.5\\n2-norm: 1.0"])
def test_other_words_of_the_program_are_told(install, sample, printed):
    install("butteraugli_main", f"print('{printed}')")
    with pytest.raises(CodecError, match=r"butteraugli_main printed .*, expected a distance and"):
        ButteraugliMax()(sample)


def test_what_the_program_complains_of_is_told(install, sample):
    install("butteraugli_main", "sys.exit('Failed to decode')")
    with pytest.raises(CodecError, match=r"butteraugli_main failed .*: Failed to decode$"):
        ButteraugliMax()(sample)


def test_pictures_of_different_sizes_are_refused(install, sample):
    install("butteraugli_main", PROGRAM)
    with pytest.raises(ImageError, match="has 80x32 px, its original 80x64 px"):
        ButteraugliNorm()(sample._replace(decoded=sample.decoded[:32]))


def test_a_side_under_8_px_is_refused(install):
    install("butteraugli_main", PROGRAM)
    tiny = np.zeros((80, 7, 3), np.uint8)
    with pytest.raises(ImageError, match="needs sides of 8 px or more, got 7x80 px"):
        ButteraugliNorm()(Sample(tiny, tiny, []))
