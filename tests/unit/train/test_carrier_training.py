"""Training of a carrier generator, step by step and through the command."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from PIL import Image
from tests.golden.tiny_text import HashingTextEncoder
from tests.shard import write_shard
from tests.tiny_carrier import save_tiny_carrier, trained_carrier
from tests.tiny_config import TINY_CARRIER, TINY_CONFIG
from typer.testing import CliRunner

from sidelight.cli.app import app
from sidelight.errors import CheckpointError, ConfigError
from sidelight.metrics.networks.lpips import LPIPS
from sidelight.train.carrier_objective import _places
from sidelight.train.data.crops import CropSampler
from sidelight.train.data.pairs import CodingRange, Pairs, PairsConfig
from sidelight.train.data.pictures import CaptionedImage
from sidelight.train.losses.dial import DialConfig
from sidelight.train.recipe import AdversarialConfig, DataSource, Phase, Recipe
from sidelight.train.run import _check_batches
from sidelight.train.state_file import STATE_FILE
from sidelight.train.trainer import Trainer, check_parts

PAIRS = PairsConfig(
    codings=(CodingRange(codec="jpeg", share=1.0, quality=(5, 15), effort=(0,)),), versions=2
)
RECIPE = Recipe(
    model=TINY_CARRIER,
    data=(DataSource(pictures="none"),),
    pairs=PAIRS,
    phases=(Phase(steps=40, crop=64, batch=4),),
    learning_rate=3e-3,
    matrix_learning_rate=3e-3,
    warmup_steps=3,
    seed=1,
)
ADVERSARIAL = AdversarialConfig(first_step=3)


@pytest.fixture(scope="module")
def sampler(make_picture, tmp_path_factory) -> CropSampler:
    pictures = [
        CaptionedImage(f"p{k}", make_picture(80, 96, seed=k), ("One.", "Two.")) for k in range(4)
    ]
    pairs = Pairs(pictures, PAIRS, seed=1, folder=tmp_path_factory.mktemp("pairs"))
    pairs.code()
    return CropSampler(pictures, seed=1, pairs=pairs)


def trainer(**changes) -> Trainer:
    generator = torch.Generator().manual_seed(0)
    text = [torch.randn(2, 16, generator=generator).half() for _ in range(4)]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        lpips = LPIPS(for_training=True)
    return Trainer(dataclasses.replace(RECIPE, **changes), text, lpips)


def step(run: Trainer, sampler: CropSampler):
    return run.take_step(sampler.draw(run.step, range(4), 64))


def test_the_loss_of_a_batch_falls_below_that_of_the_plain_carrier(sampler):
    run, batch = trainer(), sampler.draw(0, range(4), 64)
    totals = [float(run.take_step(batch).model.total) for _ in range(40)]
    assert totals[0] == pytest.approx(max(totals), rel=0.05)  # the fresh one is the carrier
    assert totals[-1] < 0.95 * totals[0]


def test_the_discriminator_joins_at_its_step_and_resuming_is_exact(sampler, tmp_path):
    torch.set_num_threads(1)
    uncut = trainer(adversarial=ADVERSARIAL)
    losses = [step(uncut, sampler) for _ in range(6)]
    assert [loss.discriminator is None for loss in losses] == [True] * 3 + [False] * 3
    assert [bool(loss.model.adversarial > 0) for loss in losses] == [False] * 3 + [True] * 3

    cut = trainer(adversarial=ADVERSARIAL)
    for _ in range(4):
        step(cut, sampler)
    cut.save(tmp_path / STATE_FILE)
    resumed = trainer(adversarial=ADVERSARIAL)
    resumed.load(tmp_path / STATE_FILE)
    found = [step(resumed, sampler) for _ in range(2)][-1]
    assert [float(term) for term in found.model] == [float(term) for term in losses[-1].model]
    weights = resumed.model.state_dict()
    assert all(
        torch.equal(value, weights[name]) for name, value in uncut.model.state_dict().items()
    )


def test_a_discriminator_may_join_a_run_that_had_none(sampler, tmp_path):
    stage1 = trainer()
    for _ in range(3):
        step(stage1, sampler)
    stage1.save(tmp_path / STATE_FILE)
    late = trainer(adversarial=ADVERSARIAL)
    late.load(tmp_path / STATE_FILE)
    assert step(late, sampler).discriminator is not None
    step(stage1, sampler)
    stage1.save(tmp_path / STATE_FILE)
    with pytest.raises(CheckpointError, match="has no discriminator, which this recipe's has from"):
        trainer(adversarial=ADVERSARIAL).load(tmp_path / STATE_FILE)


def test_what_wrong_captions_change_is_unlearned(sampler, tmp_path):
    path = save_tiny_carrier(tmp_path / "tiny.safetensors")
    changed = {}
    for share in (0.0, 0.9):
        run = trainer(
            dial=DialConfig(wrong_text_share=share, wrong_text_weight=1.0),
            learns=("to_gamma", "to_beta"),
            text_dropout=0.0,
        )
        run.start_from(path)
        changed[share] = [float(step(run, sampler).model.wrong_text) for _ in range(40)]
    assert max(changed[0.0]) == 0
    first, last = (sum(changed[0.9][part]) for part in (slice(5), slice(-5, None)))
    assert 0 < last < 0.5 * first


def test_what_is_drawn_without_a_caption_stays_while_only_the_readers_of_captions_learn(
    sampler, tmp_path
):
    run = trainer(learns=("to_gamma.0.weight", "to_beta.0.weight"), freeze_norm_after=0.0)
    run.start_from(save_tiny_carrier(tmp_path / "tiny.safetensors"))
    batch = sampler.draw(0, range(4), 64)
    x = torch.from_numpy(batch.carriers).float() / 255
    texts = run.text[0][:1].float().expand(4, -1), torch.zeros(4, 16)
    drawn = []
    for _ in range(2):
        run.model.eval()
        with torch.no_grad():
            drawn.append([run.model(x, text, torch.ones(4)) for text in texts])
        for _ in range(5):
            run.take_step(batch)
    assert not torch.equal(drawn[0][0], drawn[1][0])
    assert torch.equal(drawn[0][1], drawn[1][1])


def test_batch_norms_see_a_batch_once_whatever_its_captions(sampler):
    seen = []
    for share in (0.0, 0.5):
        run = trainer(dial=DialConfig(wrong_text_share=share), freeze_norm_after=1.0)
        step(run, sampler)
        seen.append(int(run.model.state_dict()["ssa.0.norm.num_batches_tracked"]))
    assert seen == [1, 1]


def test_a_share_that_is_no_whole_picture_is_refused():
    recipe = dataclasses.replace(RECIPE, dial=DialConfig(wrong_text_share=0.1))
    with pytest.raises(ConfigError, match="no whole picture of the 4"):
        _check_batches(recipe)
    _check_batches(dataclasses.replace(RECIPE, dial=DialConfig(wrong_text_share=0.2)))


def test_a_wrong_caption_is_of_another_picture(sampler):
    run = trainer(dial=DialConfig(wrong_text_share=0.9))
    for k in range(20):
        batch = sampler.draw(k, range(8), 64)
        wrong = run.objective._wrong_rows(batch).numpy()
        before = np.roll(batch.picture_ids, 1)
        assert 0 < wrong.sum() <= 7
        assert (batch.picture_ids != before)[wrong].all()


def test_a_run_may_start_from_an_exported_generator(sampler, tmp_path):
    path = save_tiny_carrier(tmp_path / "tiny.safetensors")
    run = trainer()
    run.start_from(path)
    expected = trained_carrier().state_dict()
    for name, value in run.model.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            torch.testing.assert_close(value, expected[name], rtol=1e-3, atol=1e-3)  # kept in fp16
            assert torch.equal(value, run.ema[name])
    step(run, sampler)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(CheckpointError):
        run.start_from(path)


def test_grain_is_learned_on_a_generator_that_has_none_and_the_rest_stays(sampler, tmp_path):
    plain = dataclasses.replace(TINY_CARRIER, grain=False)
    trainer(model=plain).save(tmp_path / STATE_FILE)
    run = trainer(learns=("grain",), freeze_norm_after=0.0)
    run.start_from(tmp_path / STATE_FILE)
    before = {name: value.clone() for name, value in run.model.state_dict().items()}
    for _ in range(3):
        step(run, sampler)
    for name, value in run.model.state_dict().items():
        learns = name.startswith("grain.to_strength")
        assert torch.equal(value, before[name]) != learns, name


def test_a_part_may_begin_anew(tmp_path):
    path = save_tiny_carrier(tmp_path / "tiny.safetensors")
    taken, anew = trainer(), trainer(afresh=("grain",), start_from="there")
    for run in (taken, anew):
        run.start_from(path)
    there, found = taken.model.state_dict(), anew.model.state_dict()
    for name, value in there.items():
        assert torch.equal(value, found[name]) or name.startswith("grain."), name
    assert there["grain.to_strength.weight"].any()
    assert not found["grain.to_strength.weight"].any()  # as in a fresh one


def test_captions_may_begin_with_nothing_of_what_they_changed(tmp_path):
    path = save_tiny_carrier(tmp_path / "tiny.safetensors")
    x, texts = torch.rand(2, 3, 32, 32), (torch.zeros(2, 16), torch.randn(2, 16))
    changes = []
    for share in (1.0, 0.0):
        run = trainer(start_from="there", text_share=share)
        run.start_from(path)
        model = run.model.eval()
        with torch.inference_mode():
            without, with_text = (model(x, text, torch.ones(2)) for text in texts)
        changes.append(float((with_text - without).abs().max()))
    assert changes[0] > 1e-3
    assert changes[1] < 1e-6


@pytest.mark.parametrize("key", ["learns", "afresh"])
def test_a_part_that_the_model_lacks_is_named(key):
    with pytest.raises(ConfigError, match=key + r" names .'grian'., which the model does not have"):
        check_parts(dataclasses.replace(RECIPE, start_from="there", **{key: ("grian",)}))


def test_the_discriminator_counts_fakes_by_the_dial(sampler, monkeypatch):
    shares = []
    for value in (0.0, 1.0):
        monkeypatch.setattr(
            "sidelight.train.carrier_objective._places",
            lambda chances, value=value: torch.full((len(chances),), value),
        )
        run = trainer(adversarial=AdversarialConfig(first_step=0))
        shares.append(step(run, sampler))
    assert float(shares[0].discriminator.fake) == 0
    assert float(shares[1].discriminator.fake) > 0
    assert float(shares[0].model.lpips) == 0


def test_the_dial_joins_at_its_step_and_before_it_all_is_fidelity(sampler):
    run = trainer(dial=dataclasses.replace(RECIPE.dial, first_step=2))
    lpips = [float(step(run, sampler).model.lpips) for _ in range(4)]
    assert lpips[:2] == [0.0, 0.0]
    assert min(lpips[2:]) > 0


def test_places_lie_at_both_ends_and_between():
    chances = torch.from_numpy(np.random.default_rng(0).random((4000, 4), np.float32))
    places = _places(chances)
    at_one, at_zero = ((places == end).float().mean() for end in (1.0, 0.0))
    # of 4000 samples, +- 4 standard errors
    assert abs(at_one - 0.4) < 4 * (0.24 / 4000) ** 0.5
    assert abs(at_zero - 0.25) < 4 * (0.19 / 4000) ** 0.5
    assert 0 <= places.min() < 0.1 < 0.9 < places[places < 1].max()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pairs": None}, "pairs are for carrier generators, and they need them"),
        (
            {"dial": DialConfig(first_step=4), "adversarial": ADVERSARIAL},
            "adversarial.first_step must be >= dial.first_step, got 3 and 4",
        ),
        ({"model": TINY_CONFIG}, "pairs are for carrier generators"),
        ({"framing": "whole"}, "framing must be 'native'"),
        ({"target_bpp": (0.1,)}, "need 0 values"),
    ],
)
def test_a_recipe_that_cannot_be_is_refused(changes, said):
    with pytest.raises(ConfigError, match=said):
        dataclasses.replace(RECIPE, **changes)


@pytest.fixture
def folder(tmp_path, monkeypatch, make_picture):
    monkeypatch.setenv("SIDELIGHT_ASSETS", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    lpips = LPIPS(for_training=True)
    monkeypatch.setattr("sidelight.train.run.LPIPS.load", lambda **options: lpips)
    encoders = {"tiny": HashingTextEncoder}
    monkeypatch.setattr("sidelight.text.registry.TEXT_ENCODERS", encoders)
    monkeypatch.setattr("sidelight.train.recipe.PRESETS", {"tiny": TINY_CARRIER})
    pictures = ((make_picture(80, 96, seed=k), [f"Picture {k}."]) for k in range(4))
    write_shard(tmp_path / "b.tar", pictures)
    (tmp_path / "recipe.toml").write_text(
        """
