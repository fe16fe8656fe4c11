"""A run from its recipe to its folder: through the command, on a shard made here."""

import io
import json
import tarfile

import numpy as np
import pytest
import torch
from PIL import Image
from tests.golden.tiny_text import HashingTextEncoder
from tests.shard import write_shard
from tests.tiny_config import TINY_CONFIG
from typer.testing import CliRunner

from sidelight.claim import claimed
from sidelight.cli.app import app
from sidelight.metrics.networks.lpips import LPIPS
from sidelight.train.data.datasets import find_pictures, no_words
from sidelight.train.recipe import load_recipe, recipe_of_run
from sidelight.train.run_log import RunLog
from sidelight.train.state_file import STATE_FILE

RECIPE = """
held_out_shard = "b"
held_out = 1
text_encoder = "tiny"
target_bpp = [0.1, 0.3, 0.9]
initial_lmbda = [2.0, 1.0, 0.5]
phases = [{ steps = 4, crop = 64, batch = 2 }]
learning_rate = 5e-3
matrix_learning_rate = 5e-3
sample_every = 3
"""


@pytest.fixture(autouse=True)
def small_networks(monkeypatch):
    torch.manual_seed(0)
    lpips = LPIPS(for_training=True)
    monkeypatch.setattr("sidelight.train.run.LPIPS.load", lambda **options: lpips)
    encoders = {"tiny": HashingTextEncoder}
    monkeypatch.setattr("sidelight.text.registry.TEXT_ENCODERS", encoders)
    monkeypatch.setattr("sidelight.train.recipe.PRESETS", {"tiny": TINY_CONFIG})


