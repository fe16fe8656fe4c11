"""``sidelight compare`` from its command line."""

import json
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from sidelight.cli.app import app

EXPORTED = Path(__file__).parents[1] / "compare" / "data" / "judgements.json"
SIDES = ["--of", "of", "--a", "Smooth=a", "--b", "b"]


@pytest.fixture
def pictures(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for folder in ("of", "a", "b"):
        Path(folder).mkdir()
        Image.linear_gradient("L").resize((30, 20)).save(f"{folder}/x.png")
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["compare", *arguments])


def test_a_comparison_is_made_and_told(pictures):
    result = run("out", *SIDES, "--seed", "7", "--rounds", "2", "--question", "Which is nicer?")
    assert result.exit_code == 0, result.output
    assert result.stdout == "out/index.html: 1 picture, seed 7\n"
    page = Path("out/index.html").read_text()
    assert '"rounds": 2' in page
    assert "Which is nicer?" in page


def test_an_error_is_one_line(pictures):
    Path("b/x.png").rename("b/y.png")
    result = run("out", *SIDES)
    assert result.exit_code == 1
    assert result.stderr == (
        "sidelight: error: pictures without partners: x (not in --b), y (not in --of, --a); every "
        "picture must stand in --of, --a and --b under one name, whatever its suffix\n"
    )
    assert not Path("out").exists()


def test_results_are_a_table_or_a_record():
    result = run("--results", str(EXPORTED))
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "Smooth against Noisy: Which is closer to the original?",
        "1 judge, 4 choices",
        "picture  Smooth  Noisy  no difference",
        *(f"{name:7}  {a:6}  {b:5}  {none:13}" for name, (a, b, none) in counts().items()),
        "all           2      1              1",
        "Smooth: 66.7% of 3 decided choices, 95% interval 20.8% to 93.9% (Wilson; no difference is "
        "left out)",
        "the interval holds 50 %: these choices prefer neither",
    ]
    record = json.loads(run("--results", "--json", str(EXPORTED)).stdout)
    assert record["choices"] == {"a": 2, "b": 1, "none": 1}
    assert record["a_of_decided"]["value"] == pytest.approx(2 / 3)


def counts() -> dict[str, tuple[int, int, int]]:
    exported = json.loads(EXPORTED.read_text())
    chosen = {c["picture"]: c.get(c["choice"], "none") for c in exported["choices"]}
    return {n: tuple(int(chosen[n] == o) for o in ("a", "b", "none")) for n in sorted(chosen)}


@pytest.mark.parametrize(
    "arguments",
    [
        ["out"],
        ["out", "--of", "of", "--a", "a"],
        ["out", "more", *SIDES],
        ["out", *SIDES, "--json"],
        ["--results", "x.json", "--a", "a"],
        ["--results"],
        ["out", *SIDES, "--rounds", "0"],
    ],
)
def test_wrong_usage_exits_with_2(pictures, arguments):
    assert run(*arguments).exit_code == 2


def test_a_missing_export_is_told():
    result = run("--results", "missing.json")
    assert result.exit_code == 1
    assert "missing.json" in result.stderr