data = [{ pictures = "*.tar" }]
held_out_shard = "b"
held_out = 1
text_encoder = "tiny"
phases = [{ steps = 4, crop = 64, batch = 2 }]
sample_every = 4

[model]
preset = "tiny"

[pairs]
versions = 2
codings = [{ codec = "avif", share = 1.0, quality = [20, 40], effort = [8] }]

[adversarial]
first_step = 2
"""
    )
    return tmp_path


def run_command(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.output


def test_one_command_trains_both_stages_and_shows_samples(folder):
    said = run_command("train", str(folder / "recipe.toml"), str(folder / "run"))
    assert "coding pairs: 1 of 3\n" in said
    records = [json.loads(line) for line in (folder / "run" / "log.jsonl").read_text().splitlines()]
    told = {name: value for record in records for name, value in record.items()}
    assert told["step"] == 4
    assert {"mse", "structure", "lpips", "d_fake", "psnr_carrier_avif15"} <= set(told)
    strips = sorted((folder / "run" / "samples").iterdir())
    assert [strip.name for strip in strips] == ["0000004-b-3-avif15.png", "0000004-b-3-avif35.png"]
    with Image.open(strips[0]) as strip:
        assert strip.size == (5 * 96, 80)


def test_an_exported_run_is_a_checkpoint_that_improves_pictures(folder):
    from sidelight.codec.checkpoint import load_checkpoint

    run_command("train", str(folder / "recipe.toml"), str(folder / "run"))
    target = folder / "tiny.safetensors"
    run_command(
        *("export", str(folder / "run"), str(target)), "--default-realism", "0.25", "--no-graphs"
    )
    checkpoint = load_checkpoint(target)
    assert checkpoint.model.config == dataclasses.replace(TINY_CARRIER, default_realism=0.25)
    assert checkpoint.provenance["steps"] == 4
    image = np.random.default_rng(0).integers(0, 256, (1, 40, 50, 3), np.uint8)
    text = np.zeros((1, 16), np.float32)
    improved = checkpoint.model.improve(image, text, 1.0, precision="fp32")
    state = torch.load(folder / "run" / STATE_FILE, weights_only=True)
    run = trainer()
    run.model.load_state_dict(state["ema"])
    from sidelight.models.exported_carrier import ExportedCarrier

    expected = ExportedCarrier(run.model).improve(image, text, 1.0, precision="fp32")
    assert np.abs(improved.astype(int) - expected).max() <= 1  # weights are kept in float16
