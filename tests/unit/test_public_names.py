"""The names that a user may rely on, and what they cost."""

import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

import sidelight
from sidelight.errors import CodecError

NAMES = {
    *("encode", "decode", "open", "load", "load_carrier"),
    *("Codec", "CarrierCodec", "Picture", "File", "errors", "__version__"),
}
PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def test_the_public_names_are_these_and_exist():
    assert set(sidelight.__all__) == NAMES
    assert set(dir(sidelight)) >= NAMES
    assert all(getattr(sidelight, name) is not None for name in NAMES)
    with pytest.raises(AttributeError, match="has no attribute 'decoder'"):
        sidelight.decoder  # noqa: B018


def test_every_error_is_one_of_ours_and_is_told_in_the_tree():
    kinds = [
        kind
        for kind in vars(sidelight.errors).values()
        if isinstance(kind, type)
        and kind.__module__ == sidelight.errors.__name__
        and not issubclass(kind, Warning)
    ]
    assert kinds[0] is CodecError
    for kind in kinds:
        assert issubclass(kind, CodecError)
        assert kind.__name__ in (sidelight.errors.__doc__ or "")


def test_types_travel_with_the_package_and_the_version_is_written_once():
    assert (Path(sidelight.__file__).parent / "py.typed").is_file()
    assert "version" in tomllib.loads(PROJECT.read_text())["project"]["dynamic"]
    assert version("sidelight") == sidelight.__version__


def test_a_plain_import_loads_nothing_heavy():
    code = "import sys, sidelight; assert not {'torch', 'numpy', 'PIL'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
