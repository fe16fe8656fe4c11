import pytest
import torch

from sidelight.train.rate import _LMBDA_RANGE, RateController, RateSwitch


def make_controller(**changes) -> RateController:
    settings = {"first_step": 0, "gain": 0.1, "memory": 0.5} | changes
    return RateController((0.1, 0.3, 0.9), (1.0, 0.5, 0.25), **settings)


LEVELS = torch.tensor([0.0, 1.0, 2.0])
TARGETS = torch.tensor([0.1, 0.3, 0.9])


def test_lambda_starts_as_told_and_is_geometric_between_levels():
    lmbda = make_controller().lmbda(torch.tensor([0.0, 1.0, 0.5]))
    assert lmbda.tolist() == pytest.approx([1.0, 0.5, 0.5**0.5])


def test_too_high_a_rate_raises_lambda_and_too_low_a_rate_lowers_it():
    controller = make_controller()
    before = controller.lmbda(LEVELS)
    controller.update(0, LEVELS, TARGETS * torch.tensor([2.0, 1.0, 0.5]))
    change = controller.lmbda(LEVELS) / before
    assert change[0] > 1.01
    assert change[1].item() == pytest.approx(1)
    assert change[2] < 0.99


def test_a_level_learns_from_samples_near_it_only():
    controller = make_controller()
    before = controller.log_lmbda.clone()
    controller.update(0, torch.tensor([0.25]), torch.tensor([0.2]))
    moved = controller.log_lmbda != before
    assert moved.tolist() == [True, True, False]
    controller.update(0, torch.tensor([0.25]), torch.tensor([0.2]))
    change = controller.log_lmbda - before
    assert change[0] > change[1] > 0


def test_a_sample_between_two_levels_is_judged_by_the_target_between():
    controller = make_controller()
    before = controller.log_lmbda.clone()
    controller.update(0, torch.tensor([0.5]), torch.tensor([(0.1 * 0.3) ** 0.5]))
    torch.testing.assert_close(controller.log_lmbda, before)


def test_lambda_stays_in_its_range_however_long_the_rate_is_wrong():
    controller = make_controller(gain=1.0)
    low, high = _LMBDA_RANGE
    for rate, bound in ((1e6, high), (1e-6, low)):
        for _ in range(60):
            controller.update(0, LEVELS, torch.full((3,), rate))
        assert controller.lmbda(LEVELS).tolist() == pytest.approx([bound] * 3)


def test_one_step_moves_log_lambda_by_the_gain_at_most():
    controller = make_controller(gain=0.01, memory=0.0)
    before = controller.log_lmbda.clone()
    controller.update(0, LEVELS, TARGETS * 1e5)
    torch.testing.assert_close(controller.log_lmbda, before + 0.01)


def test_before_the_first_step_it_only_measures():
    controller = make_controller(first_step=10)
    before = controller.log_lmbda.clone()
    controller.update(9, LEVELS, TARGETS * 2)
    assert torch.equal(controller.log_lmbda, before)
    assert (controller.measured > TARGETS * 1.2).all()
    controller.update(10, LEVELS, TARGETS * 2)
    assert (controller.log_lmbda > before).all()


def test_a_controlled_rate_reaches_its_target():
    controller = make_controller(gain=0.05, memory=0.9)
    for _ in range(400):
        # a model whose rate falls with lambda
        controller.update(0, LEVELS, 0.2 * controller.lmbda(LEVELS) ** -0.7)
    rates = 0.2 * controller.lmbda(LEVELS) ** -0.7
    assert (rates / TARGETS).tolist() == pytest.approx([1, 1, 1], abs=0.05)


def test_a_resumed_controller_goes_on_alike():
    first = make_controller()
    first.update(0, LEVELS, TARGETS * 3)
    second = make_controller()
    second.load_state_dict(first.state_dict())
    for controller in (first, second):
        controller.update(1, LEVELS, TARGETS * 2)
    for name, value in first.state_dict().items():
        assert torch.equal(value, second.state_dict()[name])


def test_the_papers_rule_switches_at_the_target():
    rule = RateSwitch(0.14, 2.0, 2**-4, early_steps=0)
    zeros = torch.zeros(3)
    rule.update(0, zeros, torch.full((3,), 0.3))
    assert rule.lmbda(zeros).tolist() == [2.0] * 3
    for step in range(1, 30):
        rule.update(step, zeros, torch.full((3,), 0.1))
    assert rule.lmbda(zeros).tolist() == [2**-4] * 3


def test_its_first_steps_aim_higher_with_half_of_lambda():
    rule = RateSwitch(0.14, 2.0, 2**-4, early_steps=2)
    zeros = torch.zeros(1)
    rule.measured.fill_(0.19)  # between 0.14 and 0.20
    assert rule.lmbda(zeros).item() == 2**-4
    rule.measured.fill_(0.21)
    assert rule.lmbda(zeros).item() == 1.0
    for step in range(2):
        rule.update(step, zeros, torch.tensor([0.19]))
    assert rule.lmbda(zeros).item() == pytest.approx(2.0)
    resumed = RateSwitch(0.14, 2.0, 2**-4, early_steps=2)
    resumed.load_state_dict(rule.state_dict())
    assert torch.equal(resumed.lmbda(zeros), rule.lmbda(zeros))
    assert torch.equal(resumed.measured, rule.measured)