@pytest.fixture
def folder(tmp_path, monkeypatch, make_picture):
    monkeypatch.setenv("SIDELIGHT_ASSETS", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    pictures = ((make_picture(80, 96, seed=k), [f"Picture {k}.", "Waves."]) for k in range(5))
    write_shard(tmp_path / "b.tar", pictures)
    sources = 'data = [{ pictures = "*.tar" }]\n'
    (tmp_path / "recipe.toml").write_text(sources + RECIPE + '[model]\npreset = "tiny"\n')
    return tmp_path


def train(folder, *options: str, run: str = "run"):
    arguments = ["train", str(folder / "recipe.toml"), str(folder / run), *options]
    return CliRunner().invoke(app, arguments)


def records(folder, run: str = "run") -> list[dict]:
    return [json.loads(line) for line in (folder / run / "log.jsonl").read_text().splitlines()]


SWEEP = """
terms = "for tests"
runs = [
    { name = "first", extends = "recipe.toml" },
    { name = "second", extends = "recipe.toml", after = "first", seed = 7 },
]
"""


def test_a_sweep_trains_all_runs_and_exports_the_last_of_each_line(folder):
    (folder / "sweep.toml").write_text(SWEEP)
    arguments = ["train", str(folder / "sweep.toml"), str(folder / "out")]
    cut = CliRunner().invoke(app, [*arguments, "--time-limit", "0s"])
    assert cut.exit_code == 0, cut.output
    assert "the same command goes on" in cut.stderr
    assert not (folder / "out" / "second").exists()
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert [records(folder, f"out/{name}")[-1]["step"] for name in ("first", "second")] == [4, 4]
    assert recipe_of_run(folder / "out" / "second").start_from == str(folder / "out" / "first")
    made = {path.name for path in (folder / "out").glob("*.safetensors")}
    assert made == {"second.safetensors"}
    again = CliRunner().invoke(app, arguments)
    assert "complete" not in again.stderr


def test_a_run_leaves_its_recipe_log_samples_and_state(folder):
    done = train(folder)
    assert done.exit_code == 0, done.output
    assert "complete" in done.stderr
    run = folder / "run"
    assert json.loads((run / "recipe.json").read_text())["text_encoder"] == "tiny"
    told = records(folder)
    # rates of real files at three levels after step 3 and at the end, and the last step's losses
    assert [r["step"] for r in told] == [3, 4, 4]
    assert told[0]["real_bpp_q1"] > 0
    assert {"total", "bpp", "mse", "lpips", "images_per_s", "lmbda"} <= told[1].keys()
    names = sorted(p.name for p in (run / "samples").iterdir())
    assert names[:3] == [f"0000003-b-4-q{q}.png" for q in (1, 5, 9)]
    with Image.open(run / "samples" / names[0]) as strip:
        assert strip.size == (3 * 96, 80)
        assert np.ptp(np.asarray(strip)) > 20
    assert list((run / "tensorboard").iterdir())
    assert torch.load(run / STATE_FILE, weights_only=True)["step"] == 4


def test_a_run_stops_at_its_time_limit_and_goes_on_where_it_was(folder):
    whole = train(folder, "--set", "adversarial.weight=0.2", run="whole")
    assert whole.exit_code == 0, whole.output
    for k in range(4):
        options = ["--time-limit", "0s", "--set", "adversarial.weight=0.2"]
        cut = train(folder, *options, *(["--resume"] if k else []))
        assert ("stopped before its end" in cut.stderr) == (k < 3), cut.output
        assert "nothing to resume" not in cut.stderr
    first, second = (
        torch.load(folder / run / STATE_FILE, weights_only=True) for run in ("whole", "run")
    )
    assert first["step"] == second["step"] == 4
    for part in ("model", "ema"):
        assert all(torch.equal(v, second[part][name]) for name, v in first[part].items())


def test_a_run_that_is_to_go_on_where_there_is_none_says_that_it_starts(folder):
    done = train(folder, "--resume")
    assert done.exit_code == 0, done.output
    first, second, *_ = done.stderr.splitlines()
    assert first == f"nothing to resume in {folder / 'run'}: starting"
    assert second == "decoding the pictures"
    assert "training: step 4 of 4, loss " in done.stderr


def test_a_folder_with_a_run_is_not_written_over(folder):
    assert train(folder).exit_code == 0
    before = (folder / "run" / STATE_FILE).read_bytes()
    again = train(folder)
    assert again.exit_code == 1
    assert "holds a run: give --resume to go on, or another folder" in again.stderr
    assert (folder / "run" / STATE_FILE).read_bytes() == before


def test_stage_2_starts_from_the_averages_of_stage_1(folder):
    assert train(folder).exit_code == 0
    options = [
        f'start_from="{folder / "run"}"',
        "adversarial.weight=0.15",
        "learning_rate=1e-9",
        "matrix_learning_rate=1e-9",
    ]
    done = train(folder, *(part for o in options for part in ("--set", o)), run="second")
    assert done.exit_code == 0, done.output
    first, second = (
        torch.load(folder / run / STATE_FILE, weights_only=True) for run in ("run", "second")
    )
    name = "g_a.network.0.weight"
    torch.testing.assert_close(first["ema"][name], second["model"][name], rtol=0, atol=1e-6)
    assert records(folder, "second")[-2]["d_fake"] > 0


def test_workers_draw_the_same_batches(folder):
    for workers in ("0", "2"):
        assert train(folder, "--workers", workers, run=workers).exit_code == 0
    first, second = (
        torch.load(folder / w / STATE_FILE, weights_only=True)["model"] for w in ("0", "2")
    )
    assert all(torch.equal(value, second[name]) for name, value in first.items())


def test_pictures_in_files_train_as_those_in_memory(folder):
    for where in ("true", "false"):
        assert train(folder, "--set", f"in_memory={where}", run=where).exit_code == 0
    first, second = (
        torch.load(folder / w / STATE_FILE, weights_only=True)["model"] for w in ("true", "false")
    )
    assert all(torch.equal(value, second[name]) for name, value in first.items())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--set", 'data=[{ pictures = "*.zip" }]'], "no captioned pictures in '*.zip'"),
        (["--set", "model.text_width=9"], "model.text_width is 9, but tiny gives vectors of 16"),
        (["--set", 'start_from="absent"'], "cannot read absent/state.pt: No such file"),
        (["--set", "steps=3"], "unknown key 'steps'"),
        (  # before pictures are read
            ["--set", 'start_from="absent"', "--set", 'data=[{ pictures = "*.zip" }]'],
            "cannot read absent/state.pt: No such file",
        ),
        (["--device", "meta"], "torch cannot compute on device 'meta'"),
        (["--set", "held_out=5"], "all 5 pictures are held out"),
        (["--set", "text_share=0.5"], "afresh and text_share are about what start_from has"),
        (["--set", "dial.wrong_text_share=0.5"], "dial is for carrier generators"),
        (["--set", 'learns=["grian"]', "--set", 'data=[{ pictures = "*.zip" }]'], "learns names"),
    ],
)
def test_what_cannot_be_trained_is_one_clear_error(folder, options, message):
    done = train(folder, *options)
    assert done.exit_code == 1
    assert f"sidelight: error: {message}" in done.stderr


