import dataclasses
import json

import numpy as np
import pytest
import torch

from sidelight.data.shards import CaptionedImage
from sidelight.losses.lpips import LPIPS
from sidelight.train.recipe import Phase, Recipe
from sidelight.train.stage1 import STATE_FILE, Stage1, run


@pytest.fixture(scope="module")
def recipe(tiny_config) -> Recipe:
    return Recipe(
        model=tiny_config,
        shards=(),
        held_out_shard="",
        held_out=0,
        target_bpp=(0.1, 0.3, 0.9),
        initial_lmbda=(2.0, 1.0, 0.5),
        phases=(Phase(steps=30, crop=64, batch=2),),
        learning_rate=5e-3,
        matrix_learning_rate=5e-3,
        warmup_steps=3,
        steer_rate_after=5,
        seed=1,
    )


@pytest.fixture(scope="module")
def make_stage(make_picture, recipe):
    pictures = [
        CaptionedImage(f"p{k}", make_picture(80, 96, seed=k), ("One.", "Two.")) for k in range(3)
    ]
    generator = torch.Generator().manual_seed(0)
    text = [torch.randn(2, 16, generator=generator).half() for _ in pictures]

    def make(**changes) -> Stage1:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            lpips = LPIPS(for_training=True)  # random features: a distance all the same
        return Stage1(dataclasses.replace(recipe, **changes), pictures, text, lpips)

    return make


def weights(stage: Stage1) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in stage.model.state_dict().items()}


def same(first, second) -> bool:
    return all(torch.equal(value, second[name]) for name, value in first.items())


def test_the_loss_falls_in_30_steps(make_stage):
    stage = make_stage()
    totals = [float(stage.take_step().total) for _ in range(30)]
    assert np.mean(totals[-5:]) < 0.5 * np.mean(totals[:5])


def test_a_cut_and_resumed_run_is_the_uncut_one_bit_for_bit(make_stage, tmp_path):
    uncut = make_stage()
    for _ in range(8):
        expected = uncut.take_step()

    cut = make_stage()
    for _ in range(5):
        cut.take_step()
    cut.save(tmp_path / STATE_FILE)
    resumed = make_stage(seed=99)  # another start, which loading must undo
    resumed.recipe = cut.recipe
    resumed.load(tmp_path / STATE_FILE)
    for _ in range(3):
        found = resumed.take_step()

    assert [float(term) for term in found] == [float(term) for term in expected]
    assert same(weights(uncut), weights(resumed))
    assert same(uncut.ema, resumed.ema)
    assert same(uncut.controller.state_dict(), resumed.controller.state_dict())
    assert resumed.step == 8


def test_a_run_may_start_from_the_averages_of_another(make_stage, tmp_path):
    first = make_stage()
    for _ in range(8):
        first.take_step()
    first.save(tmp_path / STATE_FILE)
    second = make_stage(seed=7)
    second.start_from(tmp_path / STATE_FILE)
    assert second.step == 0
    assert same(first.ema, weights(second))
    assert same(first.controller.state_dict(), second.controller.state_dict())


def test_a_non_finite_gradient_is_skipped(make_stage):
    stage = make_stage()
    stage.take_step()
    parameters = {n: p.detach().clone() for n, p in stage.model.named_parameters()}
    averages = {name: value.clone() for name, value in stage.ema.items()}
    controller = stage.controller.state_dict()
    handle = stage.model.generator.to_pixels[0].weight.register_hook(lambda g: g * torch.inf)

    stage.take_step()

    assert (stage.skipped, stage.step) == (1, 2)
    assert same(parameters, dict(stage.model.named_parameters()))
    assert same(averages, stage.ema)
    assert same(controller, stage.controller.state_dict())
    handle.remove()
    stage.take_step()
    assert stage.skipped == 1
    assert not same(parameters, dict(stage.model.named_parameters()))


def test_norms_keep_their_statistics_once_frozen(make_stage):
    stage = make_stage(freeze_norm_after=0.1)  # of 30 steps
    norm = stage.model.generator.ssa[0].norm
    means = []
    for _ in range(5):
        stage.take_step()
        means.append(norm.running_mean.clone())
    assert not torch.equal(means[1], means[2])
    assert torch.equal(means[2], means[4])


def test_the_average_follows_the_weights(make_stage):
    stage = make_stage(ema_decay=0.0)
    stage.take_step()
    assert same(stage.ema, weights(stage))
    slow = make_stage(ema_decay=0.999)
    before = weights(slow)["encoder.network.0.weight"]
    slow.take_step()
    after = weights(slow)["encoder.network.0.weight"]
    # decay of the first step is (1 + 0) / (10 + 0)
    expected = torch.lerp(before, after, 0.9)
    torch.testing.assert_close(slow.ema["encoder.network.0.weight"], expected)


def test_text_dropout_hides_every_caption_or_none(make_stage):
    def texts(dropout: float) -> torch.Tensor:
        stage = make_stage(text_dropout=dropout)
        seen = []
        stage.model.generator.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[1]))
        for _ in range(6):
            stage.take_step()
        return torch.cat(seen).abs().sum(1)

    assert (texts(0.0) > 0).all()
    assert (texts(0.999) == 0).sum() > 10


def test_the_learning_rate_warms_up_and_ends_at_its_share(make_stage):
    stage = make_stage(final_share=0.02)
    shares = []
    for step in range(31):
        stage.step = step
        shares.append(stage._learning_rate_share())
    assert shares[0] == pytest.approx(1 / 3)
    assert max(shares) > 0.98
    assert shares[3:] == sorted(shares[3:], reverse=True)
    assert shares[30] == pytest.approx(0.02)


def test_the_rate_counts_fully_once_it_is_steered(make_stage):
    stage = make_stage(initial_rate_share=0.2)
    shares = []
    for step in (0, 5, 29):
        stage.step = step
        shares.append(stage._rate_share())
    assert shares == [0.2, 1.0, 1.0]


def test_positions_lie_at_levels_and_between(make_stage):
    positions = make_stage()._draw_positions(2000)
    assert 0 <= positions.min() < positions.max() <= 2
    at_levels = (positions == positions.round()).float().mean()
    # half of 2000 +- 4 standard errors
    assert abs(at_levels - 0.5) < 4 * 0.5 / 2000**0.5


def test_a_run_stops_at_its_time_limit_and_goes_on(make_stage, tmp_path):
    lines = []
    stage = make_stage(phases=(Phase(steps=2, crop=64, batch=1),))
    assert not run(stage, tmp_path, time_limit_s=0, report=lines.append)
    assert stage.step == 0
    stage.load(tmp_path / STATE_FILE)
    assert run(stage, tmp_path, time_limit_s=60, report=lines.append)
    assert stage.step == 2


def test_a_record_holds_the_mean_of_the_steps_since_the_last(make_stage, tmp_path, monkeypatch):
    monkeypatch.setattr("sidelight.train.stage1._LOG_EVERY", 3)
    stage = make_stage(phases=(Phase(steps=6, crop=64, batch=1),))
    totals = []
    take_step = stage.take_step

    def recorded():
        loss = take_step()
        totals.append(float(loss.total))
        return loss

    monkeypatch.setattr(stage, "take_step", recorded)
    stage.take_step()  # as a resumed run may start off the beat
    totals.clear()
    run(stage, tmp_path, time_limit_s=60, report=lambda line: None)

    records = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [record["step"] for record in records] == [3, 6]
    assert records[0]["total"] == pytest.approx(np.mean(totals[:2]), abs=1e-4)
    assert records[1]["total"] == pytest.approx(np.mean(totals[2:]), abs=1e-4)
