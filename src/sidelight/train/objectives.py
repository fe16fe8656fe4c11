"""The objective that a recipe's model is trained on."""

from sidelight.metrics.networks.lpips import LPIPS
from sidelight.models.config import CarrierConfig
from sidelight.train.carrier_objective import CarrierObjective
from sidelight.train.codec_objective import CodecObjective
from sidelight.train.linear_start import BlockComponents
from sidelight.train.objective import Objective
from sidelight.train.recipe import Recipe


def objective_of(
    recipe: Recipe, lpips: LPIPS | None, components: BlockComponents | None
) -> Objective:
    """Returns the objective with a fresh model.

    Args:
        recipe: What to train.
        lpips: In the form for training; None where its weight is 0.
        components: What linear paths start from; None leaves them as they are drawn.
    """
    if isinstance(recipe.model, CarrierConfig):
        return CarrierObjective(recipe.model, recipe.dial, lpips)
    return CodecObjective(recipe, lpips, components)
