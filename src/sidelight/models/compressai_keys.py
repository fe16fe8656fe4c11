"""Reads checkpoints that CompressAI publishes (github.com/InterDigitalInc/CompressAI, its zoo).

Layers are the same there and here, under other names; what differs is the hyper-latent, which is
rounded there around the medians of its prior: ``round(z - median) + median``. Here z is rounded to
integers, so the medians move into three places, exactly: h_a's last bias gives ``z - median``, the
prior's first bias brings it back for the density, and a 1x1 convolution before h_s for the rest.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from sidelight.errors import CheckpointError, ConfigError
from sidelight.models.base import HyperpriorCodec
from sidelight.models.config import model_config
from sidelight.models.registry import build_codec
from sidelight.nn.published import read_tensors

_PUBLISHED = {
    "balle2018": "bmshj2018-hyperprior",
    "minnen2018-mean-scale": "mbt2018-mean",
    "minnen2018": "mbt2018",
    "cheng2020": "cheng2020-attn",
}
_QUANTILES, _FIRST_OF_HYPER = "entropy_bottleneck.quantiles", "h_a.0.weight"
_NOT_WEIGHTS = re.compile(
    r"gaussian_conditional\.|entropy_bottleneck\.(_offset|_quantized_cdf|_cdf_length|target|"
    r"likelihood_lower_bound)|context_prediction\.mask|.*\.(beta|gamma)_reparam\."
)
"""Bounds, masks and tables for its coder, which follow from the weights."""
_RENAMED = (
    (r"^entropy_bottleneck\._?matri(?:x|ces\.)(\d)$", r"prior.matrices.\1"),
    (r"^entropy_bottleneck\._?bias(?:es\.)?(\d)$", r"prior.biases.\1"),
    (r"^entropy_bottleneck\._?factor(?:s\.)?(\d)$", r"prior.factors.\1"),
    (r"^context_prediction\.", "context."),
    (r"\.downsample\.", ".skip."),
)
_RENAMED_IN_CHENG = (
    (r"\.conv_([ab])\.(\d)\.conv\.(\d)\.", r".\1.\2.0.body.\3."),
    (r"\.conv_b\.3\.", ".b.3."),
    (r"\.(?:conv1|subpel_conv)\.", ".body.0."),
    (r"\.(?:conv2|conv)\.", ".body.2."),
    (r"\.i?gdn\.", ".body.3."),
    (r"\.upsample\.", ".skip."),
)
_CHENG_STAGES = ("0.0", "0.1", "0.2", "1.0", "1.1", "2.0", "2.1", "2.2", "3", "4")
"""Where our decoder, which is cut into stages, has each module of its."""


def load_compressai(source: Path | Mapping[str, Tensor], architecture: str) -> HyperpriorCodec:
    """Returns the model with the weights of a published file, its widths read from their shapes.

    Args:
        source: The file, or the state dict that it holds.
        architecture: One of ``MODELS`` that CompressAI has too.

    Raises:
        CheckpointError: The file cannot be read, or is not of that architecture.
    """
    theirs = _PUBLISHED.get(architecture)
    if theirs is None:
        raise CheckpointError(
            f"CompressAI has no {architecture!r}, expected one of {sorted(_PUBLISHED)}"
        )
    wrong = f"{source if isinstance(source, Path) else 'state dict'} is no {theirs} of CompressAI"
    weights = read_tensors(source) if isinstance(source, Path) else source
    weights = {key.removeprefix("module."): value for key, value in weights.items()}
    for key in (_QUANTILES, _FIRST_OF_HYPER):
        if key not in weights:
            raise CheckpointError(f"{wrong}: {key} is missing")
    if weights[_FIRST_OF_HYPER].dim() != 4 or weights[_QUANTILES].shape[1:] != (1, 3):
        raise CheckpointError(f"{wrong}: {_QUANTILES} or {_FIRST_OF_HYPER} has another shape")
    n, m = weights[_FIRST_OF_HYPER].shape[:2]
    try:
        config = model_config(
            {
                "architecture": architecture,
                "name": theirs,
                "hyper_channels": n,
                "latent_channels": m,
                "shifted_hyper": True,
            }
        )
    except ConfigError as error:
        raise CheckpointError(f"{wrong}: {error}") from None
    with torch.device("meta"):  # no memory before the shapes are known to be right
        expected = {k: v.shape for k, v in build_codec(config).state_dict().items()}
    state = {
        _own_name(key, architecture): value
        for key, value in weights.items()
        if not _NOT_WEIGHTS.match(key)
    }
    state |= _entrance(state.pop(_QUANTILES)[:, 0, 1])
    shapes = {name: value.shape for name, value in state.items()}
    if differing := sorted(dict(shapes.items() ^ expected.items())):
        raise CheckpointError(
            f"{wrong}: {len(differing)} weights are missing, too many or of another shape, "
            f"such as {differing[0]}"
        )
    for name, value in state.items():
        if not torch.is_floating_point(value) or not torch.isfinite(value).all():
            raise CheckpointError(f"{wrong}: {name} holds more than finite numbers")
    model = build_codec(config)
    model.load_state_dict({name: value.float() for name, value in state.items()})
    _move_medians(model)
    return model


def _own_name(key: str, architecture: str) -> str:
    in_cheng = architecture == "cheng2020"
    for pattern, replacement in (*_RENAMED, *(_RENAMED_IN_CHENG if in_cheng else ())):
        key = re.sub(pattern, replacement, key)
    network, _, rest = key.partition(".")
    place, *leaf = rest.split(".")
    if not place.isdecimal():
        return key
    if network == "h_s" or (network == "h_a" and architecture == "balle2018"):
        place = str(int(place) + 1)  # behind the shift of z, behind the magnitude of y
    elif network == "g_s" and in_cheng and int(place) < len(_CHENG_STAGES):
        place = _CHENG_STAGES[int(place)]
    return ".".join((network, place, *leaf))


def _entrance(medians: Tensor) -> dict[str, Tensor]:
    """Returns the weights of the convolution that adds the medians to z."""
    return {"h_s.0.weight": torch.eye(len(medians))[:, :, None, None], "h_s.0.bias": medians}


@torch.no_grad()
def _move_medians(model: HyperpriorCodec) -> None:
    medians = cast(nn.Sequential, model.h_s)[0].get_parameter("bias")
    last = cast(nn.Sequential, model.h_a)[-1]
    last.get_parameter("bias").sub_(medians)
    slopes = F.softplus(model.prior.matrices[0])
    model.prior.biases[0].add_(slopes * medians[:, None, None])