@pytest.mark.parametrize(("shard", "held"), [("b", 1), ("b2", 0), ("b.tar", 0), ("", 0)])
def test_held_out_is_the_shard_of_that_very_name_and_none_is_told(folder, shard, held):
    (folder / "b1.tar").write_bytes((folder / "b.tar").read_bytes())
    recipe = load_recipe(folder / "recipe.toml", [f'held_out_shard="{shard}"'])
    told = []
    kept, held_out = find_pictures(recipe, told.append)
    assert [p.key.split("/")[0] for p in held_out] == ["b"] * held
    assert len(kept) == 10 - held
    assert [line.startswith("nothing is held out") for line in told] == [True] * (not held)


def test_a_time_that_is_none_is_wrong_usage(folder):
    done = train(folder, "--time-limit", "soon")
    assert done.exit_code == 2
    assert "such as 90s, 9m or 2h" in done.stderr


def add_shard(folder, name: str, members: dict[str, bytes]) -> None:
    with tarfile.open(folder / name, "w") as shard:
        for member, content in members.items():
            info = tarfile.TarInfo(member)
            info.size = len(content)
            shard.addfile(info, io.BytesIO(content))


@pytest.mark.parametrize("in_memory", ["true", "false"])
def test_broken_pictures_are_named_and_passed_over_if_the_recipe_says_so(
    folder, make_picture, in_memory
):
    picture = io.BytesIO()
    Image.fromarray(make_picture(80, 96)).save(picture, "PNG")
    words = b'{"captions": "One."}'
    half = picture.getvalue()[:9000]
    add_shard(folder, "c.tar", {"half.png": half, "half.json": words, "bare.png": b"?"})
    kept = ["--set", f"in_memory={in_memory}"]
    refused = train(folder, *kept)
    assert refused.exit_code == 1
    assert "2 of 7 pictures cannot be trained on: " in refused.stderr
    assert "c/bare has no captions" in refused.stderr
    assert "--set skip_broken=true" in refused.stderr
    done = train(folder, *kept, "--set", "skip_broken=true")
    assert done.exit_code == 0, done.output
    told = " ".join(done.stderr.split())
    assert "2 of 7 pictures are passed over: " in told
    assert "c/half: PNG" in told


def test_shards_of_one_name_in_two_folders_keep_their_pictures_apart(folder):
    recipe = load_recipe(folder / "recipe.toml", ['data=[{ pictures = "**/*.tar" }]'])
    (folder / "more").mkdir()
    (folder / "more" / "b.tar").write_bytes((folder / "b.tar").read_bytes())
    kept, held_out = find_pictures(recipe, no_words)
    found = kept + held_out
    assert len({picture.key for picture in found}) == len(found) == 10


def test_a_listing_names_no_key_outside_of_the_folder(folder, tmp_path, make_picture):
    (folder / "set").mkdir()
    outside = folder / "outside.png"
    Image.fromarray(make_picture(64, 64)).save(outside)
    listing = folder / "captions.json"
    listing.write_text(json.dumps({str(outside): "One.", "../outside.png": "Two."}))
    source = f'data=[{{ pictures = "set", captions = "{listing}" }}]'
    found, _ = find_pictures(load_recipe(folder / "recipe.toml", [source]), no_words)
    assert len({picture.key for picture in found}) == 2
    assert not any(picture.key.startswith(("/", "..")) for picture in found)


def test_two_trainings_in_one_folder_do_not_meet(folder):
    with claimed(folder / "run"):
        done = train(folder)
    assert done.exit_code == 1
    assert "another process is at work in" in done.stderr
    assert train(folder).exit_code == 0


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"{}"])
def test_a_damaged_state_is_one_clear_error_and_stays(folder, content):
    state = folder / "run" / STATE_FILE
    state.parent.mkdir()
    state.write_bytes(content)
    done = train(folder, "--resume")
    assert done.exit_code == 1
    assert f"sidelight: error: {state} is no state of a run, or a damaged one" in done.stderr
    assert state.read_bytes() == content


def test_a_loss_that_is_not_finite_leaves_a_log_that_is_json(tmp_path):
    log = RunLog(tmp_path)
    log.add(3, {"total": float("nan"), "lmbda": [1.0, float("inf")]})
    log.close()
    assert json.loads((tmp_path / "log.jsonl").read_text(), parse_constant=pytest.fail) == {
        "step": 3,
        "total": "NaN",
        "lmbda": [1.0, "Infinity"],
    }
