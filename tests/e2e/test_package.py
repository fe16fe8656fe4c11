"""The package as a stranger gets it: built, looked into, installed alone, used."""

import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
MAX_WHEEL_BYTES = 40_000_000
MAX_ENVIRONMENT_BYTES = 300_000_000
"""Without pip: 250 MB of dependencies once all are compiled, 32 of ours."""

pytestmark = pytest.mark.slow


def run(*command: object, folder: Path) -> str:
    """Runs a command that sees none of this source, and returns its stdout."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**environment, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """Holds the sdist, and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT, folder=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(built) -> Path:
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The bin folder of a new environment that holds the wheel and what it asks for."""
    folder = tmp_path_factory.mktemp("alone")
    run(sys.executable, "-m", "venv", folder / "venv", folder=folder)
    binaries = folder / "venv" / "bin"
    constraints = ROOT / "constraints.txt"
    install = (binaries / "pip", "install", "--quiet", "--no-compile", "-c", constraints)
    run(*install, wheel, folder=folder)
    run(binaries / "pip", "check", folder=folder)
    return binaries


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_holds_code_types_weights_and_their_terms(wheel):
    names = names_in(wheel)
    assert wheel.stat().st_size < MAX_WHEEL_BYTES
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"sidelight"}
    assert {
        "sidelight/py.typed",
        "sidelight/weights/TERMS.md",
        "sidelight/weights/carrier-small.safetensors",
        "sidelight/weights/carrier-tiny.safetensors",
        "sidelight/weights/small-multirate.safetensors",
    } <= names
    licences = {name.partition("/licenses/")[2] for name in names if "/licenses/" in name}
    assert licences == set(PROJECT["license-files"])


def test_every_file_of_the_package_is_in_the_wheel(wheel):
    source = ROOT / "src"
    tracked = {
        str(path.relative_to(source))
        for path in source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert tracked == {name for name in names_in(wheel) if ".dist-info/" not in name}


def test_the_metadata_are_what_the_project_says(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (path,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        metadata = message_from_bytes(archive.read(path))
    assert metadata["License-Expression"] == PROJECT["license"]
    assert metadata.get_all("Classifier") == PROJECT["classifiers"]
    assert len(metadata.get_all("Project-URL")) == len(PROJECT["urls"])
    assert metadata.get_payload().startswith("# Sidelight")


def test_the_sdist_holds_what_its_tests_need(built):
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"LICENSE", "pyproject.toml", "Makefile", "tests/golden/manifest.json"} <= names
    assert not {name for name in names if "node_modules" in name}


def test_installed_alone_it_answers(installed, wheel, tmp_path):
    version = wheel.name.split("-")[1]
    assert run(installed / "sidelight", "--version", folder=tmp_path) == f"sidelight {version}\n"
    assert "encode" in run(installed / "sidelight", "--help", folder=tmp_path)


def test_installed_alone_it_brings_no_torch_and_is_small(installed, tmp_path):
    program = "import importlib.util; print(importlib.util.find_spec('torch'))"
    assert run(installed / "python", "-I", "-c", program, folder=tmp_path) == "None\n"
    found = (f for f in installed.parent.rglob("*") if f.is_file() and not f.is_symlink())
    installers = {"pip", "setuptools", "pkg_resources", "_distutils_hack"}
    assert sum(f.stat().st_size for f in found if not installers & set(f.parts)) <= (
        MAX_ENVIRONMENT_BYTES
    )


@pytest.mark.parametrize("suffix", [".avif", ".slt"])
def test_installed_alone_it_codes_and_decodes(installed, tmp_path, suffix):
    with Image.open(ROOT / "examples" / "coffee.png") as image:
        image.convert("RGB").resize((90, 60)).save(tmp_path / "photo.png")
    coded, decoded = tmp_path / f"photo{suffix}", tmp_path / "decoded.png"
    run(installed / "sidelight", "encode", "photo.png", coded, folder=tmp_path)
    run(installed / "sidelight", "decode", coded, decoded, "--caption", "Coffee.", folder=tmp_path)
    with Image.open(decoded) as image:
        assert image.size == (90, 60)


def test_installed_alone_pillow_reads_and_writes(installed, tmp_path):
    program = (
        "import sidelight.pillow; from PIL import Image\n"
        "Image.new('RGB', (40, 30), 'teal').save('x.slt', quality=3, caption='Teal.')\n"
        "image = Image.open('x.slt'); image.load(); print(image.size, image.info['caption'])"
    )
    shown = run(installed / "python", "-I", "-c", program, folder=tmp_path)
    assert shown == "(40, 30) Teal.\n"
