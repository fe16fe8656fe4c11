"""One step after another, in both stages."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from sidelight.errors import CheckpointError, TrainingError
from sidelight.metrics.networks.lpips import LPIPS
from sidelight.train.data.crops import CropSampler
from sidelight.train.data.pictures import CaptionedImage
from sidelight.train.recipe import AdversarialConfig, DataSource, Phase, Recipe
from sidelight.train.state_file import STATE_FILE
from sidelight.train.trainer import StepLosses, Trainer


@pytest.fixture(scope="module")
def recipe(tiny_config) -> Recipe:
    return Recipe(
        model=tiny_config,
        data=(DataSource(pictures="none"),),
        target_bpp=(0.1, 0.3, 0.9),
        initial_lmbda=(2.0, 1.0, 0.5),
        phases=(Phase(steps=30, crop=64, batch=2),),
        learning_rate=5e-3,
        matrix_learning_rate=5e-3,
        warmup_steps=3,
        steer_rate_after=5,
        seed=1,
    )


class Run(Trainer):
    """A trainer that draws its own batches."""

    def __init__(self, pictures, *arguments) -> None:
        super().__init__(*arguments)
        self._sampler = CropSampler(pictures, seed=self.recipe.seed)

    def take_step(self) -> StepLosses:
        phase = self.recipe.phase_at(self.step)
        return super().take_step(self._sampler.draw(self.step, range(phase.batch), phase.crop))


@pytest.fixture(scope="module")
def make_stage(make_picture, recipe):
    pictures = [
        CaptionedImage(f"p{k}", make_picture(80, 96, seed=k), ("One.", "Two.")) for k in range(3)
    ]
    generator = torch.Generator().manual_seed(0)
    text = [torch.randn(2, 16, generator=generator).half() for _ in pictures]

    def make(**changes) -> Run:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            lpips = LPIPS(for_training=True)  # random features: a distance all the same
        return Run(pictures, dataclasses.replace(recipe, **changes), text, lpips)

    return make


ADVERSARIAL = AdversarialConfig(learning_rate=1e-3)
STAGES = pytest.mark.parametrize("adversarial", [None, ADVERSARIAL], ids=["stage 1", "stage 2"])


def weights(stage: Run) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in stage.model.state_dict().items()}


def same(first, second) -> bool:
    return all(torch.equal(value, second[name]) for name, value in first.items())


@STAGES
def test_the_loss_falls_in_30_steps(make_stage, adversarial):
    stage = make_stage(adversarial=adversarial)
    totals = [float(stage.take_step().model.total) for _ in range(30)]
    assert np.mean(totals[-5:]) < 0.5 * np.mean(totals[:5])


@STAGES
def test_a_cut_and_resumed_run_is_the_uncut_one_bit_for_bit(make_stage, tmp_path, adversarial):
    torch.set_num_threads(1)
    uncut = make_stage(adversarial=adversarial)
    for _ in range(8):
        expected = uncut.take_step()

    cut = make_stage(adversarial=adversarial)
    for _ in range(5):
        cut.take_step()
    cut.save(tmp_path / STATE_FILE)
    resumed = make_stage(adversarial=adversarial)
    resumed.take_step()  # which loading must undo
    resumed.load(tmp_path / STATE_FILE)
    torch.rand(7)  # what others draw in between changes nothing
    for _ in range(3):
        found = resumed.take_step()

    assert [float(term) for term in found.model] == [float(term) for term in expected.model]
    assert same(weights(uncut), weights(resumed))
    assert same(uncut.ema, resumed.ema)
    assert same(uncut.objective.rate.state_dict(), resumed.objective.rate.state_dict())
    assert resumed.step == 8
    if adversarial:
        judges = [run.adversary.discriminator.state_dict() for run in (uncut, resumed)]
        assert same(*judges)


def test_the_discriminator_learns_to_tell_and_its_terms_are_those_of_a_coin_at_first(make_stage):
    stage = make_stage(
        adversarial=ADVERSARIAL,
        phases=(Phase(steps=30, crop=64, batch=4),),
        text_dropout=0.0,
        learning_rate=1e-6,  # a generator that stays as bad as it was
        matrix_learning_rate=1e-6,
    )
    judged = [stage.take_step().discriminator for _ in range(30)]
    for term in judged[0][1:]:
        assert float(term) == pytest.approx(np.log(2), abs=0.3)
    told = [float(loss.real + loss.fake) for loss in judged]
    assert np.mean(told[-5:]) < np.mean(told[:5])


def test_a_batch_of_one_picture_has_no_other_caption_to_mismatch(make_stage):
    stage = make_stage(adversarial=ADVERSARIAL)
    stage._sampler.pictures = stage._sampler.pictures[:1]
    stage._sampler._cumulative = np.ones(1)
    judged = stage.take_step().discriminator
    assert float(judged.mismatched) == 0
    assert float(judged.real) > 0


def test_a_discriminator_without_text_drops_the_third_term(make_stage):
    stage = make_stage(adversarial=dataclasses.replace(ADVERSARIAL, text=False))
    assert float(stage.take_step().discriminator.mismatched) == 0


def test_the_adversarial_term_reaches_g_and_leaves_d_alone(make_stage):
    weight = 50.0
    plain, fooling = make_stage(), make_stage(adversarial=AdversarialConfig(weight=weight))
    before = {n: v.clone() for n, v in fooling.adversary.discriminator.state_dict().items()}
    # a learning rate of nearly nothing for D: what changes it then would be G's step
    fooling.adversary.config = AdversarialConfig(weight=weight, learning_rate=1e-30)
    losses = [run.take_step().model for run in (plain, fooling)]
    expected = losses[0].total + weight * losses[1].adversarial
    torch.testing.assert_close(losses[1].total, expected, rtol=1e-2, atol=0)
    after = fooling.adversary.discriminator
    assert all((before[n] - p).abs().max() < 1e-20 for n, p in after.named_parameters())
    assert not same(weights(plain), weights(fooling))


def test_a_generator_without_text_never_sees_any(make_stage):
    stage = make_stage(generator_text=False, text_dropout=0.0)
    seen = []
    stage.model.g_s.ssa[0].to_gamma.register_forward_pre_hook(lambda _, read: seen.append(read[0]))
    stage.take_step()
    assert (seen[0] == 0).all()


def test_a_run_that_diverges_is_given_up(make_stage):
    stage = make_stage(max_skipped=3)
    stage.model.g_s.to_pixels[0].weight.register_hook(lambda g: g * torch.nan)
    stage.take_step()
    stage.take_step()
    with pytest.raises(TrainingError, match="3 steps up to step 2 had gradients"):
        stage.take_step()


def test_a_run_may_start_from_the_averages_of_another(make_stage, tmp_path):
    first = make_stage()
    for _ in range(8):
        first.take_step()
    first.save(tmp_path / STATE_FILE)
    second = make_stage(seed=7)
    second.start_from(tmp_path / STATE_FILE)
    assert second.step == 0
    assert same(first.ema, weights(second))
    assert same(first.objective.rate.state_dict(), second.objective.rate.state_dict())


def test_an_exported_codec_cannot_be_trained_on(make_stage):
    tiny = Path(__file__).parents[2] / "golden" / "tiny.safetensors"
    with pytest.raises(CheckpointError, match="start from the folder of its run"):
        make_stage().start_from(tiny)


def test_a_model_with_a_larger_linear_kernel_starts_as_the_same_function(
    make_stage, tmp_path, tiny_config
):
    first = make_stage()
    first.take_step()
    first.save(tmp_path / STATE_FILE)
    wider = make_stage(model=dataclasses.replace(tiny_config, linear_kernel=3))
    wider.start_from(tmp_path / STATE_FILE)
    first.model.load_state_dict(first.ema)
    y_hat = torch.randn(1, tiny_config.latent_channels, 4, 5)
    text = torch.randn(1, tiny_config.text_width)
    pictures = [stage.model.eval().g_s(y_hat, text) for stage in (first, wider)]
    assert torch.allclose(*pictures, atol=1e-5)
    wider.save(tmp_path / "wider.pt")
    with pytest.raises(CheckpointError, match="cannot go on from"):
        first.start_from(tmp_path / "wider.pt")
    with pytest.raises(CheckpointError, match="cannot go on from"):
        wider.load(tmp_path / STATE_FILE)  # a run does not change its kernel half way


def test_a_model_with_another_text_width_cannot_be_started_from(make_stage, tmp_path, tiny_config):
    first = make_stage()
    first.save(tmp_path / STATE_FILE)
    other = make_stage(model=dataclasses.replace(tiny_config, text_width=8))
    with pytest.raises(CheckpointError, match="cannot go on from"):
        other.start_from(tmp_path / STATE_FILE)


def test_a_non_finite_gradient_is_skipped(make_stage):
    stage = make_stage()
    stage.take_step()
    parameters = {n: p.detach().clone() for n, p in stage.model.named_parameters()}
    averages = {name: value.clone() for name, value in stage.ema.items()}
    controller = stage.objective.rate.state_dict()
    handle = stage.model.g_s.to_pixels[0].weight.register_hook(lambda g: g * torch.inf)

    stage.take_step()

    assert (stage.skipped, stage.step) == (1, 2)
    assert same(parameters, dict(stage.model.named_parameters()))
    assert same(averages, stage.ema)
    assert same(controller, stage.objective.rate.state_dict())
    handle.remove()
    stage.take_step()
    assert stage.skipped == 1
    assert not same(parameters, dict(stage.model.named_parameters()))


def test_norms_keep_their_statistics_once_frozen(make_stage):
    stage = make_stage(freeze_norm_after=0.1)  # of 30 steps
    norm = stage.model.g_s.ssa[0].norm
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
    before = weights(slow)["g_a.network.0.weight"]
    slow.take_step()
    after = weights(slow)["g_a.network.0.weight"]
    # decay of the first step is (1 + 0) / (10 + 0)
    expected = torch.lerp(before, after, 0.9)
    torch.testing.assert_close(slow.ema["g_a.network.0.weight"], expected)


def test_text_dropout_hides_every_caption_or_none(make_stage):
    def texts(dropout: float) -> torch.Tensor:
        stage = make_stage(text_dropout=dropout)
        seen = []
        stage.model.g_s.ssa[0].to_gamma.register_forward_pre_hook(
            lambda _, read: seen.append(read[0])
        )
        for _ in range(6):
            stage.take_step()
        return torch.cat(seen).abs().sum(1)

    assert (texts(0.0) > 0).all()
    assert (texts(0.999) == 0).sum() > 10


def test_odd_text_takes_its_share_of_the_samples(make_stage):
    odd = torch.full((3, 16), 7.0)
    stage = make_stage(odd_text=0.4, text_dropout=0.3, phases=(Phase(steps=9, crop=64, batch=8),))
    stage.odd_text = odd
    seen = []
    stage.model.g_s.ssa[0].to_gamma.register_forward_pre_hook(lambda _, read: seen.append(read[0]))
    for _ in range(9):
        stage.take_step()
    text = torch.cat(seen)
    shares = [(text == value).all(1).float().mean() for value in (7.0, 0.0)]
    # of 72 samples, +- 4 standard errors
    assert abs(shares[0] - 0.4) < 4 * (0.24 / 72) ** 0.5
    assert abs(shares[1] - 0.3) < 4 * (0.21 / 72) ** 0.5
    assert float(shares[0] + shares[1]) < 1


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


def test_the_papers_learning_rate_falls_to_a_tenth_at_half(make_stage):
    stage = make_stage(schedule="half", warmup_steps=1)
    shares = []
    for step in (0, 14, 15, 29):
        stage.step = step
        shares.append(stage._learning_rate_share())
    assert shares == [1.0, 1.0, 0.1, 0.1]


def test_the_trapezoid_keeps_its_height_until_it_cools_down(make_stage):
    def shares(**phase) -> list[float]:
        stage = make_stage(
            schedule="trapezoid",
            cooldown_steps=10,
            warmup_steps=1,
            phases=(Phase(crop=64, batch=2, **phase),),
        )
        found = []
        for step in range(phase["steps"] + 1):
            stage.step = step
            found.append(stage._learning_rate_share())
        return found

    short, long = shares(steps=30), shares(steps=50)
    assert short[:21] == long[:21] == [1.0] * 21
    assert short[25] == pytest.approx(0.51)
    assert short[30] == long[50] == pytest.approx(0.02)
    assert short[20:] == sorted(short[20:], reverse=True)


def test_phases_have_a_learning_rate_of_their_own(make_stage):
    first = Phase(steps=5, crop=64, batch=2)
    stage = make_stage(
        schedule="trapezoid",
        cooldown_steps=1,
        warmup_steps=1,
        phases=(first, dataclasses.replace(first, learning_rate_share=0.25)),
    )
    shares = []
    for step in range(10):
        stage.step = step
        shares.append(stage._learning_rate_share())
    assert shares == [1.0] * 5 + [0.25] * 5


def test_hific_has_nothing_that_reads_text(make_stage, tiny_config):
    stage = make_stage(model=dataclasses.replace(tiny_config, ssa=False), generator_text=False)
    assert float(stage.take_step().model.total) > 0
    assert not any("ssa" in name for name in weights(stage))


def test_the_rate_counts_fully_once_it_is_steered(make_stage):
    stage = make_stage(initial_rate_share=0.2)
    assert [stage.objective._rate_share(step) for step in (0, 5, 29)] == [0.2, 1.0, 1.0]


def test_positions_lie_at_levels_and_between(make_stage):
    chances = torch.from_numpy(np.random.default_rng(0).random((2000, 4), np.float32))
    positions = make_stage().objective._positions(chances)
    assert 0 <= positions.min() < positions.max() <= 2
    assert {0.0, 1.0, 2.0} <= set(positions.tolist())
    at_levels = (positions == positions.round()).float().mean()
    # half of 2000 +- 4 standard errors
    assert abs(at_levels - 0.5) < 4 * 0.5 / 2000**0.5


def test_a_state_of_another_model_is_refused(make_stage, tmp_path):
    stage = make_stage()
    with pytest.raises(CheckpointError, match="cannot read"):
        stage.load(tmp_path / STATE_FILE)
    torch.save({"ema": {}}, tmp_path / STATE_FILE)
    with pytest.raises(CheckpointError, match=r"no state of a run, .* it lacks 'objective'"):
        stage.start_from(tmp_path / STATE_FILE)
