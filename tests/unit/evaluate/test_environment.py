import json
from pathlib import Path

from sidelight.evaluate import environment as module
from sidelight.evaluate.environment import command_line, environment, without_paths


def test_command_names_no_place_on_this_machine():
    root = Path(module.__file__).parents[3]
    arguments = [f"{root}/.venv/bin/python3.11", "-m", "benchmarks.rd.anchors", "--output"]
    assert command_line([*arguments, f"{root}/a b.json"]) == (
        "python -m benchmarks.rd.anchors --output 'a b.json'"
    )


def test_the_installed_command_is_named_as_it_is_typed():
    arguments = ["/usr/bin/python3.11", "/elsewhere/bin/sidelight", "evaluate", "rd", "kodak"]
    assert command_line(arguments) == "sidelight evaluate rd kodak"


def test_environment_is_json_with_versions():
    found = json.loads(json.dumps(environment(model=bytes(8), seed=3)))
    assert found["packages"]["torch"]
    assert found["model"] == "0" * 16
    assert found["seed"] == 3


def test_a_message_names_the_variable_and_not_this_machines_folder(monkeypatch):
    monkeypatch.setenv("SIDELIGHT_ASSETS", "/here/shared")
    said = "set SIDELIGHT_ASSETS (now /here/shared) to a folder"
    assert without_paths(said) == "set SIDELIGHT_ASSETS (now $SIDELIGHT_ASSETS) to a folder"
    monkeypatch.delenv("SIDELIGHT_ASSETS")
    assert without_paths(said) == said
