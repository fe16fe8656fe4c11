"""All metrics by name. Importing this loads none of them."""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from sidelight.errors import CodecError, ConfigError
from sidelight.metrics.protocol import Metric


def _later(module: str, constructor: str, *arguments: Any) -> Callable[[], Metric]:
    def construct() -> Metric:
        return getattr(import_module(f"sidelight.metrics.{module}"), constructor)(*arguments)

    return construct


def _of_features(metric: str, network: str, patches: str) -> Callable[[], Metric]:
    """Returns a constructor; those of the same network and patches share their extractor."""

    def construct() -> Metric:
        features = import_module(f"sidelight.metrics.{network}").load_features(patches)
        return getattr(import_module("sidelight.metrics.distribution"), metric)(features)

    return construct


METRICS: dict[str, Callable[[], Metric]] = {
    "psnr": _later("fidelity", "Psnr"),
    "ms_ssim": _later("fidelity", "MsSsim"),
    "lpips": _later("perceptual", "Lpips", "alex"),
    "lpips_vgg": _later("perceptual", "Lpips", "vgg"),
    "lpips_squeeze": _later("perceptual", "Lpips", "squeeze"),
    "dists": _later("perceptual", "Dists"),
    "ssimulacra2": _later("ssimulacra2", "Ssimulacra2"),
    "butteraugli_3norm": _later("butteraugli", "ButteraugliNorm"),
    "butteraugli_max": _later("butteraugli", "ButteraugliMax"),
    "fid": _of_features("FrechetDistance", "inception", "tiles"),
    "kid": _of_features("KernelDistance", "inception", "tiles"),
    "is": _of_features("ClassifierScore", "inception", "tiles"),
    "ipd": _of_features("InstanceDistance", "inception", "whole"),
    "fd_effnet": _of_features("FrechetDistance", "effnet", "tiles"),
    "kd_effnet": _of_features("KernelDistance", "effnet", "tiles"),
    "is_effnet": _of_features("ClassifierScore", "effnet", "tiles"),
    "ipd_effnet": _of_features("InstanceDistance", "effnet", "whole"),
    "ref_clip_score": _later("clip_score", "RefClipScore"),
    "nima": _later("nima", "Nima"),
    "map": _later("detection", "MultiLabelAP"),
}
"""Names and constructors; each metric's ``name`` is its key."""

PAPER_METRICS = (
    "psnr",
    "ms_ssim",
    "lpips",
    "dists",
    "fid",
    "kid",
    "is",
    "ipd",
    "fd_effnet",
    "kd_effnet",
    "is_effnet",
    "ipd_effnet",
    "ref_clip_score",
    "nima",
    "map",
)
"""The paper's ten, DISTS, and what stands in where Inception's weights lack."""

QUALITY_METRICS = (
    "psnr",
    "ms_ssim",
    "lpips",
    "lpips_vgg",
    "dists",
    "ssimulacra2",
    "butteraugli_3norm",
    "butteraugli_max",
    "fd_effnet",
)
"""Those of tables of quality: each codec meets some that it was not trained on."""

RD_METRICS = tuple(dict.fromkeys((*QUALITY_METRICS, *PAPER_METRICS)))
"""Both."""


def load_metrics(names: Sequence[str]) -> tuple[list[Metric], dict[str, str]]:
    """Returns the metrics that can run, in the order given, and for the others the reason.

    Raises:
        ConfigError: There is no metric of such a name.
    """
    unknown = [name for name in names if name not in METRICS]
    if unknown:
        raise ConfigError(f"no metric {', '.join(unknown)}; there are {', '.join(METRICS)}")
    loaded, reasons = [], {}
    for name in dict.fromkeys(names):
        try:
            loaded.append(METRICS[name]())
        except CodecError as error:
            reasons[name] = str(error)
    return loaded, reasons
